//! What can go wrong with a CA, by what one can do about it, and how it is told.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::clients::dns::DnsError;
use crate::clients::http::HttpError;
use crate::domain::certificate::CertificateError;
use crate::explain::Explanation;
use crate::retry::Stopped;

use super::problem::{Problem, Refusal};

/// How a further CA is trusted here.
const TRUST: &str = "set `acme.ca_file` or `acme.ca_pem`, or SSL_CERT_FILE";

/// A failure of the ACME client.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The server's TLS certificate is not trusted.
    #[error("the TLS certificate of {url} is not trusted: {why}")]
    Untrusted {
        /// What was asked.
        url: String,
        /// Why the certificate was refused.
        why: String,
    },
    /// A CA file or text that cannot be used as a trust root.
    #[error("the trust roots of `{attribute}` cannot be used: {why}")]
    TrustRoots {
        /// `ca_file` or `ca_pem`.
        attribute: &'static str,
        /// Why.
        why: String,
    },
    /// No answer: name, network, proxy, timeout.
    #[error("no answer from {url}: {why}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        why: String,
        /// Whether not even a connection came about.
        is_absent: bool,
    },
    /// Something that has to be mended first is in the way: a name, a proxy, what is no TLS.
    #[error("no way to {url}: {error}")]
    NoWay {
        /// What was asked.
        url: String,
        /// What is in the way.
        error: HttpError,
    },
    /// An answer that is not ACME's.
    #[error("the answer of {url} is not what RFC 8555 prescribes: {why}")]
    Strange {
        /// What was asked.
        url: String,
        /// What is odd.
        why: String,
    },
    /// Too many requests, orders, failures: wait.
    #[error("rate limited: {0}")]
    RateLimited(Refusal),
    /// The CA will not issue for one of the names.
    #[error("identifiers rejected: {0}")]
    RejectedIdentifier(Refusal),
    /// The terms of service are not agreed to, or new ones wait for agreement.
    #[error("the terms of service at {url:?} are not agreed to")]
    Terms {
        /// The document.
        url: Option<String>,
        /// What the CA said, if it was asked.
        refusal: Option<Refusal>,
    },
    /// The CA wants an account of its own system bound to the ACME account.
    #[error("the CA requires an external account binding")]
    ExternalAccountRequired(Option<Refusal>),
    /// The binding to an account of the CA's own system cannot be made, or the CA refuses it.
    #[error("the external account binding cannot be used: {0}")]
    Binding(String, Option<Refusal>),
    /// The CA knows no account with this key.
    #[error("no account with this key")]
    NoAccount(Refusal),
    /// The account's key is not allowed to do this: deactivated account, foreign order.
    #[error("not authorized: {0}")]
    Unauthorized(Refusal),
    /// The account key cannot be used here.
    #[error("the account key cannot be used: {0}")]
    AccountKey(String),
    /// A private key or CSR for the certificate that cannot be made or used.
    #[error("the certificate's key or request cannot be used: {0}")]
    Request(String),
    /// Names could not be validated.
    #[error("{} of the names could not be validated", failures.len())]
    Validation {
        /// The order.
        order: String,
        /// Each name that failed, with the CA's words.
        failures: Vec<FailedAuthorization>,
    },
    /// The order cannot be completed any more.
    #[error("the order is {status}")]
    OrderDead {
        /// The order.
        order: String,
        /// Its last status.
        status: String,
        /// The CA's words, if it had any.
        problem: Option<Problem>,
    },
    /// The CA offers no challenge that we can solve for a name.
    #[error("no {wanted} challenge for {identifier}")]
    NoChallenge {
        /// The name.
        identifier: String,
        /// What was chosen for it.
        wanted: &'static str,
        /// What the CA offers.
        offered: Vec<String>,
    },
    /// Any other refusal.
    #[error("{0}")]
    Refused(Refusal),
    /// The CA has no such function.
    #[error("the CA does not offer {0}")]
    Unsupported(String),
    /// The issued chain is not what was asked for.
    #[error("the issued certificate cannot be used: {0}")]
    Chain(String),
    /// The time is over, or the user interrupted, while waiting for something.
    #[error("{stopped} while {doing}")]
    Stopped {
        /// What was being waited for.
        doing: String,
        /// The last trouble seen on the way, if any.
        last: Option<String>,
        /// Time over, or interrupt.
        stopped: Stopped,
        /// The order that stays open, if there is one.
        order: Option<String>,
    },
    /// The challenge record was not seen.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// Publishing, journalling: told by those who do it.
    #[error("{0}")]
    Told(Explanation),
}

