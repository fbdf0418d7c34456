//! Paths of fields, as kubectl writes them: `status.phase`, `status.conditions[0].type`, `metadata.labels['app.kubernetes.io/name']`.

use serde_json::Value;

/// What paths look like, for people.
pub const FORM: &str =
    "names with dots between them, `[0]` for an element of a list, and `['a.b']` or `a\\.b` for a name with dots";

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Element(usize),
}

/// The path of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Reads a path; a dot in front may be there.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('.').unwrap_or(text);
        let mut steps = Vec::new();
        loop {
            let (step, after) = if rest.starts_with('[') { in_brackets(rest)? } else { name(rest)? };
            steps.push(step);
            rest = match after.strip_prefix('.') {
                Some(next) if next.starts_with('[') => return None,
                Some(next) => next,
                None if after.is_empty() => return Some(Self(steps)),
                None => after,
            };
        }
    }

    /// The field of an object.
    pub fn of<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(object, |value, step| match step {
            Step::Name(name) => value.get(name).or_else(|| value.get(name.parse::<usize>().ok()?)),
            Step::Element(index) => value.get(index),
        })
    }
}

/// A name up to the next dot or bracket; a backslash takes what follows as it is.
fn name(text: &str) -> Option<(Step, &str)> {
    let (mut name, mut letters) = (String::new(), text.char_indices());
    let end = loop {
        match letters.next() {
            Some((_, '\\')) => name.push(letters.next()?.1),
            Some((at, '.' | '[')) => break at,
            Some((_, letter)) => name.push(letter),
            None => break text.len(),
        }
    };
    (!name.is_empty()).then(|| (Step::Name(name), text.get(end..).unwrap_or_default()))
}

/// `[0]`, `['a.b']`, `["a.b"]`
fn in_brackets(text: &str) -> Option<(Step, &str)> {
    let inner = text.strip_prefix('[')?;
    if let Some(quote) = inner.chars().next().filter(|letter| matches!(letter, '\'' | '"')) {
        let (name, after) = inner.get(1..)?.split_once(quote)?;
        let after = after.strip_prefix(']')?;
        return (!name.is_empty()).then(|| (Step::Name(name.to_owned()), after));
    }
    let (index, after) = inner.split_once(']')?;
    let is_index = !index.is_empty() && index.bytes().all(|digit| digit.is_ascii_digit());
    is_index.then(|| Some((Step::Element(index.parse().ok()?), after)))?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_fields_whatever_their_names() {
        let object = json!({ "status": { "conditions": [{ "type": "Ready" }], "0": "zero" },
            "metadata": { "labels": { "app.kubernetes.io/name": "a", "x": "b" } } });
        for (path, expected) in [
            ("status.conditions[0].type", json!("Ready")),
            (".status.conditions[0]['type']", json!("Ready")),
            ("metadata.labels['app.kubernetes.io/name']", json!("a")),
            (r#"metadata.labels["x"]"#, json!("b")),
            (r"metadata.labels.app\.kubernetes\.io/name", json!("a")),
            ("status.0", json!("zero")),
            ("status.conditions.0.type", json!("Ready")),
        ] {
            assert_eq!(Path::parse(path).and_then(|path| path.of(&object).cloned()), Some(expected), "{path}");
        }
        assert_eq!(Path::parse("status.conditions[1].type").unwrap().of(&object), None);
    }

    #[test]
    fn what_is_no_path_is_told() {
        for path in [
            "",
            ".",
            "a..b",
            "a.",
            "a[",
            "a[]",
            "a[x]",
            "a['b",
            "a['']",
            "a.[0]",
            "a[0",
            r"a\",
            "[99999999999999999999]",
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
