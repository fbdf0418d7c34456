//! The rules of planning and applying, as pure functions on values. They hold no connection, clock or file.

pub mod consistency;
pub mod plan;
pub mod refresh;
pub mod settings;
pub mod validate;

mod walk;
