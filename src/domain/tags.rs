//! Tags of AWS objects: the provider's for everything, and those of one object.

use std::collections::BTreeMap;

/// Tag values by key.
pub type Tags = BTreeMap<String, String>;

/// All tags that an object should have: its own win over the provider's.
pub fn merged(defaults: &Tags, own: Option<&Tags>) -> Tags {
    let mut all = defaults.clone();
    all.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    all
}

/// The part of an object's live tags that counts as its own: what it declares, and what neither it nor
/// the provider declares. Tags that AWS itself sets (`aws:…`) never count.
pub fn own_part(live: &Tags, defaults: &Tags, declared: Option<&Tags>) -> Option<Tags> {
    let is_own = |key: &String| declared.is_some_and(|own| own.contains_key(key));
    let own = live.iter().filter(|(key, _)| !is_of_aws(key) && (is_own(key) || !defaults.contains_key(*key)));
    let own: Tags = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    (declared.is_some() || !own.is_empty()).then_some(own)
}

/// The live tags without those that AWS itself sets.
pub fn without_those_of_aws(live: &Tags) -> Tags {
    live.iter().filter(|(key, _)| !is_of_aws(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn is_of_aws(key: &str) -> bool {
    key.starts_with("aws:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn own_tags_win_over_the_providers() {
        let all = merged(&tags(&[("team", "a"), ("env", "dev")]), Some(&tags(&[("team", "b")])));
        assert_eq!(all, tags(&[("team", "b"), ("env", "dev")]));
    }

    #[test]
    fn a_strange_tag_shows_as_own_and_a_default_does_not() {
        let (defaults, own) = (tags(&[("env", "dev"), ("team", "a")]), tags(&[("team", "b")]));
        let live = tags(&[("env", "prod"), ("team", "c"), ("new", "x"), ("aws:created", "y")]);
        assert_eq!(own_part(&live, &defaults, Some(&own)), Some(tags(&[("team", "c"), ("new", "x")])));
        assert_eq!(own_part(&tags(&[("env", "dev")]), &defaults, None), None);
        assert_eq!(own_part(&tags(&[]), &defaults, Some(&tags(&[]))), Some(tags(&[])));
    }
}
