//! A look at a value in which anything may be null or unknown, for hooks that run before apply.

use super::{Attr, Path, Step, Value};

/// A read-only look at an object of Terraform's.
#[derive(Clone, Copy, Debug)]
pub struct View<'a>(&'a Value);

/// What stands at one place of a [`View`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// A value; its parts may still be unknown.
    Known(&'a Value),
    /// Absent, or something on the way to it is.
    Null,
    /// Not known before apply, or something on the way to it is.
    Unknown,
}

impl<'a> View<'a> {
    /// Looks at `value`.
    pub fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The whole value.
    pub fn value(&self) -> &'a Value {
        self.0
    }

    /// What stands at a dotted path: `network.zone_id`, `statements[0].actions`.
    pub fn at(&self, dotted: &str) -> Seen<'a> {
        self.at_path(&Path::parse(dotted))
    }

    /// What stands at a path.
    pub fn at_path(&self, path: &Path) -> Seen<'a> {
        let mut value = self.0;
        for step in path.steps() {
            value = match (value, step) {
                (Value::Unknown, _) => return Seen::Unknown,
                (Value::Map(members), Step::Attribute(name) | Step::Key(name)) => match members.get(name) {
                    Some(member) => member,
                    None => return Seen::Null,
                },
                (Value::List(elements), Step::Index(index)) => {
                    match usize::try_from(*index).ok().and_then(|index| elements.get(index)) {
                        Some(element) => element,
                        None => return Seen::Null,
                    }
                }
                _ => return Seen::Null,
            };
        }
        match value {
            Value::Unknown => Seen::Unknown,
            Value::Null => Seen::Null,
            known => Seen::Known(known),
        }
    }

    /// The text at a path, if it is known.
    pub fn text(&self, dotted: &str) -> Option<&'a str> {
        self.at(dotted).known().and_then(Value::as_str)
    }

    /// The integer at a path, if it is known.
    pub fn integer(&self, dotted: &str) -> Option<i64> {
        self.at(dotted).known().and_then(Value::as_i64)
    }

    /// The truth value at a path, if it is known.
    pub fn truth(&self, dotted: &str) -> Option<bool> {
        self.at(dotted).known().and_then(Value::as_bool)
    }

    /// What stands at a path as a field's type, if it is known with all its parts.
    pub fn read<T: Attr>(&self, dotted: &str) -> Option<T> {
        let value = self.at(dotted).known()?;
        if !value.is_wholly_known() {
            return None;
        }
        T::decode(value, &Path::parse(dotted)).ok()
    }
}

impl<'a> Seen<'a> {
    /// The value, if it is known and not null.
    pub fn known(self) -> Option<&'a Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is absent for certain.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is given for certain: what is unknown may turn out to be null. Only what is certain is a mistake.
    pub fn is_given(self) -> bool {
        self.known().is_some()
    }

    /// Whether it is not known yet.
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_null_from_unknown_at_any_depth() {
        let value = Value::object([
            ("name", Value::from("a")),
            ("network", Value::Unknown),
            ("list", Value::List(vec![Value::from(1), Value::Unknown])),
        ]);
        let view = View::new(&value);
        assert_eq!(view.text("name"), Some("a"));
        assert!(view.at("network.zone_id").is_unknown());
        assert!(view.at("tls.secret_name").is_null());
        assert_eq!(view.integer("list[0]"), Some(1));
        assert!(view.at("list[1]").is_unknown());
        assert!(view.at("list[7]").is_null());
        assert_eq!(view.read::<Vec<i64>>("list"), None);
    }
}
