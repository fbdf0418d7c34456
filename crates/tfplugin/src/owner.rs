//! The mark of one instance of a resource: what exists remotely bears it, so that nobody takes another's for their own.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// How many digits a mark has: 96 bits, so that no two are ever the same.
const LENGTH: usize = 24;

/// Who an object belongs to. The mark is made by chance when a resource is created, stays in its private state, and stands at
/// the object. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner(String);

impl Owner {
    /// A mark that nobody else has; `None` if the system gives no randomness.
    pub fn random() -> Option<Self> {
        Secret::random().map(|digits| Self(digits.expose().chars().take(LENGTH).collect()))
    }

    /// The mark that was found at an object.
    pub fn found(mark: impl Into<String>) -> Self {
        Self(mark.into())
    }

    /// As it stands at an object.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_marks_are_the_same() {
        let (one, other) = (Owner::random().unwrap(), Owner::random().unwrap());
        assert_eq!(one.as_str().len(), LENGTH);
        assert_ne!(one, other);
    }
}
