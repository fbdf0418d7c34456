//! `berth_hosted_zone`: a hosted zone of Route53, by its name.

use crate::clients::aws::{Route53, Route53Error};
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{DnsName, ZoneId};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::dns_record::checks;
use crate::sdk::{Computed, Data, Diagnostics, Meta, Model, ReadTimeouts, Result, View};

/// The data source.
pub struct HostedZone;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct HostedZoneModel {
    /// The zone's name, such as `example.com`; case and a trailing dot make no difference. This or `zone_id`.
    #[attr(optional, check = checks::dns_name(), equal = checks::same_name)]
    pub name: Computed<String>,
    /// Whether to look among the private zones, which only VPCs see, instead of the public ones. Default `false`. It makes no
    /// difference where the zone is named by its id.
    #[attr(default = false)]
    pub private: bool,
    /// The zone's id, such as `Z0123456789ABCDEFGHIJ`. This or `name`.
    #[attr(optional, check = checks::zone_id(), equal = checks::same_zone_id)]
    pub zone_id: Computed<String>,
    /// The servers that answer for the zone; empty for a private zone.
    pub name_servers: Computed<Vec<String>>,
    /// The note made at the zone's creation.
    pub comment: Computed<String>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for HostedZone {
    type Model = HostedZoneModel;

    const NAME: &'static str = "berth_hosted_zone";

    const META: Meta = Meta::new(
        "DNS",
        "Finds a hosted zone of Route53 by its name or its id. Two zones of the same name and kind are told apart only by their \
         ids: then the message lists them.",
    );

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (name, id) = (config.at("name"), config.at("zone_id"));
        let fault = match (name.is_given() && id.is_given(), name.is_null() && id.is_null()) {
            (true, _) => "`name` and `zone_id` are both set",
            (_, true) => "The zone is named neither by `name` nor by `zone_id`",
            _ => return,
        };
        let explanation = Explanation::new("BERTH-ROUTE53-023", fault);
        found.error(&explanation.next("set one of the two; nothing was asked").at("name"));
    }

    async fn read(&self, cx: &Cx, model: &mut HostedZoneModel) -> Result<()> {
        let given = model.zone_id.get().map(|id| ZoneId::new(id));
        let attribute = if given.is_some() { "zone_id" } else { "name" };
        let shown = given.as_ref().map_or_else(|| model.name.get().cloned().unwrap_or_default(), ToString::to_string);
        let what = format!("Cannot find the hosted zone `{shown}`");
        let aws = cx.provider().aws()?;
        let route53 = aws.route53().await;
        let failed = async |error: Route53Error| match &error {
            Route53Error::Aws(error) => aws.explained(error, &what, "the account's hosted zones").await.at(attribute),
            other => other.explain(&what, "the account's hosted zones").at(attribute),
        };
        let id = match given {
            Some(id) => id,
            None => match named(cx, route53, model).await {
                Ok(id) => id,
                Err(error) => return Err(failed(error).await),
            },
        };
        let detail = match route53.zone(cx.budget(), &id).await {
            Ok(Some(detail)) => detail,
            Ok(None) => return Err(failed(Route53Error::NoZoneId(id)).await),
            Err(error) => return Err(failed(error).await),
        };
        if model.name.get().is_none() {
            model.name.set(detail.zone.name.as_str().to_owned());
        }
        if model.zone_id.get().is_none() {
            model.zone_id.set(id.as_str().to_owned());
        }
        model.name_servers.set(detail.name_servers);
        model.comment.set(detail.zone.comment);
        Ok(())
    }
}

/// The id of the zone of a name.
async fn named(cx: &Cx, route53: &Route53, model: &HostedZoneModel) -> std::result::Result<ZoneId, Route53Error> {
    let visibility = if model.private { Visibility::Private } else { Visibility::Public };
    let name = DnsName::parse(model.name.get().map_or("", String::as_str)).map_err(Route53Error::Name)?;
    Ok(route53.zone_named(cx.budget(), &name, visibility).await?.id)
}
