//! A framework for providers of Terraform and OpenTofu.
//!
//! [`sdk`] is what the author of a resource sees; [`plugin`] speaks the hosts' protocol; the other modules are what both use.

// The derive names this crate `::tfplugin`, here as in providers.
extern crate self as tfplugin;

pub mod about;
pub mod clock;
pub mod env;
pub mod explain;
pub mod owner;
pub mod retry;
pub mod secret;

pub mod plugin;
pub mod sdk;
