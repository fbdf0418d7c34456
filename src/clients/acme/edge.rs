//! The HTTP edge of the ACME client: TLS trust, timeouts, patience with a shaky network, and what stands in headers.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT};
use ::http::{HeaderMap, HeaderValue, Method, Request};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::clients::http::{self, HttpError, Network};
use crate::clock::Clock;
use crate::domain::proxy::NoProxy;

use super::error::AcmeError;
use super::patience::{Patience, Tries};
use super::problem::{Problem, Refusal};

/// Longest time for one request and its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time to reach the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer read; chains and directories are far smaller.
const MAX_BODY: usize = 4 * 1024 * 1024;

const AGENT: &str = concat!("terraform-provider-berth/", env!("CARGO_PKG_VERSION"));

/// The CA roots to trust beside the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trust {
    /// A PEM file's text, with the name of the attribute it came from (`ca_file`, `ca_pem`).
    pub roots: BTreeSet<(&'static str, String)>,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    fn header(&self, name: ::http::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The nonce for the next request (RFC 8555 §6.5).
    pub fn nonce(&self) -> Option<String> {
        self.headers.get("replay-nonce")?.to_str().ok().map(str::to_owned)
    }

    /// The URL of what was made.
    pub fn location(&self) -> Option<String> {
        self.header(LOCATION).map(str::to_owned)
    }

    /// The targets of all Link headers of this relation (RFC 8288).
    pub fn links(&self, relation: &str) -> Vec<String> {
        http::links(&self.headers, relation)
    }

    /// The pause that the server asks for (Retry-After, seconds or date).
    pub fn asked_pause(&self, now: Timestamp) -> Option<Duration> {
        http::retry_after(&self.headers, now)
    }

    fn is_of(&self, kind: &str) -> bool {
        self.header(CONTENT_TYPE).is_some_and(|given| given.contains(kind))
    }

    /// The answer if it is a success, else the refusal.
    ///
    /// # Errors
    /// It is a refusal; or a page of something in between, or a document that broke off.
    pub fn success(self, url: &str, now: Timestamp) -> Result<Self, AcmeError> {
        match self.passing_trouble() {
            _ if self.status >= 300 => Err(AcmeError::from(self.refusal(url, now))),
            Some(why) => Err(AcmeError::Strange { url: url.to_owned(), why }),
            None => Ok(self),
        }
    }

    /// What the server says no with.
    pub fn refusal(&self, url: &str, now: Timestamp) -> Refusal {
        let problem = Problem::parse(&self.body).unwrap_or_else(|| Problem {
            detail: String::from_utf8_lossy(&self.body).chars().take(2000).collect(),
            ..Problem::default()
        });
        let pause = self.asked_pause(now).and_then(|pause| SignedDuration::try_from(pause).ok());
        let retry_at = pause.and_then(|pause| now.checked_add(pause).ok());
        Refusal { url: url.to_owned(), status: self.status, problem, retry_at }
    }

    /// Whether asking again soon may go better: trouble of the server's, a limit that says when it ends, a page of
    /// something in between, or a document that broke off.
    pub fn passing_trouble(&self) -> Option<String> {
        let is_busy = self.status == 429 && self.headers.contains_key(RETRY_AFTER);
        if is_busy || matches!(self.status, 408 | 500 | 502 | 503 | 504) {
            return Some(format!("HTTP {}", self.status));
        }
        if self.is_page() {
            return Some(format!("HTTP {} with a web page", self.status));
        }
        self.breaks_off().then(|| format!("HTTP {} with a document that breaks off", self.status))
    }

    /// Whether there is a web page where a document should be. No document of ACME's is HTML (RFC 8555 §6.1, §7.4.2); an empty
    /// answer may be labelled so by a framework, but has a nonce (§6.5), which nothing in between would give.
    pub fn is_page(&self) -> bool {
        self.status < 300 && self.is_of("html") && !(self.body.is_empty() && self.nonce().is_some())
    }

    /// Whether the end of a JSON document or of a chain (RFC 8555 §9.1) is missing.
    fn breaks_off(&self) -> bool {
        if self.body.is_empty() {
            return false;
        }
        if self.is_of("pem-certificate-chain") {
            return !self.body.trim_ascii_end().ends_with(b"-----END CERTIFICATE-----");
        }
        self.is_of("json") && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_err()
    }
}

