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
    /// Brings an image into a repository and puts the tag on it. What is there is not sent again, and what is not is: clean-ups take manifests
    /// and blobs away from under a tag that stays.
    pub async fn push_image(
        &self,
        budget: &Budget,
        (repository, tag): (&str, &str),
        (image, content): (&Image, &Content),
        moving: Moving,
    ) -> Result<Pushed, Unfinished> {
        let top = &image.top;
        let settled = self.settled(budget, (repository, tag), top, moving).await?;
        if let Some(occupied @ Pushed::Occupied(_)) = settled {
            return Ok(occupied);
        }
        let is_known = settled.is_some() || self.has_manifest(budget, repository, &top.digest).await?;
        let bytes = self.complete(budget, repository, (image, content), is_known).await?;
        if settled.is_some() {
            return Ok(if bytes == 0 { Pushed::WasThere } else { Pushed::Sent(bytes) });
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

    /// Brings all that is below the top manifest into a repository. If that manifest `is_known` there, the rest is asked for before it is sent.
    async fn complete(
        &self,
        budget: &Budget,
        repository: &str,
        (image, content): (&Image, &Content),
        is_known: bool,
    ) -> Result<u64, Unfinished> {
        let blobs =
            if is_known { self.missing(budget, repository, &image.blobs).await? } else { image.blobs.iter().collect() };
        let bytes = self.push_blobs(budget, repository, &blobs, content).await?;
        for manifest in &image.children {
            if !is_known || !self.has_manifest(budget, repository, &manifest.digest).await? {
                self.put(budget, repository, &manifest.digest, manifest).await?;
            }
        }
        Ok(bytes)
    }

    /// The blobs that a repository does not have.
    async fn missing<'a>(
        &self,
        budget: &Budget,
        repository: &str,
        blobs: &'a [Descriptor],
    ) -> Result<Vec<&'a Descriptor>, Unfinished> {
        let mut looks = Vec::new();
        for blob in blobs {
            looks.push(async move {
                let is_there = patiently(budget, || self.has_blob(repository, &blob.digest)).await?;
                Ok::<_, Unfinished>(Some(blob).filter(|_| !is_there))
            });
        }
        let found: Vec<_> = futures_util::stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Whether a repository has a blob. One that does not say so is taken to have what its manifest names.
    async fn has_blob(&self, repository: &str, digest: &str) -> Result<bool, OciError> {
        let (url, scopes) = (self.blob_url(repository, digest), [scope(repository, "pull,push")]);
        match checked(self.authorized(Method::HEAD, url, &scopes, |request| request).await?, 0).await {
            Err(OciError::NotFound { .. }) => Ok(false),
            Err(error) if error.is_passing() => Err(error),
            _ => Ok(true),
        }
    }

    /// What the tag stands for already, where it is not to be put on the image.
    async fn settled(
        &self,
        budget: &Budget,
        (repository, tag): (&str, &str),
        top: &Manifest,
        moving: Moving,
    ) -> Result<Option<Pushed>, Unfinished> {
        let seen = match self.seen(budget, repository, tag).await {
            // So some answer of what is not there (Artifactory's virtual repositories). Who may not push is told so by the
            // push.
            Err(Unfinished::Failed(OciError::Denied { .. })) if moving == Moving::Allowed => None,
            seen => seen?,
        };
        Ok(match seen {
            Some(found) if found.digest == top.digest => Some(Pushed::WasThere),
            Some(found) if moving == Moving::Refused => Some(Pushed::Occupied(found.digest)),
            _ => None,
        })
    }

    /// Whether a repository has a manifest, as far as it tells.
    async fn has_manifest(&self, budget: &Budget, repository: &str, digest: &str) -> Result<bool, Unfinished> {
        match self.seen(budget, repository, digest).await {
            Err(Unfinished::Failed(OciError::Denied { .. })) => Ok(false),
            seen => Ok(seen?.is_some()),
        }
    }

    async fn seen(&self, budget: &Budget, repository: &str, reference: &str) -> Result<Option<Head>, Unfinished> {
        patiently(budget, || self.head(repository, reference, "pull,push")).await
    }

    /// Puts a tag on a manifest that the repository has; `false` if it has not all of it.
    pub async fn retag(&self, budget: &Budget, repository: &str, digest: &str, tag: &str) -> Result<bool, Unfinished> {
        let done = match patiently(budget, || self.get(repository, digest, "pull,push")).await {
            Ok(manifest) => self.put(budget, repository, tag, &manifest).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => Ok(true),
            Err(Unfinished::Failed(OciError::NotFound { .. })) => Ok(false),
            Err(Unfinished::Failed(error)) if error.is_incomplete() => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn put(
        &self,
        budget: &Budget,
        repository: &str,
        name: &str,
        it: &Manifest,
    ) -> Result<(), Unfinished> {
        patiently(budget, || self.put_manifest(repository, name, &it.media_type, &it.content)).await
    }

    async fn push_blobs(
        &self,
        budget: &Budget,
        repository: &str,
        blobs: &[&Descriptor],
        content: &Content,
    ) -> Result<u64, Unfinished> {
        let from = match content {
            Content::Remote { registry, repository } if registry.base == self.base => Some(repository.as_str()),
            _ => None,
        };
        let mut uploads = Vec::new();
        for blob in blobs {
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
