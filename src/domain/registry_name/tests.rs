use proptest::prelude::*;

use super::*;

/// How the kubelet reads a key of a Docker configuration (`BasicDockerKeyring.Add`): what it compares, without a scheme.
fn kept_by_kubelet(key: &str) -> String {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = bare.find('/').map_or((bare, ""), |slash| bare.split_at(slash));
    let path = if path.starts_with("/v1/") || path.starts_with("/v2/") { &path[3..] } else { path };
    if path == "/" { host.to_owned() } else { format!("{host}{path}") }
}

/// Whether the kubelet takes the login under a key for an image without its tag (`Lookup`, `URLsMatch`).
fn is_taken(key: &str, image: &str) -> bool {
    let key = kept_by_kubelet(key);
    let split = |text: &str| {
        let (host, path) = text.find('/').map_or((text, ""), |slash| text.split_at(slash));
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        (name.split('.').map(str::to_owned).collect::<Vec<_>>(), port.to_owned(), path.to_owned())
    };
    let ((glob, glob_port, glob_path), (name, port, path)) = (split(&key), split(image));
    let fits = glob_port == port
        && glob.len() == name.len()
        && path.starts_with(&glob_path)
        && glob.iter().zip(&name).all(|(glob, part)| is_like(glob, part));
    fits || (key == "index.docker.io" && (image.starts_with("docker.io/") || image.starts_with("index.docker.io/")))
}

fn keys(text: &str) -> Vec<String> {
    let name = RegistryName::parse(text).unwrap();
    std::iter::once(name.key()).chain(name.other_keys()).collect()
}

#[test]
fn whatever_people_write_the_kubelet_finds_the_login() {
    let cases = [
        ("hub.test", "hub.test/team/app"),
        ("https://hub.test", "hub.test/app"),
        ("https://Hub.Test/v2/", "hub.test/app"),
        ("https://hub.test/v1/", "hub.test/app"),
        ("https://hub.test/v2", "hub.test/app"),
        ("hub.test/v2/", "hub.test/app"),
        ("hub.test/v1", "hub.test/app"),
        ("hub.test//", "hub.test/app"),
        (" hub.test\n", "hub.test/app"),
        ("hub.test.", "hub.test/app"),
        ("HTTPS://hub.test", "hub.test/app"),
        ("oci://hub.test/team", "hub.test/team/app"),
        ("docker://hub.test", "hub.test/app"),
        ("hub.test:443", "hub.test/app"),
        ("hub.test:443", "hub.test:443/app"),
        ("https://hub.test:443/v2/", "hub.test/app"),
        ("http://hub.test:5000", "hub.test:5000/app"),
        ("HUB.test:443", "HUB.test:443/app"),
        ("HUB.test", "HUB.test/app"),
        ("HUB.test", "hub.test/app"),
        ("hub.test/team/", "hub.test/team/app"),
        ("hub.test/v2/team", "hub.test/team/app"),
        ("hub.test/Team", "hub.test/Team/app"),
        ("*.apps.test", "hub.apps.test/app"),
        ("*.apps.test:5000/team", "hub.apps.test:5000/team/app"),
        ("localhost:5000", "localhost:5000/app"),
        ("bücher.test", "xn--bcher-kva.test/app"),
        ("docker.io", "docker.io/library/nginx"),
        ("https://index.docker.io/v1/", "docker.io/library/nginx"),
        ("index.docker.io/v1", "docker.io/library/nginx"),
        ("registry-1.docker.io", "docker.io/library/nginx"),
        ("registry-1.docker.io", "registry-1.docker.io/library/nginx"),
        ("Docker.IO:443", "docker.io/library/nginx"),
        ("docker.io/team", "docker.io/team/app"),
        ("[::1]:5000", "[::1]:5000/app"),
        ("192.0.2.7:5000", "192.0.2.7:5000/app"),
    ];
    for (text, image) in cases {
        let keys = keys(text);
        assert!(keys.iter().any(|key| is_taken(key, image)), "{text}: {keys:?} for {image}");
    }
}

#[test]
fn a_login_goes_to_nobody_else() {
    for (text, image) in [
        ("hub.test", "other.test/app"),
        ("hub.test", "hub.test:5000/app"),
        ("hub.test:5000", "hub.test/app"),
        ("hub.test/team", "hub.test/other/app"),
        ("docker.io/team", "docker.io/library/nginx"),
        ("*.apps.test", "apps.test/app"),
        ("*.apps.test", "a.b.apps.test/app"),
    ] {
        let keys = keys(text);
        assert!(!keys.iter().any(|key| is_taken(key, image)), "{text}: {keys:?} for {image}");
    }
}

