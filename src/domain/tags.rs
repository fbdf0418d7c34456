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

/// What makes one set of tags into another; those that AWS itself sets stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// Tags to set.
    pub put: Tags,
    /// Keys of tags to remove.
    pub remove: Vec<String>,
}

impl TagChange {
    /// From `old` to `new`.
    pub fn between(old: &Tags, new: &Tags) -> Self {
        let put = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
        let remove = old.keys().filter(|key| !new.contains_key(*key) && !is_of_aws(key));
        Self { put: put.map(|(key, value)| (key.clone(), value.clone())).collect(), remove: remove.cloned().collect() }
    }
}

/// Most tags of one object, AWS's own not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules>).
pub const MOST: usize = 50;
/// Longest key and longest value of a tag, in characters.
pub const LONGEST: (usize, usize) = (128, 256);

/// What is wrong with tags, in words that complete "The tags …".
pub fn check<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), String> {
    let mut count = 0;
    for (key, value) in tags {
        count += 1;
        if is_of_aws(key) {
            return Err(format!("may not use keys with `aws:`, which are AWS's own, such as `{key}`"));
        }
        for (text, longest, part) in [(key, LONGEST.0, "key"), (value, LONGEST.1, "value")] {
            let length = text.chars().count();
            if length > longest || (length == 0 && part == "key") {
                return Err(format!("must have a {part} of at most {longest} characters at `{key}`, and has {length}"));
            }
            if let Some(bad) = text.chars().find(|c| !is_allowed(*c)) {
                return Err(format!("may hold letters, digits, spaces and `_.:/=+-@` at `{key}`, and hold `{bad}`"));
            }
        }
    }
    if count > MOST { Err(format!("may be at most {MOST}, and are {count}")) } else { Ok(()) }
}

/// What is wrong with keys that IAM takes for one, since it does not tell their case, in words that complete "The tags …".
pub fn check_case<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for key in keys {
        if let Some(twin) = seen.insert(key.to_lowercase(), key) {
            return Err(format!("may not have keys that differ by case only, such as `{twin}` and `{key}`"));
        }
    }
    Ok(())
}

/// What is wrong with an object's own tags and the provider's for everything, taken together.
pub fn check_merged(merged: &Tags) -> Result<(), String> {
    check(merged.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
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
    fn what_is_right_alone_may_be_wrong_together() {
        let numbered = |range: std::ops::Range<u32>| range.map(|n| (n.to_string(), String::new())).collect::<Tags>();
        assert_eq!(check_merged(&merged(&numbered(0..25), Some(&numbered(25..50)))), Ok(()));
        let many = check_merged(&merged(&numbered(0..25), Some(&numbered(25..51)))).unwrap_err();
        assert!(many.contains("are 51"), "{many}");
        let twins = merged(&tags(&[("Owner", "a")]), Some(&tags(&[("owner", "b")])));
        assert!(check_case(twins.keys().map(String::as_str)).unwrap_err().contains("`Owner` and `owner`"));
        assert_eq!(check_merged(&twins), Ok(()), "of anything but a role");
        assert_eq!(check_merged(&merged(&tags(&[("Owner", "a")]), Some(&tags(&[("Owner", "b")])))), Ok(()));
    }

    #[test]
    fn a_strange_tag_shows_as_own_and_a_default_does_not() {
        let (defaults, own) = (tags(&[("env", "dev"), ("team", "a")]), tags(&[("team", "b")]));
        let live = tags(&[("env", "prod"), ("team", "c"), ("new", "x"), ("aws:created", "y")]);
        assert_eq!(own_part(&live, &defaults, Some(&own)), Some(tags(&[("team", "c"), ("new", "x")])));
        assert_eq!(own_part(&tags(&[("env", "dev")]), &defaults, None), None);
        assert_eq!(own_part(&tags(&[]), &defaults, Some(&tags(&[]))), Some(tags(&[])));
    }

    #[test]
    fn finds_what_aws_would_refuse() {
        let long = "a".repeat(257);
        for (key, value, part) in [
            ("aws:x", "", "AWS's own"),
            ("", "x", "a key of at most 128"),
            ("team", long.as_str(), "a value of at most 256"),
            ("team", "a,b", "hold `,`"),
        ] {
            let wrong = check([(key, value)]).unwrap_err();
            assert!(wrong.contains(part), "{wrong}");
        }
        assert_eq!(check([("team/über-x", "a b@c:1"), ("empty", "")]), Ok(()));
        let twins = check_case(["Owner", "team", "owner"]).unwrap_err();
        assert!(twins.contains("`Owner` and `owner`"), "{twins}");
        assert_eq!(check_case(["Owner", "owners"]), Ok(()));
        let many: Vec<_> = (0..51).map(|number| number.to_string()).collect();
        assert!(check(many.iter().map(|key| (key.as_str(), ""))).unwrap_err().contains("are 51"));
    }

    #[test]
    fn tags_change_by_their_difference_and_those_of_aws_stay() {
        let tags = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let change = TagChange::between(
            &tags(&[("a", "1"), ("b", "2"), ("c", "3"), ("aws:x", "y")]),
            &tags(&[("a", "1"), ("b", "3"), ("d", "4")]),
        );
        assert_eq!(change, TagChange { put: tags(&[("b", "3"), ("d", "4")]), remove: vec!["c".into()] });
    }
}
