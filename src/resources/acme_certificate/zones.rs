//! The Route53 zones that TXT records go to: which one for a name, and in whose account.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clients::aws::route53::{Route53Error, ZoneDetail};
use crate::clients::aws::{Aws, AwsError, Route53};
use crate::domain::dns::zone::{Visibility, closest};
use crate::domain::dns::{DnsName, RecordData, RecordType, Zone, ZoneId};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::model::Dns01;

/// Zones by the settings of a certificate.
pub struct Zones {
    pub(super) aws: Aws,
    pub(super) route53: Route53,
    pub(super) settings: Dns01,
}

impl Zones {
    /// The zones of the account that the settings name.
    pub async fn of(cx: &Cx, settings: Dns01) -> Result<Self, Explanation> {
        let aws = cx.provider().aws_as(settings.assume_role.as_ref())?;
        let route53 = aws.route53().await.clone();
        Ok(Self { aws, route53, settings })
    }

    /// The zone that the user chose for a name.
    fn chosen(&self, name: &DnsName) -> Option<ZoneId> {
        let by_domain = self.settings.zone_ids.as_ref().and_then(|zones| longest(zones, name));
        by_domain.or(self.settings.zone_id.as_ref()).map(|id| ZoneId::new(id))
    }

    /// The zone of a name: the user's choice, else the one of the account that holds it.
    pub async fn zone(&self, name: &DnsName, budget: &Budget) -> Result<ZoneId, Route53Error> {
        if let Some(id) = self.chosen(name) {
            return Ok(id);
        }
        Ok(self.route53.zone_for(budget, name, self.settings.visibility()).await?.id)
    }

    /// Where a CNAME leads that a zone of the account lists at a name. Who may look into no zone that holds the name
    /// finds none.
    pub async fn cname(&self, name: &DnsName, budget: &Budget) -> Option<String> {
        let zone = self.holding(name, budget).await?;
        let sets = self.route53.records_named(budget, &zone, name).await.ok()?;
        let cname = sets.into_iter().find(|set| set.key.kind == RecordType::Cname)?;
        let RecordData::Values { values, .. } = cname.data else { return None };
        Some(DnsName::parse(values.first()?).ok()?.as_str().to_owned())
    }

    /// The zone of the account that holds a name: the user's choice may be that of another name.
    async fn holding(&self, name: &DnsName, budget: &Budget) -> Option<ZoneId> {
        let Ok(zones) = self.route53.zones(budget).await else { return self.chosen(name) };
        let by_id = |id: &ZoneId| zones.iter().any(|zone| zone.id == *id && name.is_within(&zone.name));
        if let Some(chosen) = self.chosen(name).filter(by_id) {
            return Some(chosen);
        }
        let found = self.route53.zone_for(budget, name, self.settings.visibility()).await;
        found.ok().map(|zone| zone.id)
    }

    /// The same with its servers, for those who only look; none if there is no such zone.
    pub async fn detail(&self, name: &DnsName, budget: &Budget) -> Result<Option<Arc<ZoneDetail>>, Route53Error> {
        match self.zone(name, budget).await {
            Ok(id) => self.route53.detail(budget, &id).await,
            Err(Route53Error::NoZone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The private zones that hold a name as closely as a public zone does: those who see them see no other.
    pub async fn private_twins(
        &self,
        name: &DnsName,
        public: &Zone,
        budget: &Budget,
    ) -> Result<Vec<Zone>, Route53Error> {
        let zones = self.route53.zones(budget).await?;
        let private = closest(&zones, name, Visibility::Private).into_iter();
        Ok(private.filter(|zone| zone.name.label_count() >= public.name.label_count()).cloned().collect())
    }

    /// The public zone of a name, if there is a private one that may be seen in its place.
    pub async fn hidden(&self, name: &DnsName, budget: &Budget) -> Result<Option<Arc<ZoneDetail>>, Route53Error> {
        let zones = self.route53.zones(budget).await?;
        if closest(&zones, name, Visibility::Private).is_empty() {
            return Ok(None);
        }
        let Some(detail) = self.detail(name, budget).await?.filter(|detail| !detail.zone.private) else {
            return Ok(None);
        };
        let twins = self.private_twins(name, &detail.zone, budget).await?;
        Ok(Some(detail).filter(|_| !twins.is_empty()))
    }

    /// Tells a failure; where a permission is missing, with who lacks it.
    pub async fn told(&self, error: &Route53Error, what: String, object: &str) -> Explanation {
        let told = match error {
            Route53Error::Aws(denied @ AwsError::AccessDenied { .. }) => self.aws.explained(denied, what, object).await,
            other => other.explain(what, object),
        };
        let by_role = matches!(error, Route53Error::Aws(AwsError::AccessDenied { .. } | AwsError::Credentials(_)));
        match &self.settings.assume_role {
            Some(role) if by_role => {
                told.at("dns01.assume_role").on(format!("{object}, as the role {}", role.role_arn))
            }
            _ => told,
        }
    }
}

/// The zone of the longest domain that holds the name.
fn longest<'a>(zones: &'a BTreeMap<String, String>, name: &DnsName) -> Option<&'a String> {
    let domains = zones.iter().filter_map(|(domain, id)| Some((DnsName::parse(domain).ok()?, id)));
    let holding = domains.filter(|(domain, _)| name.is_within(domain));
    holding.max_by_key(|(domain, _)| domain.label_count()).map(|(_, id)| id)
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
