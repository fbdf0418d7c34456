//! Standing proofs of names (draft-ietf-acme-dns-persist): one TXT record that lets an account have certificates.

/// The name of the record for a domain, with or without a wildcard's star.
pub fn record_name(domain: &str) -> String {
    format!("_validation-persist.{}", domain.strip_prefix("*.").unwrap_or(domain))
}

/// What the record says: this CA may issue for the account; with `wildcard`, for all names below the domain too.
///
/// # Errors
/// What is wrong with the issuer's domain name or the account's URL, in words that complete "… …".
pub fn record_value(issuer: &str, account_url: &str, wildcard: bool) -> Result<String, Fault> {
    if issuer.is_empty() || !issuer.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
        return Err(Fault::Issuer);
    }
    // The parameters of an issue-value (RFC 8659 §4.2) end at a semicolon or a space.
    let is_url = account_url.starts_with("https://") || account_url.starts_with("http://");
    if !is_url || !account_url.chars().all(|c| c.is_ascii_graphic() && c != ';') {
        return Err(Fault::Account);
    }
    let policy = if wildcard { "; policy=wildcard" } else { "" };
    Ok(format!("{issuer}; accounturi={account_url}{policy}"))
}

/// What cannot stand in such a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The issuer.
    #[error("is no domain name of a CA, such as `letsencrypt.org`")]
    Issuer,
    /// The account.
    #[error("is no account's URL")]
    Account,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_names_the_issuer_and_the_account() {
        assert_eq!(record_name("*.a.example"), "_validation-persist.a.example");
        let value = |wildcard| record_value("ca.example", "https://ca.example/acct/1", wildcard);
        assert_eq!(value(false).as_deref(), Ok("ca.example; accounturi=https://ca.example/acct/1"));
        assert_eq!(value(true).as_deref(), Ok("ca.example; accounturi=https://ca.example/acct/1; policy=wildcard"));
    }

    #[test]
    fn what_would_break_the_record_is_refused() {
        assert_eq!(record_value("ca.example; x=1", "https://ca.example/1", false), Err(Fault::Issuer));
        assert_eq!(record_value("", "https://ca.example/1", false), Err(Fault::Issuer));
        assert_eq!(record_value("ca.example", "https://ca.example/1; policy=wildcard", false), Err(Fault::Account));
        assert_eq!(record_value("ca.example", "acct/1", false), Err(Fault::Account));
    }
}
