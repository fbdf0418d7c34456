//! A Certificate in cert-manager's words, and back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::resources::cert_manager::{pruned, texts};
use crate::sdk::{Computed, Set};

use super::model::{CertificateModel, IssuerRef, PrivateKey, SecretTemplate};

/// What is declared.
pub fn spec(model: &CertificateModel) -> Value {
    let list = |set: &Option<Set<String>>| set.as_ref().map(|set| set.0.clone());
    let key = model.private_key.as_ref().map(|key| {
        json!({ "algorithm": key.algorithm, "size": key.size, "encoding": key.encoding, "rotationPolicy": key.rotation_policy })
    });
    let template = model.secret_template.as_ref();
    pruned(json!({
        "secretName": model.secret_name,
        "issuerRef": { "name": model.issuer.name, "kind": model.issuer.kind, "group": model.issuer.group },
        "dnsNames": list(&model.dns_names),
        "ipAddresses": list(&model.ip_addresses),
        "uris": list(&model.uris),
        "emailAddresses": list(&model.email_addresses),
        "commonName": model.common_name,
        "duration": model.duration,
        "renewBefore": model.renew_before,
        "privateKey": key,
        "usages": list(&model.usages),
        "isCA": model.is_ca.then_some(true),
        "secretTemplate": template.map(|it| json!({ "labels": it.labels, "annotations": it.annotations })),
        "revisionHistoryLimit": model.revision_history_limit,
    }))
}

/// The declaration of a Certificate that is there.
pub fn model_of(namespace: &str, name: &str, found: &Value) -> CertificateModel {
    let spec = found.get("spec").cloned().unwrap_or_default();
    let set = |name: &str| texts(spec.get(name)).map(Set);
    let of_key = |key: &Value| PrivateKey {
        algorithm: text(key, "/algorithm"),
        size: key.get("size").and_then(Value::as_i64),
        encoding: text(key, "/encoding"),
        rotation_policy: text(key, "/rotationPolicy"),
    };
    let template = spec
        .get("secretTemplate")
        .map(|it| SecretTemplate { labels: pairs(it.get("labels")), annotations: pairs(it.get("annotations")) });
    CertificateModel {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        secret_name: text(&spec, "/secretName").unwrap_or_default(),
        issuer: IssuerRef {
            name: text(&spec, "/issuerRef/name").unwrap_or_default(),
            kind: text(&spec, "/issuerRef/kind").filter(|it| !it.is_empty()).unwrap_or_else(|| "Issuer".to_owned()),
            group: text(&spec, "/issuerRef/group")
                .filter(|it| !it.is_empty())
                .unwrap_or_else(|| "cert-manager.io".to_owned()),
        },
        dns_names: set("dnsNames"),
        ip_addresses: set("ipAddresses"),
        uris: set("uris"),
        email_addresses: set("emailAddresses"),
        common_name: text(&spec, "/commonName"),
        duration: text(&spec, "/duration"),
        renew_before: text(&spec, "/renewBefore"),
        private_key: spec.get("privateKey").filter(|it| it.as_object().is_some_and(|it| !it.is_empty())).map(of_key),
        usages: set("usages"),
        is_ca: spec.get("isCA") == Some(&Value::Bool(true)),
        labels: pairs(found.pointer("/metadata/labels")),
        secret_template: template,
        revision_history_limit: spec.get("revisionHistoryLimit").and_then(Value::as_i64),
        renew_triggers: None,
        delete_secret_on_destroy: false,
        wait: true,
        ready: Computed::Null,
        serial_number: Computed::Null,
        not_before: Computed::Null,
        not_after: Computed::Null,
        renewal_time: Computed::Null,
        revision: Computed::Null,
        drift: Computed::Null,
        timeouts: None,
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

fn pairs(value: Option<&Value>) -> Option<BTreeMap<String, String>> {
    let members = value?.as_object().filter(|members| !members.is_empty())?;
    Some(members.iter().filter_map(|(key, it)| Some((key.clone(), it.as_str()?.to_owned()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_back_as_it_was_declared() {
        for declared in [
            json!({ "secretName": "s", "issuerRef": { "name": "i", "kind": "Issuer", "group": "cert-manager.io" }, "dnsNames": ["a.test"] }),
            json!({ "secretName": "s", "issuerRef": { "name": "i", "kind": "ClusterIssuer", "group": "cert-manager.io" },
                "commonName": "root", "isCA": true, "duration": "2160h", "renewBefore": "360h", "usages": ["cert sign"],
                "privateKey": { "algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always" }, "revisionHistoryLimit": 2,
                "secretTemplate": { "labels": { "a": "b" } } }),
        ] {
            assert_eq!(spec(&model_of("n", "c", &json!({ "spec": declared }))), declared);
        }
    }
}
