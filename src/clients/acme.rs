//! A certificate authority that speaks ACME (RFC 8555): its directory, accounts, orders and renewal hints.
//!
//! Every request goes one way: signed in [`jws`] by whatever kind of key the account has, over an HTTP [`edge`] that has
//! the patience.

mod account;
mod directory;
mod edge;
mod error;
pub mod issue;
mod jws;
mod key;
mod lenient;
mod order;
mod patience;
mod problem;
mod renewal_info;
mod request;
mod responder;
mod revocation;
#[cfg(test)]
mod scripted;

use std::fmt;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::clients::http::Network;
use crate::clock::Clock;

pub use account::{AccountFacts, ExternalAccount, Found, NewAccount};
pub use directory::{Directory, Meta};
pub use edge::Trust;
pub use error::{AcmeError, FailedAuthorization};
pub use key::AccountKey;
pub use order::{Challenge, Method, Order, OrderSpec, Status};
pub use problem::{Problem, Refusal, Subproblem};
pub use renewal_info::{RenewalInfo, chance};
pub use request::{Content, KeyType, LeafKey, SigningRequest, make_key, sign_request};
pub use responder::{Responder, Responders};
pub use revocation::RevocationReason;

use edge::{Edge, Https, Transport};

/// A CA. Nothing is asked before the first call that needs it; the directory is asked once.
#[derive(Clone)]
pub struct Acme(Arc<Ca>);

struct Ca {
    directory_url: String,
    edge: Edge,
    directory: OnceCell<Directory>,
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acme({})", self.0.directory_url)
    }
}

/// A registered account with its key: who signs.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its key.
    pub key: Arc<AccountKey>,
    /// Its URL.
    pub account_url: String,
}

impl Acme {
    /// The CA at `directory_url`, trusted by the system's roots and those of `trust`.
    pub fn new(
        directory_url: impl Into<String>,
        trust: &Trust,
        network: &Network,
        clock: Clock,
    ) -> Result<Self, AcmeError> {
        Ok(Self::over(directory_url.into(), Arc::new(Https::new(trust, network)?), clock))
    }

    fn over(directory_url: String, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        let edge = Edge::new(transport, clock);
        Self(Arc::new(Ca { directory_url, edge, directory: OnceCell::new() }))
    }

    #[cfg(test)]
    fn scripted(script: &Arc<scripted::Scripted>) -> Self {
        let clock = Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap());
        Self::over("https://ca/dir".to_owned(), script.clone(), clock)
    }

    fn edge(&self) -> &Edge {
        &self.0.edge
    }

    /// Where the directory is.
    pub fn directory_url(&self) -> &str {
        &self.0.directory_url
    }

    /// What the CA offers.
    pub async fn directory(&self) -> Result<&Directory, AcmeError> {
        self.0.directory.get_or_try_init(|| self.read_directory()).await
    }

    async fn read_directory(&self) -> Result<Directory, AcmeError> {
        let url = &self.0.directory_url;
        let reply = self.edge().get(url).await?;
        if reply.status >= 300 {
            return Err(match reply.status {
                429 | 503 => AcmeError::from(reply.refusal(url, self.edge().clock.now())),
                status => {
                    let why = format!("HTTP {status}, not a directory{}", moved_to(&reply));
                    AcmeError::Strange { url: url.clone(), why }
                }
            });
        }
        Directory::parse(url, &reply.body)
    }
}

fn moved_to(reply: &edge::Reply) -> String {
    reply.location().map_or_else(String::new, |location| format!("; it points to {location}"))
}

#[cfg(test)]
mod tests {
    use super::scripted::{Scripted, reply, with_header};
    use super::*;

    #[tokio::test]
    async fn a_directory_that_moved_is_told_with_its_new_place() {
        let moved = with_header(reply(301, "text/html", "moved"), "location", "https://ca/directory");
        let error = Acme::scripted(&Scripted::new([moved])).directory().await.unwrap_err();
        let told = error.explain("Cannot read the CA's directory");
        assert_eq!(told.code(), "BERTH-ACME-004");
        assert!(told.detail().contains("it points to https://ca/directory"), "{told}");
    }

    #[tokio::test]
    async fn an_unusable_root_names_its_attribute() {
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let trust = Trust { roots: [("ca_pem", text.to_owned())].into() };
            let Err(error) = Acme::new("https://ca/dir", &trust, &Network::default(), Clock::system()) else {
                panic!("{text} was taken")
            };
            let told = error.explain("Cannot use the CA");
            assert_eq!((told.code(), told.attribute()), ("BERTH-ACME-002", Some("ca_pem")), "{text}");
        }
    }
}
