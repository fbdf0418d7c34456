//! The checks that berth makes of AWS's things before AWS does, held against AWS's own documents: what each takes and what
//! it refuses. Where a source does not say, there is no check, or only a warning (`domain/irsa/mistakes.rs`,
//! `dns_record/routing_rules.rs`, which have tables of their own).
//!
//! Sources: `iam`, `route53` and `sts` are the service models that AWS publishes with botocore 1.44.8 (`service-2.json`), by
//! shape; `doc` is the page named beside it.

use super::dns_record::DnsRecordModel;
use super::irsa_role::IrsaRoleModel;
use super::oidc_provider::OidcProviderModel;
use crate::sdk::{Attribute, Model, Shape, Value};

/// The attribute at a dotted path.
fn attribute(attributes: &[Attribute], path: &str) -> Attribute {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let found = attributes.iter().find(|attribute| attribute.name == first).unwrap();
    match (rest, &found.shape) {
        (None, _) => found.clone(),
        (Some(rest), Shape::Nested(_, inner)) => attribute(inner, rest),
        (Some(_), Shape::Plain(_)) => panic!("{path}"),
    }
}

/// Holds the checks of an attribute against values that AWS takes, and some that it refuses.
fn hold(attributes: &[Attribute], rows: &[(&str, &str, Vec<Value>, Vec<Value>)]) {
    for (path, source, taken, refused) in rows {
        let attribute = attribute(attributes, path);
        let test = |value: &Value| attribute.checks.iter().try_for_each(|check| check.test(value));
        for value in taken {
            assert_eq!(test(value), Ok(()), "{path} ({source}): {value:?}");
        }
        for value in refused {
            assert!(test(value).is_err(), "{path} ({source}): {value:?}");
        }
    }
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}

fn long(length: usize) -> String {
    "a".repeat(length)
}

fn tags(pairs: &[(&str, &str)]) -> Value {
    Value::object(pairs.iter().map(|(key, value)| (*key, Value::from(*value))).collect::<Vec<_>>())
}

