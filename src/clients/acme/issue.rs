//! The way from names to a certificate: order, journal, publish, validate, finalize, fetch, tidy up.
//!
//! What holds whatever happens: the records that were published are removed again, on success, failure and
//! interrupt; an order that can still be completed is journalled with its key and taken up by the next run, never
//! repeated; and all records of an order are published at the same time, so that a client that joins changes can.

mod journal;
mod look;
mod publish;
mod sight;
mod way;

use std::time::Duration;

use futures_util::future::join_all;

use crate::clients::dns::Dns;
use crate::domain::certificate::Chain;
use crate::domain::dns_persist;
use crate::retry::{Budget, Stopped};
use crate::secret::Secret;

use super::error::AcmeError;
use super::order::{Challenge, Method, Offered, Order, OrderSpec, Status};
use super::problem::Problem;
use super::request::{Content, LeafKey, make_key, sign_request};
use super::{Acme, Registered};

pub use journal::{Entry, Journal};
pub use publish::{HttpFile, Publisher, TxtRecord};
pub use sight::{Missed, Sight, wait_for_file};

/// How long tidying up may take after the outcome is known.
const TIDY_TIMEOUT: Duration = Duration::from_mins(1);

/// What certificate is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// DNS names (a wildcard with its star) and IP addresses; not empty.
    pub names: Vec<String>,
    /// The subject's common name, one of the names; `None` leaves the subject empty.
    pub common_name: Option<String>,
    /// Where the key comes from.
    pub key: LeafKey,
    /// The CA's profile.
    pub profile: Option<String>,
    /// The identifier (RFC 9773 §4.1) of the certificate that this one replaces.
    pub replaces: Option<String>,
    /// The name of the root that the chain should lead to.
    pub preferred_root: Option<String>,
    /// Whether servers must staple the certificate's status.
    pub must_staple: bool,
    /// An order for these names that was made before; `None` makes one.
    pub order_url: Option<String>,
}

/// A certificate, just issued. The journal still holds its key: forget it once the certificate is stored.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The chain, leaf first.
    pub chain: Chain,
    /// Its key; `None` when the user gave the signing request.
    pub key: Option<Secret>,
    /// The order it came from.
    pub order_url: String,
    /// The profile that the CA issued by; `None` if it did not tell.
    pub profile: Option<String>,
    /// Whether the CA took it for the successor of another certificate.
    pub is_replacement: bool,
    /// What could not be removed again, in words, for a warning.
    pub left_behind: Vec<String>,
    /// The roots that the CA offers, if the preferred one is not among them.
    pub other_roots: Vec<String>,
}

/// Who issues, and through what.
pub struct Issuance<'a, P, J> {
    /// The CA.
    pub ca: &'a Acme,
    /// The account.
    pub account: &'a Registered,
    /// The resolver that looks whether records are there.
    pub dns: &'a Dns,
    /// Whether CNAMEs at `_acme-challenge` names are followed.
    pub follow_cname: bool,
    /// Puts records into the world.
    pub publisher: &'a P,
    /// Keeps what a later run needs.
    pub journal: &'a J,
}

/// An order that the journal knows.
struct Begun {
    order: Order,
    entry: Entry,
    /// The records that wait for the CA; those of the entry may be more.
    waiting: Vec<TxtRecord>,
    /// CNAMEs on the way to the records that the world may not see yet.
    hops: Vec<way::Hop>,
    /// The files that wait for the CA.
    files: Vec<HttpFile>,
    /// The names for which records stand, which are not ours to publish.
    standing: Vec<Challenge>,
}

