//! The fingerprint of the logins: under a random key that lies beside them in the cluster's Secrets and nowhere else.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::digest::fingerprint;
use crate::domain::dockerconfig::SECRET_KEY;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::tls_secret::entry;
use crate::provider::Cx;
use crate::sdk::Secret;

/// The entry of the Secret that holds the key. The kubelet reads the logins' entry only.
pub const DIGEST_KEY: &str = "berth.digest-key";

/// The fingerprint of what a Secret holds; `None` for one without a key, as berth wrote them at first: a fingerprint of such
/// a one would let anybody who reads the state try passwords.
pub fn of(secret: &Value) -> Option<String> {
    let (key, content) = (entry(secret, DIGEST_KEY)?, entry(secret, SECRET_KEY)?);
    (!key.expose().is_empty()).then(|| under(&key, &content))
}

/// The fingerprint of logins that are about to be written.
pub fn under(key: &Secret, content: &Secret) -> String {
    fingerprint(key.expose().as_bytes(), content)
}

/// The key of the Secrets that are there, so that the digest changes only with the logins; else a new one. `None` if the
/// system gives no random numbers.
pub async fn key(cx: &Cx, cluster: &Cluster, before: &[String], name: &str) -> Result<Option<Secret>, ClusterError> {
    for namespace in before {
        let found = cluster.get(cx.budget(), &ObjectRef::secret(namespace, name)).await?;
        if let Some(key) = found.and_then(|secret| entry(&secret, DIGEST_KEY)).filter(|key| !key.expose().is_empty()) {
            return Ok(Some(key));
        }
    }
    Ok(Secret::random())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secret(key: Option<&str>, content: &str) -> Value {
        let mut data = json!({ SECRET_KEY: STANDARD.encode(content) });
        if let Some(key) = key {
            data[DIGEST_KEY] = json!(STANDARD.encode(key));
        }
        json!({ "data": data })
    }

    #[test]
    fn it_changes_with_the_logins_and_tells_nothing_without_the_key() {
        let key = Secret::random().unwrap();
        let digest = |content: &str| of(&secret(Some(key.expose()), content));
        assert_eq!(digest("one"), Some(under(&key, &Secret::new("one"))));
        assert_ne!(digest("one"), digest("two"));
        // The same logins of another pull secret, or of the same made anew.
        assert_ne!(digest("one"), of(&secret(Some(Secret::random().unwrap().expose()), "one")));
    }

    #[test]
    fn a_secret_without_a_key_has_none() {
        assert_eq!(of(&secret(None, "one")), None);
        assert_eq!(of(&secret(Some(""), "one")), None);
        assert_eq!(of(&json!({})), None);
    }
}
