//! cert-manager's DNS-01 solver for Route53.
//!
//! Source: <https://cert-manager.io/docs/configuration/acme/dns01/route53/>, narrowed by the condition keys of
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html>.

use super::arguments::{Arguments, Kind, Parameter};
use super::external_dns::{ZONES, zones};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

/// What precedes a name that is proved by DNS-01 (RFC 8555 §8.4).
const CHALLENGE: &str = "_acme-challenge";

pub(super) const CERT_MANAGER: Workload = Workload {
    name: "cert-manager",
    about: "cert-manager's DNS-01 challenges: TXT records below `_acme-challenge` names and nothing else. Each of \
            `dns_names`, `domains` and `record_names` adds names; without any, all `_acme-challenge` names are allowed",
    parameters: &[
        ZONES,
        Parameter::optional(
            "dns_names",
            Kind::Texts,
            "names of certificates, exactly; a wildcard needs no other record",
        ),
        Parameter::optional("domains", Kind::Texts, "domains of which every name may get a certificate"),
        Parameter::optional(
            "record_names",
            Kind::Texts,
            "whole names of records, for challenges delegated by CNAME; `*` is a wildcard",
        ),
    ],
    statements,
};

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let partition = arguments.partition();
    let zones = zones(arguments)?;
    Ok(vec![
        allow("Changes", "route53", &["GetChange"], [format!("arn:{partition}:route53:::change/*")]),
        allow("FindZones", "route53", &["ListHostedZonesByName"], anything()),
        allow("ReadRecords", "route53", &["ListResourceRecordSets"], zones.clone()),
        challenges(zones, names(arguments)?),
    ])
}

/// The right to change TXT records of these names. Route53 compares names in lower case, without the last dot.
fn challenges(zones: Vec<String>, names: Vec<String>) -> Statement {
    let key = |part: &str| format!("route53:ChangeResourceRecordSets{part}");
    let equal = "ForAllValues:StringEquals";
    let names_test = if names.iter().any(|name| name.contains('*')) { "ForAllValues:StringLike" } else { equal };
    allow("ChallengeRecords", "route53", &["ChangeResourceRecordSets"], zones)
        .when(names_test, key("NormalizedRecordNames"), names)
        .when(equal, key("RecordTypes"), ["TXT"])
        .when(equal, key("Actions"), ["CREATE", "UPSERT", "DELETE"])
}

fn names(arguments: &Arguments<'_>) -> Result<Vec<String>, WorkloadError> {
    let mut names = arguments.names("dns_names", |name| format!("{CHALLENGE}.{}", name.without_wildcard()))?;
    for domain in arguments.names("domains", |name| name.without_wildcard())? {
        names.push(format!("{CHALLENGE}.{domain}"));
        names.push(format!("{CHALLENGE}.*.{domain}"));
    }
    names.extend(arguments.names("record_names", |name| name.to_string())?);
    names.sort();
    names.dedup();
    if names.is_empty() {
        names.push(format!("{CHALLENGE}.*"));
    }
    Ok(names)
}
