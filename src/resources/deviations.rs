//! What the API server stores otherwise than it was declared, kept from the apply to the refreshes after it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::{self, own_deviations, own_differences};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::is_terminating;
use crate::provider::Cx;

/// The note's name.
const NOTE: &str = "stored_otherwise";

/// By object, where its stored form differs from the declared one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deviations(BTreeMap<String, drift::Deviations>);

impl Deviations {
    /// As the last apply noted them; none after an import.
    pub fn recall(cx: &Cx) -> Self {
        cx.recall(NOTE).unwrap_or_default()
    }

    /// Keeps them for later calls.
    pub fn remember(&self, cx: &Cx) {
        if self.0.is_empty() {
            cx.forget(NOTE);
        } else {
            cx.remember(NOTE, self);
        }
    }

    /// Notes what the API server answered to a declaration. A Secret's content is compared in another way.
    pub fn note(&mut self, declared: &Value, stored: &Value) {
        let Some(object) = ObjectRef::of(declared).filter(|object| object.kind != "Secret") else { return };
        let deviations = own_deviations(declared, stored);
        if !deviations.is_empty() {
            self.0.insert(object.to_string(), deviations);
        }
    }

    /// What is amiss with the objects of a declaration, each as a sentence.
    pub async fn drift(
        &self,
        cx: &Cx,
        cluster: &Cluster,
        declared: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<String>, ClusterError> {
        let mut told = Vec::new();
        for declared in declared {
            let Some(object) = ObjectRef::of(&declared) else { continue };
            told.extend(self.amiss(&object, &declared, cluster.get(cx.budget(), &object).await?.as_ref()));
        }
        Ok(told)
    }

    /// What is amiss with one of them: it is gone, or about to be, or differs.
    pub fn amiss(&self, object: &ObjectRef, declared: &Value, found: Option<&Value>) -> Vec<String> {
        match found {
            None => vec![format!("{object} is missing")],
            Some(found) if is_terminating(found) => vec![format!("{object} is being deleted")],
            Some(found) => self.differences(object, declared, found),
        }
    }

    /// What differs beside that, each as a sentence with the object.
    pub fn differences(&self, object: &ObjectRef, declared: &Value, found: &Value) -> Vec<String> {
        let none = drift::Deviations::new();
        let known = self.0.get(&object.to_string()).unwrap_or(&none);
        own_differences(declared, found, known).into_iter().map(|it| format!("{object}: {it}")).collect()
    }
}
