//! What holds for every type of the catalogue and for the provider block.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod schemas;
#[path = "../support/subjects.rs"]
mod subjects;
mod values;
