//! Service accounts: our one pull secret and our one annotation, and nothing else of theirs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::kubernetes::{self, ObjectRef};
use crate::domain::ownership::is_terminating;
use crate::retry::{Budget, Pace};

use super::{Cluster, ClusterError};

/// How long a service account may take to appear: `default` is made by a controller, some time after
/// its namespace.
const APPEARANCE: Duration = Duration::from_mins(1);

const PACE: Pace = Pace::new(Duration::from_millis(250), Duration::from_secs(3));

/// What binding a pull secret to a service account found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The account names the secret now, and did not before.
    Added,
    /// The account named it already.
    Present,
}

/// What setting an annotation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// There is no such object.
    Absent,
    /// The object had the annotation, with this value.
    Before,
    /// The object has it now, and did not before.
    Now {
        /// The value that it had instead.
        before: Option<String>,
    },
}

impl Cluster {
    /// Waits until the service account exists.
    ///
    /// # Errors
    /// [`ClusterError::NamespaceMissing`] at once if its namespace does not exist, and
    /// [`ClusterError::NamespaceTerminating`] if it is on its way out.
    pub async fn wait_for_service_account(&self, budget: &Budget, account: &ObjectRef) -> Result<Value, ClusterError> {
        let patience = budget.at_most(APPEARANCE);
        for pause in PACE.pauses() {
            if let Some(found) = self.get(&patience, account).await? {
                return Ok(found);
            }
            self.must_take_objects(&patience, account.namespace.as_deref().unwrap_or_default()).await?;
            tracing::debug!(%account, "waiting for a service account");
            if let Err(stopped) = patience.sleep(pause).await {
                let words = format!("it did not appear within {} seconds", APPEARANCE.as_secs());
                let missing = ClusterError::NotFound { object: account.to_string(), words };
                let waiting_for = format!("{account} to appear");
                return Err(match budget.check() {
                    Ok(()) => missing,
                    Err(_) => ClusterError::Stopped { stopped, waiting_for, last_seen: None },
                });
            }
        }
        Err(ClusterError::NotFound { object: account.to_string(), words: String::new() })
    }

    async fn must_take_objects(&self, budget: &Budget, namespace: &str) -> Result<(), ClusterError> {
        let name = namespace.to_owned();
        match self.get(budget, &ObjectRef::of_namespace(namespace)).await? {
            None => Err(ClusterError::NamespaceMissing { namespace: name }),
            Some(found) if is_terminating(&found) => Err(ClusterError::NamespaceTerminating { namespace: name }),
            Some(_) => Ok(()),
        }
    }

    /// Makes the service account name the secret among its `imagePullSecrets`, after what it names
    /// already.
    pub async fn bind_pull_secret(
        &self,
        budget: &Budget,
        account: &ObjectRef,
        secret: &str,
    ) -> Result<Binding, ClusterError> {
        if let Some(binding) = self.try_bind(budget, account, secret).await? {
            return Ok(binding);
        }
        self.wait_for_service_account(budget, account).await?;
        let bound = self.try_bind(budget, account, secret).await?;
        bound.ok_or_else(|| ClusterError::NotFound { object: account.to_string(), words: String::new() })
    }

    /// `None` if the account does not exist.
    async fn try_bind(
        &self,
        budget: &Budget,
        account: &ObjectRef,
        secret: &str,
    ) -> Result<Option<Binding>, ClusterError> {
        let mut binding = Binding::Present;
        let updated = self
            .update(budget, account, |value| {
                let added = add_pull_secret(value, secret);
                if added {
                    binding = Binding::Added;
                }
                added
            })
            .await?;
        Ok(updated.map(|_| binding))
    }

    /// Takes the secret off the account's `imagePullSecrets`; success if account or element are gone.
    pub async fn unbind_pull_secret(
        &self,
        budget: &Budget,
        account: &ObjectRef,
        secret: &str,
    ) -> Result<(), ClusterError> {
        self.update(budget, account, |value| remove_pull_secret(value, secret)).await.map(|_| ())
    }

    /// Sets one annotation of an existing object; the others stay.
    pub async fn annotate(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        name: &str,
        value: &str,
    ) -> Result<Annotated, ClusterError> {
        // The first try counts: after a lost answer or a conflict the next one may find its work done.
        let (mut changed, mut before) = (false, None);
        let set = |found: &mut Value| {
            let earlier = annotation(found, name);
            let is_changed = set_annotation(found, name, value);
            if is_changed && !changed {
                (changed, before) = (true, earlier);
            }
            is_changed
        };
        Ok(match self.update(budget, object, set).await? {
            None => Annotated::Absent,
            Some(_) if changed => Annotated::Now { before },
            Some(_) => Annotated::Before,
        })
    }

