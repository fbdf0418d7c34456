//! Which certificate each Certificate has: what an upgrade must not change.

use std::collections::BTreeMap;

use serde_json::Value;

/// The certificates that were issued: by `NAMESPACE/NAME`, the number of the issuance and when it began to be valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issued(BTreeMap<String, (i64, String)>);

impl Issued {
    /// What a list of Certificates tells. Those that have none yet are left out.
    pub fn of(certificates: &[Value]) -> Self {
        Self(certificates.iter().filter_map(|it| Some((name_of(it)?, issuance_of(it)?))).collect())
    }

    /// Those that have another certificate now or are about to, and those that are gone.
    pub fn lost_in<'a>(&'a self, now: &'a [Value]) -> impl Iterator<Item = String> + 'a {
        let found: BTreeMap<String, &Value> = now.iter().filter_map(|it| Some((name_of(it)?, it))).collect();
        self.0.iter().filter_map(move |(name, issued)| {
            let Some(found) = found.get(name) else { return Some(format!("{name} is gone")) };
            (issuance_of(found).as_ref() != Some(issued)).then(|| format!("{name} has been issued anew"))
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn name_of(object: &Value) -> Option<String> {
    let part = |path: &str| object.pointer(path).and_then(Value::as_str);
    Some(format!("{}/{}", part("/metadata/namespace")?, part("/metadata/name")?))
}

/// Each issuance counts the revision up and has its own beginning (cert-manager.io/v1, `CertificateStatus`).
fn issuance_of(certificate: &Value) -> Option<(i64, String)> {
    if is_issuing(certificate) {
        return None;
    }
    let revision = certificate.pointer("/status/revision")?.as_i64()?;
    let begins = certificate.pointer("/status/notBefore").and_then(Value::as_str).unwrap_or_default();
    Some((revision, begins.to_owned()))
}

fn is_issuing(certificate: &Value) -> bool {
    let conditions = certificate.pointer("/status/conditions").and_then(Value::as_array);
    let is_true = |it: &&Value| it["type"] == "Issuing" && it["status"] == "True";
    conditions.into_iter().flatten().any(|it| is_true(&it))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn certificate(name: &str, revision: i64, issuing: bool) -> Value {
        let conditions = if issuing { json!([{ "type": "Issuing", "status": "True" }]) } else { json!([]) };
        json!({ "metadata": { "namespace": "a", "name": name },
            "status": { "revision": revision, "notBefore": "2026-01-01T00:00:00Z", "conditions": conditions } })
    }

    #[test]
    fn what_was_issued_anew_or_is_gone_is_named_and_nothing_else() {
        let before = [
            certificate("kept", 1, false),
            certificate("new", 2, false),
            certificate("gone", 1, false),
            certificate("busy", 1, false),
            certificate("was-busy", 1, true),
        ];
        let now = [
            certificate("kept", 1, false),
            certificate("new", 3, false),
            certificate("busy", 1, true),
            certificate("was-busy", 2, false),
            certificate("later", 1, false),
        ];
        let lost: Vec<String> = Issued::of(&before).lost_in(&now).collect();
        // What is being issued has no issuance to be compared by.
        assert_eq!(lost, ["a/busy has been issued anew", "a/gone is gone", "a/new has been issued anew"]);
    }
}
