//! Blobs: mounted from another repository, or sent; a broken upload goes on where the registry says.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RANGE};
use reqwest::{Body, Method, Response, StatusCode};
use tokio::sync::Mutex as Turn;
use url::Url;

use super::super::http::HttpError;
use super::authorize::Shown;
use super::copying::Content;
use super::patience::{Progress, Unfinished, again, pace, unfinished};
use super::sending::{Fault, Sending, Tally, locked};
use super::{Oci, OciError, checked, scope};
use crate::domain::oci::Descriptor;
use crate::retry::{Attempt, Budget, retry};

/// How long a connection may take no byte before it counts as broken.
const STANDSTILL: Duration = Duration::from_mins(1);

/// How long a registry may take to store what it has: on S3 it may copy all of it.
const STORING: Duration = Duration::from_mins(15);

/// How often an upload is begun anew because the registry knows nothing of it any more.
const ANEW: u32 = 5;

/// From this size on, in bytes, to ask whether a blob is there is less than to send it for nothing.
const WORTH_A_LOOK: u64 = 1 << 20;

/// What is to come into a repository.
pub(super) struct Wish<'a> {
    pub repository: &'a str,
    pub blob: &'a Descriptor,
    /// Another repository of the same registry that has it.
    pub from: Option<&'a str>,
}

/// An upload over all its attempts.
struct Upload {
    /// Where it goes on.
    session: Option<Url>,
    tally: Arc<Mutex<Tally>>,
    progress: Progress,
    begun: u32,
}

/// What the registry says to the wish.
enum Start {
    Exists,
    At(Url),
}

impl Oci {
    /// Brings a blob into a repository. Answers how many bytes were sent for it; none if it was there.
    pub(super) async fn upload(&self, budget: &Budget, wish: &Wish<'_>, content: &Content) -> Result<u64, Unfinished> {
        let upload = Turn::new(Upload::new(wish.blob));
        let attempts = retry(budget, pace(), || async {
            let mut upload = upload.lock().await;
            match self.attempt(wish, content, &mut upload).await {
                Err(error) if upload.progress.may_survive(&error) => again(error),
                done => Attempt::Done(done),
            }
        });
        attempts.await.map_err(unfinished)
    }

    async fn attempt(&self, wish: &Wish<'_>, content: &Content, upload: &mut Upload) -> Result<u64, OciError> {
        let (url, offset) = match self.resumed(wish, upload).await? {
            Some(place) => place,
            None => match self.begin(wish).await? {
                Start::Exists => return Ok(0),
                Start::At(url) => (url, 0),
            },
        };
        upload.begun += u32::from(offset == 0);
        upload.session = Some(url.clone());
        let start = locked(&upload.tally).start(offset);
        let pieces = content.open(wish.blob, start).await?;
        let body = Sending::new(pieces, &upload.tally, offset);
        let answer = self.finish(wish, url, body, wish.blob.size - offset, &upload.tally).await;
        let (reached, _) = locked(&upload.tally).standing();
        upload.progress.reach(reached);
        let fault = locked(&upload.tally).take_fault();
        let answer = match (fault, answer) {
            (Some(Fault::Digest(found)), _) => {
                return Err(OciError::Digest { wanted: wish.blob.digest.clone(), found });
            }
            (Some(Fault::Unreadable(fault)), _) if content.is_remote() => {
                return Err(OciError::Http(HttpError::Unreachable { fault }));
            }
            (Some(Fault::Unreadable(fault)), _) => return Err(OciError::Source { fault }),
            (None, answer) => answer?,
        };
        self.stored(wish, answer, upload).await.map(|()| reached)
    }

    /// What the registry says to the last byte.
    async fn stored(
        &self,
        wish: &Wish<'_>,
        (answer, shown): (Response, Shown),
        upload: &mut Upload,
    ) -> Result<(), OciError> {
        let status = answer.status();
        if status == StatusCode::UNAUTHORIZED && self.relearn(&answer, &own_scope(wish), &shown) {
            return Err(broken("its token has run out on the way"));
        }
        // It has lost the upload, or counts other bytes than we do.
        let is_lost = matches!(status, StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE);
        let size = usize::try_from(wish.blob.size).unwrap_or(usize::MAX);
        let answer = checked(answer, size).await.map_err(|error| {
            if !is_lost || upload.begun >= ANEW {
                return error;
            }
            upload.session = None;
            broken(&format!("it has lost the upload: {error}"))
        })?;
        fits(answer.headers(), &wish.blob.digest)
    }

