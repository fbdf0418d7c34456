//! The Secrets that objects of cert-manager need or fill.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Part;
use crate::domain::cert_manager::secrets::of_issuer;
use crate::domain::kubernetes::ObjectRef;

/// The Secrets that a backup of these objects holds too. Of `ClusterIssuers` they lie in the controller's namespace.
pub fn secrets<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    controller: &str,
    parts: &BTreeSet<Part>,
) -> BTreeSet<ObjectRef> {
    let mut found = BTreeSet::new();
    for object in objects {
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(controller);
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let names = match object.get("kind").and_then(Value::as_str) {
            Some("Certificate") => of_certificate(spec, parts),
            Some("Issuer" | "ClusterIssuer") => needed(spec, parts),
            _ => BTreeSet::new(),
        };
        found.extend(names.iter().map(|name| ObjectRef::secret(namespace, name)));
    }
    found
}

/// The Secret that it fills, and those with the passwords of its keystores.
fn of_certificate(spec: &Value, parts: &BTreeSet<Part>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if parts.contains(&Part::Issued) {
        names.extend(spec.get("secretName").and_then(Value::as_str).map(str::to_owned));
    }
    if let (Some(keystores), true) = (spec.get("keystores"), parts.contains(&Part::Credentials)) {
        names.extend(of_issuer(keystores));
    }
    names
}

fn needed(spec: &Value, parts: &BTreeSet<Part>) -> BTreeSet<String> {
    let name = |path: &str| spec.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let paths = ["/acme/privateKeySecretRef/name", "/acme/externalAccountBinding/keySecretRef/name"];
    let accounts: BTreeSet<String> = paths.into_iter().filter_map(name).collect();
    let mut names = BTreeSet::new();
    if parts.contains(&Part::Credentials) {
        names.extend(of_issuer(spec).difference(&accounts).cloned());
    }
    if parts.contains(&Part::AccountKeys) {
        names.extend(accounts);
    }
    names
}
