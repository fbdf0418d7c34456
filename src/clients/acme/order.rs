//! Orders (RFC 8555 §7.4): made, resumed, validated, finalized, downloaded.

mod authorization;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::domain::certificate::Chain;
use crate::retry::{Budget, Pace, Stopped};

use super::edge::Reply;
use super::error::{AcmeError, FailedAuthorization};
use super::jws::Signer;
use super::lenient::or_absent;
use super::patience::Patience;
use super::problem::Problem;
use super::{Acme, Registered};
use authorization::Authorization;

pub use authorization::{Challenge, Method};

/// The pauses between looks at an order, when the CA asks for none.
const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(5));
/// What of a CA's Retry-After is heeded between two looks (RFC 8555 §7.5.1: a proposal): there are CAs that say a day of
/// what takes half a minute, and some that say nothing at all.
const ASKED: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30);
/// How often a certificate is asked for of an order that was ready and, says the CA, is not (replicas lag behind).
const FINALIZE_ATTEMPTS: usize = 5;

/// What to order.
#[derive(Clone, Debug)]
pub struct OrderSpec {
    /// DNS names (a wildcard with its star) and IP addresses.
    pub names: Vec<String>,
    /// The profile, if one is wished.
    pub profile: Option<String>,
    /// The certificate that this order replaces (`AKI.SERIAL`, RFC 9773 §5).
    pub replaces: Option<String>,
}

impl OrderSpec {
    fn payload(&self, replaces: Option<&str>) -> Value {
        let identifiers: Vec<_> = self.names.iter().map(|name| identifier(name)).collect();
        let mut payload = serde_json::Map::from_iter([("identifiers".to_owned(), Value::from(identifiers))]);
        payload.extend(self.profile.as_ref().map(|profile| ("profile".to_owned(), Value::from(profile.as_str()))));
        payload.extend(replaces.map(|certificate| ("replaces".to_owned(), Value::from(certificate))));
        Value::Object(payload)
    }
}

/// A name as RFC 8555 §7.1.4 and, for addresses, RFC 8738 §3 write it.
fn identifier(name: &str) -> Value {
    let kind = if name.parse::<IpAddr>().is_ok() { "ip" } else { "dns" };
    json!({ "type": kind, "value": name })
}

/// Where an order stands (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Names are to be validated.
    Pending,
    /// All names are validated.
    Ready,
    /// The CA is issuing.
    Processing,
    /// The certificate can be fetched.
    Valid,
    /// It failed or expired.
    Invalid,
}

/// An order as the CA shows it.
#[derive(Debug, Deserialize)]
struct Body {
    status: Status,
    #[serde(default, deserialize_with = "or_absent")]
    authorizations: Vec<String>,
    #[serde(default, deserialize_with = "or_absent")]
    finalize: String,
    #[serde(default, deserialize_with = "or_absent")]
    certificate: Option<String>,
    #[serde(default, deserialize_with = "or_absent")]
    error: Option<Problem>,
    /// The profile, wished or chosen by the CA (draft-aaron-acme-profiles §3).
    #[serde(default, deserialize_with = "or_absent")]
    profile: Option<String>,
    /// The certificate that the order replaces, as the CA took it (RFC 9773 §5).
    #[serde(default, deserialize_with = "or_absent")]
    replaces: Option<String>,
}

/// An order under way.
#[derive(Debug)]
pub struct Order {
    ca: Acme,
    account: Registered,
    url: String,
    body: Body,
    /// The challenges that were chosen.
    chosen: Vec<Challenge>,
    /// The pause that the last answer asked for, and that answer in words.
    asked_pause: Option<Duration>,
    last_seen: Option<String>,
}

impl Acme {
    /// Makes an order. `replaces` is left out when the CA has no renewal information or refuses it.
    pub async fn new_order(&self, account: &Registered, spec: &OrderSpec) -> Result<Order, AcmeError> {
        let directory = self.directory().await?;
        if let Some(profile) = &spec.profile {
            directory.check_profile(profile)?;
        }
        let url = &directory.new_order;
        let replaces = spec.replaces.as_deref().filter(|_| directory.has_renewal_info());
        let reply = self.post_order(account, url, spec, replaces).await?;
        let Some(order_url) = reply.location() else {
            let why = "the answer to newOrder has no Location header".to_owned();
            return Err(AcmeError::Strange { url: url.clone(), why });
        };
        tracing::info!(order_url, names = ?spec.names, replaces, "acme order");
        Order::seen(self, account, order_url, &reply)
    }

