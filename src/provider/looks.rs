//! What plans ask AWS for their own sake: a question that was not answered once is not asked again in this run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// The questions that nobody answered: without the network each would hold up every plan anew.
#[derive(Debug, Default)]
pub struct Looks {
    given_up: Mutex<BTreeSet<&'static str>>,
    objects: Mutex<BTreeMap<String, Arc<OnceCell<Option<bool>>>>>,
}

impl Looks {
    /// Whether to ask.
    pub fn may(&self, question: &'static str) -> bool {
        !self.given_up.lock().unwrap_or_else(PoisonError::into_inner).contains(question)
    }

    /// Nobody answers.
    pub fn give_up(&self, question: &'static str) {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).insert(question);
    }

    /// Whether an object is there, as it is asked once for all who want to know.
    pub fn of(&self, object: &str) -> Arc<OnceCell<Option<bool>>> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(objects.entry(object.to_owned()).or_default())
    }
}
