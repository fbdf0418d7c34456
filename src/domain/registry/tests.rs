//! What a declared registry turns into.

use serde_json::{Value, json};

use super::config::text;
use super::*;

/// A registry with nothing but defaults.
pub(crate) fn plain() -> Registry {
    Registry {
        name: "registry".to_owned(),
        namespace: "apps".to_owned(),
        host: Some("registry.test".to_owned()),
        image: "registry:3".parse().unwrap(),
        replicas: 1,
        storage: Storage::Ephemeral { size_limit: None },
        has_users: false,
        tls_secret: None,
        exposure: Exposure::Service,
        external_tls: None,
        service: service("ClusterIP", None, None),
        account: Account { name: None, annotations: BTreeMap::new() },
        delete_enabled: true,
        proxy: None,
        headers: BTreeMap::from([("X-Content-Type-Options".to_owned(), "nosniff".to_owned())]),
        log_level: "info".to_owned(),
        resources: Resources::default(),
        node_selector: BTreeMap::new(),
        tolerations: Vec::new(),
        image_pull_secrets: Vec::new(),
        user: User { user: Some(1000), group: Some(1000), volume_group: Some(1000) },
        restart_triggers: BTreeMap::new(),
        declaration: "{}".to_owned(),
    }
}

fn service(kind: &str, port: Option<u16>, node_port: Option<u16>) -> Service {
    Service {
        r#type: kind.to_owned(),
        port,
        node_port,
        annotations: BTreeMap::new(),
        load_balancer_class: None,
        source_ranges: Vec::new(),
    }
}

pub(crate) fn secrets() -> Secrets {
    Secrets {
        http_secret: Secret::new("shared"),
        s3_secret_key: Some(Secret::new("s3-secret")),
        proxy_password: None,
        users: Htpasswd::default(),
        certificate_digest: Some("cert".to_owned()),
    }
}

pub(crate) fn bucket() -> S3 {
    S3 {
        bucket: "images".to_owned(),
        region: "eu-central-1".to_owned(),
        endpoint: Some("http://10.0.0.1:5000".to_owned()),
        access_key: Some("AKIA".to_owned()),
        encrypt: false,
        secure: false,
        redirect: false,
        root_directory: None,
    }
}

fn ingress(flavour: Flavour) -> Ingress {
    Ingress {
        class: Some("nginx".to_owned()),
        flavour,
        is_guessed: false,
        issuer: None,
        annotations: BTreeMap::new(),
        body_size: "0".to_owned(),
    }
}

fn at<'a>(object: &'a Value, pointer: &str) -> &'a Value {
    object.pointer(pointer).unwrap_or(&Value::Null)
}

fn pod(registry: &Registry) -> Value {
    workload::deployment(registry, &secrets()).pointer("/spec/template/spec").unwrap().clone()
}

