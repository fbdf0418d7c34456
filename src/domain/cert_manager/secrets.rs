//! The Secrets that an issuer needs, whatever its kind.

use std::collections::BTreeSet;

use serde_json::Value;

/// The names of the Secrets that a spec refers to: account keys, bindings, credentials of DNS providers, CAs. A `ClusterIssuer`
/// finds them in the namespace of the controller, an Issuer in its own.
pub fn of_issuer(spec: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(spec, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let is_reference = name.to_ascii_lowercase().ends_with("secretref") || name == "credentialsRef";
                let named = if is_reference { value.get("name").and_then(Value::as_str) } else { None };
                let direct = value.as_str().filter(|_| name == "secretName");
                found.extend(named.or(direct).map(str::to_owned));
                collect(value, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_an_issuer_refers_to_is_found() {
        let spec = json!({
            "acme": {
                "privateKeySecretRef": { "name": "account" },
                "externalAccountBinding": { "keyID": "x", "keySecretRef": { "name": "eab", "key": "k" } },
                "solvers": [
                    { "dns01": { "route53": { "secretAccessKeySecretRef": { "name": "aws", "key": "k" }, "accessKeyIDSecretRef": { "name": "aws-id", "key": "k" } } } },
                    { "dns01": { "cloudflare": { "apiTokenSecretRef": { "name": "cf", "key": "k" } } } },
                    { "http01": { "ingress": { "name": "no" } } },
                ],
            },
            "ca": { "secretName": "ca" },
            "vault": { "auth": { "tokenSecretRef": { "name": "vault", "key": "k" } } },
            "venafi": { "cloud": { "credentialsRef": { "name": "venafi" } } },
        });
        let found: Vec<String> = of_issuer(&spec).into_iter().collect();
        assert_eq!(found, ["account", "aws", "aws-id", "ca", "cf", "eab", "vault", "venafi"]);
    }
}
