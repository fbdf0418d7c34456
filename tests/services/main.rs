//! The clients against real servers, as the sandbox runs them: `sandbox/sandbox exec cargo test --test services -- --ignored`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test fails by panicking")]

mod acme;
