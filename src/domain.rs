//! Decisions without I/O.

pub mod certificate;
pub mod renewal;
