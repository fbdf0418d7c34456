//! What the fields of a model may be.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::{Attr, DecodeError, Mode, Nesting, Number, Path, Secret, Shape, Type, Value};

/// A value that the provider finds out. In a plan it may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Computed<T> {
    /// Not known before apply. What is left unknown after apply becomes null, with an error.
    #[default]
    Unknown,
    /// There is none.
    Null,
    /// Found.
    Known(T),
}

impl<T> Computed<T> {
    /// The value, if it is known and not null.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Whether it is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Puts a value in; `None` means null.
    pub fn set(&mut self, value: impl Into<Option<T>>) {
        *self = value.into().map_or(Self::Null, Self::Known);
    }
}

impl<T> From<T> for Computed<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// Distinct elements without order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set<T>(pub Vec<T>);

impl<T> Deref for Set<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Attr> Attr for Computed<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn mode() -> Mode {
        Mode::Computed
    }

    fn sensitive() -> bool {
        T::sensitive()
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        match value {
            Value::Unknown => Ok(Self::Unknown),
            Value::Null => Ok(Self::Null),
            known => T::decode(known, at).map(Self::Known),
        }
    }

    fn encode(&self) -> Value {
        match self {
            Self::Unknown => Value::Unknown,
            Self::Null => Value::Null,
            Self::Known(value) => value.encode(),
        }
    }
}

impl<T: Attr> Attr for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn mode() -> Mode {
        Mode::Optional
    }

    fn sensitive() -> bool {
        T::sensitive()
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        if value.is_null() { Ok(None) } else { T::decode(value, at).map(Some) }
    }

    fn encode(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::encode)
    }
}

impl<T: Attr> Attr for Vec<T> {
    fn shape() -> Shape {
        T::shape().collected(Nesting::List)
    }

    fn sensitive() -> bool {
        T::sensitive()
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        let elements = value.elements().ok_or_else(|| DecodeError::new(at, "a list", value))?;
        elements.iter().enumerate().map(|(index, element)| T::decode(element, &at.index(index))).collect()
    }

    fn encode(&self) -> Value {
        Value::List(self.iter().map(T::encode).collect())
    }
}

impl<T: Attr> Attr for Set<T> {
    fn shape() -> Shape {
        T::shape().collected(Nesting::Set)
    }

    fn sensitive() -> bool {
        T::sensitive()
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        let elements = value.elements().ok_or_else(|| DecodeError::new(at, "a set", value))?;
        elements.iter().map(|element| T::decode(element, at)).collect()
    }

    fn encode(&self) -> Value {
        Value::set(self.iter().map(T::encode).collect())
    }
}

impl<T: Attr> Attr for BTreeMap<String, T> {
    fn shape() -> Shape {
        T::shape().collected(Nesting::Map)
    }

    fn sensitive() -> bool {
        T::sensitive()
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        let members = value.members().ok_or_else(|| DecodeError::new(at, "a map", value))?;
        members.iter().map(|(key, member)| Ok((key.clone(), T::decode(member, &at.key(key))?))).collect()
    }

    fn encode(&self) -> Value {
        Value::Map(self.iter().map(|(key, member)| (key.clone(), member.encode())).collect())
    }
}

impl Attr for Secret {
    fn shape() -> Shape {
        Shape::Plain(Type::String)
    }

    fn sensitive() -> bool {
        true
    }

    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
        value.as_str().map(Secret::new).ok_or_else(|| DecodeError::new(at, "a string", value))
    }

    fn encode(&self) -> Value {
        Value::string(self.expose())
    }
}

/// A value of any type.
impl Attr for Value {
    fn shape() -> Shape {
        Shape::Plain(Type::Dynamic)
    }

    fn decode(value: &Value, _at: &Path) -> Result<Self, DecodeError> {
        Ok(value.clone())
    }

    fn encode(&self) -> Value {
        self.clone()
    }
}

macro_rules! plain {
    ($rust:ty, $type:expr, $expected:literal, $read:expr, $write:expr) => {
        impl Attr for $rust {
            fn shape() -> Shape {
                Shape::Plain($type)
            }

            fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError> {
                let read: fn(&Value) -> Option<$rust> = $read;
                read(value).ok_or_else(|| DecodeError::new(at, $expected, value))
            }

            fn encode(&self) -> Value {
                let write: fn(&$rust) -> Value = $write;
                write(self)
            }
        }
    };
}

plain!(String, Type::String, "a string", |v| v.as_str().map(str::to_owned), |s| Value::String(s.clone()));
plain!(bool, Type::Bool, "a bool", Value::as_bool, |b| Value::Bool(*b));
plain!(i64, Type::Number, "a whole number", Value::as_i64, |n| Value::from(*n));
plain!(
    i32,
    Type::Number,
    "a whole number of 32 bits",
    |v| v.as_i64().and_then(|n| n.try_into().ok()),
    |n| Value::from(*n)
);
plain!(u32, Type::Number, "a whole number from 0 to 4294967295", |v| v.as_i64().and_then(|n| n.try_into().ok()), |n| {
    Value::from(*n)
});
plain!(u16, Type::Number, "a whole number from 0 to 65535", |v| v.as_i64().and_then(|n| n.try_into().ok()), |n| {
    Value::from(i64::from(*n))
});
plain!(
    f64,
    Type::Number,
    "a number",
    |v| match v {
        Value::Number(number) => number.as_f64(),
        _ => None,
    },
    |n| Number::from_f64(*n).map_or(Value::Null, Value::Number)
);