/// A name that the CA could not validate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAuthorization {
    /// The name; a wildcard with its star.
    pub identifier: String,
    /// The CA's words.
    pub problem: Problem,
    /// What DNS or HTTP answered when we looked for ourselves, right after the CA gave up.
    pub seen: Option<String>,
}

impl From<CertificateError> for AcmeError {
    fn from(error: CertificateError) -> Self {
        Self::Chain(error.to_string())
    }
}

impl From<Refusal> for AcmeError {
    /// Sorts a refusal by what its reader can do (RFC 8555 §6.7).
    fn from(refusal: Refusal) -> Self {
        match refusal.problem.kind() {
            "rateLimited" => Self::RateLimited(refusal),
            "userActionRequired" => Self::Terms { url: None, refusal: Some(refusal) },
            "externalAccountRequired" => Self::ExternalAccountRequired(Some(refusal)),
            "accountDoesNotExist" => Self::NoAccount(refusal),
            "badPublicKey" | "badSignatureAlgorithm" => Self::AccountKey(refusal.to_string()),
            "unauthorized" => Self::Unauthorized(refusal),
            "badCSR" => Self::Request(refusal.to_string()),
            _ if refusal.problem.is("rejectedIdentifier") || refusal.problem.is("unsupportedIdentifier") => {
                Self::RejectedIdentifier(refusal)
            }
            _ if refusal.status == 429 => Self::RateLimited(refusal),
            _ => Self::Refused(refusal),
        }
    }
}

impl AcmeError {
    /// Whether the order behind this failure can never be completed: a new one must be made.
    pub fn order_is_lost(&self) -> bool {
        matches!(self, Self::Validation { .. } | Self::OrderDead { .. } | Self::Chain(_))
    }

    /// Whether the CA is in trouble, busy, or not the one who answered: nothing is known of what was asked for.
    fn is_no_answer(&self) -> bool {
        match self {
            Self::RateLimited(_) | Self::Strange { .. } | Self::Unreachable { .. } | Self::Stopped { .. } => true,
            Self::Refused(refusal) => {
                refusal.status >= 500
                    || refusal.status == 408
                    || refusal.problem.urn.is_empty()
                    || refusal.problem.kind() == "badNonce"
            }
            _ => false,
        }
    }

