//! The index by which a repository tells what is attached to a manifest, where its registry does not tell it itself.
//!
//! Source: OCI Distribution Specification 1.1, "Referrers Tag Schema".

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Manifest, OCI_INDEX};

/// How long the two halves of a digest may be in the tag, in characters.
const ALGORITHM: usize = 32;
const ENCODED: usize = 64;

/// The tag of the index of what is attached to the manifest of a digest.
pub fn tag_of(subject: &str) -> String {
    let (algorithm, encoded) = subject.split_once(':').unwrap_or(("", subject));
    let cut = |text: &str, most: usize| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        text.chars().take(most).map(plain).collect()
    };
    format!("{}-{}", cut(algorithm, ALGORITHM), cut(encoded, ENCODED))
}

/// What the index says of one that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer(Value);

impl Referrer {
    /// The entry of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let document: Value = serde_json::from_slice(&manifest.content).unwrap_or_default();
        // "If the artifactType is empty or missing in the image manifest, the value of artifactType MUST be set to the config descriptor
        // mediaType value."
        let own = document.get("artifactType").filter(|own| own.as_str().is_some_and(|own| !own.is_empty()));
        let kind = own.or_else(|| document.pointer("/config/mediaType"));
        let mut entry = json!({
            "mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.content.len(),
        });
        for (name, value) in [("artifactType", kind), ("annotations", document.get("annotations"))] {
            if let (Some(value), Some(members)) = (value, entry.as_object_mut()) {
                members.insert(name.to_owned(), value.clone());
            }
        }
        Self(entry)
    }

    fn digest(&self) -> &str {
        digest_in(&self.0)
    }
}

/// What is left of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The index as it was: it does not name that digest.
    Same,
    /// Nothing.
    Nothing,
    /// The rest.
    Rest(Manifest),
}

#[derive(Deserialize)]
struct Listed {
    manifests: Vec<Value>,
}

/// The digests that an index or a list of referrers names; `None` if it is no such thing.
pub fn digests(index: &[u8]) -> Option<Vec<String>> {
    let read: Listed = serde_json::from_slice(index).ok()?;
    Some(read.manifests.iter().map(|entry| digest_in(entry).to_owned()).collect())
}

/// The index with one more entry, or a new one; `None` if it is named already.
///
/// # Errors
/// What stands there is no index, as a clause.
pub fn with(index: Option<&Manifest>, referrer: &Referrer) -> Result<Option<Manifest>, String> {
    let mut document = match index {
        Some(index) => document(index)?,
        None => nothing(),
    };
    let entries = entries(&mut document)?;
    if entries.iter().any(|entry| digest_in(entry) == referrer.digest()) {
        return Ok(None);
    }
    entries.push(referrer.0.clone());
    Ok(Some(written(&document)))
}

/// The index without the entry of a digest.
///
/// # Errors
/// What stands there is no index, as a clause.
pub fn without(index: &Manifest, digest: &str) -> Result<Left, String> {
    let mut document = document(index)?;
    let entries = entries(&mut document)?;
    let before = entries.len();
    entries.retain(|entry| digest_in(entry) != digest);
    Ok(match entries.len() {
        after if after == before => Left::Same,
        0 => Left::Nothing,
        _ => Left::Rest(written(&document)),
    })
}

/// An index that names nothing: for registries that take off no tags.
pub fn empty() -> Manifest {
    written(&nothing())
}

fn nothing() -> Value {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] })
}

fn document(index: &Manifest) -> Result<Value, String> {
    serde_json::from_slice(&index.content).map_err(|error| format!("it cannot be read: {error}"))
}

fn entries(document: &mut Value) -> Result<&mut Vec<Value>, String> {
    let found = document.get_mut("manifests").and_then(Value::as_array_mut);
    found.ok_or_else(|| "it is no index".to_owned())
}

fn digest_in(entry: &Value) -> &str {
    entry.get("digest").and_then(Value::as_str).unwrap_or_default()
}

/// The members in the order of the specification, what else there is behind them.
fn written(document: &Value) -> Manifest {
    let sorted: BTreeMap<usize, String> = document
        .as_object()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(at, (name, value))| {
            let place =
                ["schemaVersion", "mediaType", "artifactType", "manifests"].iter().position(|first| first == name);
            (place.unwrap_or(at + 4), format!("{}:{value}", Value::from(name.as_str())))
        })
        .collect();
    let members: Vec<String> = sorted.into_values().collect();
    Manifest::new(OCI_INDEX, Bytes::from(format!("{{{}}}", members.join(","))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(artifact_type: Option<&str>) -> Manifest {
        let document = json!({ "schemaVersion": 2, "artifactType": artifact_type, "config": { "mediaType": "a/config" }, "annotations": { "x": "y" } });
        Manifest::new("application/vnd.oci.image.manifest.v1+json", Bytes::from(document.to_string()))
    }

    #[test]
    fn the_tag_is_the_digest_with_a_dash() {
        assert_eq!(tag_of(&format!("sha256:{}", "a".repeat(64))), format!("sha256-{}", "a".repeat(64)));
        assert_eq!(tag_of(&format!("sha512:{}", "b".repeat(128))), format!("sha512-{}", "b".repeat(64)));
        assert_eq!(tag_of("multihash+base58:x"), "multihash-base58-x");
    }

    #[test]
    fn what_is_attached_comes_and_goes_and_the_rest_stays() {
        let (one, two) = (manifest(Some("a/one")), manifest(None));
        let first = with(None, &Referrer::of(&one)).unwrap().unwrap();
        assert!(first.content.starts_with(b"{\"schemaVersion\":2,\"mediaType\""), "{first:?}");
        assert_eq!(with(Some(&first), &Referrer::of(&one)), Ok(None));
        let both = with(Some(&first), &Referrer::of(&two)).unwrap().unwrap();
        assert_eq!(digests(&both.content).unwrap(), [one.digest.clone(), two.digest.clone()]);
        let text = String::from_utf8_lossy(&both.content).into_owned();
        assert!(text.contains(r#""artifactType":"a/one""#) && text.contains(r#""artifactType":"a/config""#), "{text}");
        assert!(text.contains(r#""x":"y""#), "{text}");
        assert_eq!(without(&both, &two.digest), Ok(Left::Rest(first.clone())));
        assert_eq!(without(&first, &two.digest), Ok(Left::Same));
        assert_eq!(without(&first, &one.digest), Ok(Left::Nothing));
        assert_eq!(digests(&empty().content), Some(Vec::new()));
    }

    #[test]
    fn what_others_wrote_into_the_index_is_kept() {
        let foreign = json!({ "schemaVersion": 2, "manifests": [{ "digest": "sha256:1", "x": 1 }], "annotations": { "by": "them" } });
        let foreign = Manifest::new(OCI_INDEX, Bytes::from(foreign.to_string()));
        let one = manifest(Some("a/one"));
        let both = with(Some(&foreign), &Referrer::of(&one)).unwrap().unwrap();
        let Left::Rest(left) = without(&both, &one.digest).unwrap() else { panic!("theirs is left") };
        let read = |manifest: &Manifest| serde_json::from_slice::<Value>(&manifest.content).unwrap();
        assert_eq!(read(&left), read(&foreign));
    }

    #[test]
    fn what_is_no_index_is_told() {
        let none = manifest(None);
        assert!(with(Some(&none), &Referrer::of(&none)).unwrap_err().contains("no index"));
        assert!(without(&Manifest::new("", Bytes::from("<html>")), "x").unwrap_err().contains("cannot be read"));
        assert_eq!(digests(b"[]"), None);
    }
}
