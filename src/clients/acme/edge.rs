//! The HTTP edge of the ACME client: TLS trust, timeouts, patience with a shaky network, and what stands in headers.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, LINK, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use jiff::{SignedDuration, Timestamp};

use crate::clients::http::{HttpError, Network};
use crate::clock::Clock;
use crate::domain::certificate;
use crate::retry::Pace;

use super::error::AcmeError;
use super::problem::{Problem, Refusal};

/// Longest time for one request and its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a request is sent while the trouble looks passing.
const ATTEMPTS: usize = 6;
/// The pauses between those.
const PACE: Pace = Pace { first: Duration::from_millis(250), longest: Duration::from_secs(8), factor: 2.0 };
/// A longer Retry-After is told to the user, not waited for.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_mins(1);
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
    fn header(&self, name: http::header::HeaderName) -> Option<&str> {
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
        links(&self.headers, relation)
    }

    /// The pause that the server asks for (Retry-After, seconds or date).
    pub fn asked_pause(&self, now: Timestamp) -> Option<Duration> {
        retry_after(self.header(RETRY_AFTER)?, now)
    }

    fn is_of(&self, kind: &str) -> bool {
        self.header(CONTENT_TYPE).is_some_and(|given| given.contains(kind))
    }

    /// The answer if it is a success, else the refusal.
    pub fn success(self, url: &str, now: Timestamp) -> Result<Self, AcmeError> {
        if self.status < 300 { Ok(self) } else { Err(AcmeError::from(self.refusal(url, now))) }
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
    fn passing_trouble(&self) -> Option<String> {
        let is_busy = self.status == 429 && self.headers.contains_key(RETRY_AFTER);
        if is_busy || matches!(self.status, 408 | 500 | 502 | 503 | 504) {
            return Some(format!("HTTP {}", self.status));
        }
        // No answer of ACME's is HTML (RFC 8555 §6.1, §7.4.2).
        if self.status < 300 && self.is_of("html") {
            return Some(format!("HTTP {} with a web page", self.status));
        }
        self.breaks_off().then(|| format!("HTTP {} with a document that breaks off", self.status))
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

/// Seconds or an HTTP date (RFC 9110 §10.2.3), as a time from now.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The targets of the Link headers of one relation.
pub(super) fn links(headers: &HeaderMap, relation: &str) -> Vec<String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|link| link_target(link, relation)).collect()
}

fn link_target(link: &str, relation: &str) -> Option<String> {
    let (target, parameters) = link.split_once('>')?;
    let named = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("rel="));
    let is_it = named.map(|name| name.trim_matches('"')).any(|name| name == relation);
    is_it.then(|| target.trim().trim_start_matches('<').to_owned())
}

/// Sends one request and reads its answer; a refusal is an answer.
pub(super) trait Transport: Send + Sync + 'static {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>>;
}

/// HTTPS with the system's roots and those of the settings.
pub(super) struct Https {
    client: reqwest::Client,
    network: Network,
}

impl Https {
    pub fn new(trust: &Trust, network: &Network) -> Result<Self, AcmeError> {
        let mut roots = Vec::new();
        for (attribute, text) in &trust.roots {
            roots.extend(read_roots(attribute, text)?);
        }
        let client = network.builder().tls_certs_merge(roots).timeout(REQUEST_TIMEOUT).build();
        let client = client.map_err(|error| AcmeError::TrustRoots { attribute: "ca_file", why: deepest(&error) })?;
        Ok(Self { client, network: network.clone() })
    }
}

fn read_roots(attribute: &'static str, text: &str) -> Result<Vec<reqwest::Certificate>, AcmeError> {
    certificate::read_all(text).map_err(|error| AcmeError::TrustRoots { attribute, why: error.to_string() })?;
    reqwest::Certificate::from_pem_bundle(text.as_bytes())
        .map_err(|error| AcmeError::TrustRoots { attribute, why: deepest(&error) })
}

impl Transport for Https {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>> {
        let url = request.uri().to_string();
        let (client, network) = (self.client.clone(), self.network.clone());
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::from))
                .map_err(|error| AcmeError::Unreachable { url: url.clone(), why: deepest(&error) })?;
            network.proxy(request.url()).map_err(|unfit| failure(&url, unfit.into()))?;
            let mut response = match client.execute(request).await {
                Ok(response) => response,
                Err(error) => return Err(failure(&url, network.fault(&error).await)),
            };
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = Vec::new();
            loop {
                let part = match response.chunk().await {
                    Ok(Some(part)) => part,
                    Ok(None) => break,
                    Err(error) => return Err(failure(&url, network.fault(&error).await)),
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

/// Tells what has to be mended from a network that fails for a while.
fn failure(url: &str, error: HttpError) -> AcmeError {
    let url = url.to_owned();
    match error {
        HttpError::Certificate { fault, .. } => AcmeError::Untrusted { url, why: fault },
        HttpError::Unreachable { fault } => AcmeError::Unreachable { url, why: fault },
        error => AcmeError::NoWay { url, error },
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

    /// Asks, and asks again while the trouble looks passing. A POST that is sent twice is safe: the server
    /// refuses the nonce that it has seen, and the caller signs anew.
    pub async fn ask(&self, mut request: Request<Bytes>) -> Result<Reply, AcmeError> {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let mut pauses = PACE.pauses();
        for attempt in 1.. {
            let outcome = self.once(&request).await;
            let (trouble, asked) = match &outcome {
                Ok(reply) => (reply.passing_trouble(), reply.asked_pause(self.clock.now())),
                Err(AcmeError::Unreachable { why, .. }) => (Some(why.clone()), None),
                Err(AcmeError::NoWay { error, .. }) if !error.is_permanent() => (Some(error.to_string()), None),
                Err(_) => (None, None),
            };
            let Some(trouble) = trouble else { return outcome };
            if attempt >= ATTEMPTS || asked.is_some_and(|pause| pause > LONGEST_ASKED_PAUSE) {
                return outcome;
            }
            tracing::warn!(url = %request.uri(), attempt, trouble, "asking again");
            tokio::time::sleep(asked.or_else(|| pauses.next()).unwrap_or(PACE.longest)).await;
        }
        unreachable!("the loop above has no end but its returns")
    }

    async fn once(&self, request: &Request<Bytes>) -> Result<Reply, AcmeError> {
        let started = tokio::time::Instant::now();
        let outcome = self.transport.send(request.clone()).await;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = outcome.as_ref().map_or(0, |reply| reply.status);
        tracing::debug!(method = %request.method(), url = %request.uri(), status, elapsed_ms, "acme");
        outcome
    }

    /// A plain GET whose answer is JSON (directory, renewal information).
    pub async fn get(&self, url: &str) -> Result<Reply, AcmeError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(url)
            .body(Bytes::new())
            .map_err(|error| AcmeError::Unreachable { url: url.to_owned(), why: error.to_string() })?;
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

    #[test]
    fn reads_retry_after_as_seconds_and_as_a_date() {
        let now = "2026-11-21T06:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sat, 21 Nov 2026 06:01:00 GMT", now), Some(Duration::from_mins(1)));
        assert_eq!(retry_after("Sat, 21 Nov 2026 05:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn finds_the_links_of_a_relation() {
        let mut headers = HeaderMap::new();
        headers.append(
            LINK,
            HeaderValue::from_static("<https://ca/dir>;rel=\"index\", <https://ca/c/1>;rel=\"alternate\""),
        );
        headers.append(LINK, HeaderValue::from_static("<https://ca/c/2>; rel=alternate"));
        assert_eq!(links(&headers, "alternate"), ["https://ca/c/1", "https://ca/c/2"]);
    }
}
