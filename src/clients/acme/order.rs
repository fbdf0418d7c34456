//! Orders (RFC 8555 §7.4): made, resumed, validated, finalized, downloaded; and certificates revoked.

#[cfg(test)]
mod tests;
mod wire;

use std::net::IpAddr;
use std::time::Duration;

use instant_acme::{
    AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType, Identifier, NewOrder, OrderStatus,
    RevocationRequest,
};
use rustls::pki_types::CertificateDer;

use crate::domain::certificate::Chain;
use crate::retry::{Budget, Pace};

use super::error::{AcmeError, FailedAuthorization};
use super::jws::{self, Signer};
use super::problem::Problem;
use super::{Acme, Registered};
use wire::Wire;

pub use instant_acme::RevocationReason;

/// The pauses between looks at an order, when the CA asks for none.
const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(5));
/// How often a call is repeated when the CA does not take its nonce; each call tries three by itself.
const NONCE_ROUNDS: usize = 6;

/// Repeats a call whose nonce was refused: the CA has done nothing yet.
macro_rules! with_good_nonce {
    ($self:ident, $call:expr) => {{
        let mut rounds = 1;
        loop {
            match $call.await.map_err(|error| $self.session.wire.error(error)) {
                Err(AcmeError::Refused(refusal)) if refusal.problem.kind() == "badNonce" && rounds < NONCE_ROUNDS => {
                    rounds += 1;
                }
                result => break result,
            }
        }
    }};
}

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

/// Where an order stands (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A dns-01 challenge (RFC 8555 §8.4) that waits for its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The name, without the star of a wildcard.
    pub domain: String,
    /// Whether the name is a wildcard.
    pub wildcard: bool,
    /// The TXT value that the CA looks for.
    pub value: String,
}

/// An order under way.
pub struct Order {
    session: Session,
    inner: instant_acme::Order,
}

/// A line to the CA for one order, signed by one account.
struct Session {
    ca: Acme,
    account: Registered,
    wire: Wire,
    signed: instant_acme::Account,
}

impl Session {
    async fn open(ca: &Acme, account: &Registered) -> Result<Self, AcmeError> {
        let wire = Wire::new(ca.edge().clone(), ca.directory().await?);
        let signed = wire.account(&account.key, &account.account_url).await?;
        Ok(Self { ca: ca.clone(), account: account.clone(), wire, signed })
    }

    async fn order(&self, identifiers: &[Identifier], spec: &OrderSpec) -> Result<instant_acme::Order, AcmeError> {
        let plain = || {
            let order = NewOrder::new(identifiers);
            spec.profile.as_ref().map_or_else(|| NewOrder::new(identifiers), |profile| order.profile(profile))
        };
        let may_replace = self.ca.directory().await?.has_renewal_info();
        let old = spec.replaces.as_deref().filter(|_| may_replace).and_then(certificate_identifier);
        let Some(old) = old else { return self.wire.order(&self.signed, &plain()).await };
        match self.wire.order(&self.signed, &plain().replaces(old)).await {
            Err(AcmeError::Refused(_) | AcmeError::Strange { .. } | AcmeError::Unauthorized(_)) => {
                tracing::warn!("the CA refuses `replaces`; ordering without it");
                self.wire.order(&self.signed, &plain()).await
            }
            outcome => outcome,
        }
    }
}

impl Acme {
    /// Makes an order. `replaces` is left out when the CA has no renewal information or refuses it.
    pub async fn new_order(&self, account: &Registered, spec: &OrderSpec) -> Result<Order, AcmeError> {
        if let Some(profile) = &spec.profile {
            self.directory().await?.check_profile(profile)?;
        }
        let session = Session::open(self, account).await?;
        let identifiers: Vec<_> = spec.names.iter().map(|name| identifier(name)).collect();
        let inner = session.order(&identifiers, spec).await?;
        tracing::info!(order_url = inner.url(), names = ?spec.names, "acme order");
        Ok(Order { session, inner })
    }

