//! What objects, labels and annotations of a cluster may be called, by the rule that each kind really has.
//!
//! Source: apimachinery, `pkg/util/validation/validation.go`; Kubernetes documentation, "Object Names and IDs" and "Labels and
//! Selectors".

use crate::digest::sha256_hex;

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// More characters than the limit.
    #[error("has {length} characters, of which {limit} are allowed")]
    TooLong {
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A character or an end that is not allowed.
    #[error("is {name:?}: {rule}")]
    Characters {
        /// The name.
        name: String,
        /// What is allowed, and what may be meant.
        rule: String,
    },
}

/// Longest RFC 1123 label, and longest value of a label of an object, in characters.
pub const LABEL_LIMIT: usize = 63;

/// Longest RFC 1123 subdomain, in characters.
pub const SUBDOMAIN_LIMIT: usize = 253;

/// How many characters of a digest stand for a name that is too long for a label.
const DIGEST_LENGTH: usize = 10;

/// Checks an RFC 1123 label: what a namespace, a Service and a container may be called.
pub fn check_label(name: &str) -> Result<(), NameFault> {
    check_length(name, LABEL_LIMIT)?;
    let rule = "a-z, 0-9 and `-` are allowed, a letter or digit first and last; no dots";
    if is_label(name) { Ok(()) } else { Err(characters(name, rule)) }
}

/// Checks an RFC 1123 subdomain, labels joined by dots: what a Secret, a service account or an Ingress class may be called.
pub fn check_subdomain(name: &str) -> Result<(), NameFault> {
    check_length(name, SUBDOMAIN_LIMIT)?;
    let rule = "a-z, 0-9, `-` and `.` are allowed, a letter or digit first and last, also beside each dot";
    if name.split('.').all(is_label) { Ok(()) } else { Err(characters(name, rule)) }
}

/// Checks the name of a label or annotation: up to 63 characters, after a domain and a slash if there is one.
pub fn check_key(key: &str) -> Result<(), NameFault> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if let Some(prefix) = prefix {
        check_subdomain(prefix)?;
    }
    check_length(name, LABEL_LIMIT)?;
    let rule = "DOMAIN/NAME or NAME, of letters, digits, `-`, `_` and `.`, a letter or digit first and last";
    if is_value(name) { Ok(()) } else { Err(characters(key, rule)) }
}

/// Checks the value of a label, which may be empty.
pub fn check_value(value: &str) -> Result<(), NameFault> {
    if value.is_empty() {
        return Ok(());
    }
    check_length(value, LABEL_LIMIT)?;
    let rule = "letters, digits, `-`, `_` and `.` are allowed, a letter or digit first and last";
    if is_value(value) { Ok(()) } else { Err(characters(value, rule)) }
}

/// Whether every cluster takes a label as the name of a Service: older ones want no digit first (RFC 1035; Kubernetes,
/// `RelaxedServiceNameValidation`).
pub fn is_service_name_everywhere(label: &str) -> bool {
    !label.starts_with(|c: char| c.is_ascii_digit())
}

/// A name as the value of a label: itself, or where it is too long a shorter one that no other name has.
pub fn as_label(name: &str) -> String {
    if name.chars().count() <= LABEL_LIMIT {
        return name.to_owned();
    }
    let start: String = name.chars().take(LABEL_LIMIT - DIGEST_LENGTH - 1).collect();
    let digest: String = sha256_hex(name.as_bytes()).chars().take(DIGEST_LENGTH).collect();
    format!("{}-{digest}", start.trim_end_matches(['-', '_', '.']))
}

fn check_length(name: &str, limit: usize) -> Result<(), NameFault> {
    match name.chars().count() {
        0 => Err(NameFault::Empty),
        length if length > limit => Err(NameFault::TooLong { length, limit }),
        _ => Ok(()),
    }
}

fn characters(name: &str, rule: &str) -> NameFault {
    let lower = name.to_lowercase();
    let meant = if lower == name { String::new() } else { format!("; in lower case it is `{lower}`") };
    NameFault::Characters { name: name.to_owned(), rule: format!("{rule}{meant}") }
}

fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(allowed) && label.ends_with(allowed) && label.chars().all(|c| allowed(c) || c == '-')
}

fn is_value(value: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    value.starts_with(ends) && value.ends_with(ends) && value.chars().all(|c| ends(c) || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(checked: Result<(), NameFault>) -> String {
        checked.unwrap_err().to_string()
    }

    #[test]
    fn each_kind_of_name_is_told_its_own_rule_and_the_value() {
        assert_eq!(
            told(check_label("Hub")),
            "is \"Hub\": a-z, 0-9 and `-` are allowed, a letter or digit first and last; no dots; in lower case it is `hub`"
        );
        assert!(told(check_subdomain("Hub.test")).contains("a-z, 0-9, `-` and `.` are allowed"));
        assert_eq!(told(check_label("")), "is empty");
        assert_eq!(told(check_label(&"a".repeat(64))), "has 64 characters, of which 63 are allowed");
        for wrong in ["-a", "a-", "A", "a_b", "a.b", "ü"] {
            assert!(matches!(check_label(wrong), Err(NameFault::Characters { .. })), "{wrong}");
        }
        for (name, fits) in [("a.b-c.1", true), ("a..b", false), ("a.", false), (".a", false), ("1", true)] {
            assert_eq!(check_subdomain(name).is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn keys_and_values_of_labels_have_rules_of_their_own() {
        for (key, fits) in [
            ("team", true),
            ("kubernetes.io/os", true),
            ("Team_1", true),
            ("a/b/c", false),
            ("/a", false),
            ("a/", false),
            ("Example.com/x", false),
            ("a b", false),
        ] {
            assert_eq!(check_key(key).is_ok(), fits, "{key}");
        }
        for (value, fits) in
            [("", true), ("Linux", true), ("a.b_c", true), ("-a", false), ("a b", false), ("a/b", false)]
        {
            assert_eq!(check_value(value).is_ok(), fits, "{value}");
        }
        assert!(check_value(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_service_begins_with_a_letter() {
        assert!(is_service_name_everywhere("hub") && !is_service_name_everywhere("3hub"));
    }

    proptest! {
        #[test]
        fn any_name_of_an_object_becomes_the_value_of_a_label(name in "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?") {
            prop_assume!(check_subdomain(&name).is_ok());
            let label = as_label(&name);
            prop_assert_eq!(check_value(&label), Ok(()));
            prop_assert_eq!(label == name, name.len() <= 63);
        }

        #[test]
        fn long_names_that_begin_alike_keep_apart(start in "[a-z]{70}", one in "[a-z]{1,9}", other in "[a-z]{1,9}") {
            prop_assume!(one != other);
            prop_assert_ne!(as_label(&format!("{start}{one}")), as_label(&format!("{start}{other}")));
        }
    }
}
