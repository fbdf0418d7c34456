//! Rules for credentials, so that a plan tells at the attribute what a library would only refuse later.

use crate::domain::credential;
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
