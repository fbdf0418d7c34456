//! Pull secrets that were made by other tools, and what an import cannot find.

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError, pull_secrets};
use crate::domain::dockerconfig::{DockerConfig, SECRET_KEY, SECRET_TYPE};
use crate::domain::kubernetes::{MANAGED_BY, ObjectRef, owner_labels};
use crate::domain::ownership::{Claim, Tenure};
use crate::domain::registry_name::{DOCKER_HUB, RegistryName};
use crate::domain::tls_secret::entry;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Computed, MoveSource, Result, Set};

use super::{APPLICATION, Declared, Entry};

/// The note that an import has found all but the passwords.
pub const IMPORTED: &str = "imported";

/// What is said of a Secret that another tool made and that an import or a `moved` block has given to us.
const TO_TAKE_OVER: &str = "was made by another tool: the next apply takes it over";

/// What is said of such a Secret; its place in the state lets the next apply write to it.
pub fn said_of(object: &ObjectRef) -> String {
    format!("{object} {TO_TAKE_OVER}")
}

/// Whether the state says that the Secret is to be taken over.
pub fn is_given(model: &Declared, object: &ObjectRef) -> bool {
    model.drift.get().is_some_and(|drift| drift.contains(&said_of(object)))
}

/// The declaration of a Secret that another tool made.
pub async fn imported(cx: &Cx, object: &ObjectRef, secret: &Value, what: &str) -> Result<Declared> {
    let kind = secret.get("type").and_then(Value::as_str).unwrap_or("Opaque");
    let content = entry(secret, SECRET_KEY).and_then(|text| DockerConfig::parse(text.expose()).ok());
    let (Some(content), true) = (content, kind == SECRET_TYPE) else {
        return Err(no_pull_secret(object, kind, what));
    };
    let cluster = cx.provider().cluster()?;
    let namespace = object.namespace.clone().unwrap_or_default();
    let like = ObjectRef::service_account(&namespace, "");
    let accounts = cluster.list(cx.budget(), &like, "").await.map_err(|error| error.explain(what))?;
    let users = accounts.iter().filter(|account| pull_secrets(account).contains(&object.name.as_str()));
    let users = users.filter_map(|account| account.pointer("/metadata/name")?.as_str().map(str::to_owned)).collect();
    Ok(declared(&namespace, &object.name, &content, users))
}

fn no_pull_secret(object: &ObjectRef, kind: &str, what: &str) -> Explanation {
    Explanation::new("BERTH-PULL-002", what)
        .on(format!("{object}, of the type {kind}, which is no pull secret"))
        .next(format!("name a Secret of the type {SECRET_TYPE} with an entry {SECRET_KEY}; it was left as it is"))
}

fn declared(namespace: &str, name: &str, content: &DockerConfig, accounts: Vec<String>) -> Declared {
    let object = ObjectRef::secret(namespace, name);
    let registries = content
        .logins()
        .map(|(host, login)| (as_declared(host), Entry { username: login.username.clone(), ..Entry::default() }));
    Declared {
        name: name.to_owned(),
        namespaces: Some(Set(vec![namespace.to_owned()])),
        registries: registries.collect(),
        secrets: Computed::Known(vec![format!("{namespace}/{name}")]),
        bound: Computed::Known(accounts.iter().map(|account| format!("{namespace}/{account}")).collect()),
        service_accounts: Set(accounts),
        digest: Computed::Null,
        drift: Computed::Known(vec![said_of(&object)]),
        ..Declared::default()
    }
}

/// A key of the file as people declare it: without scheme, `/v2/` and a last slash, which do not count.
fn as_declared(key: &str) -> String {
    match RegistryName::parse(key).map(|name| name.key()) {
        Ok(name) if name == DOCKER_HUB => "docker.io".to_owned(),
        Ok(name) => name,
        Err(_) => key.to_owned(),
    }
}

