//! Registries and Deployments.

use super::*;

#[test]
fn a_registry_is_judged_by_what_its_clients_meet() {
    let answer = |change: fn(&mut RegistryAnswer)| {
        let mut answer = RegistryAnswer { status: Some(401), is_registry: true, ..RegistryAnswer::default() };
        change(&mut answer);
        let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
        seen.registries.insert("hub.test".to_owned(), answer);
        registry(&seen, "hub.test")
    };
    let shown = |not_after: &str, subject: &str| Presented {
        issuer: "CA".to_owned(),
        subject: subject.to_owned(),
        not_before: "2026-01-01T00:00:00Z".to_owned(),
        not_after: not_after.to_owned(),
        is_placeholder: subject.contains("DEFAULT"),
        names: Vec::new(),
    };
    assert_eq!(answer(|_| {}).health, Health::Healthy);
    assert_eq!(first(&answer(|it| it.status = Some(404))), "not-a-registry");
    let page = answer(|it| (it.status, it.is_registry) = (Some(200), false));
    assert_eq!((first(&page), page.health), ("not-a-registry", Health::Failing));
    let open = answer(|it| it.status = Some(200));
    assert_eq!((first(&open), open.health), ("registry-open", Health::Healthy));
    for (unreached, flaw, cause) in [
        (Some("name"), None, "name-not-found"),
        (Some("connection"), None, "port-closed"),
        (Some("tls"), None, "not-tls"),
        (Some("other"), None, "unexplained"),
        (None, Some("name"), "registry-certificate-name"),
        (None, Some("time"), "registry-certificate-ended"),
        (None, Some("issuer"), "registry-certificate-untrusted"),
    ] {
        let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
        let text = |it: Option<&str>| it.map(str::to_owned);
        let answer = RegistryAnswer {
            unreached: text(unreached),
            flaw: text(flaw),
            fault: text(Some("words")),
            ..RegistryAnswer::default()
        };
        seen.registries.insert("hub.test".to_owned(), answer);
        let report = registry(&seen, "hub.test");
        assert_eq!((first(&report), report.health), (cause, Health::Failing));
    }
    let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
    let certificate = Some(shown("2026-12-02T12:00:00Z", "hub.test"));
    seen.registries
        .insert("hub.test".to_owned(), RegistryAnswer { status: Some(401), certificate, ..RegistryAnswer::default() });
    let ending = registry(&seen, "hub.test");
    assert_eq!((first(&ending), ending.health), ("registry-certificate-ending", Health::Healthy));
    assert!(ending.findings[0].evidence[0].text.starts_with("3 days left"), "{ending:#?}");
    let fault = Some("not trusted".to_owned());
    let certificate = Some(shown("2027-12-02T12:00:00Z", "TRAEFIK DEFAULT CERT"));
    let answer = RegistryAnswer { flaw: Some("issuer".to_owned()), fault, certificate, ..RegistryAnswer::default() };
    seen.registries.insert("hub.test".to_owned(), answer);
    assert_eq!(first(&registry(&seen, "hub.test")), "registry-certificate-placeholder");
}

#[test]
fn a_login_of_the_provider_is_corrected_there() {
    let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
    let login = LoginProbe {
        from: "the login that was given".to_owned(),
        key: "hub.test".to_owned(),
        username: "ann".to_owned(),
        answer: LoginAnswer::Refused,
        words: "no".to_owned(),
    };
    let answer = RegistryAnswer { status: Some(401), logins: vec![login], ..RegistryAnswer::default() };
    seen.registries.insert("hub.test".to_owned(), answer);
    let report = registry(&seen, "hub.test");
    assert_eq!(first(&report), "registry-login-refused");
    let remedy = &report.findings[0].remedy;
    assert!(remedy.contains("`registries` of the provider") && !remedy.contains("Secret"), "{remedy}");
}

