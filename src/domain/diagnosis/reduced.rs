//! Objects without what is secret in them.

use serde_json::{Value, json};

use crate::domain::dockerconfig::{DockerConfig, LEGACY_SECRET_KEY, LEGACY_SECRET_TYPE, SECRET_KEY, SECRET_TYPE};
use crate::domain::kubernetes::LAST_APPLIED;

use super::snapshot::text;

/// Members that may hold what is secret, wherever they stand: what programs are started with, stores' passwords, and the
/// settings of cert-manager's webhooks. No rule reads them. A label of the same name is a text.
const HUSHED: [&str; 7] = ["env", "envFrom", "command", "args", "httpHeaders", "keystores", "config"];

/// The one annotation that is kept of Secrets: others may hold all of the Secret once more.
const CERTIFICATE_NAME: &str = "cert-manager.io/certificate-name";

/// An object without what is secret in it: of a Secret the type and the marks are kept, and of a pull secret the registries
/// and users. A definition of a kind is kept without its schema.
pub fn reduced(mut object: Value) -> Value {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let auths = auths(&object).unwrap_or_default();
    let has_logins = text(&object, "/type").is_some_and(is_pull_secret) && object.get("data").is_some();
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.retain(|name, _| name != LAST_APPLIED && (kind != "Secret" || name == CERTIFICATE_NAME));
    }
    let Some(members) = object.as_object_mut() else { return object };
    match kind.as_str() {
        "Secret" => {
            members.retain(|name, _| name != "data" && name != "stringData");
            if has_logins {
                members.insert("auths".to_owned(), auths);
            }
        }
        "CustomResourceDefinition" => members.retain(|name, _| name != "spec" && name != "status"),
        _ => members.values_mut().for_each(hush),
    }
    object
}

fn hush(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members
                .retain(|name, member| !HUSHED.contains(&name.as_str()) || !(member.is_array() || member.is_object()));
            members.values_mut().for_each(hush);
        }
        Value::Array(elements) => elements.iter_mut().for_each(hush),
        _ => {}
    }
}

/// The registries and users of a pull secret; none if it cannot be read.
fn auths(secret: &Value) -> Option<Value> {
    let config = pull_config(secret)?;
    Some(Value::Object(config.logins().map(|(key, login)| (key.to_owned(), json!(login.username))).collect()))
}

/// Whether the kubelet reads logins from Secrets of that type.
pub fn is_pull_secret(kind: &str) -> bool {
    matches!(kind, SECRET_TYPE | LEGACY_SECRET_TYPE)
}

/// The logins of a pull secret, as the kubelet reads them by its type.
pub fn pull_config(secret: &Value) -> Option<DockerConfig> {
    use base64::Engine as _;
    let is_legacy = text(secret, "/type")? == LEGACY_SECRET_TYPE;
    let key = if is_legacy { LEGACY_SECRET_KEY } else { SECRET_KEY };
    let encoded = secret.get("data")?.get(key)?.as_str()?;
    let file = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?).ok()?;
    let config = if is_legacy { DockerConfig::parse_legacy(&file) } else { DockerConfig::parse(&file) };
    config.ok()
}