    /// Asks for the offset of a broken upload; `None` if it has to be begun anew.
    async fn resumed(&self, wish: &Wish<'_>, upload: &mut Upload) -> Result<Option<(Url, u64)>, OciError> {
        let Some(url) = upload.session.clone() else { return Ok(None) };
        let answer = self.authorized(Method::GET, url.clone(), &own_scope(wish), |request| request).await?;
        if answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(checked(answer, 0).await.err().unwrap_or_else(|| broken("it does not tell the offset")));
        }
        upload.session = None;
        let offset = offset_of(answer.headers()).filter(|offset| *offset < wish.blob.size);
        let Some(offset) = offset.filter(|_| answer.status().is_success()) else { return Ok(None) };
        tracing::debug!(digest = wish.blob.digest, offset, "going on with an upload");
        Ok(Some((location(&answer, &url).unwrap_or(url), offset)))
    }

    /// Asks for the blob to be mounted: also from the repository itself, which tells in one request whether it is there,
    /// unless it is one that mounts nothing.
    async fn begin(&self, wish: &Wish<'_>) -> Result<Start, OciError> {
        let digest = &wish.blob.digest;
        let mount = [("mount", digest.as_str()), ("from", wish.from.unwrap_or(wish.repository))];
        match self.post(wish, &mount, &mount_scopes(wish)).await {
            Ok(Start::Exists) => {
                self.mounts.store(true, Ordering::Relaxed);
                return Ok(Start::Exists);
            }
            Ok(Start::At(url)) if wish.blob.size >= WORTH_A_LOOK && !self.mounts.load(Ordering::Relaxed) => {
                return self.begun(wish, url).await;
            }
            // Some say so of what is not there to be mounted, where the specification has them begin an upload.
            Err(
                OciError::Refused { status: 400..=499, .. } | OciError::Unsupported { .. } | OciError::NotFound { .. },
            ) => {}
            // Who may not read the other repository may still write this one.
            Err(OciError::Denied { .. } | OciError::Unauthorized { .. }) if wish.from.is_some() => {}
            done => return done,
        }
        if self.is_there(wish).await? {
            return Ok(Start::Exists);
        }
        self.post(wish, &[], &own_scope(wish)).await
    }

    /// An upload that was begun instead of a mount says nothing of what is there. One of a blob that is there is given up.
    async fn begun(&self, wish: &Wish<'_>, url: Url) -> Result<Start, OciError> {
        if !self.is_there(wish).await? {
            return Ok(Start::At(url));
        }
        let given_up = self.authorized(Method::DELETE, url, &own_scope(wish), |request| request).await;
        tracing::debug!(digest = wish.blob.digest, given_up = given_up.is_ok(), "it is there");
        Ok(Start::Exists)
    }

    async fn is_there(&self, wish: &Wish<'_>) -> Result<bool, OciError> {
        let url = self.blob_url(wish.repository, &wish.blob.digest);
        let seen = self.authorized(Method::HEAD, url, &own_scope(wish), |request| request).await?;
        Ok(seen.status().is_success())
    }

    async fn post(&self, wish: &Wish<'_>, query: &[(&str, &str)], scopes: &[String]) -> Result<Start, OciError> {
        let mut url = self.url(&format!("v2/{}/blobs/uploads/", wish.repository));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let sent = self.authorized(Method::POST, url.clone(), scopes, |request| request.header(CONTENT_LENGTH, 0));
        let answer = checked(sent.await?, 0).await?;
        if answer.status() == StatusCode::CREATED {
            return fits(answer.headers(), &wish.blob.digest).map(|()| Start::Exists);
        }
        location(&answer, &url).map(Start::At)
    }

    /// Sends what is left and ends the upload, in one request.
    async fn finish(
        &self,
        wish: &Wish<'_>,
        mut url: Url,
        body: Sending,
        left: u64,
        tally: &Mutex<Tally>,
    ) -> Result<(Response, Shown), OciError> {
        url.query_pairs_mut().append_pair("digest", &wish.blob.digest);
        let request = self.http.put(url.clone()).header(CONTENT_TYPE, "application/octet-stream");
        let request = request.header(CONTENT_LENGTH, left).body(Body::wrap(body));
        let scopes = own_scope(wish);
        tokio::select! {
            answer = self.authorized_once(request, &url, &scopes) => answer,
            () = standstill(tally) => Err(broken("nothing was taken or stored for too long")),
        }
    }
}

impl Upload {
    fn new(blob: &Descriptor) -> Self {
        let tally = Arc::new(Mutex::new(Tally::new(&blob.digest, blob.size)));
        Self { session: None, tally, progress: Progress::new(), begun: 0 }
    }
}

