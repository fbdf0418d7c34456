//! Pushes the tiny image by which a registry is checked.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::domain::probe_image::{Document, ProbeImage};

use super::{Oci, OciError, checked, scope};

impl Oci {
    /// Pushes a whole image under a tag: blobs, manifests, index. Each blob is sent, whether the
    /// registry has it or not.
    pub async fn push(&self, repository: &str, tag: &str, image: &ProbeImage) -> Result<(), OciError> {
        for blob in image.blobs() {
            self.push_blob(repository, blob).await?;
        }
        for manifest in image.manifests() {
            self.push_document(repository, &manifest.digest, manifest).await?;
        }
        self.push_document(repository, tag, image.index()).await
    }

    pub(super) async fn push_blob(&self, repository: &str, blob: &Document) -> Result<(), OciError> {
        let scopes = [scope(repository, "pull,push")];
        let start = self.url(&format!("v2/{repository}/blobs/uploads/"));
        let started = self.authorized(Method::POST, start.clone(), &scopes, |request| request).await?;
        let started = checked(started, 0).await?;
        let mut upload = super::upload::location(&started, &start)?;
        upload.query_pairs_mut().append_pair("digest", &blob.digest);
        let body = blob.content.clone();
        let size = body.len();
        let sent = self
            .authorized(Method::PUT, upload, &scopes, |request| {
                request.header(CONTENT_TYPE, "application/octet-stream").body(body.clone())
            })
            .await?;
        checked(sent, size).await.map(|_| ())
    }

    async fn push_document(&self, repository: &str, reference: &str, document: &Document) -> Result<(), OciError> {
        self.put_manifest(repository, reference, document.media_type, &document.content).await
    }
}