    /// RFC 9773 §5 lets the CA refuse `replaces` for reasons of its own; the certificate is to come all the same.
    async fn post_order(
        &self,
        account: &Registered,
        url: &str,
        spec: &OrderSpec,
        replaces: Option<&str>,
    ) -> Result<Reply, AcmeError> {
        let signer = Signer::Account(&account.key, &account.account_url);
        if replaces.is_some() {
            match self.post_with(Patience::REPLACING, signer, url, Some(&spec.payload(replaces))).await {
                Err(error) if may_be_for_replaces(&error) => {
                    tracing::warn!(%error, "the CA refuses `replaces`; ordering without it");
                }
                outcome => return outcome,
            }
        }
        self.post_with(Patience::ORDERING, signer, url, Some(&spec.payload(None))).await
    }

    /// Takes up an order again by its URL.
    pub async fn resume_order(&self, account: &Registered, order_url: &str) -> Result<Order, AcmeError> {
        let signer = Signer::Account(&account.key, &account.account_url);
        let reply = self.post(signer, order_url, None).await?;
        Order::seen(self, account, order_url.to_owned(), &reply)
    }
}

/// Whether a refused order may pass without `replaces`: not if the refusal is about something else for sure.
fn may_be_for_replaces(error: &AcmeError) -> bool {
    match error {
        AcmeError::Unauthorized(_) | AcmeError::Request(_) | AcmeError::Strange { .. } => true,
        AcmeError::Refused(refusal) => !matches!(refusal.problem.kind(), "invalidProfile" | "badNonce"),
        _ => false,
    }
}

fn parsed<T: DeserializeOwned>(url: &str, reply: &Reply) -> Result<T, AcmeError> {
    serde_json::from_slice(&reply.body)
        .map_err(|error| AcmeError::Strange { url: url.to_owned(), why: error.to_string() })
}

impl Order {
    fn seen(ca: &Acme, account: &Registered, url: String, reply: &Reply) -> Result<Self, AcmeError> {
        let body = parsed(&url, reply)?;
        let (ca, account) = (ca.clone(), account.clone());
        let mut order = Self { ca, account, url, body, chosen: Vec::new(), asked_pause: None, last_seen: None };
        order.remember(reply);
        Ok(order)
    }

    fn remember(&mut self, reply: &Reply) {
        self.asked_pause = reply.asked_pause(self.ca.edge().clock.now());
        self.last_seen = Some(format!("HTTP {} from {}", reply.status, self.url));
    }

    async fn post(&self, url: &str, payload: Option<&Value>) -> Result<Reply, AcmeError> {
        self.ca.post(Signer::Account(&self.account.key, &self.account.account_url), url, payload).await
    }

    /// The order's URL: its name, by which it can be resumed.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it stood when the CA was last asked.
    pub fn status(&self) -> Status {
        self.body.status
    }

    /// The profile that the CA issues by; `None` if it does not tell.
    pub fn profile(&self) -> Option<&str> {
        self.body.profile.as_deref()
    }

    /// Whether the CA has taken the order for the successor of another certificate.
    pub fn is_replacement(&self) -> bool {
        self.body.replaces.is_some()
    }

    async fn authorizations(&self) -> Result<Vec<Authorization>, AcmeError> {
        let urls = self.body.authorizations.iter();
        try_join_all(urls.map(|url| async move { parsed(url, &self.post(url, None).await?) })).await
    }