/// Ends when a connection takes no more bytes, or the registry does not store them.
async fn standstill(tally: &Mutex<Tally>) {
    loop {
        let (before, is_sent) = locked(tally).standing();
        tokio::time::sleep(if is_sent { STORING } else { STANDSTILL }).await;
        if locked(tally).standing() == (before, is_sent) {
            return;
        }
    }
}

fn broken(fault: &str) -> OciError {
    OciError::Http(HttpError::Unreachable { fault: fault.to_owned() })
}

/// What allows to send it.
fn own_scope(wish: &Wish<'_>) -> [String; 1] {
    [scope(wish.repository, "pull,push")]
}

/// What allows to mount it: to write here, and to read there. A token server may refuse both for the sake of one.
fn mount_scopes(wish: &Wish<'_>) -> Vec<String> {
    own_scope(wish).into_iter().chain(wish.from.map(|from| scope(from, "pull"))).collect()
}

/// Where an upload goes on.
pub(super) fn location(answer: &Response, asked: &Url) -> Result<Url, OciError> {
    let text = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refused = |words: String| OciError::Refused { status: answer.status().as_u16(), words };
    if text.is_empty() {
        return Err(refused("the answer does not say where the upload goes on".to_owned()));
    }
    asked.join(text).map_err(|error| refused(format!("the upload's Location is no URL: {error}")))
}

/// How many bytes of an upload the registry has: `0-LAST`. One with a single byte and one with none say the same.
fn offset_of(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(RANGE)?.to_str().ok()?;
    let last: u64 = range.trim_start_matches("bytes=").split_once('-')?.1.trim().parse().ok()?;
    last.checked_add(1).filter(|offset| *offset > 1)
}

/// Where a registry says which digest it has stored, it must be that which was sent.
pub(super) fn fits(headers: &HeaderMap, wanted: &str) -> Result<(), OciError> {
    let told = headers.get("docker-content-digest").and_then(|value| value.to_str().ok());
    match told.filter(|told| told.starts_with("sha256:") && *told != wanted) {
        Some(found) => Err(OciError::Digest { wanted: wanted.to_owned(), found: found.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::local::descriptor;
    use super::super::place::Place;
    use super::super::tests::{client, reply, server};
    use super::*;
    use crate::domain::oci::digest_of;

    #[tokio::test]
    async fn an_upload_that_came_further_may_go_on_however_long_it_took() {
        let (base, _) = server(|line| match line.split(' ').next() {
            Some("GET") => reply("200 OK"),
            Some("POST") => reply("202 Accepted\r\nlocation: /upload"),
            _ => reply("502 Bad Gateway"),
        })
        .await;
        let (content, registry) = (bytes::Bytes::from(vec![7; 100_000]), client(base));
        let blob = descriptor("l", digest_of(&content), 100_000);
        let places = Content::Local(Arc::new(BTreeMap::from([(blob.digest.clone(), Place::Bytes(content))])));
        let wish = Wish { repository: "a", blob: &blob, from: None };
        let mut upload = Upload::new(&blob);
        tokio::time::pause();
        tokio::time::advance(Duration::from_mins(5)).await;
        tokio::time::resume();
        let error = registry.attempt(&wish, &places, &mut upload).await.unwrap_err();
        assert!(upload.progress.may_survive(&error), "{error}");
    }

    #[tokio::test]
    async fn a_registry_that_refuses_to_mount_what_it_lacks_is_sent_it() {
        let (base, asked) = server(|line| match line.split(' ').next() {
            Some("PUT") => reply("201 Created"),
            Some("POST") if !line.contains("mount=") => reply("202 Accepted\r\nlocation: /upload"),
            Some("GET") => reply("200 OK"),
            _ => reply("404 Not Found\r\ndocker-distribution-api-version: registry/2.0"),
        })
        .await;
        let content = bytes::Bytes::from_static(b"x");
        let blob = descriptor("l", digest_of(&content), 1);
        let places = Content::Local(Arc::new(BTreeMap::from([(blob.digest.clone(), Place::Bytes(content))])));
        let budget = Budget::uninterrupted(Duration::from_secs(30));
        let sent = client(base).upload(&budget, &Wish { repository: "a", blob: &blob, from: None }, &places).await;
        assert_eq!(sent.unwrap(), 1, "{asked:?}");
    }

    #[test]
    fn the_offset_is_one_behind_the_last_byte() {
        let offset = |range: &str| offset_of(&HeaderMap::from_iter([(RANGE, range.parse().unwrap())]));
        assert_eq!(offset("0-1023"), Some(1024));
        assert_eq!(offset("bytes=0-9"), Some(10));
        assert_eq!(offset("0-0"), None, "none or one: begun anew");
        assert_eq!(offset("x"), None);
        assert_eq!(offset("0-18446744073709551615"), None);
    }
}