#[test]
fn what_iam_takes_of_a_role_is_taken() {
    let path = |length: usize| format!("/{}/", long(length - 2));
    let rows = [
        (
            "name",
            "iam roleNameType: 1 to 64 of [\\w+=,.@-]",
            texts(&["a", "A_z0+=,.@-", &long(64)]),
            texts(&["", &long(65), "a b", "a/b", "\u{e9}"]),
        ),
        (
            "path",
            "iam pathType: / or /[!-~]+/, 512 at most",
            texts(&["/", "/a/", "/a/b/", "/!~/", "///", &path(512)]),
            texts(&["", "a", "/a", "a/", "//", "/a b/", "/\u{e9}/", &path(513)]),
        ),
        (
            "description",
            "iam roleDescriptionType: [\\t\\n\\r -~\u{a1}-\u{ff}], 1000 at most",
            texts(&["", "caf\u{e9}\n\t\"x\"", &long(1000)]),
            texts(&[&long(1001), "\u{2013}", "\u{7f}"]),
        ),
        (
            "audience",
            "iam clientIDType: 1 to 255",
            texts(&["sts.amazonaws.com", "x", &long(255)]),
            texts(&["", &long(256)]),
        ),
        (
            "permissions_boundary",
            "iam arnType; doc PutRolePermissionsBoundary: a managed policy of AWS or the account; empty is ours for none",
            texts(&["", "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws-cn:iam::123456789012:policy/a/b"]),
            texts(&["ReadOnlyAccess", "arn:aws:iam::123456789012:role/x"]),
        ),
        (
            "managed_policy_arns",
            "iam arnType",
            vec![Value::set(texts(&["arn:aws:iam::aws:policy/job-function/Billing"]))],
            vec![Value::set(texts(&["Billing"]))],
        ),
        (
            "max_session_duration",
            "iam roleMaxSessionDurationType: 3600 to 43200",
            vec![3600.into(), 43_200.into()],
            vec![3599.into(), 43_201.into()],
        ),
        (
            "oidc_provider_arn",
            "doc IAM identifiers: arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST[/PATH]",
            texts(&[
                "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A",
                "arn:aws:iam::123456789012:oidc-provider/auth.example/",
                "arn:aws-us-gov:iam::123456789012:oidc-provider/token.example:8443",
            ]),
            texts(&["https://oidc.example", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::1:oidc-provider/"]),
        ),
    ];
    hold(&IrsaRoleModel::attributes(), &rows);
}

#[test]
fn what_iam_takes_of_tags_and_effects_is_taken() {
    let rows = [
        (
            "tags",
            "iam tagKeyType 1 to 128, tagValueType 0 to 256 of [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@], tagListType 50; doc id_tags: keys have no case, aws: is reserved",
            vec![
                tags(&[]),
                tags(&[("a b/c:d=e+f-g@h_i.j", "")]),
                tags(&[("\u{fc}\u{df}\u{4e2d}", "\u{661}")]),
                tags(&[(&long(128), &long(256))]),
                tags(&[("Owner", "a"), ("owners", "b")]),
            ],
            vec![
                tags(&[("", "x")]),
                tags(&[(&long(129), "")]),
                tags(&[("a", &long(257))]),
                tags(&[("a", "x,y")]),
                tags(&[("aws:x", "")]),
                tags(&[("Owner", "a"), ("owner", "b")]),
            ],
        ),
        (
            "statements.effect",
            "doc policy grammar: Allow | Deny; berth writes them so whatever their case",
            texts(&["Allow", "deny"]),
            texts(&["permit", ""]),
        ),
    ];
    hold(&IrsaRoleModel::attributes(), &rows);
}

#[test]
fn what_iam_takes_of_a_provider_is_taken() {
    let list = |of: &[&str]| Value::List(texts(of));
    let (print, upper) = ("ab".repeat(20), "AB".repeat(20));
    let url = |length: usize| format!("https://a.example/{}", long(length - 18));
    let rows = [
        (
            "url",
            "iam OpenIDConnectProviderUrlType: 1 to 255; doc CreateOpenIDConnectProvider: https, no query; \"should not\" have a port",
            texts(&[
                "https://a.example",
                "https://a.example/",
                "HTTPS://A.example/Id/X",
                "https://a.example:8443/x",
                &url(255),
            ]),
            texts(&[
                "http://a.example",
                "a.example",
                "https://a.example?x=1",
                "https://a.example/#x",
                "https://",
                &url(256),
            ]),
        ),
        (
            "client_ids",
            "iam clientIDListType: none at least, 1 to 255 each",
            vec![Value::set(vec![]), Value::set(texts(&["sts.amazonaws.com", &long(255)]))],
            vec![Value::set(texts(&[""])), Value::set(texts(&[&long(256)]))],
        ),
        (
            "thumbprints",
            "iam thumbprintType: 40; doc CreateOpenIDConnectProvider: hexadecimal, five at most",
            vec![list(&[]), list(&[&print]), list(&[&upper]), list(&[print.as_str(); 5])],
            vec![list(&["ab"]), list(&[&"z".repeat(40)]), list(&[print.as_str(); 6])],
        ),
    ];
    hold(&OidcProviderModel::attributes(), &rows);
}

#[test]
fn what_route53_takes_of_a_record_is_taken() {
    let rows = [
        (
            "name",
            "doc DomainNameFormat: any octet, labels of 63, names of 255; a leading *",
            texts(&[
                "@",
                "",
                "www",
                "*.a.example",
                "_a._b.example",
                "0/25.a.example",
                "a\\052b.example",
                "b\u{fc}cher.example.",
            ]),
            texts(&["a..b", &format!("{}.example", long(64)), "a\\9"]),
        ),
        (
            "type",
            "route53 RRType",
            texts(&[
                "SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS", "TLSA",
                "SSHFP", "SVCB", "HTTPS", "a",
            ]),
            texts(&["AXFR", ""]),
        ),
        (
            "ttl",
            "route53 TTL: 0 to 2147483647",
            vec![0.into(), 2_147_483_647_i64.into()],
            vec![(-1).into(), 2_147_483_648_i64.into()],
        ),
        (
            "set_identifier",
            "route53 ResourceRecordSetIdentifier: 1 to 128, any character",
            texts(&["a", "eu/A,1 =\u{e9}", &long(128)]),
            texts(&["", &long(129)]),
        ),
        (
            "health_check_id",
            "route53 HealthCheckId: 64 at most; empty is ours for none",
            texts(&["", &long(64)]),
            texts(&[&long(65)]),
        ),
    ];
    hold(&DnsRecordModel::attributes(), &rows);
}

#[test]
fn what_route53_takes_of_policies_and_aliases_is_taken() {
    let rows = [
        (
            "routing.weight",
            "route53 ResourceRecordSetWeight: 0 to 255",
            vec![0.into(), 255.into()],
            vec![(-1).into(), 256.into()],
        ),
        (
            "routing.region",
            "route53 ResourceRecordSetRegion: a list that grows, so no check here",
            texts(&["eu-central-1", "eusc-de-east-1", "xx-newland-9"]),
            vec![],
        ),
        (
            "routing.failover",
            "route53 ResourceRecordSetFailover",
            texts(&["PRIMARY", "SECONDARY"]),
            texts(&["primary", ""]),
        ),
        (
            "routing.geoproximity.bias",
            "route53 Bias: -99 to 99",
            vec![(-99).into(), 99.into()],
            vec![(-100).into(), 100.into()],
        ),
        (
            "alias.zone_id",
            "route53 ResourceId: 32 at most; ids are letters and digits",
            texts(&["Z35SXDOTRQ7X7K", "/hostedzone/Z35SXDOTRQ7X7K", &"Z".repeat(32)]),
            texts(&["lb.example.net", "", &"Z".repeat(33)]),
        ),
        ("zone_id", "route53 ResourceId", texts(&["Z1", "/hostedzone/Z0123456789ABCDEFGHIJ"]), texts(&[""])),
    ];
    hold(&DnsRecordModel::attributes(), &rows);
}
