//! Manifests: asked for, sent and deleted.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};

use crate::domain::oci::{Descriptor, Manifest, digest_of, is_digest};

use super::{Oci, OciError, checked, limited, scope};

/// Media types of manifests that we can read.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                                    application/vnd.docker.distribution.manifest.v2+json, \
                                    application/vnd.docker.distribution.manifest.list.v2+json";

/// What a registry says of a manifest without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its digest.
    pub digest: String,
    /// What it is.
    pub media_type: String,
}

impl Oci {
    /// What a tag or digest stands for; `None` if there is no such thing.
    pub async fn head(&self, repository: &str, reference: &str, actions: &str) -> Result<Option<Head>, OciError> {
        let answer = self.manifest(Method::HEAD, repository, reference, actions).await?;
        let answer = match checked(answer, 0).await {
            Err(OciError::NotFound { .. }) => return Ok(None),
            // An answer to a HEAD has no words: why it was refused is told to who asks in full.
            Err(OciError::Denied { .. } | OciError::Unauthorized { .. }) => {
                return self.head_in_full(repository, reference, actions).await;
            }
            answer => answer?,
        };
        if let Some(head) = head_of(answer.headers()) {
            return Ok(Some(head));
        }
        // The digest is only recommended for a HEAD (OCI Distribution Specification, "Checking if content exists").
        self.head_in_full(repository, reference, actions).await
    }

    async fn head_in_full(&self, repository: &str, reference: &str, actions: &str) -> Result<Option<Head>, OciError> {
        match self.get(repository, reference, actions).await {
            Ok(manifest) => Ok(Some(Head { digest: manifest.digest, media_type: manifest.media_type })),
            Err(OciError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
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
        self.sent_manifest(repository, reference, media_type, content).await.map(|_| ())
    }

    /// The same. Answers the headers of the registry's answer.
    pub(super) async fn sent_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: &Bytes,
    ) -> Result<HeaderMap, OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let scopes = [scope(repository, "pull,push")];
        let sent = self.authorized(Method::PUT, url, &scopes, |request| {
            request.header(CONTENT_TYPE, media_type).body(content.clone())
        });
        let answer = checked(sent.await?, content.len()).await?;
        super::upload::fits(answer.headers(), &digest_of(content))?;
        Ok(answer.headers().clone())
    }

    /// Deletes a manifest by digest, or only a tag; success if it is gone already.
    pub async fn delete_manifest(&self, repository: &str, reference: &str) -> Result<(), OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let delete = |actions: &str| {
            let scopes = [scope(repository, actions)];
            let url = url.clone();
            async move { self.authorized(Method::DELETE, url, &scopes, |request| request).await }
        };
        let answer = match delete("delete").await {
            // The token server of Quay cannot read that, and has who may push delete as well.
            Err(OciError::Refused { status: 400, .. }) => delete("pull,push").await?,
            answer => answer?,
        };
        match checked(answer, 0).await {
            Ok(_) | Err(OciError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn head_of(headers: &HeaderMap) -> Option<Head> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let digest = text("docker-content-digest").filter(|digest| is_digest(digest))?;
    Some(Head { digest: digest.to_owned(), media_type: media_type_of(headers) })
}

/// Without parameters, such as a character set.
fn media_type_of(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_owned()
}
