//! The order under way, kept beside the certificate's destination: in a Secret, else in the private state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clients::acme::issue::{Entry, Journal, TxtRecord};
use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::is_terminating;
use crate::domain::tls_secret::{self, KEY_ENTRY, Wanted};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Budget, Stopped};
use crate::secret::Secret;

use super::model::Certificate;
use super::model::destination::Destination;

/// The entry with everything but the key.
const ORDER_ENTRY: &str = "order.json";
/// The note of the private state.
const NOTE: &str = "order";

/// An order as it is written down.
#[derive(Serialize, Deserialize)]
struct Order {
    fingerprint: String,
    url: String,
    records: Vec<Record>,
    #[serde(default)]
    sites: Vec<String>,
    /// Only where the private key may stand in the state.
    key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    domain: String,
    name: String,
    value: String,
}

impl Order {
    fn of(entry: &Entry) -> Self {
        let records = entry.records.iter().map(|record| Record {
            domain: record.domain.clone(),
            name: record.name.clone(),
            value: record.value.clone(),
        });
        let (fingerprint, url, sites) = (entry.fingerprint.clone(), entry.order_url.clone(), entry.sites.clone());
        Self { fingerprint, url, records: records.collect(), sites, key: None }
    }

    fn entry(self, key: Option<Secret>) -> Entry {
        let records = self.records.into_iter();
        let records = records.map(|record| TxtRecord { domain: record.domain, name: record.name, value: record.value });
        let records = records.collect();
        Entry { fingerprint: self.fingerprint, order_url: self.url, key, records, sites: self.sites }
    }
}

/// Where the journal of a certificate is.
pub enum Book<'a> {
    /// A Secret beside the destination's. Where the certificate is new, the context is told that something exists.
    Cluster(&'a Cluster, ObjectRef, Option<&'a Cx>),
    /// The private state, of certificates whose key is in the state or is the user's.
    State(&'a Cx),
}

impl<'a> Book<'a> {
    /// The journal for a destination; made by nothing but [`Journal::save`].
    pub fn of(cx: &'a Cx, destination: Option<&Destination>, is_create: bool) -> Result<Self, Explanation> {
        match destination {
            Some(place) => Ok(Self::Cluster(cx.provider().cluster()?, object(place), is_create.then_some(cx))),
            None => Ok(Self::State(cx)),
        }
    }
}

/// The Secret that holds the order of a destination's certificate.
pub fn object(place: &Destination) -> ObjectRef {
    ObjectRef::secret(&place.namespace, &format!("{}-acme-order", place.name))
}

/// Whether an earlier run has left an order for a destination.
pub async fn is_open(cx: &Cx, place: &Destination) -> Result<bool, Explanation> {
    let found = cx.provider().cluster()?.get(cx.budget(), &object(place)).await;
    found.map(|found| found.is_some()).map_err(|error| told(&error))
}

/// Whether an interrupt has left an order that only the private state knows.
pub fn is_kept_by_success_only(cx: &Cx, model: &Certificate) -> bool {
    let is_interrupted = cx.budget().check() == Err(Stopped::Interrupted);
    is_interrupted && model.kubernetes_secret.is_none() && cx.recall::<Order>(NOTE).is_some()
}

fn told(error: &ClusterError) -> Explanation {
    error.explain("Cannot keep the journal of the ACME order")
}

impl Journal for Book<'_> {
    async fn load(&self, budget: &Budget) -> Result<Option<Entry>, Explanation> {
        match self {
            Self::Cluster(cluster, object, _) => {
                let Some(secret) = cluster.get(budget, object).await.map_err(|error| told(&error))? else {
                    return Ok(None);
                };
                let order = tls_secret::entry(&secret, ORDER_ENTRY);
                let order: Option<Order> = order.and_then(|text| serde_json::from_str(text.expose()).ok());
                Ok(order.map(|order| order.entry(tls_secret::entry(&secret, KEY_ENTRY))))
            }
            Self::State(cx) => Ok(cx.recall::<Order>(NOTE).map(|mut order| {
                let key = order.key.take().map(Secret::new);
                order.entry(key)
            })),
        }
    }

    async fn save(&self, entry: &Entry, budget: &Budget) -> Result<(), Explanation> {
        match self {
            Self::Cluster(cluster, object, cx) => {
                let order = serde_json::to_string(&Order::of(entry)).unwrap_or_default();
                let mut entries = BTreeMap::from([(ORDER_ENTRY.to_owned(), Secret::new(order))]);
                entries.extend(entry.key.clone().map(|key| (KEY_ENTRY.to_owned(), key)));
                let wanted = Wanted::opaque(object.clone(), entries);
                write(cluster, budget, &wanted).await.map_err(|error| told(&error))?;
                // From here on the order and its key exist, and a failed create must be remembered.
                if let Some(cx) = cx {
                    cx.exists();
                }
                Ok(())
            }
            Self::State(cx) => {
                let key = entry.key.as_ref().map(|key| key.expose().to_owned());
                cx.remember(NOTE, &Order { key, ..Order::of(entry) });
                Ok(())
            }
        }
    }

    async fn forget(&self, budget: &Budget) -> Result<(), Explanation> {
        match self {
            Self::Cluster(cluster, object, _) => {
                cluster.delete(budget, object, None).await.map_err(|error| told(&error))
            }
            Self::State(cx) => {
                cx.forget(NOTE);
                Ok(())
            }
        }
    }
}

/// Writes a Secret: into the one that is there, else a new one.
pub async fn write(cluster: &Cluster, budget: &Budget, wanted: &Wanted) -> Result<(), ClusterError> {
    let written = cluster.update(budget, &wanted.object, |object| wanted.write_into(object)).await?;
    // What was on its way out takes with it what was written.
    let is_there = written.is_some_and(|written| !is_terminating(&written));
    if !is_there && cluster.settled(budget, &wanted.object).await?.is_none() {
        cluster.create(budget, &wanted.manifest()).await?;
    }
    Ok(())
}
