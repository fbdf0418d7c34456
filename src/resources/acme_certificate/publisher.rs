//! Proofs of names: TXT records in Route53, files that the provider serves, or what the user publishes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clients::acme::issue::{HttpFile, Publisher, TxtRecord};
use crate::clients::acme::{Method, Responder};
use crate::clients::aws::Route53;
use crate::clients::aws::route53::Route53Error;
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{DnsName, ZoneId};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::model::{Certificate, Dns01};

/// Proves names as a certificate's settings say.
pub struct Prover<'a> {
    cx: &'a Cx,
    model: Certificate,
    zones: Option<Route53Publisher>,
    serving: Mutex<Option<Arc<Responder>>>,
}

impl<'a> Prover<'a> {
    /// A prover for a certificate. Route53 is left alone if nothing needs it.
    pub async fn of(cx: &'a Cx, model: &Certificate) -> Result<Self, Explanation> {
        let needs_records = model.names().iter().any(|name| {
            let (domain, wildcard) = name.strip_prefix("*.").map_or((name.as_str(), false), |domain| (domain, true));
            model.method(domain, wildcard) == Method::Dns01
        });
        let zones = if needs_records && model.order.is_none() {
            let route53 = cx.provider().aws()?.route53().await.clone();
            Some(Route53Publisher { route53, settings: model.dns01() })
        } else {
            None
        };
        Ok(Self { cx, model: model.clone(), zones, serving: Mutex::default() })
    }

    fn serving(&self) -> std::sync::MutexGuard<'_, Option<Arc<Responder>>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher for Prover<'_> {
    fn method(&self, name: &str, wildcard: bool) -> Method {
        self.model.method(name, wildcard)
    }

    async fn publish(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        match &self.zones {
            Some(zones) => zones.publish(record, budget).await,
            None => Ok(()),
        }
    }

    async fn withdraw(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        match &self.zones {
            Some(zones) => zones.withdraw(record, budget).await,
            None => Ok(()),
        }
    }

    async fn serve(&self, files: &[HttpFile], _: &Budget) -> Result<(), Explanation> {
        let listen = self.model.http01.as_ref().map(|http01| http01.listen.as_str()).unwrap_or_default();
        let trouble = |words: String| {
            Explanation::new("BERTH-ACME-059", "Cannot serve the files of the http-01 challenges")
                .on(listen)
                .said("the system", words)
                .next("give an address of this machine and a port that is free and that this user may listen at")
                .at("http01.listen")
        };
        let address = listen.parse().map_err(|error: std::net::AddrParseError| trouble(error.to_string()))?;
        let responder = self.cx.provider().acme_responders().at(address).await;
        let responder = responder.map_err(|error| trouble(error.to_string()))?;
        for file in files {
            responder.put(&file.token, &file.content);
        }
        *self.serving() = Some(responder);
        Ok(())
    }

    async fn take_down(&self, files: &[HttpFile]) {
        if let Some(responder) = self.serving().take() {
            for file in files {
                responder.remove(&file.token);
            }
        }
    }
}

/// Puts values beside those of others, in the zones that the settings name or that hold the names.
struct Route53Publisher {
    route53: Route53,
    settings: Dns01,
}

impl Route53Publisher {
    async fn publish(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        let trouble = |error: Route53Error| told(&error, "Cannot publish the challenge record", record);
        let name = name_of(record)?;
        let zone = self.zone(&name, budget).await.map_err(trouble)?;
        let put = self.route53.put_txt_value(budget, &zone, &name, &record.value, self.settings.ttl).await;
        let change = put.map_err(trouble)?;
        if self.settings.wait == "none" {
            return Ok(());
        }
        self.route53.wait_in_sync(budget, change.as_ref()).await.map_err(trouble)
    }

    async fn withdraw(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        let trouble = |error: Route53Error| told(&error, "Cannot remove the challenge record", record);
        let name = name_of(record)?;
        let zone = match self.zone(&name, budget).await {
            // No zone, so no record.
            Err(Route53Error::NoZone { .. } | Route53Error::NoZoneId(_)) => return Ok(()),
            found => found.map_err(trouble)?,
        };
        self.route53.remove_txt_value(budget, &zone, &name, &record.value).await.map(|_| ()).map_err(trouble)
    }

    async fn zone(&self, name: &DnsName, budget: &Budget) -> Result<ZoneId, Route53Error> {
        let by_domain = self.settings.zone_ids.as_ref().and_then(|zones| longest(zones, name));
        if let Some(id) = by_domain.or(self.settings.zone_id.as_ref()) {
            return Ok(ZoneId::new(id));
        }
        Ok(self.route53.zone_for(budget, name, Visibility::Public).await?.id)
    }
}

/// The zone of the longest domain that holds the name.
fn longest<'a>(zones: &'a BTreeMap<String, String>, name: &DnsName) -> Option<&'a String> {
    let domains = zones.iter().filter_map(|(domain, id)| Some((DnsName::parse(domain).ok()?, id)));
    let holding = domains.filter(|(domain, _)| name.is_within(domain));
    holding.max_by_key(|(domain, _)| domain.label_count()).map(|(_, id)| id)
}

fn name_of(record: &TxtRecord) -> Result<DnsName, Explanation> {
    DnsName::parse(&record.name).map_err(|error| {
        Explanation::new("BERTH-ACME-047", "Cannot publish the challenge record")
            .on(format!("TXT {} for {}", record.name, record.domain))
            .said("the name's reader", error.to_string())
            .next("correct the CNAME at `_acme-challenge`, or set `dns01.follow_cname = false`")
    })
}

fn told(error: &Route53Error, what: &str, record: &TxtRecord) -> Explanation {
    error.explain(format!("{what} for `{}`", record.domain), &format!("TXT {}", record.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_domain_decides() {
        let zones = BTreeMap::from([
            ("example.com".to_owned(), "Z1".to_owned()),
            ("a.example.com".to_owned(), "Z2".to_owned()),
        ]);
        let zone = |name: &str| longest(&zones, &DnsName::parse(name).unwrap()).map(String::as_str);
        assert_eq!(zone("_acme-challenge.b.a.example.com"), Some("Z2"));
        assert_eq!(zone("_acme-challenge.b.example.com"), Some("Z1"));
        assert_eq!(zone("_acme-challenge.aa.example.org"), None);
    }
}