#[test]
fn a_load_balancer_whose_name_does_not_resolve_serves_all_the_same() {
    for (points, cause) in [(json!([]), "ingress-not-served"), (json!([{ "hostname": "lb.test" }]), "not-a-registry")] {
        let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
        seen.registries
            .insert("hub.test".to_owned(), RegistryAnswer { status: Some(404), ..RegistryAnswer::default() });
        seen.add(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "namespace": "apps", "name": "hub", "creationTimestamp": "2026-11-29T11:00:00Z" },
            "spec": { "rules": [{ "host": "hub.test" }] },
            "status": { "loadBalancer": { "ingress": points } },
        }));
        let report = registry(&seen, "hub.test");
        assert_eq!(first(&report), cause, "{report:#?}");
    }
}

#[test]
fn a_deployment_is_judged_by_the_pods_of_its_newest_template() {
    let mut recorded = Recorded::of("pod-ends");
    let namespace = recorded.namespace();
    let meta = |name: &str, hash: &str, revision: &str| {
        json!({
            "namespace": namespace, "name": name, "uid": name, "creationTimestamp": "2026-11-29T10:00:00Z",
            "labels": { "app": "web", "pod-template-hash": hash },
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "ownerReferences": [{ "kind": "Deployment", "uid": "web" }],
        })
    };
    // Two templates that differ in what is not kept of them.
    let template = json!({ "metadata": { "labels": { "app": "web" } } });
    let set = |name: &str, hash: &str, revision: &str| {
        json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta(name, hash, revision),
            "spec": { "template": template } })
    };
    recorded.seen.add(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("web", "", "2"),
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "web" } }, "template": template },
        "status": { "availableReplicas": 1, "updatedReplicas": 1 },
    }));
    recorded.seen.add(set("web-1", "one", "1"));
    recorded.seen.add(set("web-2", "two", "2"));
    recorded.seen.listed.insert(format!("ReplicaSet {namespace}"));
    for (hash, health) in [("one", Health::Healthy), ("two", Health::Failing)] {
        recorded.first_of("Pod")["metadata"]["labels"] = json!({ "app": "web", "pod-template-hash": hash });
        let report = deployment(&recorded.seen, &namespace, "web");
        assert_eq!(report.health, health, "{report:#?}");
    }
}

#[test]
fn the_way_to_a_registry_is_told_by_how_it_is_reached() {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "hub", "namespace": "a" },
        "spec": { "rules": [{ "host": "hub.test" }] },
    });
    let deployment = |ports: Value| {
        let containers = json!([{ "name": "registry", "ports": ports }]);
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "hub", "namespace": "a" },
            "spec": { "replicas": 1, "template": { "spec": { "containers": containers } } },
            "status": { "availableReplicas": 1 },
        })
    };
    let at_node = deployment(json!([{ "containerPort": 5000, "hostPort": 8443 }]));
    let at_service = deployment(json!([{ "containerPort": 5000 }]));
    for (object, name, port) in [
        (Some(ingress), "load balancer of the ingress", "ingress controller"),
        (Some(at_node), "node that the registry's Pod runs on", "8443 (`host_port`)"),
        (Some(at_service), "load balancer or Service", "load balancer or Service"),
        (None, "where the registry listens", "Correct host and port"),
    ] {
        for (unreached, words) in [("name", name), ("connection", port)] {
            let mut seen = Snapshot { now: "2026-11-29T12:00:00Z".to_owned(), ..Snapshot::default() };
            seen.objects.extend(object.clone());
            let (unreached, fault) = (Some(unreached.to_owned()), Some("words".to_owned()));
            let answer = RegistryAnswer { unreached, fault, ..RegistryAnswer::default() };
            seen.registries.insert("hub.test:8443".to_owned(), answer);
            let report = registry(&seen, "hub.test:8443");
            assert!(report.findings[0].remedy.contains(words), "{report:#?}");
            assert!(!report.findings[0].remedy.contains("http-01"), "{report:#?}");
        }
    }
}
