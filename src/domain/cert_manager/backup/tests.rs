use std::collections::BTreeSet;

use super::*;
use crate::domain::ownership::OWNER;

const ALL: [Part; 5] = [Part::Issuers, Part::Certificates, Part::AccountKeys, Part::Credentials, Part::Issued];

fn cluster() -> Vec<Value> {
    let meta = |namespace: &str, name: &str| {
        json!({ "namespace": namespace, "name": name, "uid": "u", "resourceVersion": "7", "ownerReferences": [{}],
            "annotations": { LAST_APPLIED: "{}", OWNER: "x", UNFINISHED: "true", "team": "a" } })
    };
    vec![
        json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": meta("apps", "web"), "status": { "revision": 3 },
            "spec": { "secretName": "web-tls" } }),
        json!({ "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": { "name": "le" },
            "spec": { "acme": { "privateKeySecretRef": { "name": "account" },
                "solvers": [{ "dns01": { "cloudflare": { "apiTokenSecretRef": { "name": "cf" } } } }] } } }),
        json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": meta("cert-manager", "account"), "data": { "tls.key": "eA==" } }),
    ]
}

#[test]
fn a_backup_comes_back_as_it_was_taken_in_the_order_in_which_it_is_put_back() {
    let backup = Backup::of("cert-manager", &cluster());
    let kinds: Vec<_> = backup.references().map(|object| object.kind).collect();
    assert_eq!(kinds, ["Secret", "ClusterIssuer", "Certificate"]);
    assert_eq!(Backup::unpacked(&backup.packed()), Ok(backup.clone()));
    assert_eq!(backup.packed(), Backup::of("cert-manager", cluster().iter().rev()).packed(), "whatever the order");
    let secret = backup.objects.first().unwrap();
    assert_eq!(
        secret["metadata"],
        json!({ "namespace": "cert-manager", "name": "account", "annotations": { OWNER: "x", "team": "a" } })
    );
    let certificate = backup.objects.last().unwrap();
    assert!(certificate.get("status").is_none());
}

#[test]
fn the_secrets_that_objects_need_are_found_by_what_is_asked_for() {
    let names = |parts: &[Part]| {
        let parts = parts.iter().copied().collect();
        secrets(&cluster(), "cert-manager", &parts)
            .into_iter()
            .map(|it| format!("{}/{}", it.namespace.unwrap(), it.name))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&[Part::AccountKeys]), ["cert-manager/account"]);
    assert_eq!(names(&[Part::Credentials]), ["cert-manager/cf"]);
    assert_eq!(names(&[Part::Issued]), ["apps/web-tls"]);
    assert_eq!(names(&[Part::Issuers, Part::Certificates]), Vec::<String>::new());
}

#[test]
fn what_is_no_backup_is_told() {
    assert!(matches!(Backup::unpacked(b"none"), Err(Fault::Unreadable(_))));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(br#"{"form": "another"}"#).unwrap();
    assert_eq!(Backup::unpacked(&encoder.finish().unwrap()), Err(Fault::OtherForm));
}

/// `KIND NAMESPACE/NAME` of each.
fn names(backup: &Backup) -> Vec<String> {
    backup.references().map(|it| it.to_string()).collect()
}

/// What the controller's namespace has of its own beside what a `ClusterIssuer` needs.
fn beside_the_controller() -> Backup {
    let object = |kind: &str, namespace: &str, name: &str, spec: Value| {
        json!({ "apiVersion": if kind == "Secret" { "v1" } else { "cert-manager.io/v1" }, "kind": kind,
            "metadata": { "namespace": namespace, "name": name }, "spec": spec })
    };
    let mut objects = cluster();
    objects.extend([
        object("Issuer", "cert-manager", "own", json!({ "ca": { "secretName": "own-ca" } })),
        object("Secret", "cert-manager", "own-ca", Value::Null),
        object("Secret", "cert-manager", "loose", Value::Null),
        object("Issuer", "apps", "le", json!({ "ca": { "secretName": "apps-ca" } })),
        object("Secret", "apps", "apps-ca", Value::Null),
        object("Secret", "apps", "web-tls", Value::Null),
    ]);
    Backup::of("cert-manager", &objects)
}

#[test]
fn with_the_controller_only_the_secrets_of_cluster_issuers_move() {
    let moved = names(&beside_the_controller().moved_to("tls"));
    let secrets = [
        "Secret apps/apps-ca",
        "Secret apps/web-tls",
        "Secret cert-manager/own-ca",
        "Secret tls/account",
        "Secret tls/loose",
    ];
    let others = ["ClusterIssuer le", "Issuer apps/le", "Issuer cert-manager/own", "Certificate apps/web"];
    assert_eq!(moved, [&secrets[..], &others[..]].concat());
    assert_eq!(beside_the_controller().moved_to("cert-manager"), beside_the_controller());
}

#[test]
fn what_is_chosen_is_put_back_with_the_secrets_that_it_needs() {
    let chosen = |namespace: &'static str, parts: &[Part]| {
        names(&beside_the_controller().only(|it| it == namespace, &parts.iter().copied().collect::<BTreeSet<_>>()))
    };
    assert_eq!(
        chosen("apps", &ALL),
        [
            "Secret apps/apps-ca",
            "Secret apps/web-tls",
            "Secret cert-manager/account",
            "ClusterIssuer le",
            "Issuer apps/le",
            "Certificate apps/web"
        ]
    );
    assert_eq!(chosen("apps", &[Part::Issuers]), ["ClusterIssuer le", "Issuer apps/le"]);
    assert_eq!(chosen("other", &[Part::Certificates, Part::Issued]), Vec::<String>::new());
    let all = names(&beside_the_controller().only(|_| true, &ALL.into()));
    assert_eq!(all, names(&beside_the_controller()), "also what nothing needs");
}

#[test]
fn passwords_of_keystores_belong_to_the_credentials() {
    let spec = json!({ "secretName": "web", "keystores": { "pkcs12": { "create": true, "passwordSecretRef": { "name": "p12", "key": "k" } } } });
    let certificate =
        json!({ "kind": "Certificate", "metadata": { "namespace": "apps", "name": "web" }, "spec": spec });
    let of = |part: Part| secrets([&certificate], "cert-manager", &[part].into());
    assert_eq!(of(Part::Credentials), [ObjectRef::secret("apps", "p12")].into());
    assert_eq!(of(Part::Issued), [ObjectRef::secret("apps", "web")].into());
}

#[test]
fn objects_of_other_kinds_are_refused() {
    for (kind, version) in
        [("ConfigMap", "v1"), ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"), ("Issuer", "example.com/v1")]
    {
        let object = json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "x" } });
        let packed = Backup { controller: String::new(), objects: vec![object] }.packed();
        assert!(matches!(Backup::unpacked(&packed), Err(Fault::Stranger(_))), "{kind}");
    }
}
