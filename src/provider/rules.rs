//! What contradicts itself in the provider block: told at validate, where the first request would fail.

use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Seen, Value, View};

/// Attributes of which one is nothing without the other.
const PAIRS: [(&str, &str); 5] = [
    ("aws.access_key", "aws.secret_key"),
    ("aws.secret_key", "aws.access_key"),
    ("aws.session_token", "aws.access_key"),
    ("kubernetes.client_certificate", "kubernetes.client_key"),
    ("kubernetes.client_key", "kubernetes.client_certificate"),
];

/// Attributes that exclude each other, with what each is.
const EITHER: [(&str, &str, &str); 1] = [("kubernetes.config_path", "kubernetes.host", "both name a cluster")];

/// Tests the block.
pub fn test(config: View<'_>, found: &mut Diagnostics) {
    for (given, missing) in PAIRS {
        if config.at(given).is_given() && config.at(missing).is_null() {
            found.error(&wrong(given, &format!("is set and `{missing}` is not"), "set both, or neither"));
        }
    }
    for (one, other, why) in EITHER {
        if config.at(one).is_given() && config.at(other).is_given() {
            found.error(&wrong(one, &format!("and `{other}` are set, and {why}"), "keep one of the two"));
        }
    }
    for (host, login) in logins(config) {
        let given = |name: &str| View::new(login).at(name);
        for (one, other) in [("username", "password"), ("password", "username")] {
            if given(one).is_given() && given(other).is_null() {
                let at = format!("registries[\"{host}\"].{one}");
                found.error(&wrong(&at, &format!("is set and `{other}` is not"), "set both, or neither"));
            }
        }
    }
}

fn logins(config: View<'_>) -> impl Iterator<Item = (&String, &Value)> + use<'_> {
    match config.at("registries") {
        Seen::Known(Value::Map(members)) => Some(members.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

fn wrong(at: &str, what: &str, next: &str) -> Explanation {
    Explanation::new("BERTH-PROVIDER-003", format!("`{at}` {what}")).next(format!("{next}; nothing was changed")).at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(block: &[(&str, &[&str])], unknown: Option<&str>) -> Vec<String> {
        let members = |names: &[&str]| {
            let value = |name: &str| if unknown == Some(name) { Value::Unknown } else { Value::from("x") };
            Value::object(names.iter().map(|name| (*name, value(name))).collect::<Vec<_>>())
        };
        let config = Value::object(block.iter().map(|(part, names)| (*part, members(names))).collect::<Vec<_>>());
        let mut found = Diagnostics::default();
        test(View::new(&config), &mut found);
        found.iter().map(|told| told.summary().to_owned()).collect()
    }

    #[test]
    fn half_a_pair_and_two_of_one_kind_are_told() {
        assert_eq!(told(&[("aws", &["access_key"])], None), ["`aws.access_key` is set and `aws.secret_key` is not"]);
        assert_eq!(told(&[("aws", &["secret_key", "session_token"])], None).len(), 2);
        assert_eq!(told(&[("aws", &["access_key", "secret_key", "session_token"])], None), [""; 0]);
        assert_eq!(told(&[("kubernetes", &["client_key"])], None).len(), 1);
        let both = told(&[("kubernetes", &["host", "config_path"])], None);
        assert_eq!(both, ["`kubernetes.config_path` and `kubernetes.host` are set, and both name a cluster"]);
    }

    #[test]
    fn what_is_unknown_is_no_mistake() {
        assert_eq!(told(&[("aws", &["access_key", "secret_key"])], Some("secret_key")), [""; 0]);
        assert_eq!(told(&[("kubernetes", &["host", "config_path"])], Some("host")), [""; 0]);
    }
}