    /// Whether the CA may have done what it was asked for all the same: it was asked, and its answer is none or a strange one.
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::Unreachable { is_absent, .. } => !is_absent,
            Self::RateLimited(_) => false,
            Self::Refused(refusal) if refusal.problem.kind() == "badNonce" => false,
            other => other.is_no_answer(),
        }
    }

    /// Tells a refresh's failure: without an answer the state stays as it is.
    pub fn of_a_refresh(&self, what: impl Into<String>) -> Explanation {
        let told = self.explain(what);
        if self.is_no_answer() { told.unanswered() } else { told }
    }

    /// Tells the failure in four parts; `what` is the headline (`Cannot issue the certificate "web"`).
    pub fn explain(&self, what: impl Into<String>) -> Explanation {
        let what = what.into();
        match self {
            Self::Dns(error) => error.explain(what),
            Self::Told(explanation) => explanation.clone(),
            Self::Untrusted { url, why } => Explanation::new("BERTH-ACME-001", what)
                .on(url)
                .said("TLS", why)
                .next("set `ca_file` or `ca_pem` to the root certificate that signed the CA's TLS certificate (not the root it issues with), or check that no proxy answers in its place, or trust that one's: SSL_CERT_FILE names a file of roots for everything. Nothing was sent")
                .at("ca_file"),
            Self::TrustRoots { attribute, why } => Explanation::new("BERTH-ACME-002", what)
                .on(format!("`{attribute}`"))
                .said("the reader", why)
                .next("give one or more root certificates as PEM blocks of type CERTIFICATE")
                .at(*attribute),
            Self::Unreachable { url, why, .. } => Explanation::new("BERTH-ACME-003", what)
                .on(url)
                .said("the network", why)
                .next("check `directory_url`, name resolution, firewall and HTTPS_PROXY, then apply again")
                .unanswered(),
            Self::NoWay { url, error } => Explanation::new("BERTH-ACME-003", what)
                .on(url)
                .said("the network", error.to_string())
                .next(error.remedy(TRUST).unwrap_or_else(|| "check `directory_url`, then apply again".to_owned()))
                .unanswered(),
            Self::Strange { url, why } => Explanation::new("BERTH-ACME-004", what)
                .on(url)
                .said("the server", why)
                .next("check that `directory_url` is the URL of an ACME directory and that no proxy or login page answers in its place"),
            Self::AccountKey(why) => Explanation::new("BERTH-ACME-010", what)
                .said("the key's reader", why)
                .next("give a private key as PEM (ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits and more, as the CA allows), or let the provider generate one")
                .at("account_key"),
            Self::Request(why) => Explanation::new("BERTH-ACME-015", what)
                .said("the request's maker", why)
                .next("check `key_type`, `dns_names` and `csr_pem`. No certificate was issued"),
            Self::Unsupported(what_is_missing) => Explanation::new("BERTH-ACME-016", what)
                .said("the directory", format!("no {what_is_missing}"))
                .next("leave the setting out or choose a CA that offers it"),
            Self::Chain(why) => Explanation::new("BERTH-ACME-017", what)
                .said("the chain's reader", why)
                .next("apply again: a new certificate is ordered"),
            _ => self.explain_refusal(what),
        }
    }

    /// The failures that carry the CA's own words about an account.
    fn explain_refusal(&self, what: String) -> Explanation {
        match self {
            Self::RateLimited(refusal) => {
                quote(Explanation::new("BERTH-ACME-005", what), refusal).next(after_the_limit(refusal))
            }
            Self::RejectedIdentifier(refusal) => quote(Explanation::new("BERTH-ACME-006", what), refusal)
                .next(format!("remove or replace {}; the CA's policy forbids it. Nothing was issued", rejected(refusal)))
                .at("dns_names"),
            Self::Terms { url, refusal } => {
                let link = url.as_deref().map_or_else(|| "the CA's terms".to_owned(), |url| format!("{url} ")).trim().to_owned();
                let told = Explanation::new("BERTH-ACME-007", what).at("terms_of_service_agreed");
                quote_maybe(told, refusal.as_ref())
                    .next(format!("read {link} and set `terms_of_service_agreed = true`. No account was made"))
            }
            Self::ExternalAccountRequired(refusal) => {
                let told = Explanation::new("BERTH-ACME-008", what).at("external_account_binding");
                quote_maybe(told, refusal.as_ref())
                    .next("get a key id and an HMAC key from the CA's console and set `external_account_binding`. No account was made")
            }
            Self::Binding(why, refusal) => {
                let told = Explanation::new("BERTH-ACME-022", what).said("the provider", why).at("external_account_binding");
                quote_maybe(told, refusal.as_ref())
                    .next("check `key_id` and `hmac_key_wo`: both are as the CA's console shows them, and may be good for one account only. No account was made")
            }
            Self::NoAccount(refusal) => quote(Explanation::new("BERTH-ACME-009", what), refusal)
                .next("register the key with a `berth_acme_account` first, or check that `directory_url` is the CA where it is registered"),
            Self::Unauthorized(refusal) => quote(Explanation::new("BERTH-ACME-011", what), refusal)
                .next("the account may be deactivated, or the object belongs to another account: check the account's status at the CA and use an account key that is in good standing"),
            Self::Refused(refusal) if refusal.status >= 500 => quote(Explanation::new("BERTH-ACME-018", what), refusal)
                .next(format!("the CA has a trouble of its own; apply again later{}", at_time(refusal.retry_at))),
            Self::Refused(refusal) => quote(Explanation::new("BERTH-ACME-019", what), refusal)
                .next("correct what the CA names and apply again"),
            _ => self.explain_order(what),
        }
    }

    /// The failures of an order under way.
    fn explain_order(&self, what: String) -> Explanation {
        match self {
            Self::Validation { order, failures } => Explanation::new("BERTH-ACME-012", what)
                .on(format!("order {order}"))
                .said("the CA", list_failures(failures))
                .seen(failures.iter().filter_map(|failure| failure.seen.clone()))
                .next("correct what the CA saw (its resolvers ask the zone's own servers, from several places), then apply again: a new order is made. The challenge records were removed"),
            Self::OrderDead { order, status, problem } => Explanation::new("BERTH-ACME-013", what)
                .on(format!("order {order}, status {status}"))
                .said("the CA", problem.as_ref().map_or_else(|| "no reason given".to_owned(), ToString::to_string))
                .next("apply again: a new order is made"),
            Self::NoChallenge { identifier, wanted, offered } => Explanation::new("BERTH-ACME-014", what)
                .on(identifier)
                .said("the CA", format!("challenges offered: {}", offered.join(", ")))
                .next(format!("{wanted} was chosen for this name: choose one of those that are offered (`dns01`, `http01`, `dns_persist01`; a wildcard is proved by dns-01, an IP address by http-01), or use another CA")),
            Self::Stopped { doing, last, stopped, order } => stopped_story(what, *stopped, doing, last.as_deref(), order.as_deref()),
            other => Explanation::new("BERTH-ACME-019", what).said("the client", other.to_string()).next("apply again; if it stays, report this as a defect"),
        }
    }
}

