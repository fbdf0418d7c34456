//! The way down to the value at hand, kept on the stack and written out only for an error.

use super::{MAX_DEPTH, Problem, WireError};
use crate::sdk::{Path, Step};

/// A place in a value, as a chain of borrowed steps back to the root.
pub(super) struct Trail<'a> {
    parent: Option<(&'a Trail<'a>, Hop<'a>)>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Hop<'a> {
    Attribute(&'a str),
    Key(&'a str),
    Index(usize),
    /// Into a set, whose elements have no path.
    Element,
    /// Into the value that a dynamic value carries; its path is that of the dynamic value.
    Typed,
}

impl<'a> Trail<'a> {
    /// The value itself.
    pub(super) fn root() -> Self {
        Self { parent: None, depth: 0 }
    }

    pub(super) fn attribute(&'a self, name: &'a str) -> Result<Self, WireError> {
        self.down(Hop::Attribute(name))
    }

    pub(super) fn key(&'a self, key: &'a str) -> Result<Self, WireError> {
        self.down(Hop::Key(key))
    }

    pub(super) fn index(&'a self, index: usize) -> Result<Self, WireError> {
        self.down(Hop::Index(index))
    }

    pub(super) fn element(&'a self) -> Result<Self, WireError> {
        self.down(Hop::Element)
    }

    pub(super) fn typed(&'a self) -> Result<Self, WireError> {
        self.down(Hop::Typed)
    }

    /// How many levels may still follow.
    pub(super) fn levels_left(&self) -> usize {
        MAX_DEPTH - self.depth
    }

    /// `problem`, here.
    pub(super) fn error(&self, problem: Problem) -> WireError {
        WireError { at: self.path(), problem }
    }

    fn down(&'a self, hop: Hop<'a>) -> Result<Self, WireError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(Problem::TooDeep));
        }
        Ok(Self { parent: Some((self, hop)), depth: self.depth + 1 })
    }

    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut here = self;
        while let Some((parent, hop)) = here.parent {
            match hop {
                Hop::Attribute(name) => steps.push(Step::Attribute(name.to_owned())),
                Hop::Key(key) => steps.push(Step::Key(key.to_owned())),
                Hop::Index(index) => steps.push(Step::Index(i64::try_from(index).unwrap_or(i64::MAX))),
                Hop::Element => steps.clear(),
                Hop::Typed => {}
            }
            here = parent;
        }
        steps.reverse();
        Path::from(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_at_a_set() {
        let root = Trail::root();
        let users = root.attribute("users").unwrap();
        let user = users.key("ci").unwrap();
        let typed = user.typed().unwrap();
        let roles = typed.index(2).unwrap();
        assert_eq!(roles.path().to_string(), "users[\"ci\"][2]");
        let role = roles.element().unwrap();
        assert_eq!(role.attribute("name").unwrap().path().to_string(), "users[\"ci\"][2]");
    }

    #[test]
    fn ends_at_the_depth_limit() {
        fn dig(trail: &Trail<'_>) -> usize {
            trail.index(0).map_or(0, |deeper| 1 + dig(&deeper))
        }
        assert_eq!(dig(&Trail::root()), MAX_DEPTH);
    }
}
