//! The releases that an upgrade passes on its way.

use semver::Version;

use crate::domain::cert_manager::release::parsed;
use crate::sdk::Result;

use super::Declared;
use super::release::{Read, Said, read};
use super::source::{Reader, Unread};

/// Those of `steps` that lie between two versions, the oldest first.
///
/// # Errors
/// One cannot be read, and so may be one of them; with its place.
pub async fn between(
    reader: &Reader<'_>,
    steps: &[String],
    (from, to): (&Version, &Version),
    namespace: &str,
) -> std::result::Result<Vec<Read>, (usize, Unread)> {
    let mut found = Vec::new();
    if from >= to {
        return Ok(found);
    }
    for (index, step) in steps.iter().enumerate() {
        let said = Said { namespace: Some(namespace), ..Said::default() };
        let read = read(reader, step, said).await.map_err(|unread| (index, unread))?;
        if *from < read.release.version && read.release.version < *to {
            found.push(read);
        }
    }
    found.sort_by(|one, other| one.release.version.cmp(&other.release.version));
    Ok(found)
}

/// The attribute of a step.
pub fn attribute(index: usize) -> String {
    format!("steps[{index}]")
}

impl Declared {
    /// What an upgrade of `prior` passes before `last`.
    pub async fn way(&self, reader: &Reader<'_>, prior: Option<&Self>, last: &Read) -> Result<Vec<Read>> {
        let from = prior.and_then(|prior| parsed(prior.version.get()?));
        let (Some(from), Some(steps)) = (from, &self.steps) else { return Ok(Vec::new()) };
        let release = &last.release;
        let way = between(reader, steps, (&from, &release.version), release.namespace()).await;
        way.map_err(|(index, unread)| {
            let path = steps.get(index).map_or("", String::as_str);
            unread.explained(path, reader.what).at(attribute(index))
        })
    }
}
