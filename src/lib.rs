//! The berth provider: one declaration of the whole way to a private container registry on Kubernetes.
//!
//! Layers, from the ground up (`tests/layers.rs` holds the arrows):
//! the base modules below; [`domain`] decides without I/O; [`clients`] talk to one remote each;
//! [`sdk`] is what an author of a resource sees; [`plugin`] speaks Terraform's protocol.

// Futures of resources hold those of the SDKs: whether they can be sent is asked to that depth.
#![recursion_limit = "256"]

// The derive names this crate `::berth`, here as in its tests.
extern crate self as berth;

pub mod clock;
pub mod codes;
pub mod digest;
pub mod env;
pub mod explain;
pub mod owner;
pub mod retry;
pub mod secret;

pub mod catalogue;
pub mod clients;
pub mod data;
pub mod domain;
pub mod functions;
pub mod plugin;
pub mod provider;
pub mod resources;
pub mod sdk;
