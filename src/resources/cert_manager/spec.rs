//! Small parts of cert-manager's objects.

use std::time::Duration;

use serde_json::Value as Json;

use crate::sdk::{Check, Value, check, parse_duration};

/// A document without what is null.
pub fn pruned(value: Json) -> Json {
    match value {
        Json::Object(members) => {
            members.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, it)| (name, pruned(it))).collect()
        }
        Json::Array(elements) => elements.into_iter().map(pruned).collect(),
        other => other,
    }
}

/// The texts of a list; `None` where there is no list.
pub fn texts(value: Option<&Json>) -> Option<Vec<String>> {
    let elements = value?.as_array()?;
    Some(elements.iter().filter_map(|element| Some(element.as_str()?.to_owned())).collect())
}

/// A duration as cert-manager takes it.
pub fn duration() -> Check {
    check::text("must be a duration of Go, such as `2160h` or `1h30m`", |text| match parse_duration(text) {
        Some(duration) if duration > Duration::ZERO => Ok(()),
        _ => Err(format!("is no duration: `{text}`; days are not known to it: 90 days are `2160h`")),
    })
}

/// Whether two durations are the same: `2160h` and `2160h0m0s`.
pub fn same_duration(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| value.as_str().and_then(parse_duration);
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

/// Fields that came with a later version than 1.0. Source: cert-manager's release notes.
const SINCE: [(&str, &str, &str); 4] = [
    ("profile", "acme.profile", "1.18"),
    ("ingressClassName", "acme.solvers.http01.ingress_class_name", "1.12"),
    ("serviceAccountRef", "acme.solvers.dns01.route53.service_account", "1.16"),
    ("auth", "acme.solvers.dns01.route53.service_account", "1.16"),
];

/// Whether the API server speaks of a field that the definition does not have: so in the words of validation and of
/// structured-merge-diff.
pub fn is_of_unknown_field(words: &str) -> bool {
    words.contains("unknown field") || words.contains("field not declared in schema")
}

/// What to do about a field that the installed definition does not have.
pub fn needed(words: &str) -> String {
    let is_named = |field: &str| ["\"", ".", ":"].iter().any(|end| words.contains(&format!(".{field}{end}")));
    match SINCE.iter().find(|(field, ..)| is_named(field)) {
        Some((_, attribute, version)) => {
            format!("take `{attribute}` out, or install cert-manager {version} or newer, with its definitions")
        }
        None => {
            "take the attribute of that field out, or install a newer cert-manager, with its definitions".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_field_is_told_with_its_attribute_and_the_version_that_has_it() {
        let told = needed(r#"strict decoding error: unknown field "spec.acme.profile""#);
        assert!(told.contains("`acme.profile`") && told.contains("1.18"), "{told}");
        let words = ".spec.acme.profile: field not declared in schema";
        assert!(is_of_unknown_field(words) && needed(words).contains("`acme.profile`"));
        let told = needed(r#"unknown field "spec.acme.solvers[0].dns01.route53.auth""#);
        assert!(told.contains("service_account"), "{told}");
    }

    #[test]
    fn durations_are_compared_by_what_they_mean() {
        let same = |one: &str, other: &str| same_duration(&one.into(), &other.into());
        assert!(same("2160h", "2160h0m0s") && same("90m", "1h30m") && !same("1h", "2h"));
        assert!(duration().test(&"90d".into()).is_err() && duration().test(&"2160h".into()).is_ok());
    }
}
