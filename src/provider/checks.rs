//! Rules for credentials, so that a plan tells at the attribute what a library would only refuse later.

use url::Url;

use crate::domain::credential;
use crate::domain::dockerconfig::{DockerConfig, Login};
use crate::domain::image::ImageReference;
use crate::domain::kubernetes_name::{NameFault, check_key, check_label, check_subdomain, check_value};
use crate::domain::proxy::Proxy;
use crate::domain::registry_name::{RegistryName, base_url};
use crate::sdk::{Check, Secret, Value, check};

/// The name of a login.
pub fn user_name() -> Check {
    check::text("must be a name that a login can carry: no colon and no line break in it", |text| {
        credential::user_name(text).map_err(|unfit| unfit.to_string())
    })
}

fn named(rule: &str, test: fn(&str) -> Result<(), NameFault>) -> Check {
    check::text(rule, move |name| test(name).map_err(|fault| format!("must be a Kubernetes name, and {fault}")))
}

/// A name of up to 63 characters (RFC 1123 label): of a namespace, a Service.
pub fn label() -> Check {
    named("must be a name of up to 63 characters a-z, 0-9 and `-`", check_label)
}

/// A name of up to 253 characters (RFC 1123 subdomain): of most objects.
pub fn subdomain() -> Check {
    named("must be a name of up to 253 characters a-z, 0-9, `-` and `.`", check_subdomain)
}

/// The same, or nothing: an empty text stands for none.
pub fn name_or_none() -> Check {
    let test = |name: &str| if name.is_empty() { Ok(()) } else { check_subdomain(name) };
    named("must be a name of up to 253 characters a-z, 0-9, `-` and `.`", test)
}

/// The name of a server, without scheme and port. Case and a last dot do not count.
pub fn host() -> Check {
    check::text("must be a host name such as `registry.example.com`, without scheme and port", |text| {
        let name = crate::domain::registry::host_name(text);
        let what = "must be a host name without scheme, port and path";
        check_subdomain(&name).map_err(|_| match RegistryName::parse(text).map(|read| read.authority()) {
            Ok(read) if host_of(&read) != name && check_subdomain(host_of(&read)).is_ok() => {
                format!("{what}, such as `{}`, and is `{text}`", host_of(&read))
            }
            _ => format!("{what}, of letters, digits, `-` and `.`, and is `{text}`"),
        })
    })
}

/// The name of a server, or a star for what is below one: `*.example.com`.
pub fn host_pattern() -> Check {
    check::text("must be a host name such as `registry.example.com`, or `*.example.com`", |text| {
        let name = crate::domain::registry::host_name(text);
        check_subdomain(name.strip_prefix("*.").unwrap_or(&name))
            .map_err(|fault| format!("must be a host name, perhaps beginning with `*.`, and {fault}"))
    })
}

fn host_of(authority: &str) -> &str {
    authority.split(':').next().unwrap_or_default()
}

/// The name of an image, as Pods name it.
pub fn image() -> Check {
    check::text("must be the name of an image", |text| {
        text.parse::<ImageReference>().map(drop).map_err(|fault| format!("must be the name of an image, and {fault}"))
    })
}

/// Labels by which objects are chosen.
pub fn labels() -> Check {
    keys_and_values("must be labels", check_key, check_value)
}

/// Annotations, whose values may be any text.
pub fn annotation_keys() -> Check {
    keys_and_values("must be annotations", check_key, |_| Ok(()))
}

type Test = fn(&str) -> Result<(), NameFault>;

fn keys_and_values(rule: &'static str, key: Test, value: Test) -> Check {
    Check::new(rule, move |map: &Value| {
        for (name, given) in map.members().into_iter().flatten() {
            key(name).map_err(|fault| format!("{rule}, and a name {fault}"))?;
            let test = given.as_str().map_or(Ok(()), value);
            test.map_err(|fault| format!("{rule}, and the value of `{name}` {fault}"))?;
        }
        Ok(())
    })
}

/// A map whose keys name registries, each once.
pub fn registry_names() -> Check {
    Check::new("must be registry hosts, each once", |value: &Value| {
        let mut seen = std::collections::BTreeMap::new();
        for host in value.members().into_iter().flatten().map(|(host, _)| host) {
            let name = RegistryName::parse(host).map_err(|fault| format!("must be registry hosts, and {fault}"))?;
            if let Some(first) = seen.insert(name.identity(), host) {
                return Err(format!("must name each registry once, and `{first}` and `{host}` name the same"));
            }
        }
        Ok(())
    })
}