/// Sends one request and reads its answer; a refusal is an answer.
pub(super) trait Transport: Send + Sync + 'static {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>>;
}

/// HTTPS with the system's roots and those of the settings.
#[derive(Clone)]
pub(super) struct Https {
    client: reqwest::Client,
    network: Network,
    /// The roots of the settings that cannot be used, for whom the trust fails.
    unused: Vec<String>,
}

impl Https {
    pub fn new(trust: &Trust, network: &Network) -> Result<Self, AcmeError> {
        let (mut roots, mut unused) = (Vec::new(), Vec::new());
        for (attribute, text) in &trust.roots {
            let unfit = |why: String| AcmeError::TrustRoots { attribute, why };
            let read = http::roots(text).map_err(unfit)?;
            roots.extend(read.certificates);
            unused.extend(read.unused.into_iter().map(|why| format!("`{attribute}`: {why}")));
        }
        let builder = network.builder().connect_timeout(CONNECT_TIMEOUT).timeout(REQUEST_TIMEOUT);
        let client = builder.tls_certs_merge(roots).build();
        let client = client.map_err(|error| AcmeError::TrustRoots { attribute: "ca_file", why: deepest(&error) })?;
        Ok(Self { client, network: network.clone(), unused })
    }

    /// Tells what has to be mended from a network that fails for a while.
    async fn failure(&self, url: &str, error: &reqwest::Error) -> AcmeError {
        let (is_absent, url) = (error.is_connect(), url.to_owned());
        match self.network.fault(error).await {
            HttpError::Certificate { fault, .. } => {
                let parts = std::iter::once(&fault).chain(&self.unused).map(String::as_str).collect::<Vec<_>>();
                AcmeError::Untrusted { url, why: parts.join("; not used of ") }
            }
            HttpError::Unreachable { fault } => AcmeError::Unreachable { url, why: fault, is_absent },
            error => AcmeError::NoWay { url, error },
        }
    }
}

impl Transport for Https {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>> {
        let url = request.uri().to_string();
        let this = self.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::from))
                .map_err(|error| AcmeError::Unreachable { url: url.clone(), why: deepest(&error), is_absent: true })?;
            let unfit = |unfit: NoProxy| AcmeError::NoWay { url: url.clone(), error: unfit.into() };
            this.network.proxy(request.url()).map_err(unfit)?;
            let mut response = match this.client.execute(request).await {
                Ok(response) => response,
                Err(error) => return Err(this.failure(&url, &error).await),
            };
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = Vec::new();
            loop {
                let part = match response.chunk().await {
                    Ok(Some(part)) => part,
                    Ok(None) => break,
                    Err(error) => return Err(this.failure(&url, &error).await),
                };
                if body.len() + part.len() > MAX_BODY {
                    let why = format!("the answer is longer than {MAX_BODY} bytes");
                    return Err(AcmeError::Strange { url, why });
                }
                body.extend_from_slice(&part);
            }
            Ok(Reply { status, headers, body: Bytes::from(body) })
        })
    }
}

