//! Rules for credentials, so that a plan tells at the attribute what a library would only refuse later.

use crate::domain::credential;
use crate::domain::registry_name::RegistryName;
use crate::sdk::{Check, Value, check};

/// The name of a login.
pub fn user_name() -> Check {
    check::text("must be a name that a login can carry: no colon and no line break in it", |text| {
        credential::user_name(text).map_err(|unfit| unfit.to_string())
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

/// A token or key that is sent in a header.
pub fn token() -> Check {
    check::text("must be a credential: one line without control characters", |text| {
        credential::token(text).map(|_| ()).map_err(|unfit| unfit.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

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