impl<P: Publisher, J: Journal> Issuance<'_, P, J> {
    /// Names the wish: what is issued for the same print, from the same account, is the same certificate.
    pub fn print(&self, wish: &Wish) -> String {
        journal::fingerprint(self.ca.directory_url(), &self.account.account_url, wish)
    }

    /// Issues, or completes what an earlier run began.
    pub async fn run(&self, wish: &Wish, budget: &Budget) -> Result<Issued, AcmeError> {
        let begun = budget.run(self.begin(wish, budget)).await;
        let mut begun = begun.map_err(|stopped| stopped_while("the order is made", stopped, None))??;
        let validated = match self.validate(&mut begun, budget).await {
            // While the proofs still stand, and only for a moment.
            Err(error) => Err(self.looked_at(error, &begun, budget).await),
            done => done,
        };
        // The CA looks at the proofs no more, so they go while it issues; and on a failure in any case.
        let (files, entry) = (begun.files.clone(), begun.entry.clone());
        let (left_behind, (), outcome) = tokio::join!(self.withdraw(&entry), self.publisher.take_down(&files), async {
            match validated {
                Ok(()) => self.obtain(&mut begun, wish, budget).await,
                Err(error) => Err(error),
            }
        });
        match outcome {
            Ok(Offered { chain, other_roots }) => {
                let order = &begun.order;
                Ok(Issued {
                    chain,
                    key: begun.entry.key,
                    order_url: order.url().to_owned(),
                    profile: order.profile().map(str::to_owned),
                    is_replacement: order.is_replacement(),
                    left_behind,
                    other_roots,
                })
            }
            Err(error) => {
                if error.order_is_lost() {
                    self.forget().await;
                }
                Err(error)
            }
        }
    }

    /// Takes up the journalled order if it is one for this wish and can still be completed; else makes one.
    async fn begin(&self, wish: &Wish, budget: &Budget) -> Result<Begun, AcmeError> {
        let print = self.print(wish);
        if let Some(entry) = self.journal.load(budget).await.map_err(AcmeError::Told)? {
            if let Some(order) = self.resume(&entry, &print).await? {
                return self.journalled(order, entry, budget).await;
            }
            self.withdraw(&entry).await;
            self.forget().await;
        }
        let key = make_key(wish.key.clone()).await?;
        if wish.order_url.is_none() {
            self.prepare(&wish.names, budget).await?;
        }
        let order = self.order(wish).await?;
        let key = match key {
            LeafKey::Kept(pem) => Some(pem),
            LeafKey::New(_) | LeafKey::Foreign(_) => None,
        };
        let entry = Entry {
            fingerprint: print,
            order_url: order.url().to_owned(),
            key,
            records: Vec::new(),
            sites: Vec::new(),
        };
        self.journalled(order, entry, budget).await
    }

    async fn order(&self, wish: &Wish) -> Result<Order, AcmeError> {
        let Some(url) = &wish.order_url else {
            let Wish { names, profile, replaces, .. } = wish.clone();
            return self.ca.new_order(self.account, &OrderSpec { names, profile, replaces }).await;
        };
        let order = self.ca.resume_order(self.account, url).await?;
        let dead = |why: &str| {
            let problem = Problem { detail: why.to_owned(), ..Problem::default() };
            AcmeError::OrderDead { order: url.clone(), status: format!("{:?}", order.status()), problem: Some(problem) }
        };
        match order.status() {
            Status::Invalid => Err(order.death().await),
            Status::Processing | Status::Valid => {
                Err(dead("its certificate was issued already, for a key that is not here"))
            }
            Status::Pending | Status::Ready => Ok(order),
        }
    }

    async fn resume(&self, entry: &Entry, print: &str) -> Result<Option<Order>, AcmeError> {
        if entry.fingerprint != print {
            return Ok(None);
        }
        let order = match self.ca.resume_order(self.account, &entry.order_url).await {
            Ok(order) => order,
            Err(AcmeError::Refused(_) | AcmeError::Unauthorized(_) | AcmeError::NoAccount(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let status = order.status();
        tracing::info!(order_url = entry.order_url, ?status, "acme order found again");
        Ok(Some(order).filter(|_| status != Status::Invalid))
    }

    /// Finds what the order waits for and journals everything, before the first one is published.
    async fn journalled(&self, mut order: Order, mut entry: Entry, budget: &Budget) -> Result<Begun, AcmeError> {
        let challenges = match order.status() {
            Status::Pending => order.challenges(|name, wildcard| self.publisher.method(name, wildcard)).await?,
            _ => Vec::new(),
        };
        let (by_file, others) = challenges.into_iter().partition(|one| one.method == Method::Http01);
        let (standing, by_record) = Vec::into_iter(others).partition(|one| one.method == Method::DnsPersist01);
        let (waiting, hops) = self.records(by_record, budget).await?;
        let news = waiting.iter().filter(|record| !entry.records.contains(record)).cloned().collect::<Vec<_>>();
        let site = self.publisher.site().filter(|site| !by_file.is_empty() && !entry.sites.contains(site));
        let is_new = entry.records.is_empty() || !news.is_empty() || site.is_some();
        entry.records.extend(news);
        entry.sites.extend(site);
        if is_new {
            self.journal.save(&entry, budget).await.map_err(AcmeError::Told)?;
        }
        Ok(Begun { order, entry, waiting, hops, files: files(by_file), standing })
    }

    /// Finds out whether the records can be published at all, before there is an order that would be spent for nothing.
    async fn prepare(&self, names: &[String], budget: &Budget) -> Result<(), AcmeError> {
        let mut domains: Vec<_> = names
            .iter()
            .map(|name| name.strip_prefix("*.").map_or((name.as_str(), false), |domain| (domain, true)))
            .filter(|(domain, wildcard)| self.publisher.method(domain, *wildcard) == Method::Dns01)
            .map(|(domain, _)| domain)
            .collect();
        domains.dedup();
        let prepared = domains.into_iter().map(|domain| async move {
            let name = self.record_name(domain, budget).await?;
            let record = TxtRecord { domain: domain.to_owned(), name, value: String::new() };
            self.publisher.prepare(&record, budget).await.map_err(AcmeError::Told)
        });
        join_all(prepared).await.into_iter().collect()
    }

    /// Brings a journalled order to where all its names are validated.
    async fn validate(&self, begun: &mut Begun, budget: &Budget) -> Result<(), AcmeError> {
        if begun.order.status() != Status::Pending {
            return Ok(());
        }
        let files = begun.files.clone();
        let served = async {
            match &files[..] {
                [] => Ok(()),
                files => self.publisher.serve(files, budget).await.map_err(AcmeError::Told),
            }
        };
        tokio::try_join!(self.publish(begun, budget), served)?;
        let url = begun.order.url().to_owned();
        let told = budget.run(begun.order.set_ready()).await;
        told.map_err(|stopped| stopped_while("the CA is told that the records are there", stopped, Some(url)))??;
        let waited = begun.order.wait_until_ready(budget).await;
        waited.map(|_| ()).map_err(|error| self.with_standing(error, &begun.standing))
    }

    /// Tells what should have stood at the names that failed, where that is not ours to publish.
    fn with_standing(&self, error: AcmeError, standing: &[Challenge]) -> AcmeError {
        let AcmeError::Validation { order, mut failures } = error else { return error };
        for failure in &mut failures {
            let domain = failure.identifier.strip_prefix("*.").unwrap_or(&failure.identifier);
            let Some(wanted) = self.standing_value(standing, domain) else { continue };
            let name = dns_persist::record_name(domain);
            failure.problem.detail = format!("{}; wanted: TXT {name} \"{wanted}\"", failure.problem.detail);
        }
        AcmeError::Validation { order, failures }
    }

    /// What should stand for good at a name that is proved so.
    fn standing_value(&self, standing: &[Challenge], domain: &str) -> Option<String> {
        let challenge = standing.iter().find(|one| one.domain == domain)?;
        let issuer = challenge.issuers.first().map_or("", String::as_str);
        let is_wildcard = standing.iter().any(|one| one.domain == domain && one.wildcard);
        let account = challenge.account_uri.as_ref().unwrap_or(&self.account.account_url);
        Some(dns_persist::record_value(issuer, account, is_wildcard).unwrap_or_default())
    }

    /// Brings a validated order to its certificate.
    async fn obtain(&self, begun: &mut Begun, wish: &Wish, budget: &Budget) -> Result<Offered, AcmeError> {
        let url = begun.order.url().to_owned();
        let stopped = |doing, stopped| stopped_while(doing, stopped, Some(url.clone()));
        if begun.order.status() == Status::Ready {
            let key = begun.entry.key.clone().map_or_else(|| wish.key.clone(), LeafKey::Kept);
            let request = sign_request(&key, &content(wish))?;
            begun.order.issue(&request.der, budget).await?;
        }
        begun.order.wait_until_issued(budget).await?;
        let fetched = budget.run(begun.order.certificate(wish.preferred_root.as_deref())).await;
        let offered = fetched.map_err(|why| stopped("the certificate is fetched", why))??;
        check(&offered.chain, begun.entry.key.as_ref(), &wish.names)?;
        Ok(offered)
    }

    /// Removes records and clears sites on a budget of its own; what fails is told in words.
    async fn withdraw(&self, entry: &Entry) -> Vec<String> {
        let budget = Budget::for_cleanup(TIDY_TIMEOUT);
        let (records, sites) = tokio::join!(self.remove(&entry.records, &budget), self.clear(&entry.sites, &budget));
        [records, sites].concat()
    }

    async fn clear(&self, sites: &[String], budget: &Budget) -> Vec<String> {
        let outcomes = join_all(sites.iter().map(|site| self.publisher.clear(site, budget))).await;
        let failed = outcomes.into_iter().zip(sites).filter_map(|(outcome, site)| {
            let error = outcome.err()?;
            tracing::warn!(site, code = error.code(), "a solver of challenges is left behind");
            Some(format!("{site}, with its Service and Ingress: {}", error.what()))
        });
        failed.collect()
    }

    async fn remove(&self, records: &[TxtRecord], budget: &Budget) -> Vec<String> {
        let outcomes = join_all(records.iter().map(|record| self.publisher.withdraw(record, budget))).await;
        let failed = outcomes.into_iter().zip(records).filter_map(|(outcome, record)| {
            let error = outcome.err()?;
            tracing::warn!(name = record.name, code = error.code(), "a challenge record is left behind");
            Some(format!("TXT {} \"{}\": {}", record.name, record.value, error.what()))
        });
        failed.collect()
    }

    async fn forget(&self) {
        if let Err(error) = self.journal.forget(&Budget::for_cleanup(TIDY_TIMEOUT)).await {
            tracing::warn!(code = error.code(), "the journal of a lost order is left behind");
        }
    }
}

fn content(wish: &Wish) -> Content<'_> {
    Content { names: &wish.names, common_name: wish.common_name.as_deref(), must_staple: wish.must_staple }
}

fn files(challenges: Vec<Challenge>) -> Vec<HttpFile> {
    let file = |one: Challenge| HttpFile { domain: one.domain, token: one.token, content: one.key_authorization };
    challenges.into_iter().map(file).collect()
}

fn stopped_while(doing: &str, stopped: Stopped, order: Option<String>) -> AcmeError {
    AcmeError::Stopped { doing: doing.to_owned(), last: None, stopped, order }
}

/// Holds the chain against what was asked for.
fn check(chain: &Chain, key: Option<&Secret>, names: &[String]) -> Result<(), AcmeError> {
    if let Some(key) = key
        && !chain.facts.matches_key(key.expose())?
    {
        return Err(AcmeError::Chain("its public key is not the one of the request".to_owned()));
    }
    let has = |name: &String| {
        let own = chain.facts.dns_names.iter().any(|dns| dns.eq_ignore_ascii_case(name));
        own || chain.facts.ip_addresses.contains(name)
    };
    match names.iter().find(|name| !has(name)) {
        Some(missing) => Err(AcmeError::Chain(format!("it does not name {missing}"))),
        None => Ok(()),
    }
}
