//! What values of a registry must be, by themselves.

use crate::domain::htpasswd::{Htpasswd, check_password, check_user};
use crate::domain::quantity::{Quantity, check_resource, hint};
use crate::sdk::{Check, Secret, Value, check};

/// A password that bcrypt can hash in full.
pub fn password() -> Check {
    check::text("must have at most 72 bytes", |text| {
        check_password(&Secret::new(text)).map_err(|fault| format!("must be a password that can be hashed: {fault}"))
    })
}

/// A password file.
pub fn htpasswd() -> Check {
    check::text("must be a password file with bcrypt hashes", |text| {
        Htpasswd::parse(text)
            .map(|_| ())
            .map_err(|fault| format!("must be a password file with bcrypt hashes, and {fault}"))
    })
}

/// A map whose keys are names of users.
pub fn user_names() -> Check {
    Check::new("must be named without colons and white space", |value: &Value| {
        let names = value.members().into_iter().flatten();
        names
            .into_iter()
            .try_for_each(|(name, _)| check_user(name).map_err(|fault| format!("must be named properly: {fault}")))
    })
}

/// An address of the web without a login.
pub fn web_address() -> Check {
    check::text("must begin with `https://` or `http://`", |text| {
        let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http")) else {
            return Err(format!("must begin with `https://` or `http://`, and is `{text}`"));
        };
        // It stands in the plan, the state and a ConfigMap.
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("must hold no login: give it by `username` and `password_wo`".to_owned());
        }
        Ok(())
    })
}

/// An amount of storage; a claim for none is refused (Kubernetes, `ValidatePersistentVolumeClaimSpec`).
pub fn quantity() -> Check {
    check::text("must be a quantity above zero such as `10Gi`", |text| match Quantity::parse(text) {
        Some(quantity) if quantity.is_positive() => Ok(()),
        Some(_) => Err(format!("must be above zero, and is `{text}`")),
        None => Err(format!("must be a quantity such as `10Gi`, and is `{text}`{}", hint(text))),
    })
}

/// A block of addresses.
pub fn cidr() -> Check {
    check::text("must be a CIDR block such as `192.0.2.0/24`", |text| {
        let wrong = || format!("must be a CIDR block such as `192.0.2.0/24`, and is `{text}`");
        let (address, length) = text.trim().split_once('/').ok_or_else(wrong)?;
        let address: std::net::IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        length.parse::<u8>().ok().filter(|length| *length <= most).map(drop).ok_or_else(wrong)
    })
}

/// Amounts of what a container asks for.
pub fn resource_amounts() -> Check {
    Check::new("must be quantities by resource, such as `{ cpu = \"50m\", memory = \"64Mi\" }`", |value: &Value| {
        let amounts = value.members().into_iter().flatten();
        amounts
            .filter_map(|(name, amount)| Some((name, amount.as_str()?)))
            .try_for_each(|(name, amount)| check_resource(name, amount).map(drop))
    })
}
