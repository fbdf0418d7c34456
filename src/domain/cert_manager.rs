//! Releases of cert-manager: what one consists of, and what changes from one to another.

pub mod backup;
pub mod changes;
pub mod issuance;
mod placement;
pub mod release;
pub mod secrets;

pub use release::{Fault, Release};
