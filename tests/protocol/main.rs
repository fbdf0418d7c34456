//! The plugin protocol as a host sees it: the built program is started, connected to and called as Terraform does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cty;
mod descriptors;
mod handshake;
#[path = "../support/helpers.rs"]
mod helpers;
mod host;
mod keystores;
mod lifecycle;
mod logging;
mod reattach;
#[path = "../support/stores.rs"]
mod stores;
mod terraform;
mod tls;
mod values;
mod wire;
