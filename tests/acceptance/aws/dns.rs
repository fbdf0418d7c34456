//! Records of the sandbox's zone.

use std::collections::BTreeSet;

use berth::domain::dns::{DnsName, RecordKey, RecordSet, RecordType, ZoneId};
use serde_json::json;

use super::{Account, PROVIDER, unique};
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

pub fn zone() -> ZoneId {
    ZoneId::new(&sandbox::value("SANDBOX_ZONE_ID"))
}

pub fn full(label: &str) -> String {
    format!("{label}.{}", sandbox::value("SANDBOX_ZONE_NAME"))
}

fn record(more: &str) -> String {
    format!("{PROVIDER}\nresource \"berth_dns_record\" \"x\" {{\n{more}\n}}\n")
}

/// What Route53 has, as the type and the values.
pub fn live(account: &Account, name: &str, kind: RecordType) -> Option<RecordSet> {
    let key = RecordKey { name: DnsName::parse(name).unwrap(), kind, set_identifier: None };
    account.runtime.block_on(async {
        Account::open_route53(account).await.record(&Account::budget(), &zone(), &key).await.unwrap()
    })
}

pub fn values(account: &Account, name: &str, kind: RecordType) -> Option<BTreeSet<String>> {
    live(account, name, kind).map(|set| set.values().iter().cloned().collect())
}

impl Account {
    pub async fn open_route53(&self) -> berth::clients::aws::Route53 {
        self.aws.route53().await.clone()
    }

