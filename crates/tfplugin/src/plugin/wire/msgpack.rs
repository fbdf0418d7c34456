//! Values as MessagePack, the form in which Terraform sends them (go-cty, `cty/msgpack`).

mod decode;
mod encode;
mod reader;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::encode;

/// How long the refinements of an unknown value may be, in bytes: go-cty's own limit.
pub const MAX_REFINEMENTS: usize = 1024;
