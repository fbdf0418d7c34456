//! Credentials as people and files give them, looked at before a library that only says "invalid" sees them.

use super::pem::{Fault, PemError, blocks};

/// Why a text is no credential; completes "The value …" and never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// A line break, tab or the like, which no header can carry (RFC 9110 §5.5).
    #[error("holds a line break or another control character within it: was more than the credential pasted or read?")]
    Control,
    /// A colon, which ends a user's name in a login (RFC 7617 §2).
    #[error("holds a colon, which the name of a login cannot carry")]
    Colon,
    /// No PEM, and perhaps the base64 of one, as kubeconfigs and `aws_eks_cluster` hold it.
    #[error("holds no PEM block of type {0}; if it is base64 of one, decode it with base64decode()")]
    NoPem(&'static str),
    /// PEM that cannot be read.
    #[error("holds a PEM block that is damaged or does not end, at line {0}")]
    Damaged(usize),
}

/// A token or key as a header can carry it: without the white space around it that files and pasting leave.
pub fn token(text: &str) -> Result<&str, Unfit> {
    // Editors and shells of Windows put a byte order mark before a file's text.
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(Unfit::Empty);
    }
    if text.chars().any(char::is_control) { Err(Unfit::Control) } else { Ok(text) }
}

/// Whether a login can carry the name of a user. A password may hold anything: logins travel in base64.
pub fn user_name(text: &str) -> Result<(), Unfit> {
    if text.chars().any(char::is_control) {
        return Err(Unfit::Control);
    }
    if text.contains(':') { Err(Unfit::Colon) } else { Ok(()) }
}

/// Whether the text has a PEM block of a type that ends with `kind` (`CERTIFICATE`, `PRIVATE KEY`).
pub fn pem(text: &str, kind: &'static str) -> Result<(), Unfit> {
    match blocks(text) {
        Ok(all) if all.iter().any(|block| block.label.ends_with(kind)) => Ok(()),
        Ok(_) | Err(PemError { fault: Fault::Encoded, .. }) => Err(Unfit::NoPem(kind)),
        Err(error) => Err(Unfit::Damaged(error.line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_token_is_not_part_of_it() {
        for text in ["abc", "abc\n", " \tabc\r\n", "\u{feff}abc\n"] {
            assert_eq!(token(text), Ok("abc"), "{text:?}");
        }
        assert_eq!(token(" \n"), Err(Unfit::Empty));
        for text in ["a\nb", "a\tb", "a\u{0}b", "a\u{7f}b"] {
            assert_eq!(token(text), Err(Unfit::Control), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_no_colon_and_no_line_break() {
        assert_eq!(user_name("robot$yard+ci"), Ok(()));
        assert_eq!(user_name("yard:ci"), Err(Unfit::Colon));
        assert_eq!(user_name("ann\n"), Err(Unfit::Control));
    }

    #[test]
    fn base64_of_a_certificate_is_no_certificate() {
        let block = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert_eq!(pem(block, "CERTIFICATE"), Ok(()));
        assert_eq!(pem(&format!("# ours\r\n  {block}"), "CERTIFICATE"), Ok(()));
        let key = "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----";
        assert_eq!(pem(key, "PRIVATE KEY"), Ok(()));
        assert_eq!(pem(&format!("{block}-----BEGIN CERTIFICATE-----\nMIIB"), "CERTIFICATE"), Err(Unfit::Damaged(4)));
        for text in ["", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t", key] {
            let told = pem(text, "CERTIFICATE").unwrap_err().to_string();
            assert!(told.contains("base64decode"), "{told}");
        }
    }
}
