//! Rules for credentials, so that a plan tells at the attribute what a library would only refuse later.

use url::Url;

use crate::domain::credential;
use crate::domain::proxy::Proxy;
use crate::sdk::{Check, check};

/// The name of a login.
pub fn user_name() -> Check {
    check::text("must be a name that a login can carry: no colon and no line break in it", |text| {
        credential::user_name(text).map_err(|unfit| unfit.to_string())
    })
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
