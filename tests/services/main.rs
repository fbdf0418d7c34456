//! The clients against real servers, as the sandbox runs them: `sandbox/sandbox exec cargo test --test services -- --ignored`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/distribution.rs"]
#[allow(dead_code, reason = "not every suite needs every value")]
mod distribution;
#[path = "../support/recorder.rs"]
#[allow(dead_code, reason = "not every suite needs every answer")]
mod recorder;
#[path = "../support/sandbox.rs"]
#[allow(dead_code, reason = "not every suite needs every value")]
mod sandbox;

mod acme;
mod aws;
mod cluster;
mod registry;
