//! The record sets of a zone.

use std::collections::BTreeSet;

use crate::domain::dns::{DnsName, RecordSet, RecordType, Zone, ZoneId};
use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Explanation, Listed, Listing, Meta, Model, Result, View};

use super::identity::Identity;
use super::place::{ZoneWish, explained};
use super::{DnsRecord, checks};

/// Which record sets are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// The id of the hosted zone.
    #[attr(check = crate::sdk::check::length(1, 64))]
    pub zone_id: Option<String>,
    /// The name of the hosted zone, instead of its id.
    #[attr(check = checks::dns_name())]
    pub zone: Option<String>,
    /// Whether to look for the zone among the private ones. Default `false`.
    #[attr(default = false)]
    pub private: bool,
    /// Only the record sets of this whole name and of names below it.
    #[attr(check = checks::dns_name())]
    pub within: Option<String>,
    /// Only record sets of these types, such as `["A", "AAAA"]`.
    #[attr(check = checks::record_type())]
    pub types: Option<Vec<String>>,
}

impl Listed<Berth> for DnsRecord {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "DNS",
        "The record sets of a hosted zone in Route53, whoever made them, in the order of their names. The SOA and NS records of \
         the zone itself are left out: AWS makes and removes them with the zone.",
    );

    fn validate_query(&self, query: &View<'_>, found: &mut Diagnostics) {
        if query.at("zone_id").is_null() && query.at("zone").is_null() {
            let told = Explanation::new("BERTH-ROUTE53-037", "The zone whose records are listed is not named");
            found.error(&told.next("set `zone` to its name, or `zone_id`").at("zone"));
        }
    }

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let aws = cx.provider().aws()?;
        let what = "Cannot list the records";
        let id = query.zone_id.as_deref().map(ZoneId::new);
        let wish = ZoneWish { id, name: query.zone.as_deref(), private: query.private };
        let zone = wish.zone(cx, aws, query.zone.as_deref().unwrap_or_default(), what).await?;
        let sets = match aws.route53().await.records(cx.budget(), &zone.id).await {
            Ok(sets) => sets,
            Err(error) => return Err(explained(aws, &error, what, &wish.object()).await),
        };
        let filter = Filter::new(&query, &zone);
        for set in sets.iter().filter(|set| filter.wants(set)) {
            let identity = Identity::of(&zone.id, &set.key);
            if !listing.give(set.key.to_string(), &identity).await {
                break;
            }
        }
        Ok(())
    }
}

/// What a query asks for, read.
struct Filter<'a> {
    zone: &'a Zone,
    within: Option<DnsName>,
    types: Option<BTreeSet<RecordType>>,
}

impl<'a> Filter<'a> {
    fn new(query: &Query, zone: &'a Zone) -> Self {
        let within = query.within.as_deref().and_then(|name| DnsName::parse(name).ok());
        let types = query.types.as_ref().map(|types| types.iter().filter_map(|text| text.parse().ok()).collect());
        Self { zone, within, types }
    }

    fn wants(&self, set: &RecordSet) -> bool {
        let (name, kind) = (&set.key.name, set.key.kind);
        let is_zones_own = *name == self.zone.name && matches!(kind, RecordType::Soa | RecordType::Ns);
        !is_zones_own
            && self.within.as_ref().is_none_or(|within| name.is_within(within))
            && self.types.as_ref().is_none_or(|types| types.contains(&kind))
    }
}