fn quote(explanation: Explanation, refusal: &Refusal) -> Explanation {
    let problem = &refusal.problem;
    // A page of a proxy's is quoted as it is, so that its markup is recognised and left out.
    let words = if problem.urn.is_empty() { problem.detail.clone() } else { problem.to_string() };
    explanation.on(format!("{} (HTTP {})", refusal.url, refusal.status)).said("the CA", words)
}

fn quote_maybe(explanation: Explanation, refusal: Option<&Refusal>) -> Explanation {
    match refusal {
        Some(refusal) => quote(explanation, refusal),
        None => explanation,
    }
}

fn at_time(moment: Option<Timestamp>) -> String {
    moment.map_or_else(String::new, |moment| format!(", after {}", whole_second(moment)))
}

fn after_the_limit(refusal: &Refusal) -> String {
    let when = match refusal.retry_at {
        Some(moment) => format!("the limit ends at {}; apply again then", whole_second(moment)),
        None => "the CA gave no Retry-After; its words above may name the time".to_owned(),
    };
    format!(
        "{when}. Nothing was issued. To stay below limits use the CA's staging directory for trials, keep \
         the certificate's names as they are, and let renewals go by ARI (`renewal.ari = true`), which most limits spare"
    )
}

/// The names that a refusal is about, quoted; or a general word when it names none.
fn rejected(refusal: &Refusal) -> String {
    let names: Vec<_> = refusal.problem.identifiers().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { "the name that the CA names".to_owned() } else { names.join(", ") }
}

fn list_failures(failures: &[FailedAuthorization]) -> String {
    let mut text = String::new();
    for (index, failure) in failures.iter().enumerate() {
        let gap = if index == 0 { "" } else { "; " };
        let _infallible = write!(text, "{gap}{}: {}", failure.identifier, failure.problem);
    }
    text
}

fn stopped_story(what: String, stopped: Stopped, doing: &str, last: Option<&str>, order: Option<&str>) -> Explanation {
    let (code, end) = match stopped {
        Stopped::Deadline => ("BERTH-ACME-020", "the time for this operation was used up"),
        Stopped::Interrupted => ("BERTH-ACME-021", "the run was interrupted"),
    };
    let mut told = Explanation::new(code, what);
    if let Some(order) = order {
        told = told.on(format!("order {order}"));
    }
    let seen = last.map_or_else(String::new, |last| format!("; last seen: {last}"));
    let resume =
        if order.is_some() { " The order stays open at the CA and the next apply goes on with it." } else { "" };
    let longer = if stopped == Stopped::Deadline { " or give it more time in `timeouts`" } else { "" };
    let told = told.said("the provider", format!("{end} while {doing}{seen}"));
    told.next(format!("apply again{longer}.{resume}")).unanswered()
}

fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}