#[test]
fn the_plainest_configuration_file() {
    insta::assert_snapshot!(text(&plain()), @r#"
    health:
      storagedriver:
        enabled: true
        interval: 2s
        threshold: 15
    http:
      addr: ":5000"
      draintimeout: 25s
      headers:
        X-Content-Type-Options:
        - nosniff
      relativeurls: true
    log:
      level: info
    storage:
      cache:
        blobdescriptor: inmemory
      delete:
        enabled: true
      filesystem:
        rootdirectory: /var/lib/registry
    version: "0.1"
    "#);
}

#[test]
fn the_configuration_file_of_a_bucket_behind_tls() {
    let registry = Registry {
        storage: Storage::S3(bucket()),
        has_users: true,
        tls_secret: Some("cert".to_owned()),
        exposure: Exposure::HostPort(443),
        ..plain()
    };
    insta::assert_snapshot!(text(&registry), @r#"
    auth:
      htpasswd:
        path: /run/registry/users/htpasswd
        realm: registry.test
    health:
      storagedriver:
        enabled: true
        interval: 2s
        threshold: 15
    http:
      addr: ":5000"
      draintimeout: 25s
      headers:
        X-Content-Type-Options:
        - nosniff
      relativeurls: true
      tls:
        certificate: /run/registry/tls/tls.crt
        key: /run/registry/tls/tls.key
    log:
      level: info
    storage:
      cache:
        blobdescriptor: inmemory
      delete:
        enabled: true
      redirect:
        disable: true
      s3:
        bucket: images
        encrypt: false
        forcepathstyle: true
        region: eu-central-1
        regionendpoint: http://10.0.0.1:5000
        secure: false
    version: "0.1"
    "#);
}

#[test]
fn a_cache_remembers_no_blobs_and_may_delete_whatever_its_clients_may() {
    let proxy = Proxy { remote_url: "https://upstream.test/".to_owned(), username: None };
    let cache = Registry { proxy: Some(proxy), delete_enabled: false, ..plain() };
    let file = text(&cache);
    assert!(!file.contains("inmemory") && file.contains("delete:\n    enabled: true"), "{file}");
    assert!(file.contains("remoteurl: https://upstream.test\n"), "{file}");
    let registry = Registry { delete_enabled: false, ..plain() };
    assert!(text(&registry).contains("delete:\n    enabled: false"), "{}", text(&registry));
}

#[test]
fn storage_may_fail_for_half_a_minute_however_often_it_is_looked_at() {
    let of_aws = Registry { storage: Storage::S3(S3 { endpoint: None, ..bucket() }), ..plain() };
    assert!(text(&of_aws).contains("interval: 5s\n    threshold: 6\n"), "{}", text(&of_aws));
    assert!(text(&plain()).contains("interval: 2s\n    threshold: 15\n"), "{}", text(&plain()));
}

#[test]
fn no_secret_stands_in_a_visible_object_or_the_pod() {
    let registry = Registry { storage: Storage::S3(bucket()), has_users: true, ..plain() };
    let mut shown = registry.visible_objects();
    shown.push(workload::deployment(&registry, &secrets()));
    let shown = json!(shown).to_string();
    assert!(!shown.contains("s3-secret") && !shown.contains("shared"), "{shown}");
}

#[test]
fn the_second_major_version_reads_its_file_elsewhere() {
    let registry = Registry { image: "registry:2.8.3".parse().unwrap(), ..plain() };
    assert_eq!(at(&pod(&registry), "/containers/0/args/1"), "/etc/docker/registry/config.yml");
    assert_eq!(at(&pod(&plain()), "/containers/0/args/1"), "/etc/distribution/config.yml");
}

#[test]
fn a_host_port_is_never_held_by_two_pods_at_once() {
    let registry = Registry { exposure: Exposure::HostPort(443), ..plain() };
    let deployment = workload::deployment(&registry, &secrets());
    assert_eq!(at(&deployment, "/spec/strategy/type"), "Recreate");
    assert_eq!(at(&pod(&registry), "/containers/0/ports/0/hostPort"), 443);
    assert_eq!(at(&workload::deployment(&plain(), &secrets()), "/spec/strategy/type"), "RollingUpdate");
}

#[test]
fn a_new_certificate_makes_new_pods_and_a_new_users_file_too() {
    let registry = Registry { has_users: true, tls_secret: Some("cert".to_owned()), ..plain() };
    let marks = |secrets: &Secrets| {
        workload::deployment(&registry, secrets).pointer("/spec/template/metadata/annotations").unwrap().clone()
    };
    let before = marks(&secrets());
    let renewed = marks(&Secrets { certificate_digest: Some("new".to_owned()), ..secrets() });
    assert_ne!(before.get(CERTIFICATE_DIGEST), renewed.get(CERTIFICATE_DIGEST));
    assert_eq!(before.get(USERS_DIGEST), renewed.get(USERS_DIGEST));
    let password = Secret::new("p");
    let users = Htpasswd::default().updated([("ann", Some(&password))]).unwrap();
    assert_ne!(before.get(USERS_DIGEST), marks(&Secrets { users, ..secrets() }).get(USERS_DIGEST));
}

#[test]
fn another_role_makes_new_pods_and_another_note_on_the_account_does_not() {
    let template = |annotations: &[(&str, &str)]| {
        let annotations = annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let registry = Registry { account: Account { name: None, annotations }, ..plain() };
        workload::deployment(&registry, &secrets()).pointer("/spec/template").unwrap().clone()
    };
    assert_eq!(template(&[]), template(&[("example.com/team", "a")]));
    let roles = ["eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"];
    for role in roles {
        assert_ne!(template(&[]), template(&[(role, "a")]), "{role} given");
        assert_ne!(template(&[(role, "a")]), template(&[(role, "b")]), "{role} changed");
        assert_eq!(template(&[(role, "a")]), template(&[("example.com/team", "a"), (role, "a")]), "{role} kept");
    }
}

#[test]
fn a_volume_is_not_walked_at_each_start() {
    assert_eq!(at(&pod(&plain()), "/securityContext/fsGroupChangePolicy"), "OnRootMismatch");
}

#[test]
fn tls_ends_at_the_ingress_where_there_is_one() {
    let registry = Registry {
        tls_secret: Some("cert".to_owned()),
        exposure: Exposure::Ingress(ingress(Flavour::Nginx)),
        ..plain()
    };
    let made = exposure::way_in(&registry).unwrap();
    assert_eq!(at(&made, "/spec/tls/0/secretName"), "cert");
    assert_eq!(at(&made, "/metadata/annotations/nginx.ingress.kubernetes.io~1proxy-body-size"), "0");
    assert_eq!(at(&pod(&registry), "/containers/0/readinessProbe/httpGet/scheme"), "HTTP");
    assert_eq!(registry.url().unwrap(), "https://registry.test");
}

#[test]
fn an_issuer_names_the_secret_that_it_fills() {
    let with_issuer = Ingress { issuer: Some("letsencrypt".to_owned()), ..ingress(Flavour::None) };
    let registry = Registry { exposure: Exposure::Ingress(with_issuer), ..plain() };
    let made = exposure::way_in(&registry).unwrap();
    assert_eq!(at(&made, "/spec/tls/0/secretName"), "registry-tls");
    assert_eq!(at(&made, "/metadata/annotations/cert-manager.io~1cluster-issuer"), "letsencrypt");
}

#[test]
fn the_address_is_the_one_that_clients_use() {
    let url = |registry: &Registry| registry.url().unwrap();
    let tls = Registry { tls_secret: Some("cert".to_owned()), ..plain() };
    assert_eq!(url(&tls), "https://registry.test");
    assert_eq!(url(&plain()), "http://registry.test:5000");
    assert_eq!(url(&Registry { exposure: Exposure::HostPort(8443), ..tls.clone() }), "https://registry.test:8443");
    assert_eq!(url(&Registry { host: None, ..tls.clone() }), "https://registry.apps.svc");
    // The Service answers under its own name, at its own port.
    let node = Registry { host: None, exposure: Exposure::HostPort(8443), ..plain() };
    assert_eq!(url(&node), "http://registry.apps.svc:5000");
    assert_eq!(
        url(&Registry { service: service("NodePort", None, Some(30500)), ..plain() }),
        "http://registry.test:30500"
    );
    let chosen = Registry { service: service("NodePort", None, None), ..tls.clone() };
    assert_eq!((chosen.url(), chosen.url_at(Some(31000)).unwrap()), (None, "https://registry.test:31000".to_owned()));
    assert_eq!(url(&Registry { service: service("LoadBalancer", Some(443), None), ..tls }), "https://registry.test");
}

#[test]
fn tls_that_others_end_is_in_the_address() {
    let with = |flavour, notes: &[(&str, &str)]| {
        let annotations = notes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Registry { exposure: Exposure::Ingress(Ingress { annotations, ..ingress(flavour) }), ..plain() }
    };
    let arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1";
    for (registry, url) in [
        (with(Flavour::Nginx, &[]), "http://registry.test"),
        (with(Flavour::Alb, &[("alb.ingress.kubernetes.io/certificate-arn", arn)]), "https://registry.test"),
        (
            with(Flavour::Alb, &[("alb.ingress.kubernetes.io/listen-ports", r#"[{"HTTP": 80}]"#)]),
            "http://registry.test",
        ),
        (
            with(Flavour::Alb, &[("alb.ingress.kubernetes.io/listen-ports", r#"[{"HTTP":80},{"HTTPS":443}]"#)]),
            "https://registry.test",
        ),
        (
            with(Flavour::Alb, &[("alb.ingress.kubernetes.io/listen-ports", r#"[{"HTTPS":8443}]"#)]),
            "https://registry.test:8443",
        ),
        (
            with(Flavour::Traefik, &[("traefik.ingress.kubernetes.io/router.entrypoints", "websecure")]),
            "https://registry.test",
        ),
        (with(Flavour::Traefik, &[("traefik.ingress.kubernetes.io/router.tls", "true")]), "https://registry.test"),
        (Registry { external_tls: Some(true), ..with(Flavour::Nginx, &[]) }, "https://registry.test"),
        (
            Registry { external_tls: Some(false), tls_secret: Some("c".to_owned()), ..with(Flavour::Nginx, &[]) },
            "http://registry.test",
        ),
    ] {
        assert_eq!(registry.url().unwrap(), url, "{registry:?}");
    }
    let ssl = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert".to_owned();
    let balanced = Service { annotations: [(ssl, arn.to_owned())].into(), ..service("LoadBalancer", Some(443), None) };
    assert_eq!(Registry { service: balanced, ..plain() }.url().unwrap(), "https://registry.test");
}

#[test]
fn a_cloud_is_told_what_load_balancer_to_make() {
    let service = Service {
        annotations: [("service.beta.kubernetes.io/aws-load-balancer-scheme".to_owned(), "internal".to_owned())].into(),
        load_balancer_class: Some("service.k8s.aws/nlb".to_owned()),
        source_ranges: vec!["192.0.2.0/24".to_owned()],
        ..service("LoadBalancer", None, None)
    };
    let made = exposure::service(&Registry { service, ..plain() });
    assert_eq!(at(&made, "/metadata/annotations/service.beta.kubernetes.io~1aws-load-balancer-scheme"), "internal");
    assert_eq!(at(&made, "/spec/loadBalancerClass"), "service.k8s.aws/nlb");
    assert_eq!(at(&made, "/spec/loadBalancerSourceRanges/0"), "192.0.2.0/24");
    let made = exposure::service(&plain());
    assert!(made.pointer("/metadata/annotations").is_none() && made.pointer("/spec/loadBalancerClass").is_none());
}

#[test]
fn pods_run_on_linux_as_the_user_that_is_given_or_as_the_cluster_chooses() {
    let made = pod(&plain());
    assert_eq!(at(&made, "/nodeSelector/kubernetes.io~1os"), "linux");
    assert_eq!(at(&made, "/securityContext/runAsUser"), 1000);
    assert!(made.pointer("/imagePullSecrets").is_none());
    let user = User { user: None, group: None, volume_group: Some(7) };
    let made = pod(&Registry { user, image_pull_secrets: vec!["pull".to_owned()], ..plain() });
    assert!(made.pointer("/securityContext/runAsUser").is_none());
    assert_eq!(
        (at(&made, "/securityContext/fsGroup"), at(&made, "/imagePullSecrets/0/name")),
        (&json!(7), &json!("pull"))
    );
    assert_eq!(at(&made, "/securityContext/runAsNonRoot"), true);
}

#[test]
fn all_objects_that_are_made_are_listed() {
    let volume = Volume { size: "1Gi".to_owned(), storage_class: None, access_modes: Vec::new() };
    let registry = Registry {
        has_users: true,
        storage: Storage::Volume(volume),
        exposure: Exposure::Ingress(ingress(Flavour::Nginx)),
        ..plain()
    };
    let mut made: Vec<_> = registry.objects(&secrets()).iter().filter_map(ObjectRef::of).collect();
    made.push(ObjectRef::service_account("apps", registry.account_name()));
    let mut listed = registry.object_refs();
    made.sort();
    listed.sort();
    assert_eq!(made, listed);
}

#[test]
fn the_services_variables_stay_away_from_the_settings() {
    assert_eq!(at(&pod(&plain()), "/enableServiceLinks"), false);
    assert_eq!(at(&pod(&plain()), "/containers/0/env/0/value"), "none");
}

#[test]
fn a_claim_is_made_for_a_volume_only() {
    let volume =
        Volume { size: "10Gi".to_owned(), storage_class: None, access_modes: vec!["ReadWriteOnce".to_owned()] };
    let registry = Registry { storage: Storage::Volume(volume), ..plain() };
    let kinds: Vec<Value> = registry.objects(&secrets()).iter().map(|object| at(object, "/kind").clone()).collect();
    assert_eq!(kinds, ["ConfigMap", "Secret", "PersistentVolumeClaim", "Service", "Deployment"]);
    let kinds: Vec<Value> = plain().objects(&secrets()).iter().map(|object| at(object, "/kind").clone()).collect();
    assert_eq!(kinds, ["ConfigMap", "Secret", "Service", "Deployment"]);
}
