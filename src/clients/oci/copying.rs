//! Brings a whole image into a repository: the blobs that are missing, then the manifests, the tag last.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::header::RANGE;
use reqwest::{Method, StatusCode};
use url::Url;

use super::super::http::HttpError;
use super::gather::Image;
use super::manifests::Head;
use super::patience::{Unfinished, patiently};
use super::pieces::{Pieces, of_answer, of_reader};
use super::place::{Place, Places};
use super::upload::Wish;
use super::{ANSWER, AT_ONCE, Oci, OciError, checked, limited, scope};
use crate::domain::oci::{Descriptor, Manifest, digest_of};
use crate::retry::Budget;

/// Where blobs come from.
#[derive(Clone)]
pub enum Content {
    /// From files of this machine, by digest.
    Local(Arc<Places>),
    /// From a repository.
    Remote {
        /// Its registry.
        registry: Arc<Oci>,
        /// Its name.
        repository: String,
    },
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The tag stood for the image already.
    WasThere,
    /// So many bytes of blobs were sent.
    Sent(u64),
    /// The tag stands for something else, with this digest, and was not to be moved.
    Occupied(String),
}

/// Whether a tag that stands for something else may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

impl Content {
    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote { .. })
    }

    /// A blob from `start` on.
    pub(super) async fn open(&self, blob: &Descriptor, start: u64) -> Result<Pieces, OciError> {
        match self {
            Self::Local(places) => {
                let place = places.get(&blob.digest).cloned();
                let place = place.ok_or_else(|| OciError::Source { fault: format!("{} is missing", blob.digest) })?;
                opened(place, start).await
            }
            Self::Remote { registry, repository } => registry.stream(repository, blob, start).await,
        }
    }
}

async fn opened(place: Place, start: u64) -> Result<Pieces, OciError> {
    let failed = |fault: String| OciError::Source { fault };
    let reader = tokio::task::spawn_blocking(move || place.open(start)).await;
    reader.map_err(|error| failed(error.to_string()))?.map(of_reader).map_err(|error| failed(error.to_string()))
}

impl Oci {
    /// Brings an image into a repository and puts the tag on it. What is there is not sent again.
    pub async fn push_image(
        &self,
        budget: &Budget,
        (repository, tag): (&str, &str),
        (image, content): (&Image, &Content),
        moving: Moving,
    ) -> Result<Pushed, Unfinished> {
        let top = &image.top;
        if let Some(settled) = self.settled(budget, (repository, tag), top, moving).await? {
            return Ok(settled);
        }
        let mut bytes = 0;
        if self.seen(budget, repository, &top.digest).await?.is_none() {
            bytes = self.push_blobs(budget, repository, image, content).await?;
            for manifest in &image.children {
                self.put(budget, repository, &manifest.digest, manifest).await?;
            }
        }
        // Somebody else may have pushed meanwhile.
        if moving == Moving::Refused
            && let Some(settled) = self.settled(budget, (repository, tag), top, moving).await?
        {
            return Ok(settled);
        }
        self.put(budget, repository, tag, top).await?;
        Ok(Pushed::Sent(bytes))
    }

    /// What the tag stands for already, where it is not to be put on the image.
    async fn settled(
        &self,
        budget: &Budget,
        (repository, tag): (&str, &str),
        top: &Manifest,
        moving: Moving,
    ) -> Result<Option<Pushed>, Unfinished> {
        Ok(match self.seen(budget, repository, tag).await? {
            Some(found) if found.digest == top.digest => Some(Pushed::WasThere),
            Some(found) if moving == Moving::Refused => Some(Pushed::Occupied(found.digest)),
            _ => None,
        })
    }

    async fn seen(&self, budget: &Budget, repository: &str, reference: &str) -> Result<Option<Head>, Unfinished> {
        patiently(budget, || self.head(repository, reference, "pull,push")).await
    }

    /// Puts a tag on a manifest that the repository has; `false` if it has not.
    pub async fn retag(&self, budget: &Budget, repository: &str, digest: &str, tag: &str) -> Result<bool, Unfinished> {
        match patiently(budget, || self.get(repository, digest, "pull,push")).await {
            Ok(manifest) => self.put(budget, repository, tag, &manifest).await.map(|()| true),
            Err(Unfinished::Failed(OciError::NotFound { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn put(&self, budget: &Budget, repository: &str, name: &str, it: &Manifest) -> Result<(), Unfinished> {
        patiently(budget, || self.put_manifest(repository, name, &it.media_type, &it.content)).await
    }

    async fn push_blobs(
        &self,
        budget: &Budget,
        repository: &str,
        image: &Image,
        content: &Content,
    ) -> Result<u64, Unfinished> {
        let from = match content {
            Content::Remote { registry, repository } if registry.base == self.base => Some(repository.as_str()),
            _ => None,
        };
        let mut uploads = Vec::new();
        for blob in &image.blobs {
            uploads.push(self.in_turn(budget, Wish { repository, blob, from }, content));
        }
        futures_util::stream::iter(uploads)
            .buffer_unordered(AT_ONCE)
            .try_fold(0_u64, |sum, bytes| std::future::ready(Ok(sum.saturating_add(bytes))))
            .await
    }

    pub(super) async fn in_turn(&self, budget: &Budget, wish: Wish<'_>, content: &Content) -> Result<u64, Unfinished> {
        // Never closed.
        let _slot = budget.run(self.slots.acquire()).await.map_err(|stopped| Unfinished::Stopped(stopped, None))?;
        self.upload(budget, &wish, content).await
    }

    /// A small blob by digest, its content checked.
    pub async fn pull_blob(&self, repository: &str, digest: &str) -> Result<Bytes, OciError> {
        let (url, scopes) = (self.blob_url(repository, digest), [scope(repository, "pull")]);
        let asked = self.authorized(Method::GET, url, &scopes, |request| request);
        let content = limited(checked(asked.await?, 0).await?).await?;
        let found = digest_of(&content);
        if found == digest { Ok(content) } else { Err(OciError::Digest { wanted: digest.to_owned(), found }) }
    }

    pub(super) fn blob_url(&self, repository: &str, digest: &str) -> Url {
        self.url(&format!("v2/{repository}/blobs/{digest}"))
    }

    /// A blob of a repository, from `start` on.
    async fn stream(&self, repository: &str, blob: &Descriptor, start: u64) -> Result<Pieces, OciError> {
        let url = self.blob_url(repository, &blob.digest);
        let scopes = [scope(repository, "pull")];
        let request = || match (self.http.get(url.clone()), start) {
            (request, 0) => request,
            (request, start) => request.header(RANGE, format!("bytes={start}-")),
        };
        // The answer begins soon, and takes as long as it takes.
        let asked = tokio::time::timeout(ANSWER, self.authorized_twice(&url, &scopes, request)).await;
        let answer = checked(asked.map_err(|_| silent())??, 0).await?;
        let skipped = if answer.status() == StatusCode::PARTIAL_CONTENT { 0 } else { start };
        Ok(of_answer(answer, skipped))
    }
}

fn silent() -> OciError {
    OciError::Http(HttpError::Unreachable { fault: "it does not begin to send".to_owned() })
}