    pub fn upsert(&self, set: RecordSet) {
        let written = async { self.open_route53().await.upsert(&Self::budget(), &zone(), set).await };
        self.runtime.block_on(written).unwrap();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_lives_from_apply_to_destroy() {
    for cli in Cli::all() {
        let (label, zone_name) = (unique("record"), sandbox::value("SANDBOX_ZONE_NAME"));
        let name = full(&label);
        let workspace = Workspace::on(
            &cli,
            &record(&format!(
                "zone = \"{zone_name}\"\n name = \"{label}\"\n type = \"A\"\n values = [\"192.0.2.1\", \"192.0.2.2\"]"
            )),
        );
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let stored = workspace.attributes("berth_dns_record.x");
        assert_eq!((&stored["fqdn"], &stored["zone_id"]), (&json!(name), &json!(zone().as_str())));

        // Another spelling of the same is no change.
        workspace.configure(&record(&format!(
            "zone = \"{}.\"\n name = \"{}.\"\n type = \"a\"\n values = [\"192.0.2.2\", \"192.0.2.1\"]",
            zone_name.to_uppercase(),
            name.to_uppercase()
        )));
        workspace.plan().changes_nothing();

        // Drift shows, and is undone together with a change of the ttl.
        let drift = RecordSet::simple(DnsName::parse(&name).unwrap(), RecordType::A, 300, vec!["192.0.2.9".into()]);
        Account::open().upsert(drift);
        workspace.configure(&record(&format!(
            "zone = \"{zone_name}\"\n name = \"{name}\"\n type = \"A\"\n ttl = 60\n values = [\"192.0.2.1\"]"
        )));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(values(&Account::open(), &name, RecordType::A), Some(BTreeSet::from(["192.0.2.1".into()])));

        // A change of type is one swap in place.
        workspace.configure(&record(&format!(
            "zone = \"{zone_name}\"\n name = \"{name}\"\n type = \"CNAME\"\n values = [\"Target.Example.com\"]"
        )));
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let account = Account::open();
        assert_eq!(live(&account, &name, RecordType::A), None);
        assert!(live(&account, &name, RecordType::Cname).is_some());

        workspace.destroy().succeeds();
        assert_eq!(live(&Account::open(), &name, RecordType::Cname), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn records_of_many_types_have_an_empty_second_plan() {
    let label = unique("types");
    let long = "k".repeat(700);
    let cases = [
        ("aaaa", "AAAA", "\"2001:DB8:0::1\"".to_owned()),
        ("caa", "CAA", "\"0 issue letsencrypt.org\"".to_owned()),
        ("mx", "MX", "\"10 Mail.example.com\", \"20 mail2.example.com.\"".to_owned()),
        ("srv", "SRV", "\"1 2 443 a.example\"".to_owned()),
        ("txt", "TXT", format!("\"{long}\", \"v=spf1 -all\", \"say \\\"hi\\\"\"")),
        ("quoted", "TXT", "\"\\\"one\\\" \\\"two\\\"\"".to_owned()),
        ("ns", "NS", "\"ns1.example.com\"".to_owned()),
        ("ptr", "PTR", "\"bücher.example\"".to_owned()),
    ];
    let resources = cases.map(|(name, kind, values)| {
        format!(
            "resource \"berth_dns_record\" \"{name}\" {{\n zone_id = \"{}\"\n name = \"{name}.{label}\"\n type = \"{kind}\"\n \
             values = [{values}]\n}}\n",
            zone()
        )
    });
    let wildcard = format!(
        "resource \"berth_dns_record\" \"wildcard\" {{\n zone_id = \"{}\"\n name = \"\\\\052.{label}\"\n type = \"A\"\n \
         values = [\"192.0.2.1\"]\n}}\n",
        zone()
    );
    let workspace = Workspace::new(&format!("{PROVIDER}{}{wildcard}", resources.concat()));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let txt = values(&Account::open(), &full(&format!("txt.{label}")), RecordType::Txt).unwrap();
    assert!(txt.iter().any(|value| value.matches("\" \"").count() == 2), "divided into three strings: {txt:?}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn records_are_waited_for_on_the_zones_own_servers() {
    let label = unique("seen");
    let seen = |name: &str, kind: &str, value: &str| {
        format!(
            "resource \"berth_dns_record\" \"{name}\" {{\n zone_id = \"{}\"\n name = \"{name}.{label}\"\n type = \"{kind}\"\n \
             values = [\"{value}\"]\n wait = \"authoritative\"\n}}\n",
            zone()
        )
    };
    let records = [("a", "A", "192.0.2.1"), ("mx", "MX", "10 Mail.example"), ("txt", "TXT", "some words")];
    let records = records.map(|(name, kind, value)| seen(name, kind, value)).concat();
    let workspace = Workspace::new(&format!("{PROVIDER}{records}"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_existing_record_is_refused_imported_or_overwritten() {
    let name = full(&unique("taken"));
    let account = Account::open();
    account.upsert(RecordSet::simple(DnsName::parse(&name).unwrap(), RecordType::A, 60, vec!["192.0.2.7".into()]));
    let configuration = |more: &str| {
        record(&format!(
            "zone_id = \"{}\"\n name = \"{name}\"\n type = \"A\"\n values = [\"192.0.2.1\"]\n ttl = 60\n {more}",
            zone()
        ))
    };
    let workspace = Workspace::new(&configuration(""));
    let errors = workspace.apply().fails();
    for part in ["is there already", "192.0.2.7", "import", "overwrite = true", "BERTH-ROUTE53-002"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert_eq!(values(&account, &name, RecordType::A), Some(BTreeSet::from(["192.0.2.7".into()])));

    workspace.import("berth_dns_record.x", &format!("{}/{name}/A", zone())).succeeds();
    assert_eq!(workspace.attributes("berth_dns_record.x")["values"], json!(["192.0.2.7"]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    let second = Workspace::new(&configuration("overwrite = true"));
    second.apply().succeeds();
    second.destroy().succeeds();
    // What is gone comes back with the next apply.
    workspace.plan().changes_something();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_zone_that_does_not_exist_is_named() {
    let workspace = Workspace::new(&record("name = \"a.nowhere.example\"\n type = \"A\"\n values = [\"192.0.2.1\"]"));
    let errors = workspace.apply().fails();
    for part in ["no public hosted zone holds `a.nowhere.example`", "the account has", "BERTH-ROUTE53-001"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    workspace.configure(&record("zone_id = \"ZNOSUCHZONE\"\n name = \"a\"\n type = \"A\"\n values = [\"192.0.2.1\"]"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("there is no hosted zone `ZNOSUCHZONE`"), "{errors}");
    workspace.configure(&format!("{PROVIDER}data \"berth_hosted_zone\" \"x\" {{ name = \"nowhere.example\" }}\n"));
    let errors = workspace.plan().fails();
    assert!(errors.contains("no public hosted zone") && errors.contains("BERTH-ROUTE53-001"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn wrong_values_are_found_without_a_remote() {
    let cases = [
        ("type = \"A\"\n values = [\"192.0.2.256\"]", "is no A value"),
        ("type = \"AXFR\"\n values = [\"x\"]", "is no record type that Route53 keeps"),
        ("type = \"CNAME\"\n values = [\"a.b\", \"c.d\"]", "has exactly one value"),
        ("type = \"A\"", "needs `values` or an `alias`"),
        ("type = \"A\"\n values = [\"192.0.2.1\"]\n set_identifier = \"x\"", "needs a `routing` policy"),
        ("type = \"A\"\n values = [\"192.0.2.1\"]\n wait = \"forever\"", "must be one of"),
        (
            "type = \"A\"\n values = [\"192.0.2.1\"]\n set_identifier = \"x\"\n routing = { failover = \"PRIMARY\" }",
            "needs a `health_check_id`",
        ),
        (
            "type = \"A\"\n alias = { name = \"b.example.com\", zone_id = \"Z2\" }\n set_identifier = \"x\"\n \
             external_dns_owner = \"berth\"\n routing = { failover = \"PRIMARY\" }",
            "needs a `health_check_id`",
        ),
    ];
    for (more, expected) in cases {
        let workspace = Workspace::new(&record(&format!("zone_id = \"Z1\"\n name = \"a\"\n {more}")));
        let errors = workspace.validate().fails();
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn challenge_values_share_a_name_with_those_of_others() {
    let domain = full(&unique("challenge"));
    let name = format!("_acme-challenge.{domain}");
    let account = Account::open();
    let theirs = RecordSet::simple(DnsName::parse(&name).unwrap(), RecordType::Txt, 120, vec!["\"theirs\"".into()]);
    account.upsert(theirs);
    let resource = |label: &str, domain: &str, value: &str| {
        format!("resource \"berth_dns01_record\" \"{label}\" {{\n domain = \"{domain}\"\n value = \"{value}\"\n}}\n")
    };
    let both = resource("base", &domain, "one") + &resource("wildcard", &format!("*.{domain}"), "two");
    let workspace = Workspace::new(&format!("{PROVIDER}{both}"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let all = ["\"theirs\"", "\"one\"", "\"two\""].map(str::to_owned).into();
    assert_eq!(values(&Account::open(), &name, RecordType::Txt), Some(all));
    assert_eq!(workspace.attributes("berth_dns01_record.wildcard")["record_name"], json!(name));

    workspace.configure(&format!("{PROVIDER}{}", resource("base", &domain, "three")));
    workspace.apply().succeeds();
    let left = ["\"theirs\"", "\"three\""].map(str::to_owned).into();
    assert_eq!(values(&Account::open(), &name, RecordType::Txt), Some(left));
    let id = format!("{}/{domain}/three", zone());
    let second = Workspace::new(&format!("{PROVIDER}{}", resource("base", &domain, "three")));
    second.import("berth_dns01_record.base", &id).succeeds();
    second.plan().changes_nothing();

    workspace.destroy().succeeds();
    assert_eq!(values(&Account::open(), &name, RecordType::Txt), Some(BTreeSet::from(["\"theirs\"".to_owned()])));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_zone_and_an_issuer_are_looked_up() {
    for cli in Cli::all() {
        let zone_name = sandbox::value("SANDBOX_ZONE_NAME");
        let workspace = Workspace::on(
            &cli,
            &format!(
                "{PROVIDER}data \"berth_hosted_zone\" \"x\" {{ name = \"{}.\" }}\n\
                 output \"host\" {{ value = provider::berth::oidc_host(\"https://Oidc.example/id/A\") }}\n",
                zone_name.to_uppercase()
            ),
        );
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes("data.berth_hosted_zone.x")["zone_id"], json!(zone().as_str()));
        assert_eq!(workspace.state()["outputs"]["host"]["value"], json!("Oidc.example/id/A"));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_hundred_records_are_made_and_refreshed_in_few_calls() {
    let label = unique("many");
    let workspace = Workspace::new(&format!(
        "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n count = 100\n zone_id = \"{}\"\n name = \"n${{count.index}}.{label}\"\n \
         type = \"A\"\n values = [\"192.0.2.1\"]\n}}\n",
        zone()
    ));
    let calls =
        || sandbox::requests().iter().filter(|call| call.contains("/rrset") || call.contains("/change/")).count();
    let before = calls();
    workspace.apply().succeeds();
    let made = calls() - before;
    let before = calls();
    workspace.plan().changes_nothing();
    let read = calls() - before;
    workspace.destroy().succeeds();
    // Other tests share the zone and the log: the bounds are loose here, the benchmark's are not.
    assert!(made < 150 && read < 60, "{made} calls to make, {read} to refresh");
}
