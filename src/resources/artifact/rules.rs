//! Mistakes in the combination of the arguments.

use std::collections::BTreeMap;

use crate::domain::oci::Platform;
use crate::domain::oci::artifact::TITLE;
use crate::domain::oci::artifact::opentofu::{fault_of_index, fault_of_layers, fault_of_one, fault_of_platform};
use crate::domain::oci::ignore::Rules;
use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Seen, Value, View};

use super::place::Place;
use super::subject::reference_at;

/// What is said of a combination that cannot be.
const WHAT: &str = "The artifact is not declared so that it can be pushed";

fn complain(next: impl Into<String>, at: impl Into<String>) -> Explanation {
    Explanation::new("BERTH-OCI-001", WHAT).next(next).at(at.into())
}

/// Finds them.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    whole(config, found);
    destination(config, found);
    each_file(config, "files", found);
    platforms(config, found);
    opentofu(config, found);
}

fn whole(config: View<'_>, found: &mut Diagnostics) {
    if config.at("platforms").is_given() {
        for other in ["files", "config"] {
            if config.at(other).is_given() {
                found.error(&complain(format!("take `{other}` out: `platforms` says what is pushed"), other));
            }
        }
    }
    if config.at("artifact_type").is_null() && config.at("config").is_null() && config.at("platforms").is_null() {
        found.error(&complain(
            "set artifact_type, or the media type of `config`: one of them tells what it is",
            "artifact_type",
        ));
    }
    if config.at("config.path").is_given() && config.at("config.content").is_given() {
        found.error(&complain("set path or content, not both", "config.content"));
    }
}

fn destination(config: View<'_>, found: &mut Diagnostics) {
    let Some(place) = config.text("destination").and_then(|text| text.parse::<Place>().ok()) else { return };
    if place.tag.is_none() && config.at("subject").is_null() {
        let next = "name a tag: only what is attached to a subject is found without one";
        found.error(&complain(next, "destination"));
    }
    if let Some(Err(why)) = config.text("subject").map(|text| reference_at(&place, text)) {
        found.error(&complain(format!("the subject {why}"), "subject"));
    }
}

fn each_file(config: View<'_>, list: &str, found: &mut Diagnostics) {
    let count = config.at(list).known().and_then(Value::elements).map_or(0, <[Value]>::len);
    for index in 0..count {
        file(config, &format!("{list}[{index}]"), found);
    }
}

fn file(config: View<'_>, at: &str, found: &mut Diagnostics) {
    let part = |name: &str| format!("{at}.{name}");
    let (path, content) = (config.at(&part("path")), config.at(&part("content")));
    if path.is_given() && content.is_given() {
        found.error(&complain("set path or content, not both", part("content")));
    }
    if path.is_null() && content.is_null() {
        found.error(&complain("set path or content", part("path")));
    }
    for other in ["pack", "exclude"] {
        if content.is_given() && config.at(&part(other)).is_given() {
            found.error(&complain(format!("take `{other}` out: it is for folders"), part(other)));
        }
    }
    let notes = config.at(&part("annotations")).known().and_then(Value::members);
    if config.at(&part("title")).is_given() && notes.is_some_and(|notes| notes.contains_key(TITLE)) {
        found.error(&complain(
            format!("take `title` out, or `{TITLE}` of the annotations: they are the same"),
            part("title"),
        ));
    }
    let patterns = config.read::<Vec<String>>(&part("exclude")).unwrap_or_default();
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(why) = Rules::of([pattern.as_str()]) {
            let next = format!(
                "{why}: name files or folders, with `*`, `?` and `[…]`, without `**` and without `!` before it"
            );
            found.error(&complain(next, format!("{at}.exclude[{index}]")));
        }
    }
}

fn platforms(config: View<'_>, found: &mut Diagnostics) {
    let declared = config.at("platforms").known().and_then(Value::members);
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    for name in declared.into_iter().flat_map(|all| all.keys()) {
        let at = format!("platforms[\"{name}\"]");
        // Once something is known of it: hosts look again then.
        if config.at(&format!("{at}.files")).is_unknown() {
            continue;
        }
        match name.parse::<Platform>() {
            Err(fault) => found.error(&complain(fault.to_string(), at.as_str())),
            Ok(platform) => {
                if let Some(other) = seen.insert(platform.to_string(), name) {
                    found.error(&complain(format!("take one out: `{other}` is the same platform"), at.as_str()));
                }
            }
        }
        if config.at("artifact_type").is_null() && config.at(&format!("{at}.artifact_type")).is_null() {
            found.error(&complain("set artifact_type here, or that of the whole", format!("{at}.artifact_type")));
        }
        each_file(config, &format!("{at}.files"), found);
    }
}

/// What OpenTofu would not install.
fn opentofu(config: View<'_>, found: &mut Diagnostics) {
    let Some(own) = config.text("artifact_type") else { return };
    let faults = match config.at("platforms") {
        Seen::Null => fault_of_all(config, own).into_iter().collect(),
        Seen::Known(named) => faults_of_platforms(config, own, named),
        Seen::Unknown => Vec::new(),
    };
    for (why, at) in faults {
        let what = "OpenTofu would not install the artifact";
        let next = "declare it so, or use another type";
        found.error(&Explanation::new("BERTH-OCI-020", what).said("OpenTofu", why).next(next).at(at));
    }
}

/// Why OpenTofu would not install what is the same for all platforms, and the attribute that is to blame.
fn fault_of_all(config: View<'_>, own: &str) -> Option<(String, String)> {
    if let Some(why) = fault_of_one(own) {
        return Some((why, "artifact_type".to_owned()));
    }
    Some((fault_of_layers(own, &media_types(config, "files")?)?, "files".to_owned()))
}

/// The same of what is declared for each platform.
fn faults_of_platforms(config: View<'_>, own: &str, named: &Value) -> Vec<(String, String)> {
    let tag = config.text("destination").and_then(|text| text.parse::<Place>().ok()).and_then(|place| place.tag);
    let fault = |name: &String| {
        let at = format!("platforms[\"{name}\"]");
        let target = match config.at(&format!("{at}.artifact_type")) {
            Seen::Known(target) => target.as_str()?,
            Seen::Null => own,
            Seen::Unknown => return None,
        };
        let platform = name.parse::<Platform>().ok()?;
        let of_index = fault_of_index(own, tag.as_deref(), Some(target)).or_else(|| fault_of_platform(own, &platform));
        if let Some(why) = of_index {
            return Some((why, at));
        }
        let files = format!("{at}.files");
        Some((fault_of_layers(target, &media_types(config, &files)?)?, files))
    };
    named.members().into_iter().flat_map(|all| all.keys()).filter_map(fault).collect()
}

/// The media types of a list of files; `None` if not all are known.
fn media_types<'a>(config: View<'a>, list: &str) -> Option<Vec<&'a str>> {
    if config.at(list).is_null() {
        return Some(Vec::new());
    }
    let count = config.at(list).known().and_then(Value::elements)?.len();
    (0..count).map(|index| config.text(&format!("{list}[{index}].media_type"))).collect()
}