/// A Secret of the provider `hashicorp/kubernetes` becomes ours; its passwords stay behind. `None` for all other types.
pub fn moved(source: &MoveSource) -> Option<Result<Declared>> {
    let is_secret = matches!(source.r#type.as_str(), "kubernetes_secret" | "kubernetes_secret_v1");
    (is_secret && source.provider.ends_with("/hashicorp/kubernetes")).then(|| of_state(&source.state))
}

fn of_state(state: &Value) -> Result<Declared> {
    let what = "Cannot take over the Secret of the kubernetes provider";
    let text = |name: &str| state.pointer(&format!("/metadata/0/{name}")).and_then(Value::as_str);
    let namespace = text("namespace").filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    let object = ObjectRef::secret(namespace, text("name").unwrap_or_default());
    let kind = state.get("type").and_then(Value::as_str).unwrap_or("Opaque");
    if kind != SECRET_TYPE {
        return Err(no_pull_secret(&object, kind, what));
    }
    // What was given write-only is in no state: the plan then shows every login as new.
    let content = state.pointer("/data").and_then(|data| data.get(SECRET_KEY)).and_then(Value::as_str);
    let content = content.and_then(|text| DockerConfig::parse(text).ok()).unwrap_or_default();
    Ok(declared(namespace, &object.name, &content, Vec::new()))
}

/// Marks the Secrets that were given to us as ours, so that they may be written.
pub async fn take_over(
    cx: &Cx,
    cluster: &Cluster,
    prior: &Declared,
    claim: &Claim,
) -> std::result::Result<bool, ClusterError> {
    let mut is_any = false;
    for object in prior.objects().into_iter().filter(|object| is_given(prior, object)) {
        let found = cluster.settled(cx.budget(), &object).await?;
        let Some(found) = found.filter(|found| claim.tenure(found) == Tenure::Foreign) else { continue };
        // Berth's own are never given by another tool: whoever marked it since has it.
        let mark = found.pointer("/metadata/labels").and_then(|labels| labels.get(MANAGED_BY)).and_then(Value::as_str);
        if mark == Some(crate::domain::kubernetes::FIELD_MANAGER) {
            return Err(ClusterError::Foreign { object: object.to_string() });
        }
        let labels = owner_labels(APPLICATION, &claim.instance);
        let version = found.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
        let metadata = json!({ "labels": labels, "annotations": claim.marks(&object), "resourceVersion": version });
        cluster.merge(cx.budget(), &object, &json!({ "metadata": metadata })).await?;
        is_any = true;
    }
    Ok(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Model as _;

    fn source(kind: &str, content: &str) -> MoveSource {
        MoveSource {
            provider: "registry.terraform.io/hashicorp/kubernetes".to_owned(),
            r#type: "kubernetes_secret_v1".to_owned(),
            version: 0,
            state: json!({
                "id": "apps/pull", "type": kind, "data": { SECRET_KEY: content },
                "metadata": [{ "name": "pull", "namespace": "apps", "labels": null }],
            }),
        }
    }

    #[test]
    fn a_secret_of_the_kubernetes_provider_is_taken_over_without_its_passwords() {
        let content = r#"{"auths":{"hub.test":{"username":"ann","password":"hunter2hunter2","auth":"YW5uOmh1bnRlcjJodW50ZXIy"},
            "https://hub.test:8443/v2/":{"auth":"Y2FybDpodW50ZXIyaHVudGVyMg=="},
            "https://index.docker.io/v1/":{"auth":"Ym9iOmh1bnRlcjJodW50ZXIy"}}}"#;
        let moved = moved(&source(SECRET_TYPE, content)).unwrap().unwrap();
        assert_eq!((moved.name.as_str(), moved.places()), ("pull", vec!["apps".to_owned()]));
        let logins: Vec<_> =
            moved.registries.iter().map(|(host, entry)| format!("{host} {}", entry.username)).collect();
        assert_eq!(logins, ["docker.io bob", "hub.test ann", "hub.test:8443 carl"]);
        assert!(is_given(&moved, &ObjectRef::secret("apps", "pull")));
        let stored = format!("{:?}", moved.encode());
        assert!(!stored.contains("hunter2") && !stored.contains("YW5u"), "{stored}");
    }

    #[test]
    fn what_is_no_pull_secret_is_told_as_such_and_other_types_are_not_known() {
        let told = moved(&source("Opaque", "{}")).unwrap().unwrap_err().to_string();
        assert!(told.contains("Secret apps/pull, of the type Opaque"), "{told}");
        let other = MoveSource { r#type: "kubernetes_config_map".to_owned(), ..source(SECRET_TYPE, "{}") };
        assert!(moved(&other).is_none());
        let other =
            MoveSource { provider: "registry.terraform.io/other/kubernetes".to_owned(), ..source(SECRET_TYPE, "{}") };
        assert!(moved(&other).is_none());
    }
}
