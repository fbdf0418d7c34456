//! Proofs of names: TXT records in Route53, files behind an Ingress or served here, or what the user publishes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clients::acme::issue::{HttpFile, Publisher, TxtRecord};
use crate::clients::acme::{Method, Responder};
use crate::clients::aws::AwsError;
use crate::clients::aws::route53::Route53Error;
use crate::clients::dns::{Check, Dns, challenge_name};
use crate::domain::dns::DnsName;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::model::Certificate;
use super::solver;
use super::zones::Zones;

/// Proves names as a certificate's settings say.
pub struct Prover<'a> {
    cx: &'a Cx,
    model: Certificate,
    zones: Option<Zones>,
    serving: Mutex<Option<Arc<Responder>>>,
}

impl<'a> Prover<'a> {
    /// A prover for a certificate. Route53 is left alone if nothing needs it.
    pub async fn of(cx: &'a Cx, model: &Certificate) -> Result<Self, Explanation> {
        let needs_records = model.names().iter().any(|name| {
            let (domain, wildcard) = name.strip_prefix("*.").map_or((name.as_str(), false), |domain| (domain, true));
            model.method(domain, wildcard) == Method::Dns01
        });
        let zones =
            if needs_records && model.order.is_none() { Some(Zones::of(cx, model.dns01()).await?) } else { None };
        Ok(Self { cx, model: model.clone(), zones, serving: Mutex::default() })
    }

    /// A resolver that no private zone of the same name deceives: it asks the servers of the public zone by their names,
    /// which Route53 tells. What cannot be found out changes nothing.
    pub async fn undeceived(&self, dns: Dns) -> Dns {
        let Some(zones) = self.zones.as_ref().filter(|_| dns.check() == Check::Authoritative) else { return dns };
        let mut dns = dns;
        for name in self.model.names() {
            let domain = name.strip_prefix("*.").unwrap_or(&name);
            let Ok(name) = DnsName::parse(&challenge_name(domain)) else { continue };
            let Ok(Some(hidden)) = zones.hidden(&name, self.cx.budget()).await else { continue };
            tracing::info!(zone = %hidden.zone.name, "a private zone has the same name; asking the public one's servers");
            dns = dns.pinning(hidden.zone.name.as_str(), &hidden.name_servers, self.cx.budget()).await;
        }
        dns
    }

    /// Serves files from this process.
    async fn listen(
        &self,
        address: Option<SocketAddr>,
        attribute: &'static str,
        files: &[HttpFile],
    ) -> Result<(), Explanation> {
        let Some(address) = address else { return Ok(()) };
        let responder = self.cx.provider().acme_responders().at(address).await.map_err(|error| {
            Explanation::new("BERTH-ACME-059", "Cannot serve the files of the http-01 challenges")
                .on(address.to_string())
                .said("the system", error.to_string())
                .next("give an address of this machine and a port that is free and that this user may listen at")
                .at(attribute)
        })?;
        for file in files {
            responder.put(&file.token, &file.content);
        }
        *self.serving() = Some(responder);
        Ok(())
    }

    fn serving(&self) -> std::sync::MutexGuard<'_, Option<Arc<Responder>>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher for Prover<'_> {
    fn method(&self, name: &str, wildcard: bool) -> Method {
        self.model.method(name, wildcard)
    }

    async fn cname(&self, name: &str, budget: &Budget) -> Option<String> {
        self.zones.as_ref()?.cname(&DnsName::parse(name).ok()?, budget).await
    }

    async fn prepare(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        match &self.zones {
            Some(zones) => zones.prepare(record, budget).await,
            None => Ok(()),
        }
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

    async fn serve(&self, files: &[HttpFile], budget: &Budget) -> Result<(), Explanation> {
        let Some(http01) = &self.model.http01 else { return Ok(()) };
        let Some(site) = solver::site(&self.model) else {
            let listen = http01.listen.as_ref().and_then(|text| text.parse().ok());
            return self.listen(listen, "http01.listen", files).await;
        };
        if let Some(address) = solver::listen_address(http01) {
            self.listen(Some(address), "http01.endpoint", files).await?;
        }
        solver::serve(self.cx, http01, &site, files, budget).await
    }

    fn site(&self) -> Option<String> {
        solver::site(&self.model).map(|site| site.to_string())
    }

    async fn clear(&self, site: &str, budget: &Budget) -> Result<(), Explanation> {
        solver::clear(self.cx, site, budget).await
    }

    async fn take_down(&self, files: &[HttpFile]) {
        if let Some(responder) = self.serving().take() {
            for file in files {
                responder.remove(&file.token);
            }
        }
    }
}

/// Puts values beside those of others.
impl Zones {
    /// Finds the zone of a record, and with it whether there are credentials at all.
    async fn prepare(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        let found = async {
            let name = name_of(record)?;
            self.zone(&name, budget).await.map_err(Trouble::Route53)?;
            match self.route53.zones(budget).await {
                Err(error @ Route53Error::Aws(AwsError::Credentials(_))) => Err(Trouble::Route53(error)),
                // Who may write into a zone that was chosen need not be allowed to list all.
                _ => Ok(()),
            }
        };
        match found.await {
            Ok(()) => Ok(()),
            Err(trouble) => Err(self.trouble(trouble, "Cannot publish the challenge record", record).await),
        }
    }

    async fn publish(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        let what = "Cannot publish the challenge record";
        let written = async {
            let name = name_of(record)?;
            let zone = self.zone(&name, budget).await.map_err(Trouble::Route53)?;
            let put = self.route53.put_txt_value(budget, &zone, &name, &record.value, self.settings.ttl).await;
            let change = put.map_err(Trouble::Route53)?;
            if self.settings.wait == "none" {
                return Ok(());
            }
            self.route53.wait_in_sync(budget, change.as_ref()).await.map_err(Trouble::Route53)
        };
        match written.await {
            Ok(()) => Ok(()),
            Err(trouble) => Err(self.trouble(trouble, what, record).await),
        }
    }

    async fn withdraw(&self, record: &TxtRecord, budget: &Budget) -> Result<(), Explanation> {
        let removed = async {
            let name = name_of(record)?;
            let zone = match self.zone(&name, budget).await {
                // No zone, so no record.
                Err(Route53Error::NoZone { .. } | Route53Error::NoZoneId(_)) => return Ok(()),
                found => found.map_err(Trouble::Route53)?,
            };
            let removed = self.route53.remove_txt_value(budget, &zone, &name, &record.value).await;
            removed.map(|_| ()).map_err(Trouble::Route53)
        };
        match removed.await {
            Ok(()) => Ok(()),
            Err(trouble) => Err(self.trouble(trouble, "Cannot remove the challenge record", record).await),
        }
    }

    async fn trouble(&self, trouble: Trouble, what: &str, record: &TxtRecord) -> Explanation {
        match trouble {
            Trouble::Told(told) => told,
            Trouble::Route53(error) => {
                self.told(&error, format!("{what} for `{}`", record.domain), &format!("TXT {}", record.name)).await
            }
        }
    }
}

/// Why a record could not be written or removed.
enum Trouble {
    Route53(Route53Error),
    Told(Explanation),
}

fn name_of(record: &TxtRecord) -> Result<DnsName, Trouble> {
    DnsName::parse(&record.name).map_err(|error| {
        let told = Explanation::new("BERTH-ACME-047", "Cannot publish the challenge record")
            .on(format!("TXT {} for {}", record.name, record.domain))
            .said("the name's reader", error.to_string())
            .next("correct the CNAME at `_acme-challenge`, or set `dns01.follow_cname = false`");
        Trouble::Told(told)
    })
}