    /// The challenges of all names that are not validated yet: for each name, of the method that is chosen by the name
    /// and whether it is a wildcard.
    pub async fn challenges(&mut self, choose: impl Fn(&str, bool) -> Method) -> Result<Vec<Challenge>, AcmeError> {
        let waiting = self.authorizations().await?.into_iter().filter(Authorization::is_pending);
        let chosen: Result<Vec<_>, _> = waiting.map(|one| one.challenge(&self.account.key, &choose)).collect();
        self.chosen = chosen?;
        Ok(self.chosen.clone())
    }

    /// Tells the CA that the proofs of all chosen challenges are there.
    pub async fn set_ready(&self) -> Result<(), AcmeError> {
        let waiting = self.chosen.iter().filter(|challenge| challenge.is_pending);
        let told = waiting.map(|challenge| async move {
            match self.post(&challenge.url, Some(&json!({}))).await {
                // What is wrong with a challenge is told by its authorization, with all others.
                Ok(_) | Err(AcmeError::Refused(_)) => Ok(()),
                Err(error) => Err(error),
            }
        });
        try_join_all(told).await.map(|_| ())
    }

    /// Waits until the CA has validated the names, at its pace (Retry-After) or ours; an order that died is an error.
    pub async fn wait_until_ready(&mut self, budget: &Budget) -> Result<Status, AcmeError> {
        self.wait_past(&[Status::Pending], budget).await
    }

    /// Waits until the order has left all of `statuses`.
    async fn wait_past(&mut self, statuses: &[Status], budget: &Budget) -> Result<Status, AcmeError> {
        let mut pauses = PACE.pauses();
        loop {
            if self.status() == Status::Invalid {
                return Err(self.death().await);
            }
            if !statuses.contains(&self.status()) {
                return Ok(self.status());
            }
            let asked = self.asked_pause.map(|asked| asked.clamp(*ASKED.start(), *ASKED.end()));
            let pause = asked.or_else(|| pauses.next()).unwrap_or(PACE.longest);
            let looked = match budget.sleep(pause).await {
                Ok(()) => budget.run(self.refresh()).await,
                Err(stopped) => Err(stopped),
            };
            looked.map_err(|stopped| self.stopped(stopped, statuses))??;
        }
    }

    fn stopped(&self, stopped: Stopped, statuses: &[Status]) -> AcmeError {
        let is_validating = statuses == [Status::Pending];
        let doing = if is_validating { "the CA validates the names" } else { "the CA issues the certificate" };
        let (last, order) = (self.last_seen.clone(), Some(self.url.clone()));
        AcmeError::Stopped { doing: doing.to_owned(), last, stopped, order }
    }

    /// Asks the CA where the order stands.
    pub async fn refresh(&mut self) -> Result<Status, AcmeError> {
        let reply = self.post(&self.url, None).await?;
        self.body = parsed(&self.url, &reply)?;
        self.remember(&reply);
        Ok(self.status())
    }

    /// Why the order died: the failed authorizations with the CA's words, or the order's own problem.
    pub async fn death(&self) -> AcmeError {
        match self.failures().await {
            Ok(failures) if !failures.is_empty() => AcmeError::Validation { order: self.url.clone(), failures },
            Ok(_) => {
                let problem = self.body.error.clone();
                AcmeError::OrderDead { order: self.url.clone(), status: "invalid".to_owned(), problem }
            }
            Err(error) => error,
        }
    }

    async fn failures(&self) -> Result<Vec<FailedAuthorization>, AcmeError> {
        let failed = self.authorizations().await?.into_iter().filter_map(|authorization| {
            let problem = authorization.failure()?;
            Some(FailedAuthorization { identifier: authorization.title(), problem, seen: None })
        });
        Ok(failed.collect())
    }

    /// Has the CA issue by this signing request, and waits until it has.
    pub async fn issue(&mut self, csr_der: &[u8], budget: &Budget) -> Result<(), AcmeError> {
        let mut pauses = PACE.pauses();
        let stopped = |order: &Self, why| order.stopped(why, &[Status::Ready]);
        for attempt in 1.. {
            let asked = budget.run(self.finalize(csr_der)).await.map_err(|why| stopped(self, why))?;
            match asked {
                Err(error) if attempt < FINALIZE_ATTEMPTS && is_not_ready(&error) => {
                    tracing::warn!(%error, attempt, "the order is ready and the CA says that it is not");
                }
                outcome => {
                    outcome?;
                    break;
                }
            }
            let pause = pauses.next().unwrap_or(PACE.longest).max(*ASKED.start());
            budget.sleep(pause).await.map_err(|why| stopped(self, why))?;
        }
        // There are CAs that begin later, and answer with an order that is still `ready` (RFC 8555 §7.4 says `processing`).
        self.wait_past(&[Status::Pending, Status::Ready, Status::Processing], budget).await.map(drop)
    }

