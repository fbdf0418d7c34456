//! What tests of a provider need that is made with `tfplugin`.
//!
//! - [`Host`] plays Terraform in the test's process: it validates, plans, applies, reads, imports and destroys by the protocol's
//!   own messages, so that a test of behaviour needs no program, no configuration language and no `init`.
//! - [`values`] makes states and configurations of any schema, for properties that hold for every type of a provider.
//! - [`Secrets`] searches what was printed, logged and stored for secrets in any form.
//!
//! All of it fails a test by a panic, as an assertion does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod host;
mod proposed;
mod secrets;
pub mod values;

pub use host::{Host, Instance, Message, Planned};
pub use secrets::{Secrets, private_state};
