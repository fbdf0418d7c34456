//! An issuer in cert-manager's words, and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::resources::cert_manager::{pruned, texts};
use crate::sdk::Computed;

use super::model::{
    Acme, Binding, Ca, Dns01, Gateway, HMAC_KEY, Http01, IssuerModel, Route53, SecretEntry, Selector, SelfSigned,
    Solver,
};

/// What is declared.
pub fn spec(model: &IssuerModel) -> Value {
    pruned(json!({
        "acme": model.acme.as_ref().map(|acme| of_acme(acme, &model.name)),
        "ca": model.ca.as_ref().map(|ca| json!({ "secretName": ca.secret_name, "crlDistributionPoints": ca.crl_distribution_points })),
        "selfSigned": model.self_signed.as_ref().map(|it| json!({ "crlDistributionPoints": it.crl_distribution_points })),
    }))
}

fn of_acme(acme: &Acme, issuer: &str) -> Value {
    let key = acme.private_key_secret.clone().unwrap_or_else(|| default_key(issuer));
    let binding = acme.external_account_binding.as_ref().map(|binding| {
        json!({ "keyID": binding.key_id, "keySecretRef": { "name": binding.secret(issuer), "key": HMAC_KEY } })
    });
    json!({
        "server": acme.server,
        "email": acme.email,
        "privateKeySecretRef": { "name": key },
        "caBundle": acme.ca_bundle.as_ref().map(|pem| STANDARD.encode(pem)),
        "profile": acme.profile,
        "preferredChain": acme.preferred_chain,
        "externalAccountBinding": binding,
        "disableAccountKeyGeneration": acme.disable_account_key_generation.then_some(true),
        "solvers": acme.solvers.as_ref().map(|solvers| solvers.iter().map(of_solver).collect::<Vec<_>>()),
    })
}

fn default_key(issuer: &str) -> String {
    format!("{issuer}-account-key")
}

fn of_solver(solver: &Solver) -> Value {
    let selector = solver.selector.as_ref().map(|selector| {
        json!({ "dnsNames": selector.dns_names, "dnsZones": selector.dns_zones, "matchLabels": selector.match_labels })
    });
    json!({
        "selector": selector,
        "http01": solver.http01.as_ref().map(of_http01),
        "dns01": solver.dns01.as_ref().map(of_dns01),
    })
}

fn of_http01(http01: &Http01) -> Value {
    if let Some(gateway) = &http01.gateway {
        let parent = json!({
            "group": "gateway.networking.k8s.io", "kind": "Gateway",
            "name": gateway.name, "namespace": gateway.namespace, "sectionName": gateway.section_name,
        });
        return json!({ "gatewayHTTPRoute": { "parentRefs": [parent], "serviceType": http01.service_type } });
    }
    json!({ "ingress": {
        "class": http01.ingress_class, "ingressClassName": http01.ingress_class_name, "name": http01.ingress_name,
        "serviceType": http01.service_type,
    } })
}

fn of_dns01(dns01: &Dns01) -> Value {
    let other = dns01.other_json.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut solver =
        json!({ "cnameStrategy": dns01.cname_strategy, "route53": dns01.route53.as_ref().map(of_route53) });
    if let (Some(members), Some(Value::Object(other))) = (solver.as_object_mut(), other) {
        members.extend(other);
    }
    solver
}

fn of_route53(route53: &Route53) -> Value {
    let account = route53.service_account.as_ref();
    let secret = route53.secret_access_key_secret.as_ref();
    json!({
        "region": route53.region,
        "hostedZoneID": route53.hosted_zone_id,
        "role": route53.role,
        "auth": account.map(|name| json!({ "kubernetes": { "serviceAccountRef": { "name": name } } })),
        "accessKeyID": route53.access_key_id,
        "secretAccessKeySecretRef": secret.map(|entry| json!({ "name": entry.name, "key": entry.key })),
    })
}

