//! What a registry has of a chart.

use crate::domain::oci::Contents;
use crate::domain::oci::chart::{CONTENT, Metadata};
use crate::retry::Budget;

use super::{Oci, Unfinished, patiently};

/// What a registry has of a chart, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredChart {
    /// The version of what it installs.
    pub app_version: Option<String>,
    /// The digest of its archive.
    pub archive_digest: Option<String>,
}

impl Oci {
    /// What a chart says of itself; nothing is known of what is none.
    ///
    /// # Errors
    /// The registry does not answer, or refuses it.
    pub async fn chart(&self, budget: &Budget, repository: &str, digest: &str) -> Result<StoredChart, Unfinished> {
        let manifest = patiently(budget, || self.get(repository, digest, "pull")).await?;
        let Ok(Contents::Image { config, layers }) = manifest.contents() else { return Ok(StoredChart::default()) };
        let archive = layers.into_iter().find(|layer| layer.media_type == CONTENT);
        let text = patiently(budget, || self.pull_blob(repository, &config.digest)).await?;
        let metadata: Metadata = serde_json::from_slice(&text).unwrap_or_default();
        Ok(StoredChart { app_version: metadata.app_version, archive_digest: archive.map(|it| it.digest) })
    }
}
