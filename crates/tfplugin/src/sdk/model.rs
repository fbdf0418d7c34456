//! From Terraform's values to plain structs and back.

use super::{Attribute, Mode, Path, Shape, Value};

/// A struct that stands for an object of Terraform's: the whole of a resource, or a nested attribute.
/// Derive it: `tfplugin_macros::Model` tells what `#[attr(…)]` may say of a field. It is `schema.Schema` and the struct with
/// `tfsdk` tags in HashiCorp's framework, in one.
pub trait Model: Clone + Send + Sync + Sized + 'static {
    /// The attributes, in the order of the fields.
    fn attributes() -> Vec<Attribute>;

    /// Reads an object whose only unknown parts are [`super::Computed`] fields.
    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError>;

    /// Writes the object; write-only fields are null.
    fn encode(&self) -> Value;
}

/// The type of a field of a [`Model`].
pub trait Attr: Clone + Send + Sync + Sized + 'static {
    /// The type of its value.
    fn shape() -> Shape;

    /// Who sets it, as far as the field's type tells.
    fn mode() -> Mode {
        Mode::Required
    }

    /// Whether Terraform hides it.
    fn sensitive() -> bool {
        false
    }

    /// Reads the value.
    fn decode(value: &Value, at: &Path) -> Result<Self, DecodeError>;

    /// Writes the value.
    fn encode(&self) -> Value;
}

/// A value that is not what the schema promises. Terraform checks types before we see a value,
/// so this is a defect of the provider or a state that something else wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{at}` should be {expected} and is {found}")]
pub struct DecodeError {
    /// Where.
    pub at: Path,
    /// What the schema promises.
    pub expected: &'static str,
    /// What stands there.
    pub found: &'static str,
}

impl DecodeError {
    /// The value at `at` should be `expected`.
    pub fn new(at: &Path, expected: &'static str, value: &Value) -> Self {
        let found = match value {
            Value::Null => "null",
            Value::Unknown => "not known yet",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) | Value::Set(_) => "a collection",
            Value::Map(_) => "an object",
            Value::Dynamic(_) => "a dynamic value",
        };
        Self { at: at.clone(), expected, found }
    }
}
