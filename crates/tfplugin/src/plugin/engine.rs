//! The rules of planning and applying, as pure functions on values. They hold no connection, clock or file.

pub mod configuration;
pub mod consistency;
pub mod nulls;
pub mod plan;
#[cfg(test)]
mod plan_tests;
pub mod refresh;
pub mod secrets;
pub mod settings;
pub mod validate;

mod walk;