    /// Waits for the certificate of an order whose issuance has begun.
    pub async fn wait_until_issued(&mut self, budget: &Budget) -> Result<(), AcmeError> {
        self.wait_past(&[Status::Processing], budget).await.map(drop)
    }

    /// Asks the CA to issue. An answer that got lost is no matter: the order is looked at again.
    async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), AcmeError> {
        let payload = json!({ "csr": URL_SAFE_NO_PAD.encode(csr_der) });
        let outcome = self.post(&self.body.finalize, Some(&payload)).await;
        let outcome = outcome.and_then(|reply| {
            self.body = parsed(&self.url, &reply)?;
            self.remember(&reply);
            Ok(())
        });
        match outcome {
            Ok(()) => Ok(()),
            Err(error @ AcmeError::Request(_)) => Err(error),
            Err(error) => match self.refresh().await? {
                Status::Processing | Status::Valid => Ok(()),
                Status::Invalid => Err(self.death().await),
                Status::Pending | Status::Ready => Err(of_the_request(error)),
            },
        }
    }

    /// Fetches the chain of a valid order; with `preferred_root`, the alternate whose topmost issuer has this name,
    /// if the CA offers it.
    pub async fn certificate(&self, preferred_root: Option<&str>) -> Result<Offered, AcmeError> {
        let Some(url) = &self.body.certificate else {
            let why = "the order is valid but has no certificate URL".to_owned();
            return Err(AcmeError::Strange { url: self.url.clone(), why });
        };
        let (first, alternates) = self.download(url).await?;
        let Some(wanted) = preferred_root.filter(|wanted| first.root_name != *wanted) else {
            return Ok(Offered { chain: first, other_roots: Vec::new() });
        };
        let mut other_roots = vec![first.root_name.clone()];
        for alternate in alternates {
            match self.download(&alternate).await {
                Ok((chain, _)) if chain.root_name == wanted => return Ok(Offered { chain, other_roots: Vec::new() }),
                Ok((chain, _)) => other_roots.push(chain.root_name),
                Err(stopped @ AcmeError::Stopped { .. }) => return Err(stopped),
                // What is offered beside the chain is no condition of it (RFC 8555 §7.4.2).
                Err(error) => {
                    tracing::warn!(%error, alternate, "a chain that the CA names cannot be fetched");
                    other_roots.push(format!("one that cannot be fetched from {alternate}"));
                }
            }
        }
        tracing::warn!(preferred_chain = wanted, ?other_roots, "the CA offers no such chain");
        Ok(Offered { chain: first, other_roots })
    }

    async fn download(&self, url: &str) -> Result<(Chain, Vec<String>), AcmeError> {
        let reply = self.post(url, None).await?;
        let chain = Chain::parse(&String::from_utf8_lossy(&reply.body))?;
        Ok((chain, reply.links("alternate")))
    }
}

/// CAs call a request for other names than the order's `unauthorized`; the account is in order, or there were no order.
fn of_the_request(error: AcmeError) -> AcmeError {
    match error {
        AcmeError::Unauthorized(refusal) => AcmeError::Request(refusal.to_string()),
        other => other,
    }
}

/// RFC 8555 §7.4: finalize of an order that is not ready.
fn is_not_ready(error: &AcmeError) -> bool {
    matches!(error, AcmeError::Refused(refusal) if refusal.problem.kind() == "orderNotReady")
}

/// A chain that was fetched.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The chain.
    pub chain: Chain,
    /// The roots that the CA offers instead, if none is the preferred one; empty if it is, or if none is preferred.
    pub other_roots: Vec<String>,
}