    /// Takes up an order again by its URL.
    pub async fn resume_order(&self, account: &Registered, order_url: &str) -> Result<Order, AcmeError> {
        let session = Session::open(self, account).await?;
        let inner = session.wire.resume(&session.signed, order_url).await?;
        Ok(Order { session, inner })
    }

    /// Revokes a certificate (RFC 8555 §7.6). One that is revoked already is a success.
    pub async fn revoke(&self, account: &Registered, der: &[u8], reason: RevocationReason) -> Result<(), AcmeError> {
        let session = Session::open(self, account).await?;
        let certificate = CertificateDer::from(der);
        let request = RevocationRequest { certificate: &certificate, reason: Some(reason) };
        match session.signed.revoke(&request).await.map_err(|error| session.wire.error(error)) {
            Err(AcmeError::Refused(refusal)) if refusal.problem.kind() == "alreadyRevoked" => Ok(()),
            outcome => outcome,
        }
    }
}

fn identifier(name: &str) -> Identifier {
    name.parse::<IpAddr>().map_or_else(|_| Identifier::Dns(name.to_owned()), Identifier::Ip)
}

fn certificate_identifier(ari_id: &str) -> Option<CertificateIdentifier<'_>> {
    let (authority, serial) = ari_id.split_once('.')?;
    Some(CertificateIdentifier { authority_key_identifier: authority.into(), serial: serial.into() })
}

impl Order {
    /// The order's URL: its name, by which it can be resumed.
    pub fn url(&self) -> &str {
        self.inner.url()
    }

    /// Where it stood when the CA was last asked.
    pub fn status(&mut self) -> Status {
        match self.inner.state().status {
            OrderStatus::Pending => Status::Pending,
            OrderStatus::Ready => Status::Ready,
            OrderStatus::Processing => Status::Processing,
            OrderStatus::Valid => Status::Valid,
            OrderStatus::Invalid => Status::Invalid,
        }
    }

