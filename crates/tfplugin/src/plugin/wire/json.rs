//! Values as JSON, the form of state files (go-cty, `cty/json`).

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::{decode, from_json};
pub use encode::{encode, to_json};

/// What to do with an object that has other attributes than the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownKeys {
    /// Every attribute of the schema must be there, and no other.
    Refuse,
    /// Others are left out, missing ones are null: a state that another version of the provider wrote.
    Ignore,
}
