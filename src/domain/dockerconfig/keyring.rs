//! Which keys under `auths` the kubelet takes for an image.
//!
//! Source: Kubernetes, `pkg/credentialprovider/keyring.go` (`BasicDockerKeyring.Add`, `Lookup`, `URLsMatch`).

use crate::domain::registry_name::{RegistryName, is_like, without_port};

/// The host of an image's registry, as the kubelet compares it.
pub fn compared_host(image: &str) -> String {
    compared_name(image).split('/').next().unwrap_or_default().to_owned()
}

/// How a key stands to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The kubelet takes its login.
    Takes,
    /// It names the same registry in a form that the kubelet does not match; and what differs.
    OtherForm(String),
    /// It is for something else.
    OtherRegistry,
}

/// The name of an image as the kubelet compares it: with its registry, without tag and digest.
fn compared_name(image: &str) -> String {
    let image = image.split('@').next().unwrap_or_default();
    let (rest, tag) = image.rsplit_once(':').unwrap_or((image, ""));
    let bare = if tag.is_empty() || tag.contains('/') { image } else { rest };
    match bare.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => match (host, rest.contains('/')) {
            ("docker.io" | "index.docker.io", false) => format!("docker.io/library/{rest}"),
            ("index.docker.io", true) => format!("docker.io/{rest}"),
            _ => bare.to_owned(),
        },
        Some(_) => format!("docker.io/{bare}"),
        None => format!("docker.io/library/{bare}"),
    }
}

/// How a key stands to an image.
pub fn matches(key: &str, image: &str) -> Match {
    let image = compared_name(image);
    let kept = kept(key);
    if takes(&kept, &image) {
        return Match::Takes;
    }
    let host = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let (own, theirs) = (RegistryName::parse(key), RegistryName::parse(&host(&image)));
    match (own, theirs) {
        (Ok(own), Ok(theirs)) if own.authority() == theirs.authority() => {
            Match::OtherForm(difference(&kept, &image, &own))
        }
        (Ok(own), Ok(theirs)) if without_port(&own.authority()) == without_port(&theirs.authority()) => {
            Match::OtherForm(format!("the port: the key is for `{}`, the image for `{}`", host(&kept), host(&image)))
        }
        _ => Match::OtherRegistry,
    }
}

/// What the kubelet keeps of a key: no `http(s)://`, no `/v1/` and `/v2/`.
fn kept(key: &str) -> String {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = bare.find('/').map_or((bare, ""), |slash| bare.split_at(slash));
    let path = match path.get(..4) {
        Some("/v1/" | "/v2/") => path.get(3..).unwrap_or_default(),
        _ => path,
    };
    if path == "/" { host.to_owned() } else { format!("{host}{path}") }
}

fn takes(key: &str, image: &str) -> bool {
    let ((glob, glob_port, glob_path), (name, port, path)) = (parts(key), parts(image));
    let fits = glob_port == port
        && glob.len() == name.len()
        && path.starts_with(&glob_path)
        && glob.iter().zip(&name).all(|(glob, part)| is_like(glob, part));
    fits || (key == "index.docker.io" && image.starts_with("docker.io/"))
}

fn parts(text: &str) -> (Vec<String>, String, String) {
    let (host, path) = text.find('/').map_or((text, ""), |slash| text.split_at(slash));
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    (name.split('.').map(str::to_owned).collect(), port.to_owned(), path.to_owned())
}

/// What differs between two texts for the same registry.
fn difference(key: &str, image: &str, own: &RegistryName) -> String {
    let ((_, key_port, path), (_, port, _)) = (parts(key), parts(image));
    let (key_host, host) = (key.split('/').next().unwrap_or_default(), image.split('/').next().unwrap_or_default());
    if key_port != port {
        let named = |port: &str| if port.is_empty() { "no port".to_owned() } else { format!("the port {port}") };
        return format!("the port: the key has {}, the image {}", named(&key_port), named(&port));
    }
    if own.has_path() {
        return format!("the path: the key is for `{key}` alone");
    }
    if key_host != host && key_host.eq_ignore_ascii_case(host) {
        return format!("the case: the key has `{key_host}`, the image `{host}`");
    }
    if !path.is_empty() {
        return format!("the path: the key has `{path}`, which is no repository of the image");
    }
    format!("the form: the key has `{key}`, the image `{host}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_or_not_as_the_kubelet_does() {
        let image = "hub.test/team/app:1";
        for key in ["hub.test", "https://hub.test", "http://hub.test/v2/", "hub.test/", "hub.test/team", "*.test"] {
            assert_eq!(matches(key, image), Match::Takes, "{key}");
        }
        for (key, part) in [
            ("hub.test:443", "the port 443"),
            ("Hub.test", "the case"),
            ("hub.test/v2", "the path"),
            ("oci://hub.test", "the"),
            ("hub.test/other", "alone"),
        ] {
            assert!(
                matches!(matches(key, image), Match::OtherForm(why) if why.contains(part)),
                "{key}: {:?}",
                matches(key, image)
            );
        }
        for key in ["other.test", "a.hub.test", ""] {
            assert_eq!(matches(key, image), Match::OtherRegistry, "{key}");
        }
        assert_eq!(matches("hub.test:5000", "hub.test:5000/app@sha256:0"), Match::Takes);
        assert!(matches!(matches("hub.test", "hub.test:5000/app"), Match::OtherForm(why) if why.contains("port")));
    }

    #[test]
    fn docker_hub_has_many_names() {
        for image in ["nginx", "team/app:1", "docker.io/team/app"] {
            assert_eq!(matches("https://index.docker.io/v1/", image), Match::Takes, "{image}");
            assert_eq!(matches("docker.io", image), Match::Takes, "{image}");
        }
        assert!(matches!(matches("registry-1.docker.io", "nginx"), Match::OtherForm(_)));
        assert_eq!(compared_name("nginx:1"), "docker.io/library/nginx");
        assert_eq!(compared_name("hub.test:5000/a"), "hub.test:5000/a");
    }
}
