//! What OpenTofu takes from a registry: packages of modules, and releases of providers for a mirror.
//!
//! Source: OpenTofu 1.10 and later, "Module Packages in OCI Registries" and "Provider Mirrors in OCI Registries", and their readers
//! (`internal/getmodules/oci_getter.go`, `internal/getproviders/oci_registry_mirror_source.go`).

use super::super::Platform;
use super::super::versions::version_of;

/// The artifact type of a package of modules.
pub const MODULE: &str = "application/vnd.opentofu.modulepkg";

/// The artifact type of a release of a provider, and that of it for one platform.
pub const PROVIDER: &str = "application/vnd.opentofu.provider";
pub const PROVIDER_TARGET: &str = "application/vnd.opentofu.provider-target";

/// The media type of what it unpacks.
pub const ZIP: &str = "archive/zip";

/// Why OpenTofu would not take a manifest of this type with layers of these media types.
pub fn fault_of_layers(artifact_type: &str, layers: &[&str]) -> Option<String> {
    if ![MODULE, PROVIDER_TARGET].contains(&artifact_type) {
        return None;
    }
    match layers.iter().filter(|layer| **layer == ZIP).count() {
        1 => None,
        0 => Some(format!("it takes `{artifact_type}` from a layer with the media type `{ZIP}`, and there is none")),
        several => Some(format!(
            "it takes `{artifact_type}` from one layer with the media type `{ZIP}`, and there are {several}"
        )),
    }
}

/// Why OpenTofu would not take what is of this type and has no platforms.
pub fn fault_of_one(artifact_type: &str) -> Option<String> {
    let needs = |what: &str| Some(format!("it takes `{artifact_type}` from {what}"));
    match artifact_type {
        PROVIDER => needs(
            "an index: declare the archives in `platforms`, each with `artifact_type` `application/vnd.opentofu.provider-target`",
        ),
        PROVIDER_TARGET => needs("an index of the type `application/vnd.opentofu.provider`: declare it in `platforms`"),
        _ => None,
    }
}

/// Why OpenTofu would not take an index of this type under a tag; `target` is the type of what it has for a platform.
pub fn fault_of_index(artifact_type: &str, tag: Option<&str>, target: Option<&str>) -> Option<String> {
    match artifact_type {
        MODULE => Some(format!("it takes `{MODULE}` from `files`, for all platforms alike")),
        PROVIDER if target != Some(PROVIDER_TARGET) => Some(format!(
            "it looks in `{PROVIDER}` for manifests with the type `{PROVIDER_TARGET}`: set it as artifact_type of each platform"
        )),
        PROVIDER => tag.and_then(fault_of_tag),
        _ => None,
    }
}

/// Why OpenTofu would not find a release under a tag. `_` stands for `+`.
fn fault_of_tag(tag: &str) -> Option<String> {
    let version = tag.replace('_', "+");
    let is_version = version_of(&version).is_some() && version.starts_with(|c: char| c.is_ascii_digit());
    (!is_version).then(|| format!("it looks for releases by their versions, such as `1.2.3`, and the tag is `{tag}`"))
}

/// Why OpenTofu would not choose a platform: it knows no variants.
pub fn fault_of_platform(artifact_type: &str, platform: &Platform) -> Option<String> {
    let variant = platform.variant.as_ref().filter(|_| artifact_type == PROVIDER)?;
    Some(format!("it knows no variants of platforms: leave out `/{variant}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_one_zip() {
        assert_eq!(fault_of_layers(MODULE, &[ZIP, "text/plain"]), None);
        assert!(fault_of_layers(MODULE, &["application/zip"]).unwrap().contains("there is none"));
        assert!(fault_of_layers(PROVIDER_TARGET, &[ZIP, ZIP]).unwrap().contains("there are 2"));
        assert_eq!(fault_of_layers("a/b", &[]), None);
    }

    #[test]
    fn a_release_of_a_provider_is_an_index_under_its_version() {
        assert!(fault_of_one(PROVIDER).is_some() && fault_of_one(PROVIDER_TARGET).is_some());
        assert_eq!(fault_of_one(MODULE), None);
        for tag in ["1.2.3", "1.2.3-rc.1", "1.2.3_build.1"] {
            assert_eq!(fault_of_index(PROVIDER, Some(tag), Some(PROVIDER_TARGET)), None, "{tag}");
        }
        assert!(fault_of_index(PROVIDER, Some("latest"), Some(PROVIDER_TARGET)).unwrap().contains("latest"));
        assert!(fault_of_index(PROVIDER, Some("v1.2.3"), Some(PROVIDER_TARGET)).is_some());
        assert!(fault_of_index(PROVIDER, None, Some(PROVIDER)).unwrap().contains("each platform"));
        assert!(fault_of_index(MODULE, None, None).is_some());
        assert!(fault_of_platform(PROVIDER, &"linux/arm/v7".parse().unwrap()).is_some());
        assert_eq!(fault_of_platform(PROVIDER, &"linux/arm".parse().unwrap()), None);
    }
}
