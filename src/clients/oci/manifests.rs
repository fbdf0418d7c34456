//! Manifests: asked for, sent and deleted.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};

use crate::domain::oci::{Descriptor, Manifest, digest_of};

use super::{Oci, OciError, checked, limited, scope};

/// Media types of manifests that we can read.
pub(super) const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                                    application/vnd.docker.distribution.manifest.v2+json, \
                                    application/vnd.docker.distribution.manifest.list.v2+json";

/// What a registry says of a manifest without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its digest.
    pub digest: String,
    /// What it is.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Oci {
    /// What a tag or digest stands for; `None` if there is no such thing.
    pub async fn head(&self, repository: &str, reference: &str, actions: &str) -> Result<Option<Head>, OciError> {
        let answer = self.manifest(Method::HEAD, repository, reference, actions).await?;
        match checked(answer, 0).await {
            Err(OciError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(answer) => match head_of(answer.headers()) {
                Some(head) => Ok(Some(head)),
                // The digest is only recommended for a HEAD (OCI Distribution Specification, "Checking if content exists").
                None => self.get(repository, reference, actions).await.map(|manifest| {
                    Some(Head {
                        size: u64::try_from(manifest.content.len()).unwrap_or_default(),
                        digest: manifest.digest,
                        media_type: manifest.media_type,
                    })
                }),
            },
        }
    }

    /// A manifest by tag or digest; by digest, its content is checked.
    pub async fn get(&self, repository: &str, reference: &str, actions: &str) -> Result<Manifest, OciError> {
        let answer = checked(self.manifest(Method::GET, repository, reference, actions).await?, 0).await?;
        let media_type = media_type_of(answer.headers());
        let content = limited(answer).await?;
        let found = digest_of(&content);
        if reference.contains(':') && found != reference {
            return Err(OciError::Digest { wanted: reference.to_owned(), found });
        }
        Ok(Manifest::new(&media_type, content))
    }

    /// The same, for what a manifest names: its content is that of the digest, whatever that looks like.
    pub(super) async fn get_named(&self, repository: &str, named: &Descriptor) -> Result<Manifest, OciError> {
        let manifest = self.get(repository, &named.digest, "pull").await?;
        if manifest.digest == named.digest {
            return Ok(manifest);
        }
        Err(OciError::Digest { wanted: named.digest.clone(), found: manifest.digest })
    }

    async fn manifest(
        &self,
        method: Method,
        repository: &str,
        reference: &str,
        actions: &str,
    ) -> Result<Response, OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let scopes = [scope(repository, actions)];
        self.authorized(method, url, &scopes, |request| request.header(ACCEPT, MANIFESTS)).await
    }

    /// Puts a manifest under a tag or its digest.
    pub(super) async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: &Bytes,
    ) -> Result<(), OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let scopes = [scope(repository, "pull,push")];
        let sent = self.authorized(Method::PUT, url, &scopes, |request| {
            request.header(CONTENT_TYPE, media_type).body(content.clone())
        });
        let answer = checked(sent.await?, content.len()).await?;
        super::upload::fits(answer.headers(), &digest_of(content))
    }

    /// Deletes a manifest by digest, or only a tag; success if it is gone already.
    pub async fn delete_manifest(&self, repository: &str, reference: &str) -> Result<(), OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let scopes = [scope(repository, "delete")];
        let answer = self.authorized(Method::DELETE, url, &scopes, |request| request).await?;
        match checked(answer, 0).await {
            Ok(_) | Err(OciError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn head_of(headers: &HeaderMap) -> Option<Head> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let digest = text("docker-content-digest").filter(|digest| digest.contains(':'))?;
    let size = text(CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok()).unwrap_or_default();
    Some(Head { digest: digest.to_owned(), media_type: media_type_of(headers), size })
}

/// Without parameters, such as a character set.
fn media_type_of(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_owned()
}
