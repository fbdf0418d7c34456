//! What the private state notes of objects that a resource declares, and what differs from it later.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::digest::fingerprint;
use crate::domain::drift::{Deviations, own_deviations, own_differences};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, fields};
use crate::provider::Cx;
use crate::sdk::Secret;

use super::content::Part;
use super::side_by_side;

/// The note of the private state: what the API server stored otherwise than it was declared, object by object.
const DEVIATIONS: &str = "deviations";

/// The note of the private state: digests of the fields that are ours, for when their values are not known.
const OWNED: &str = "owned";

/// The note of the private state: fingerprints of the content of Secrets. The API server leaves a field with its owner when
/// another one declares it as `stringData`, so that only its value tells.
const CONTENT: &str = "content";

/// The note of the private state: which pull secrets the accounts were declared with.
const PULL_SECRETS: &str = "pull_secrets";

/// What was found of what was written.
pub struct Written {
    deviations: BTreeMap<String, Deviations>,
    owned: BTreeMap<String, String>,
    content: BTreeMap<String, String>,
    pull_secrets: BTreeMap<String, Vec<String>>,
}

impl Written {
    /// What the private state has.
    pub fn recalled(cx: &Cx) -> Self {
        Self {
            deviations: cx.recall(DEVIATIONS).unwrap_or_default(),
            owned: cx.recall(OWNED).unwrap_or_default(),
            content: cx.recall(CONTENT).unwrap_or_default(),
            pull_secrets: cx.recall(PULL_SECRETS).unwrap_or_default(),
        }
    }

    /// Notes it in the private state.
    pub fn remember(&self, cx: &Cx) {
        cx.remember(DEVIATIONS, &self.deviations);
        cx.remember(OWNED, &self.owned);
        note(cx, CONTENT, &self.content);
        note(cx, PULL_SECRETS, &self.pull_secrets);
    }

    /// The pull secrets that the last declaration gave to accounts, by account.
    pub fn pull_secrets(&self) -> BTreeMap<String, Vec<String>> {
        self.pull_secrets.clone()
    }

    /// Notes what the API server made of an object.
    pub fn note(&mut self, part: &Part, stored: &Value, manager: &str) {
        let id = manifest::id(&part.object);
        self.owned.extend(fields::digest(stored, manager).map(|digest| (id.clone(), digest)));
        self.content.extend(content(stored, manager).map(|content| (id.clone(), content)));
        if fields::has_shared_pull_secrets(&part.manifest) {
            self.pull_secrets.insert(id.clone(), fields::pull_secrets(&part.manifest));
        } else {
            self.pull_secrets.remove(&id);
        }
        if part.is_secret {
            return;
        }
        let deviations = own_deviations(&part.manifest, stored);
        if deviations.is_empty() {
            self.deviations.remove(&id);
        } else {
            self.deviations.insert(id, deviations);
        }
    }

    /// Without what is said of objects that are declared no more.
    #[must_use]
    pub fn of_these(mut self, now: &[ObjectRef]) -> Self {
        let ids: Vec<String> = now.iter().map(manifest::id).collect();
        self.deviations.retain(|id, _| ids.contains(id));
        self.owned.retain(|id, _| ids.contains(id));
        self.content.retain(|id, _| ids.contains(id));
        self.pull_secrets.retain(|id, _| ids.contains(id));
        self
    }

    /// What differs at an object from what was declared of it; `declared` where its values are known.
    pub fn differences(
        &self,
        object: &ObjectRef,
        declared: Option<&Part>,
        found: &Value,
        manager: &str,
    ) -> Vec<String> {
        let id = manifest::id(object);
        if let Some(part) = declared {
            let known = self.deviations.get(&id).cloned().unwrap_or_default();
            return own_differences(&part.manifest, found, &known)
                .into_iter()
                .map(|it| format!("{object}: {it}"))
                .collect();
        }
        let is_other = self.owned.get(&id).is_some_and(|owned| fields::digest(found, manager).as_ref() != Some(owned));
        let is_refilled = self.content.get(&id).is_some_and(|known| content(found, manager).as_ref() != Some(known));
        let told = (is_other || is_refilled).then(|| format!("{object}: somebody has changed what was declared of it"));
        told.into_iter().collect()
    }
}

fn note<T: serde::Serialize>(cx: &Cx, name: &str, noted: &BTreeMap<String, T>) {
    if noted.is_empty() {
        cx.forget(name);
    } else {
        cx.remember(name, noted);
    }
}

/// A fingerprint of what a Secret holds of ours. Its key is the Secret's `uid`: random, in the cluster and not in the state, so
/// that a state alone does not let anybody try passwords.
fn content(object: &Value, manager: &str) -> Option<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let uid = text("/metadata/uid").filter(|uid| !uid.is_empty())?;
    if text("/kind") != Some("Secret") || text("/apiVersion") != Some("v1") {
        return None;
    }
    let owned = fields::of_manager(object, manager)?.get("f:data")?;
    let data = fields::part(object.get("data").unwrap_or(&Value::Null), owned);
    Some(fingerprint(uid.as_bytes(), &Secret::new(data.to_string())))
}

/// Looks at objects, in whatever version they are served now.
pub async fn look(cx: &Cx, cluster: &Cluster, inventory: &[ObjectRef]) -> Result<Vec<Option<Value>>, ClusterError> {
    let kept = cluster.kept(cx.budget(), inventory).await?;
    let looks = kept.iter().map(|object| async move {
        match object {
            Some(object) => cluster.get(cx.budget(), object).await,
            // Its kind is gone, and with it all objects of it.
            None => Ok(None),
        }
    });
    side_by_side(looks).await.into_iter().collect()
}

/// Where objects live, as those that were written tell.
pub fn scope_in(inventory: &[ObjectRef]) -> impl Fn(&ObjectRef) -> Option<manifest::Scope> {
    |object| {
        let known = inventory.iter().find(|it| it.kind == object.kind && it.group() == object.group())?;
        Some(if known.namespace.is_some() { manifest::Scope::Namespaced } else { manifest::Scope::Cluster })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_value_of_a_secret_is_another_content_and_what_others_add_is_none() {
        let secret = |uid: &str, data: &Value| {
            let owned =
                json!([{ "manager": "berth", "operation": "Apply", "fieldsV1": { "f:data": { ".": {}, "f:p": {} } } }]);
            let found = json!({ "apiVersion": "v1", "kind": "Secret", "data": data,
                "metadata": { "uid": uid, "managedFields": owned } });
            content(&found, "berth")
        };
        let first = secret("one", &json!({ "p": "YQ==" }));
        assert!(first.is_some());
        assert_eq!(first, secret("one", &json!({ "p": "YQ==", "theirs": "eA==" })));
        assert_ne!(first, secret("one", &json!({ "p": "ZXZpbA==" })));
        assert_ne!(first, secret("two", &json!({ "p": "YQ==" })), "a state alone tells nothing");
        assert_eq!(secret("", &json!({ "p": "YQ==" })), None);
    }
}