    /// Takes one annotation off an object if it still has the value that we gave it.
    pub async fn unannotate(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        name: &str,
        value: &str,
    ) -> Result<(), ClusterError> {
        self.give_back(budget, object, name, value, None).await
    }

    /// Sets an annotation back to what it was `before`, or takes it off, if it still has the value that we gave it.
    pub async fn give_back(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        name: &str,
        value: &str,
        before: Option<&str>,
    ) -> Result<(), ClusterError> {
        let give = |found: &mut Value| {
            let is_ours = remove_annotation(found, name, value);
            if let Some(before) = before.filter(|_| is_ours) {
                set_annotation(found, name, before);
            }
            is_ours
        };
        self.update(budget, object, give).await.map(|_| ())
    }
}

/// The names among an account's `imagePullSecrets`, in order.
pub fn pull_secrets(account: &Value) -> Vec<&str> {
    let elements = account.get("imagePullSecrets").and_then(Value::as_array);
    elements.into_iter().flatten().filter_map(|element| element.get("name")?.as_str()).collect()
}

fn add_pull_secret(account: &mut Value, secret: &str) -> bool {
    if pull_secrets(account).contains(&secret) {
        return false;
    }
    let Some(account) = account.as_object_mut() else { return false };
    let elements = account.entry("imagePullSecrets").or_insert_with(|| json!([]));
    if elements.is_null() {
        *elements = json!([]);
    }
    let Some(elements) = elements.as_array_mut() else { return false };
    elements.push(json!({ "name": secret }));
    true
}

fn remove_pull_secret(account: &mut Value, secret: &str) -> bool {
    let Some(elements) = account.get_mut("imagePullSecrets").and_then(Value::as_array_mut) else { return false };
    let before = elements.len();
    elements.retain(|element| element.get("name").and_then(Value::as_str) != Some(secret));
    elements.len() != before
}

/// An annotation's value, unless it is empty.
pub fn annotation(object: &Value, name: &str) -> Option<String> {
    kubernetes::annotation(object, name).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn set_annotation(object: &mut Value, name: &str, value: &str) -> bool {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return false };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if annotations.is_null() {
        *annotations = json!({});
    }
    let Some(annotations) = annotations.as_object_mut() else { return false };
    annotations.insert(name.to_owned(), json!(value)) != Some(json!(value))
}

fn remove_annotation(object: &mut Value, name: &str, value: &str) -> bool {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(annotations) = annotations else { return false };
    if annotations.get(name).and_then(Value::as_str) != Some(value) {
        return false;
    }
    annotations.remove(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_after_what_others_bound_and_removes_only_its_own() {
        let mut account = json!({ "imagePullSecrets": [{ "name": "theirs" }] });
        assert!(add_pull_secret(&mut account, "ours"));
        assert_eq!(pull_secrets(&account), ["theirs", "ours"]);
        assert!(!add_pull_secret(&mut account, "ours"));
        assert!(remove_pull_secret(&mut account, "ours"));
        assert_eq!(pull_secrets(&account), ["theirs"]);
        assert!(!remove_pull_secret(&mut account, "ours"));
    }

    #[test]
    fn adds_to_an_account_that_has_no_list_yet() {
        let mut account = json!({ "metadata": {} });
        assert!(add_pull_secret(&mut account, "ours"));
        assert_eq!(pull_secrets(&account), ["ours"]);
    }

    #[test]
    fn an_annotation_that_someone_changed_is_left_to_them() {
        let mut object = json!({ "metadata": { "annotations": { "other": "x" } } });
        assert_eq!(annotation(&object, "role"), None);
        assert!(set_annotation(&mut object, "role", "ours"));
        assert_eq!(annotation(&object, "role"), Some("ours".to_owned()));
        assert!(!set_annotation(&mut object, "role", "ours"));
        assert!(!remove_annotation(&mut object, "role", "theirs"));
        assert!(remove_annotation(&mut object, "role", "ours"));
        assert_eq!(object, json!({ "metadata": { "annotations": { "other": "x" } } }));
    }
}
