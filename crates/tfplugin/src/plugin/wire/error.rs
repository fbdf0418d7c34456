//! What can be wrong with an encoded value, and where.

use super::{MAX_BYTES, MAX_DEPTH, TypeError};
use crate::sdk::Path;

/// A value that cannot be read or written. The message never quotes the value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place(at))]
pub struct WireError {
    /// Where in the value.
    pub at: Path,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with an encoded value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A value of another kind than the schema's.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What the schema says.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A tuple of another length than the schema's.
    #[error("expected {expected} elements, found {found}")]
    Length {
        /// How many the schema has.
        expected: usize,
        /// How many are there.
        found: usize,
    },
    /// An attribute of the schema that the object lacks.
    #[error("the attribute `{0}` is missing")]
    Missing(String),
    /// An attribute that the schema does not know.
    #[error("there is no attribute `{0}` in the schema")]
    Surplus(String),
    /// One key twice in a map or object.
    #[error("the key `{0}` appears twice")]
    Twice(String),
    /// A number that is none: NaN, no decimal text, or an exponent out of range.
    #[error("not a decimal number")]
    NoNumber,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    NoText,
    /// The value ends before it is complete.
    #[error("the data ends in the middle of a value")]
    Truncated,
    /// Something follows the value.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// A marker that MessagePack reserves.
    #[error("a MessagePack marker that is never used")]
    Reserved,
    /// An unknown value with refinements that are too long.
    #[error("{0} bytes of refinements on an unknown value")]
    Refinements(usize),
    /// More than [`MAX_DEPTH`] levels.
    #[error("values nested deeper than {MAX_DEPTH} levels are refused")]
    TooDeep,
    /// More than [`MAX_BYTES`] bytes.
    #[error("values longer than {MAX_BYTES} bytes are refused")]
    TooLong,
    /// What the format has no way to say.
    #[error("JSON has no way to write {0}")]
    Unwritable(&'static str),
    /// No JSON at all; the words of the parser, which say a line and a column and quote nothing.
    #[error("not JSON: {0}")]
    Json(String),
    /// The type that a dynamic value carries cannot be read.
    #[error("the type of a dynamic value: {0}")]
    Type(TypeError),
}

fn place(at: &Path) -> String {
    if at.steps().is_empty() { String::new() } else { format!("`{at}`: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_unless_it_is_the_whole_value() {
        let error = |at: &str| WireError { at: Path::parse(at), problem: Problem::Truncated }.to_string();
        assert_eq!(error("users[\"ci\"].name"), "`users[\"ci\"].name`: the data ends in the middle of a value");
        assert_eq!(error(""), "the data ends in the middle of a value");
    }
}