/// The declaration of an issuer that is there.
pub fn model_of(namespace: Option<&str>, name: &str, found: &Value) -> IssuerModel {
    let spec = found.get("spec").cloned().unwrap_or_default();
    let labels = found.pointer("/metadata/labels").and_then(Value::as_object);
    let labels = labels
        .map(|labels| labels.iter().filter_map(|(key, it)| Some((key.clone(), it.as_str()?.to_owned()))).collect());
    IssuerModel {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        labels,
        acme: spec.get("acme").map(|acme| acme_of(acme, name)),
        ca: spec.get("ca").map(|ca| Ca {
            secret_name: text(ca, "/secretName").unwrap_or_default(),
            crl_distribution_points: texts(ca.get("crlDistributionPoints")),
        }),
        self_signed: spec
            .get("selfSigned")
            .map(|it| SelfSigned { crl_distribution_points: texts(it.get("crlDistributionPoints")) }),
        wait: true,
        ready: Computed::Null,
        account_uri: Computed::Null,
        drift: Computed::Null,
        timeouts: None,
    }
}

/// What an apply takes off an issuer that another tool made, a sentence each: its solvers are declared as a whole, and these parts
/// of them cannot be declared here.
pub fn lost(found: &Value) -> Vec<String> {
    const SOLVERS: &str = "/spec/acme/solvers";
    let declared = json!({ "spec": spec(&model_of(None, "", found)) });
    let mut paths = Vec::new();
    if let (Some(found), Some(declared)) = (found.pointer(SOLVERS), declared.pointer(SOLVERS)) {
        without(found, declared, "spec.acme.solvers", &mut paths);
    }
    let told = |path: String| {
        format!(
            "{path} cannot be declared here: the next apply takes it away; a `berth_manifest` keeps such an issuer as it is"
        )
    };
    paths.into_iter().map(told).collect()
}

/// The paths at which `found` has something that `declared` has not.
fn without(found: &Value, declared: &Value, path: &str, paths: &mut Vec<String>) {
    match (found, declared) {
        (Value::Object(found), Value::Object(declared)) => {
            for (name, value) in found {
                let path = format!("{path}.{name}");
                match declared.get(name) {
                    Some(declared) => without(value, declared, &path, paths),
                    None if value.as_object().is_some_and(serde_json::Map::is_empty) => {}
                    None => paths.push(path),
                }
            }
        }
        (Value::Array(found), Value::Array(declared)) => {
            for (index, value) in found.iter().enumerate() {
                let path = format!("{path}[{index}]");
                match declared.get(index) {
                    Some(declared) => without(value, declared, &path, paths),
                    None => paths.push(path),
                }
            }
        }
        _ => {}
    }
}

fn acme_of(acme: &Value, issuer: &str) -> Acme {
    let bundle = text(acme, "/caBundle").and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let binding = acme.get("externalAccountBinding").map(|binding| Binding {
        key_id: text(binding, "/keyID").unwrap_or_default(),
        hmac_key_wo: None,
        hmac_key_wo_version: None,
        secret_name: text(binding, "/keySecretRef/name").filter(|name| *name != format!("{issuer}-eab")),
        secret_namespace: "cert-manager".to_owned(),
    });
    let solvers = acme.get("solvers").and_then(Value::as_array);
    Acme {
        server: text(acme, "/server").unwrap_or_default(),
        email: text(acme, "/email"),
        private_key_secret: text(acme, "/privateKeySecretRef/name").filter(|name| *name != default_key(issuer)),
        ca_bundle: bundle,
        profile: text(acme, "/profile"),
        preferred_chain: text(acme, "/preferredChain").filter(|chain| !chain.is_empty()),
        external_account_binding: binding,
        disable_account_key_generation: acme.get("disableAccountKeyGeneration") == Some(&Value::Bool(true)),
        solvers: solvers.map(|solvers| solvers.iter().map(solver_of).collect()),
    }
}