/// The innermost cause: what the operating system or the parser said.
fn deepest(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Nonces that the server gave and nobody has used (RFC 8555 §6.5): each saves asking for one.
#[derive(Default)]
pub(super) struct Nonces(Mutex<Vec<String>>);

impl Nonces {
    /// More than a run keeps busy; old ones are no longer taken anyway.
    const MOST: usize = 32;

    /// The newest.
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub fn put(&self, nonce: Option<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < Self::MOST {
            all.extend(nonce);
        }
    }
}

/// A transport with patience.
#[derive(Clone)]
pub(super) struct Edge {
    transport: Arc<dyn Transport>,
    pub clock: Clock,
    pub nonces: Arc<Nonces>,
}

impl Edge {
    pub fn new(transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self { transport, clock, nonces: Arc::default() }
    }

    /// Asks, and asks again while the trouble looks passing: for requests that are not signed.
    pub async fn ask(&self, request: Request<Bytes>) -> Result<Reply, AcmeError> {
        let mut tries = Tries::new(Patience::READING);
        loop {
            let outcome = self.once(request.clone()).await;
            if !tries.again(&outcome, self.clock.now()).await {
                return outcome;
            }
        }
    }

    /// Asks once.
    pub async fn once(&self, mut request: Request<Bytes>) -> Result<Reply, AcmeError> {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let (method, url) = (request.method().clone(), request.uri().clone());
        let started = tokio::time::Instant::now();
        let outcome = self.transport.send(request).await;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = outcome.as_ref().map_or(0, |reply| reply.status);
        tracing::debug!(%method, %url, status, elapsed_ms, "acme");
        outcome
    }

    /// A plain GET whose answer is JSON (directory, renewal information).
    pub async fn get(&self, url: &str) -> Result<Reply, AcmeError> {
        let request =
            Request::builder().method(Method::GET).uri(url).body(Bytes::new()).map_err(|error| {
                AcmeError::Unreachable { url: url.to_owned(), why: error.to_string(), is_absent: true }
            })?;
        self.ask(request).await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::scripted::{Scripted, problem, reply, with_header};
    use super::*;

    fn edge(transport: &Arc<Scripted>) -> Edge {
        let transport: Arc<dyn Transport> = transport.clone();
        Edge::new(transport, Clock::fixed("2026-11-21T06:00:00Z".parse().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn asks_again_while_the_trouble_is_passing() {
        let script = Scripted::new([
            reply(502, "text/html", "<html>Bad Gateway</html>"),
            reply(200, "application/json", r#"{"newNonce": "ht"#),
            reply(200, "text/html; charset=utf-8", "<html>Please wait</html>"),
            reply(200, "application/pem-certificate-chain", "-----BEGIN CERTIFICATE-----\nMIIB"),
            with_header(problem(429, "rateLimited", "too many requests"), "retry-after", "1"),
            reply(200, "application/json", r#"{"whole": true}"#),
        ]);
        let answer = edge(&script).get("https://ca.example/dir").await.unwrap();
        assert_eq!(answer.body.as_ref(), br#"{"whole": true}"#);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_server_asks() {
        let mut busy = reply(503, "text/plain", "busy");
        busy.headers.insert(RETRY_AFTER, HeaderValue::from_static("20"));
        let script = Scripted::new([busy, reply(200, "application/json", "{}")]);
        let started = tokio::time::Instant::now();
        edge(&script).get("https://ca.example/dir").await.unwrap();
        assert_eq!(started.elapsed(), Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_of_retry_after_is_told_and_not_waited_for() {
        let mut busy = reply(503, "text/plain", "come back later");
        busy.headers.insert(RETRY_AFTER, HeaderValue::from_static("3600"));
        let script = Scripted::new([busy]);
        let answer = edge(&script).get("https://ca.example/dir").await.unwrap();
        let refusal = answer.refusal("https://ca.example/dir", "2026-11-21T06:00:00Z".parse().unwrap());
        assert_eq!(refusal.retry_at.unwrap().to_string(), "2026-11-21T07:00:00Z");
        assert_eq!(refusal.problem.detail, "come back later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_shows_pages_or_cannot_be_reached_is_given_up_soon() {
        let page = || reply(200, "text/html", "<html>Welcome</html>");
        let started = tokio::time::Instant::now();
        let script = Scripted::new([page(), page(), page(), page()]);
        edge(&script).get("https://ca.example/").await.unwrap();
        assert_eq!(script.asked().len(), 3);
        let Err(error) = Edge::new(Arc::new(Absent), Clock::system()).get("https://nowhere.example/dir").await else {
            panic!("it answers")
        };
        assert!(error.to_string().contains("refused"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }

    /// A server that refuses connections.
    struct Absent;

    impl Transport for Absent {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>> {
            let (url, why) = (request.uri().to_string(), "connection refused".to_owned());
            Box::pin(async move { Err(AcmeError::Unreachable { url, why, is_absent: true }) })
        }
    }

    #[tokio::test]
    async fn an_empty_answer_is_no_web_page_whatever_its_label_says() {
        let script = Scripted::new([reply(200, "text/html; charset=utf-8", "")]);
        let answer = edge(&script).get("https://ca.example/nonce").await.unwrap();
        assert_eq!((answer.status, answer.nonce().as_deref()), (200, Some("nonce")));
    }
}
