//! Failures of Certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::value;

use super::stage::{Scene, Stage};

const BY_TRAEFIK: &str = "[{http01: {ingress: {class: traefik}}}]";

/// An Issuer at a CA, trusted or not.
fn issuer(server: &str, is_trusted: bool, solvers: &str) -> String {
    let bundle = STANDARD.encode(std::fs::read(value("SANDBOX_ACME_CA_FILE")).unwrap());
    let bundle = if is_trusted { format!("caBundle: {bundle}, ") } else { String::new() };
    format!(
        "---\napiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {{name: le, namespace: $NS}}\n\
         spec: {{acme: {{server: {server:?}, {bundle}privateKeySecretRef: {{name: le-account}}, solvers: {solvers}}}}}\n"
    )
}

fn good_issuer(solvers: &str) -> String {
    issuer(&value("SANDBOX_ACME_DIRECTORY"), true, solvers)
}

fn certificate(name: &str, host: &str, issuer: &str) -> String {
    format!(
        "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: {name}, namespace: $NS}}\n\
         spec: {{secretName: web-tls, dnsNames: [{host:?}], issuerRef: {{name: {issuer}}}}}\n"
    )
}

/// A failure that begins with the Issuer.
fn of_issuer(stage: &Stage, name: &str, cause: &'static str, issuer: &str) -> Scene {
    Scene {
        name: name.to_owned(),
        cause,
        subject: format!("certificate {}/web", stage.namespace(name)),
        objects: issuer.to_owned() + &certificate("web", &stage.host(name), "le"),
        records: Vec::new(),
    }
}

/// A failure with a good Issuer.
fn of_name(stage: &Stage, name: &str, cause: &'static str, solvers: &str, address: Option<&str>) -> Scene {
    let records = address.map(|address| (stage.host(name), "A", address.to_owned()));
    Scene { records: records.into_iter().collect(), ..of_issuer(stage, name, cause, &good_issuer(solvers)) }
}

/// One that only waits for its name.
pub fn waiting(stage: &Stage) -> Vec<Scene> {
    vec![of_name(stage, "no-record", "name-not-found", BY_TRAEFIK, None)]
}

pub fn scenes(stage: &Stage) -> Vec<Scene> {
    let ingress = value("SANDBOX_INGRESS_IP");
    let class = format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {0}, labels: {{sandbox.berth/test: {0}}}}}\n\
         spec: {{controller: sandbox.berth/nobody}}\n",
        stage.prefix
    );
    let by_nobody = format!("[{{http01: {{ingress: {{class: {}}}}}}}]", stage.prefix);
    let mut closed = of_name(stage, "closed", "port-closed", &by_nobody, Some("127.0.0.9"));
    closed.objects.push_str(&class);
    let mut shared = of_name(stage, "shared", "secret-shared", BY_TRAEFIK, Some(&ingress));
    shared.objects.push_str(&certificate("api", &stage.host("shared"), "le"));
    let mut misspelt = of_name(stage, "misspelt", "issuer-not-found", BY_TRAEFIK, Some(&ingress));
    misspelt.objects = misspelt.objects.replace("issuerRef: {name: le}", "issuerRef: {name: lee}");
    let mut immutable = of_name(stage, "immutable", "secret-immutable", BY_TRAEFIK, Some(&ingress));
    immutable.objects.insert_str(0, "---\napiVersion: v1\nkind: Secret\nmetadata: {name: web-tls, namespace: $NS}\nimmutable: true\nstringData: {a: b}\n");
    let mut of_another = of_name(stage, "anothers", "secret-of-another", BY_TRAEFIK, None);
    of_another.objects.insert_str(
        0,
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: web-tls, namespace: $NS, labels: {app.kubernetes.io/managed-by: Helm}}\nstringData: {a: b}\n",
    );
    let mut blocked = of_name(stage, "blocked", "name-refused", BY_TRAEFIK, None);
    blocked.objects = blocked.objects.replace(&stage.host("blocked"), &value("SANDBOX_ACME_BLOCKED_NAME"));
    let mut caa = of_name(stage, "caa", "caa-forbids", BY_TRAEFIK, Some(&ingress));
    caa.records.push((stage.host("caa"), "CAA", "0 issue \"other.example\"".to_owned()));
    let mut ready = of_issuer(stage, "ready", "", "");
    ready.objects = "---\napiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: le, namespace: $NS}\nspec: {selfSigned: {}}\n".to_owned() + &certificate("web", &stage.host("ready"), "le");
    let mut all = vec![
        waiting(stage).remove(0),
        of_name(stage, "elsewhere", "name-points-elsewhere", BY_TRAEFIK, Some(&value("SANDBOX_NODE_IP"))),
        closed,
        of_name(
            stage,
            "classless",
            "ingress-class-missing",
            "[{http01: {ingress: {class: no-such-class}}}]",
            Some(&ingress),
        ),
        misspelt,
        of_name(
            stage,
            "unsolved",
            "solver-missing",
            "[{selector: {dnsZones: [other.example]}, http01: {ingress: {class: traefik}}}]",
            Some(&ingress),
        ),
        shared,
        immutable,
        of_another,
        blocked,
        caa,
        ready,
    ];
    all.extend(of_issuers(stage));
    all
}

/// Issuers that do not get ready.
fn of_issuers(stage: &Stage) -> Vec<Scene> {
    let directory = value("SANDBOX_ACME_DIRECTORY");
    vec![
        of_issuer(stage, "wrong-url", "issuer-url-wrong", &issuer(&format!("{directory}x"), true, BY_TRAEFIK)),
        of_issuer(
            stage,
            "no-ca-host",
            "issuer-url-wrong",
            &issuer("https://ca.nowhere.sandbox.test/dir", true, BY_TRAEFIK),
        ),
        of_issuer(
            stage,
            "old-url",
            "issuer-v1-endpoint",
            &issuer("https://acme-v01.api.letsencrypt.org/directory", true, BY_TRAEFIK),
        ),
        of_issuer(stage, "untrusted", "issuer-ca-untrusted", &issuer(&directory, false, BY_TRAEFIK)),
        of_issuer(
            stage,
            "unbound",
            "issuer-binding-missing",
            &issuer(&value("SANDBOX_ACME_EAB_DIRECTORY"), true, BY_TRAEFIK),
        ),
        of_issuer(stage, "silent", "issuer-unreachable", &issuer("https://127.0.0.9:1/dir", true, BY_TRAEFIK)),
    ]
}