#[test]
fn other_words_for_a_registry_have_one_identity() {
    let identity = |text: &str| RegistryName::parse(text).unwrap().identity();
    for text in ["Hub.test", "hub.test:443", "https://hub.test/v2/", "hub.test/v2", "hub.test.", "oci://hub.test/"] {
        assert_eq!(identity(text), "hub.test", "{text}");
    }
    for text in HUBS.iter().chain(&["https://index.docker.io/v1/", "docker.io:443"]) {
        assert_eq!(identity(text), "docker.io", "{text}");
        assert_eq!(keys(text)[0], DOCKER_HUB, "{text}");
    }
    assert_ne!(identity("hub.test"), identity("hub.test:5000"));
    assert_ne!(identity("hub.test/Team"), identity("hub.test/team"));
    assert_eq!(RegistryName::parse("docker.io").unwrap().server(), "registry-1.docker.io");
}

#[test]
fn wildcards_hold_for_one_part_of_a_host() {
    let covers =
        |pattern: &str, host: &str| RegistryName::parse(pattern).unwrap().covers(&RegistryName::parse(host).unwrap());
    assert!(covers("*.test", "hub.test") && covers("hub*.test", "hub7.test") && covers("hub.test:443", "HUB.test"));
    assert!(covers("docker.io", "registry-1.docker.io"));
    assert!(
        !covers("*.test", "a.hub.test") && !covers("*.test", "hub.test:5000") && !covers("hub.test/team", "hub.test")
    );
}

#[test]
fn what_names_no_registry_is_refused() {
    let wrong = [
        "",
        " ",
        "https://",
        "a b",
        "ann@hub.test",
        "hub.test:",
        "hub.test:http",
        "hub.test:0",
        "hub.test:65536",
        "a:b:80",
        "ftp://hub.test",
        "hub.test/app:tag",
        "hub.test/app@sha256:0",
        "hub.test/a b",
        "hub.test/v2/?n=1",
        ".hub.test",
        "hub..test",
        "/app",
    ];
    for text in wrong {
        assert!(RegistryName::parse(text).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_host_is_found_in_every_dress(
        host in "[a-z][a-z0-9-]{0,8}[a-z0-9](\\.[a-z][a-z0-9]{1,5}){1,3}",
        port in prop::option::of(1_u16..),
        scheme in prop::sample::select(vec!["", "https://", "http://", "oci://", "HTTPS://"]),
        tail in prop::sample::select(vec!["", "/", "/v2/", "/v1/", "/v2", "/v1", "//"]),
        shout in any::<bool>(),
    ) {
        let typed = if shout { host.to_uppercase() } else { host.clone() };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let keys = keys(&format!("{scheme}{typed}{port}{tail}"));
        for image in [format!("{host}{port}/app"), format!("{typed}{port}/team/app")] {
            prop_assert!(keys.iter().any(|key| is_taken(key, &image)), "{keys:?} for {image}");
        }
        let read = RegistryName::parse(&keys[0]).unwrap();
        prop_assert_eq!(read.key(), keys[0].clone(), "what is written is read as the same");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        if let Ok(name) = RegistryName::parse(&text) {
            prop_assert!(name.key().is_ascii() || name.has_path());
            prop_assert!(RegistryName::parse(&name.key()).is_ok(), "{}", name.key());
        }
    }
}

#[test]
fn a_host_is_read_in_the_words_of_pull_secrets_and_has_no_path() {
    for (host, url) in [
        ("registry.test:8443", "https://registry.test:8443/"),
        ("https://Registry.test:443/v2/", "https://registry.test/"),
        ("docker.io", "https://registry-1.docker.io/"),
    ] {
        assert_eq!(base_url(host).unwrap().as_str(), url);
    }
    for wrong in ["http://registry.test", "registry.test/team", "ann@registry.test", "", "*.registry.test", "a b"] {
        assert!(base_url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_port_is_cut_and_a_part_of_an_address_is_not() {
    for (authority, host) in [
        ("hub.test", "hub.test"),
        ("hub.test:5000", "hub.test"),
        ("[::1]:5000", "[::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ] {
        assert_eq!(without_port(authority), host);
    }
}
