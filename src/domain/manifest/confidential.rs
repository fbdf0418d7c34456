//! Which texts of objects are secrets: of those that are stored nowhere nearly all, of others what their names tell.

use std::collections::BTreeSet;

use serde_json::Value;

/// Members whose value names something: it stands in messages, and is to be seen there.
const NAMES: [&str; 5] = ["apiVersion", "image", "kind", "name", "namespace"];

/// Members that hold nothing but names and words.
const OF_WORDS: [&str; 4] = ["labels", "matchLabels", "nodeSelector", "selector"];

/// Members below which a text may be any, also one of letters only.
const FREE: [&str; 7] = ["annotations", "args", "binaryData", "command", "data", "stringData", "value"];

/// The fewest octets of a word within a longer text that is looked for by itself.
const SHORTEST_WORD: usize = 8;

/// The most words of one text that are looked for by themselves.
const MOST_WORDS: usize = 256;

/// What is found: a name, which is empty where there is none, and a text; `is_secret` if whatever it is called.
pub struct Found<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// Whether it is a secret whatever it is called.
    pub is_secret: bool,
}

/// The names in an object, which are no secrets wherever they stand.
pub fn names<'a>(object: &'a Value, found: &mut BTreeSet<&'a str>) {
    match object {
        Value::Array(elements) => elements.iter().for_each(|element| names(element, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if is_name(name) => {
                        found.insert(text);
                    }
                    _ => names(value, found),
                }
            }
        }
        _ => {}
    }
}

/// Gives all texts of an object that is not stored, but names, and the words of them that look like secrets: a program that
/// tells its password in its log does not tell the whole command in which it stood.
pub fn each_secret<'a>(object: &'a Value, names: &BTreeSet<&str>, take: &mut dyn FnMut(Found<'a>)) {
    walk("", object, false, &mut |name, text, is_free| {
        if is_name(name) && !is_free || names.contains(text) || is_path(text) || !is_free && is_word(text) {
            return;
        }
        take(Found { name: "", text, is_secret: true });
        each_word(text, &mut |found| take(Found { is_secret: looks_secret(found.text), ..found }));
    });
}

/// Gives the texts of an object that is stored, with what they are called.
pub fn each_named<'a>(object: &'a Value, take: &mut dyn FnMut(Found<'a>)) {
    walk("", object, false, &mut |name, text, is_free| {
        if is_free {
            take(Found { name, text, is_secret: false });
            each_word(text, take);
        }
    });
}

/// All texts; what stands beside a name, as in `env`, is called by it.
fn walk<'a>(name: &'a str, value: &'a Value, is_free: bool, take: &mut dyn FnMut(&'a str, &'a str, bool)) {
    match value {
        Value::String(text) => take(name, text, is_free),
        Value::Array(elements) => elements.iter().for_each(|element| walk(name, element, is_free, take)),
        Value::Object(members) => {
            let called = members.get("name").and_then(Value::as_str);
            for (name, value) in members.iter().filter(|(name, _)| !OF_WORDS.contains(&name.as_str())) {
                let shown = if name == "value" { called.unwrap_or(name) } else { name };
                walk(shown, value, is_free || FREE.contains(&name.as_str()), take);
            }
        }
        _ => {}
    }
}

fn is_name(name: &str) -> bool {
    NAMES.contains(&name) || name.ends_with("Name")
}

/// The words of a text, each with the name that it has in `--name=word`.
fn each_word<'a>(text: &'a str, take: &mut dyn FnMut(Found<'a>)) {
    let is_end = |c: char| c.is_whitespace() || "\"'`;,()&|<>{}".contains(c);
    let words = text.split(is_end).filter(|word| !word.is_empty() && *word != text || word.contains('='));
    for word in words.take(MOST_WORDS) {
        let (name, text) = word.split_once('=').unwrap_or(("", word));
        take(Found { name, text, is_secret: false });
    }
}

/// A word with letters and digits that is neither a path nor the name of a host.
fn looks_secret(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let is_of_hosts = word.contains('.') && !has(char::is_ascii_uppercase);
    word.len() >= SHORTEST_WORD
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !is_of_hosts
        && !is_path(word)
}

/// Letters only: one of the values that a kind knows, such as `IfNotPresent`.
fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphabetic())
}

fn is_path(text: &str) -> bool {
    let is_of_paths = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
    text.starts_with('/') && text.chars().all(is_of_paths)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secrets(object: &Value) -> Vec<&str> {
        let mut known = BTreeSet::new();
        names(object, &mut known);
        let mut found = Vec::new();
        each_secret(object, &known, &mut |it| found.extend(it.is_secret.then_some(it.text)));
        found
    }

    #[test]
    fn values_of_any_kind_are_secrets_and_names_and_words_of_the_api_are_none() {
        let script = "sleep 1; echo cannot log in with S3cr3tPodPw-old; exit 1";
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "buoy-0001", "namespace": "a", "labels": { "a": "harbour-2" } },
            "spec": { "restartPolicy": "OnFailure", "serviceAccountName": "sailor-22", "containers": [{
                "name": "c", "image": "busybox:1.37.0", "command": ["/bin/busybox", "sh", "-c", script],
                "env": [{ "name": "PIN", "value": "correcthorse" }, { "name": "POD", "value": "buoy-0001" }] }] },
        });
        let found = secrets(&pod);
        for secret in [script, "S3cr3tPodPw-old", "correcthorse"] {
            assert!(found.contains(&secret), "{secret}: {found:?}");
        }
        for open in
            ["OnFailure", "buoy-0001", "sailor-22", "busybox:1.37.0", "/bin/busybox", "harbour-2", "cannot", "PIN"]
        {
            assert!(!found.contains(&open), "{open}: {found:?}");
        }
    }

    #[test]
    fn what_is_stored_tells_its_secrets_by_their_names() {
        let pod = json!({ "spec": { "nodeName": "node-7", "containers": [{ "name": "c", "args": ["--password=letters only"],
            "env": [{ "name": "DB_PASSWORD", "value": "x y" }] }] } });
        let mut found = Vec::new();
        each_named(&pod, &mut |it| found.push((it.name, it.text)));
        assert!(found.contains(&("DB_PASSWORD", "x y")) && found.contains(&("--password", "letters")), "{found:?}");
        assert!(!found.iter().any(|(_, text)| *text == "node-7"), "{found:?}");
    }
}