    /// The dns-01 challenges of all names that are not validated yet.
    pub async fn challenges(&mut self) -> Result<Vec<Challenge>, AcmeError> {
        let mut found = Vec::new();
        let mut authorizations = self.inner.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.session.wire.error(error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let (domain, wildcard) =
                (authorization.identifier().identifier.authorized(false).to_string(), authorization.wildcard);
            let offered: Vec<_> =
                authorization.challenges.iter().map(|challenge| kind_name(&challenge.r#type)).collect();
            let Some(challenge) = authorization.challenge(ChallengeType::Dns01) else {
                return Err(AcmeError::NoChallenge { identifier: domain, offered });
            };
            found.push(Challenge { domain, wildcard, value: challenge.key_authorization().dns_value() });
        }
        Ok(found)
    }

    /// Tells the CA that the records of all challenges are there.
    pub async fn set_ready(&mut self) -> Result<(), AcmeError> {
        let mut authorizations = self.inner.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.session.wire.error(error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(ChallengeType::Dns01) else { continue };
            if challenge.status == ChallengeStatus::Pending {
                match with_good_nonce!(self, challenge.set_ready()) {
                    // What is wrong with a challenge is told by its authorization, with all others.
                    Ok(()) | Err(AcmeError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Waits until the order leaves `status`, at the CA's pace (Retry-After) or ours; an order that died is an error.
    pub async fn wait_past(&mut self, status: Status, budget: &Budget) -> Result<Status, AcmeError> {
        let mut pauses = PACE.pauses();
        loop {
            let pause = self.session.wire.asked_pause().or_else(|| pauses.next()).unwrap_or(PACE.longest);
            let slept = if self.status() == status { budget.sleep(pause).await } else { Ok(()) };
            let looked = match slept {
                Ok(()) => budget.run(self.refresh()).await,
                Err(stopped) => Err(stopped),
            };
            let now = looked.map_err(|stopped| self.stopped(stopped, status))??;
            if now == Status::Invalid {
                return Err(self.death().await);
            }
            if now != status {
                return Ok(now);
            }
        }
    }

    fn stopped(&self, stopped: crate::retry::Stopped, status: Status) -> AcmeError {
        let doing = match status {
            Status::Pending => "the CA validates the names",
            _ => "the CA issues the certificate",
        };
        let order = Some(self.url().to_owned());
        AcmeError::Stopped { doing: doing.to_owned(), last: self.session.wire.last_seen(), stopped, order }
    }

    /// Asks the CA where the order stands.
    pub async fn refresh(&mut self) -> Result<Status, AcmeError> {
        with_good_nonce!(self, self.inner.refresh()).map(|_| ())?;
        Ok(self.status())
    }

    /// Why the order died: the failed authorizations with the CA's words, or the order's own problem.
    pub async fn death(&mut self) -> AcmeError {
        match self.failures().await {
            Ok(failures) if !failures.is_empty() => AcmeError::Validation { order: self.url().to_owned(), failures },
            Ok(_) => {
                let problem = self.inner.state().error.as_ref().map(Problem::from);
                AcmeError::OrderDead { order: self.url().to_owned(), status: "invalid".to_owned(), problem }
            }
            Err(error) => error,
        }
    }

    async fn failures(&mut self) -> Result<Vec<FailedAuthorization>, AcmeError> {
        let mut failures = Vec::new();
        let mut authorizations = self.inner.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let authorization = authorization.map_err(|error| self.session.wire.error(error))?;
            if matches!(authorization.status, AuthorizationStatus::Pending | AuthorizationStatus::Valid) {
                continue;
            }
            let problem = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
            let problem = problem.map_or_else(
                || Problem { detail: format!("the authorization is {:?}", authorization.status), ..Problem::default() },
                Problem::from,
            );
            failures.push(FailedAuthorization { identifier: authorization.identifier().to_string(), problem });
        }
        Ok(failures)
    }

    /// Asks the CA to issue. An answer that got lost is no matter: the order is looked at again.
    pub async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), AcmeError> {
        let outcome = with_good_nonce!(self, self.inner.finalize_csr(csr_der));
        match outcome {
            Ok(()) => Ok(()),
            Err(error @ AcmeError::Request(_)) => Err(error),
            Err(error) => match self.refresh().await? {
                Status::Processing | Status::Valid => Ok(()),
                Status::Invalid => Err(self.death().await),
                Status::Pending | Status::Ready => Err(error),
            },
        }
    }

    /// Fetches the chain of a valid order; with `preferred_root`, the alternate whose topmost issuer has this name,
    /// if the CA offers it.
    pub async fn certificate(&mut self, preferred_root: Option<&str>) -> Result<Chain, AcmeError> {
        let Some(url) = self.inner.state().certificate.clone() else {
            let why = "the order is valid but has no certificate URL".to_owned();
            return Err(AcmeError::Strange { url: self.url().to_owned(), why });
        };
        let (first, alternates) = self.download(&url).await?;
        let Some(wanted) = preferred_root.filter(|wanted| first.root_name != *wanted) else { return Ok(first) };
        for alternate in alternates {
            let (chain, _) = self.download(&alternate).await?;
            if chain.root_name == wanted {
                return Ok(chain);
            }
        }
        tracing::warn!(preferred_chain = wanted, root = first.root_name, "the CA offers no such chain");
        Ok(first)
    }

    async fn download(&self, url: &str) -> Result<(Chain, Vec<String>), AcmeError> {
        let signer = Signer::Account(&self.session.account.key, &self.session.account.account_url);
        let reply = jws::post(self.session.ca.edge(), self.session.ca.directory().await?, signer, url, None).await?;
        let chain = Chain::parse(&String::from_utf8_lossy(&reply.body))?;
        Ok((chain, reply.links("alternate")))
    }
}

fn kind_name(kind: &ChallengeType) -> String {
    match kind {
        ChallengeType::Http01 => "http-01".to_owned(),
        ChallengeType::Dns01 => "dns-01".to_owned(),
        ChallengeType::TlsAlpn01 => "tls-alpn-01".to_owned(),
        ChallengeType::Unknown(name) => name.clone(),
        other => format!("{other:?}"),
    }
}
