//! Terraform's values: known, null or unknown, to any depth.

use std::collections::BTreeMap;

use super::{Number, Path, Type};

/// A value. It does not carry its type (but for [`Value::Dynamic`]); whoever reads it has the schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Absent.
    Null,
    /// Known only after apply. Refinements that Terraform sends along are read and dropped.
    Unknown,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, in Unicode's NFC form as Terraform sends it.
    String(String),
    /// The elements of a list or tuple, in order.
    List(Vec<Value>),
    /// The elements of a set, sorted and each known one once: build it with [`Value::set`].
    Set(Vec<Value>),
    /// The elements of a map or the attributes of an object.
    Map(BTreeMap<String, Value>),
    /// A value that carries its type. An untyped null and a wholly unknown dynamic value are
    /// plain [`Value::Null`] and [`Value::Unknown`].
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// A set of these elements. Two elements that are not wholly known may turn out to differ, so both stay:
    /// Terraform counts them too (go-cty, `setRules.Equivalent`).
    pub fn set(mut elements: Vec<Value>) -> Self {
        elements.sort();
        elements.dedup_by(|one, other| one == other && one.is_wholly_known());
        Self::Set(elements)
    }

    /// An object or map of these pairs.
    pub fn object<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// This object with the members of another one; anything else stays as it is.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        if let (Self::Map(members), Self::Map(more)) = (&mut self, other) {
            members.extend(more);
        }
        self
    }

    /// Text.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value itself is unknown; its parts may be even if it is not.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether nothing in the value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::List(elements) | Self::Set(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(members) => members.values().all(Self::is_wholly_known),
            Self::Dynamic(typed) => typed.1.is_wholly_known(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one of at most 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The elements of a list, tuple or set.
    pub fn elements(&self) -> Option<&[Value]> {
        match self {
            Self::List(elements) | Self::Set(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of a map or object.
    pub fn members(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The members of a map or object, to change.
    pub fn members_mut(&mut self) -> Option<&mut BTreeMap<String, Value>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// One member of a map or object; null when it has none of that name.
    pub fn member(&self, name: &str) -> &Value {
        self.members().and_then(|members| members.get(name)).unwrap_or(&Self::Null)
    }

    /// Puts null in the place of everything unknown; answers where that was.
    pub fn nullify_unknowns(&mut self) -> Vec<Path> {
        let mut found = Vec::new();
        nullify(self, &Path::root(), &mut found);
        found
    }
}

fn nullify(value: &mut Value, at: &Path, found: &mut Vec<Path>) {
    match value {
        Value::Unknown => {
            *value = Value::Null;
            found.push(at.clone());
        }
        Value::List(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                nullify(element, &at.index(index), found);
            }
        }
        Value::Set(elements) => elements.iter_mut().for_each(|element| nullify(element, at, found)),
        Value::Map(members) => {
            for (name, member) in members {
                nullify(member, &at.attribute(name), found);
            }
        }
        Value::Dynamic(typed) => nullify(&mut typed.1, at, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Number(Number::Int(int))
    }
}

impl From<i32> for Value {
    fn from(int: i32) -> Self {
        Self::from(i64::from(int))
    }
}

impl From<u32> for Value {
    fn from(int: u32) -> Self {
        Self::from(i64::from(int))
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }
}
