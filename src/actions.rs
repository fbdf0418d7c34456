//! The actions, one file each.

pub mod certificate_renew;
pub mod image_pull_check;
pub mod registry_check;
pub mod registry_restart;