fn solver_of(solver: &Value) -> Solver {
    let selector = solver.get("selector").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
    let selector = selector.map(|selector| Selector {
        dns_names: texts(selector.get("dnsNames")),
        dns_zones: texts(selector.get("dnsZones")),
        match_labels: selector
            .get("matchLabels")
            .and_then(Value::as_object)
            .map(|labels| labels.iter().filter_map(|(key, it)| Some((key.clone(), it.as_str()?.to_owned()))).collect()),
    });
    Solver { selector, http01: solver.get("http01").map(http01_of), dns01: solver.get("dns01").map(dns01_of) }
}

fn http01_of(http01: &Value) -> Http01 {
    let parent = http01.pointer("/gatewayHTTPRoute/parentRefs/0");
    let of = |name: &str| text(http01, &format!("/ingress/{name}"));
    Http01 {
        ingress_class: of("class"),
        ingress_class_name: of("ingressClassName"),
        ingress_name: of("name"),
        gateway: parent.map(|parent| Gateway {
            name: text(parent, "/name").unwrap_or_default(),
            namespace: text(parent, "/namespace"),
            section_name: text(parent, "/sectionName"),
        }),
        service_type: of("serviceType").or_else(|| text(http01, "/gatewayHTTPRoute/serviceType")),
    }
}

fn dns01_of(dns01: &Value) -> Dns01 {
    let other =
        dns01.as_object().into_iter().flatten().find(|(name, _)| *name != "route53" && *name != "cnameStrategy");
    Dns01 {
        cname_strategy: text(dns01, "/cnameStrategy"),
        route53: dns01.get("route53").map(|route53| Route53 {
            region: text(route53, "/region").unwrap_or_default(),
            hosted_zone_id: text(route53, "/hostedZoneID"),
            role: text(route53, "/role"),
            service_account: text(route53, "/auth/kubernetes/serviceAccountRef/name"),
            access_key_id: text(route53, "/accessKeyID"),
            secret_access_key_secret: text(route53, "/secretAccessKeySecretRef/name")
                .filter(|name| !name.is_empty())
                .map(|name| SecretEntry {
                    name,
                    key: text(route53, "/secretAccessKeySecretRef/key").unwrap_or_default(),
                }),
        }),
        other_json: other.map(|(name, settings)| json!({ name: settings }).to_string()),
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_apply_takes_off_an_issuer_of_others_is_named() {
        let ingress = json!({ "class": "nginx", "podTemplate": { "spec": { "nodeSelector": { "a": "b" } } }, "ingressTemplate": {} });
        let found = json!({ "spec": { "acme": { "server": "s", "skipTLSVerify": true, "solvers": [
            { "http01": { "ingress": ingress } }, { "dns01": { "cloudflare": { "email": "x" } } },
        ] } } });
        let told = lost(&found);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("spec.acme.solvers[0].http01.ingress.podTemplate cannot"), "{told:?}");
    }

    #[test]
    fn an_issuer_is_read_back_as_it_was_declared() {
        let again = |declared: &Value| spec(&model_of(None, "le", &json!({ "spec": declared })));
        for declared in [
            json!({ "selfSigned": {} }),
            json!({ "ca": { "secretName": "root", "crlDistributionPoints": ["http://a.test/crl"] } }),
            json!({ "acme": {
                "server": "https://a.test/dir", "email": "a@b.test", "privateKeySecretRef": { "name": "le-account-key" },
                "caBundle": "aGk=", "preferredChain": "X1", "profile": "p",
                "externalAccountBinding": { "keyID": "k", "keySecretRef": { "name": "le-eab", "key": HMAC_KEY } },
                "solvers": [
                    { "http01": { "ingress": { "class": "nginx", "serviceType": "ClusterIP" } } },
                    { "selector": { "dnsZones": ["a.test"] }, "dns01": { "cnameStrategy": "Follow", "route53": {
                        "region": "eu-central-1", "hostedZoneID": "Z1", "role": "arn:r", "auth": { "kubernetes": { "serviceAccountRef": { "name": "sa" } } } } } },
                    { "dns01": { "cloudflare": { "email": "x" } } },
                    { "http01": { "gatewayHTTPRoute": { "parentRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g", "namespace": "n" }] } } },
                ] } }),
        ] {
            assert_eq!(again(&declared), declared);
        }
    }
}
