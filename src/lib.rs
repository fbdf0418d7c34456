//! The berth provider: one declaration of the whole way to a private container registry on Kubernetes.
//!
//! Layers, from the ground up (`tests/layers.rs` holds the arrows):
//! the base modules below; [`domain`] decides without I/O; [`clients`] talk to one remote each;
//! [`sdk`] is what an author of a resource sees; [`plugin`] speaks Terraform's protocol.

// Futures of resources hold those of the SDKs: whether they can be sent is asked to that depth.
#![recursion_limit = "256"]

pub use tfplugin::{clock, env, explain, owner, plugin, retry, sdk, secret};

pub mod codes;
pub mod digest;

pub mod actions;
pub mod catalogue;
pub mod cli;
pub mod clients;
pub mod data;
pub mod domain;
pub mod ephemeral;
pub mod functions;
pub mod provider;
pub mod resources;
