//! `berth_hosted_zone`: a hosted zone of Route53, by its name.

use crate::clients::aws::Route53Error;
use crate::domain::dns::DnsName;
use crate::domain::dns::zone::Visibility;
use crate::provider::{Berth, Cx};
use crate::resources::dns_record::checks;
use crate::sdk::{Computed, Data, Meta, Model, ReadTimeouts, Result};

/// The data source.
pub struct HostedZone;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct HostedZoneModel {
    /// The zone's name, such as `example.com`; case and a trailing dot make no difference.
    #[attr(check = checks::dns_name(), equal = checks::same_name)]
    pub name: String,
    /// Whether to look among the private zones, which only VPCs see, instead of the public ones. Default `false`.
    #[attr(default = false)]
    pub private: bool,
    /// The zone's id, such as `Z0123456789ABCDEFGHIJ`.
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
        "Finds a hosted zone of Route53 by its name. Two zones of the same name and kind are told apart only by their \
         ids: then the message lists them.",
    );

    async fn read(&self, cx: &Cx, model: &mut HostedZoneModel) -> Result<()> {
        let what = format!("Cannot find the hosted zone `{}`", model.name);
        let aws = cx.provider().aws()?;
        let route53 = aws.route53().await;
        let failed = async |error: Route53Error| match &error {
            Route53Error::Aws(error) => aws.explained(error, &what, "the account's hosted zones").await.at("name"),
            other => other.explain(&what, "the account's hosted zones").at("name"),
        };
        let visibility = if model.private { Visibility::Private } else { Visibility::Public };
        let name = match DnsName::parse(&model.name) {
            Ok(name) => name,
            Err(error) => return Err(failed(Route53Error::Name(error)).await),
        };
        let zone = match route53.zone_named(cx.budget(), &name, visibility).await {
            Ok(zone) => zone,
            Err(error) => return Err(failed(error).await),
        };
        let detail = match route53.zone(cx.budget(), &zone.id).await {
            Ok(Some(detail)) => detail,
            Ok(None) => return Err(failed(Route53Error::NoZoneId(zone.id)).await),
            Err(error) => return Err(failed(error).await),
        };
        model.zone_id.set(zone.id.as_str().to_owned());
        model.name_servers.set(detail.name_servers);
        model.comment.set(zone.comment);
        Ok(())
    }
}
