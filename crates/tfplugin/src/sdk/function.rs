//! Provider-defined functions: pure, the same answer for the same arguments.

use super::{Type, Value};

/// A function, which a configuration calls by `provider::NAME::FUNCTION(…)`; `function.Function` in HashiCorp's framework. It
/// must not read the clock, the environment or the network, nor draw chance:
/// Terraform compares the answers of plan and apply.
pub trait Function: Send + Sync + 'static {
    /// Its name, without the provider's.
    fn name(&self) -> &'static str;

    /// What it takes and gives.
    fn signature(&self) -> Signature;

    /// Computes the result. Unknown arguments do not reach it.
    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError>;
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// One line for the table of contents.
    pub summary: &'static str,
    /// The documentation, in Markdown.
    pub description: &'static str,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What further arguments are, if the function takes any number.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
}

impl Signature {
    /// What takes just these parameters.
    pub fn new(summary: &'static str, description: &'static str, parameters: Vec<Parameter>, result: Type) -> Self {
        Self { summary, description, parameters, variadic: None, result }
    }
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for messages and documentation.
    pub name: &'static str,
    /// Its type.
    pub r#type: Type,
    /// Its documentation, in Markdown.
    pub description: &'static str,
    /// Whether null may be given.
    pub allow_null: bool,
}

impl Parameter {
    /// A parameter that takes no null.
    pub fn new(name: &'static str, r#type: Type, description: &'static str) -> Self {
        Self { name, r#type, description, allow_null: false }
    }
}

/// The arguments of one call.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a>(pub &'a [Value]);

impl<'a> Arguments<'a> {
    /// The argument at a position.
    pub fn get(&self, position: usize) -> &'a Value {
        self.0.get(position).unwrap_or(&Value::Null)
    }

    /// The text at a position.
    ///
    /// # Errors
    /// Blames the argument if it is no text.
    pub fn text(&self, position: usize) -> Result<&'a str, FunctionError> {
        self.get(position).as_str().ok_or_else(|| FunctionError::at(position, "must be a string"))
    }
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// In words.
    pub text: String,
    /// The zero-based position of the argument to blame.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// Blames one argument.
    pub fn at(argument: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(argument) }
    }
}
