//! What the private state notes of objects that a resource declares, and what differs from it later.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::{Deviations, own_deviations, own_differences};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, fields};
use crate::provider::Cx;

use super::content::Part;
use super::side_by_side;

/// The note of the private state: what the API server stored otherwise than it was declared, object by object.
const DEVIATIONS: &str = "deviations";

/// The note of the private state: digests of the fields that are ours, for when their values are not known.
const OWNED: &str = "owned";

/// The note of the private state: which pull secrets the accounts were declared with.
const PULL_SECRETS: &str = "pull_secrets";

/// What was found of what was written.
pub struct Written {
    deviations: BTreeMap<String, Deviations>,
    owned: BTreeMap<String, String>,
    pull_secrets: BTreeMap<String, Vec<String>>,
}

impl Written {
    /// What the private state has.
    pub fn recalled(cx: &Cx) -> Self {
        Self {
            deviations: cx.recall(DEVIATIONS).unwrap_or_default(),
            owned: cx.recall(OWNED).unwrap_or_default(),
            pull_secrets: cx.recall(PULL_SECRETS).unwrap_or_default(),
        }
    }

    /// Notes it in the private state.
    pub fn remember(&self, cx: &Cx) {
        cx.remember(DEVIATIONS, &self.deviations);
        cx.remember(OWNED, &self.owned);
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
        let told = is_other.then(|| format!("{object}: somebody has changed what was declared of it"));
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