/// A map whose keys name registries that a Docker configuration can tell apart.
pub fn registry_logins() -> Check {
    Check::new("must be registry hosts, each once", |value: &Value| {
        let login = || Login { username: String::new(), password: Secret::new("") };
        let hosts = value.members().into_iter().flatten().map(|(host, _)| (host.clone(), login()));
        DockerConfig::new(hosts).map(|_| ()).map_err(|fault| format!("must be registry hosts, and {fault}"))
    })
}

/// A registry that is spoken to.
pub fn registry_host() -> Check {
    check::text("must be `HOST` or `HOST:PORT`", |host| base_url(host).map(|_| ()))
}

/// A token or key that is sent in a header.
pub fn token() -> Check {
    check::text("must be a credential: one line without control characters", |text| {
        credential::token(text).map(|_| ()).map_err(|unfit| unfit.to_string())
    })
}

/// The address of a server.
pub fn server() -> Check {
    check::text("must be the address of a server, beginning with https:// or http://", |text| {
        match Url::parse(text.trim()) {
            Ok(url) if !matches!(url.scheme(), "https" | "http") => {
                Err("does not begin with https:// or http://".to_owned())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(format!("is no URL: {error}")),
        }
    })
}

/// The address of a proxy, with or without a scheme.
pub fn proxy() -> Check {
    check::text("must be the address of a proxy, such as http://proxy.corp:3128", |text| {
        Proxy::parse(text, "it").map(|_| ()).map_err(|unfit| format!("is no proxy: {}", unfit.why))
    })
}

/// PEM certificates.
pub fn certificates() -> Check {
    check::text("must hold PEM certificates", |text| {
        credential::pem(text, "CERTIFICATE").map_err(|unfit| unfit.to_string())
    })
}

/// A PEM private key.
pub fn private_key() -> Check {
    check::text("must hold a PEM private key", |text| {
        credential::pem(text, "PRIVATE KEY").map_err(|unfit| unfit.to_string())
    })
}

/// The URL of an ACME directory.
pub fn directory_url() -> Check {
    check::text(
        "must be the URL of an ACME directory, such as `https://acme-v02.api.letsencrypt.org/directory`",
        |text| {
            if text.trim().is_empty() {
                return Err("is empty; if it comes from a variable or the environment, that one is not set".to_owned());
            }
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            let is_url = rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty())
                && !text.contains(char::is_whitespace);
            if is_url { Ok(()) } else { Err(format!("must begin with `https://` and hold no blank, and is `{text}`")) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_in_any_case_and_told_what_does_not_belong_to_it() {
        let told = |text: &str| host().test(&Value::from(text));
        for fits in ["registry.example.com", "Registry.Example.com.", "hub"] {
            assert_eq!(told(fits), Ok(()), "{fits}");
        }
        for wrong in ["https://registry.test", "registry.test:5000", "registry.test/team"] {
            let told = told(wrong).unwrap_err();
            assert!(told.contains("such as `registry.test`") && told.contains(wrong), "{told}");
        }
        assert!(told("a_b.test").unwrap_err().contains("letters, digits"));
    }

    #[test]
    fn labels_are_checked_by_name_and_value_and_annotations_by_name() {
        let map = |key: &str, value: &str| Value::object([(key, Value::from(value))]);
        assert!(labels().test(&map("kubernetes.io/os", "linux")).is_ok());
        assert!(labels().test(&map("team", "a b")).unwrap_err().contains("the value of `team` is \"a b\""));
        assert!(labels().test(&map("a b", "x")).is_err());
        assert!(annotation_keys().test(&map("example.com/note", "any text: {}")).is_ok());
        assert!(annotation_keys().test(&map("example.com/", "x")).is_err());
        assert_eq!(labels().test(&Value::object([("team", Value::Unknown)])), Ok(()));
    }

    #[test]
    fn registries_are_named_so_that_they_are_found_and_each_once() {
        let told = |hosts: &[&str]| {
            let map = Value::object(hosts.iter().map(|host| (*host, Value::Null)).collect::<Vec<_>>());
            registry_names().test(&map)
        };
        assert_eq!(told(&["hub.test", "hub.test:5000", "https://other.test/v2/", "docker.io"]), Ok(()));
        assert!(told(&["hub.test", "HUB.test:443"]).unwrap_err().contains("name the same"));
        assert!(told(&["a b"]).unwrap_err().contains("\"a b\" is no registry host"));
    }
}
