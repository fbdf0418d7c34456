//! The platforms that are taken of images for several.

use crate::domain::oci::Platform;
use crate::sdk::{Check, Set, check};

/// Platforms.
pub fn check() -> Check {
    check::text("must be platforms such as `linux/amd64`", |text| {
        text.parse::<Platform>().map(|_| ()).map_err(|fault| format!("must be platforms, and {fault}"))
    })
}

/// Those that are wanted; none if all are.
pub fn wanted(model: Option<&Set<String>>) -> Vec<Platform> {
    model.iter().flat_map(|platforms| &platforms.0).filter_map(|text| text.parse().ok()).collect()
}
