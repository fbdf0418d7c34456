//! `ExternalDNS` for Route53, and the zones that DNS workloads are held to.
//!
//! Source: <https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/>.

use super::arguments::{Arguments, Kind, Parameter, wrong};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

/// The zones that a workload may write to.
pub(super) const ZONES: Parameter = Parameter::optional(
    "hosted_zone_ids",
    Kind::Texts,
    "ids of the hosted zones (`Z…`, `/hostedzone/Z…` or their ARNs); all zones of the account if left out",
);

pub(super) const EXTERNAL_DNS: Workload = Workload {
    name: "external-dns",
    about: "ExternalDNS: the records of zones",
    parameters: &[
        ZONES,
        Parameter::optional(
            "domains",
            Kind::Texts,
            "domains at and below which records may be changed; with an apex among them, choose ExternalDNS's \
             `--txt-prefix` so that its TXT records lie below it too",
        ),
        Parameter::optional(
            "record_types",
            Kind::Texts,
            "types of records that may be changed, such as `A`, `CNAME` and `TXT`",
        ),
    ],
    statements,
};

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let zones = zones(arguments)?;
    let mut change = allow("ChangeRecords", "route53", &["ChangeResourceRecordSets"], zones.clone());
    let domains = arguments.names("domains", |name| name.without_wildcard())?;
    if !domains.is_empty() {
        let names = domains.iter().flat_map(|domain| [domain.to_string(), format!("*.{domain}")]);
        let key = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
        change = change.when("ForAllValues:StringLike", key, names);
    }
    let types = arguments.texts("record_types");
    if !types.is_empty() {
        let types = types.iter().map(|kind| kind.to_ascii_uppercase());
        change = change.when("ForAllValues:StringEquals", "route53:ChangeResourceRecordSetsRecordTypes", types);
    }
    // Releases before 0.15 ask for the tags of one zone at a time.
    let read = ["ListResourceRecordSets", "ListTagsForResource", "ListTagsForResources"];
    Ok(vec![
        change,
        allow("ReadZones", "route53", &read, zones),
        allow("FindZones", "route53", &["ListHostedZones"], anything()),
    ])
}

/// The ARNs of `hosted_zone_ids`, or all zones.
pub(super) fn zones(arguments: &Arguments<'_>) -> Result<Vec<String>, WorkloadError> {
    let start = format!("arn:{}:route53:::hostedzone/", arguments.partition());
    let read = |text: &str| {
        let id =
            [start.as_str(), "/hostedzone/", "hostedzone/"].into_iter().find_map(|before| text.strip_prefix(before));
        let id = id.unwrap_or(text);
        let good = (2..=32).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if good {
            return Ok(format!("{start}{id}"));
        }
        Err(wrong(
            "hosted_zone_ids",
            format!(
                "must hold ids such as `Z0123456789ABCDEFGHIJ`, `/hostedzone/Z…` or ARNs that begin with `{start}`, and holds `{text}`"
            ),
        ))
    };
    let zones = arguments.texts("hosted_zone_ids").into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(if zones.is_empty() { vec![format!("{start}*")] } else { zones })
}
