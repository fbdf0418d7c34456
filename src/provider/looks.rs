//! What plans ask AWS for their own sake: a question that was not answered once is not asked again in this run.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The questions that nobody answered: without the network each would hold up every plan anew.
#[derive(Debug, Default)]
pub struct Looks(Mutex<BTreeSet<&'static str>>);

impl Looks {
    /// Whether to ask.
    pub fn may(&self, question: &'static str) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(question)
    }

    /// Nobody answers.
    pub fn give_up(&self, question: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question);
    }
}
