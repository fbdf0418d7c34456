//! Many records of the sandbox's zone in one resource.

use std::collections::BTreeSet;

use berth::domain::dns::{DnsName, RecordSet, RecordType};
use serde_json::json;

use super::dns::{full, live, values, zone};
use super::{Account, PROVIDER, unique};
use crate::gate::Gate;
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

fn records(entries: &str, more: &str) -> String {
    format!("{PROVIDER}{}", resource("x", entries, more))
}

fn resource(name: &str, entries: &str, more: &str) -> String {
    format!(
        "resource \"berth_dns_records\" \"{name}\" {{\n zone_id = \"{}\"\n records = {{\n{entries}\n}}\n{more}\n}}\n",
        zone()
    )
}

fn entry(key: &str, name: &str, kind: &str, values: &str) -> String {
    format!("{key} = {{ name = \"{name}\", type = \"{kind}\", ttl = 60, values = [{values}] }}\n")
}

fn a(account: &Account, name: &str) -> Option<BTreeSet<String>> {
    values(account, &full(name), RecordType::A)
}

fn one(value: &str) -> BTreeSet<String> {
    BTreeSet::from([value.to_owned()])
}

#[test]
#[ignore = "needs the sandbox"]
fn records_live_together_from_apply_to_destroy() {
    for cli in Cli::all() {
        let label = unique("map");
        let name = |part: &str| format!("{part}.{label}");
        let first = entry("web", &name("web"), "A", "\"192.0.2.1\"")
            + &entry("mail", &name("mail"), "MX", "\"10 Mail.example\"")
            + &entry("gone", &name("gone"), "A", "\"192.0.2.3\"")
            + &format!("text = {{ name = \"{}\", type = \"txt\", values = [\"v=spf1 -all\"] }}\n", name("text"));
        let workspace = Workspace::on(&cli, &records(&first, ""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let stored = workspace.attributes("berth_dns_records.x");
        assert_eq!(stored["fqdns"]["web"], json!(full(&name("web"))));
        assert_eq!(stored["records"]["text"]["ttl"], json!(300));

        // Whole names, capital letters and trailing dots are no change.
        let respelled = first.replace(&name("web"), &format!("{}.", full(&name("web")).to_uppercase()));
        workspace.configure(&records(&respelled, ""));
        workspace.plan().changes_nothing();
        workspace.configure(&records(&first, ""));

        // The drift of one key shows at that key, and one that is gone is missing.
        let account = Account::open();
        let web = DnsName::parse(&full(&name("web"))).unwrap();
        account.upsert(RecordSet::simple(web, RecordType::A, 60, vec!["192.0.2.9".into()]));
        workspace.refresh().succeeds();
        let stored = workspace.attributes("berth_dns_records.x");
        assert_eq!(stored["records"]["web"]["values"], json!(["192.0.2.9"]));
        assert_eq!(stored["records"]["mail"]["values"], json!(["10 Mail.example"]));

        // One update deletes, changes, makes and swaps.
        let second = entry("web", &name("mail"), "A", "\"192.0.2.4\"")
            + &entry("mail", &name("web"), "MX", "\"10 mail.example\"")
            + &entry("new", &name("new"), "CNAME", "\"target.example\"")
            + &format!(
                "text = {{ name = \"{}\", type = \"TXT\", values = [\"{}\"] }}\n",
                name("text"),
                "k".repeat(600)
            );
        workspace.configure(&records(&second, ""));
        let changes = workspace.plan().changes_something().changes();
        assert_eq!(changes.iter().map(|(_, action)| action.as_str()).collect::<Vec<_>>(), ["update"]);
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let account = Account::open();
        assert_eq!((a(&account, &name("web")), a(&account, &name("gone"))), (None, None));
        assert_eq!(a(&account, &name("mail")), Some(one("192.0.2.4")));
        assert!(live(&account, &full(&name("new")), RecordType::Cname).is_some());

        // Imported by keys of the user's choice, or all of the zone.
        let id = ["web", "mail", "new", "text"].map(|key| {
            let (at, kind) = match key {
                "web" => ("mail", "A"),
                "mail" => ("web", "MX"),
                "new" => ("new", "CNAME"),
                _ => ("text", "TXT"),
            };
            format!("{key}={}/{kind}", full(&name(at)))
        });
        let copy = Workspace::on(&cli, &records(&second, ""));
        copy.import("berth_dns_records.x", &format!("{}/{}", zone(), id.join(","))).succeeds();
        copy.plan().changes_nothing();

        workspace.destroy().succeeds();
        let account = Account::open();
        assert_eq!((a(&account, &name("mail")), values(&account, &full(&name("text")), RecordType::Txt)), (None, None));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn records_of_others_are_told_by_key_and_left_alone() {
    let label = unique("foreign");
    let name = |part: &str| format!("{part}.{label}");
    let account = Account::open();
    for part in ["one", "two"] {
        let taken = DnsName::parse(&full(&name(part))).unwrap();
        account.upsert(RecordSet::simple(taken, RecordType::A, 60, vec!["192.0.2.7".into()]));
    }
    let all = entry("free", &name("free"), "A", "\"192.0.2.1\"")
        + &entry("first", &name("one"), "A", "\"192.0.2.1\"")
        + &entry("second", &name("two"), "A", "\"192.0.2.1\"");
    let workspace = Workspace::new(&records(&all, ""));
    let errors = workspace.apply().fails();
    let id = format!("{}/first={}/A,second={}/A", zone(), full(&name("one")), full(&name("two")));
    for part in ["`first`, `second`", "is there already", "192.0.2.7", &id, "overwrite = true", "nothing was changed"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert_eq!((a(&account, &name("free")), a(&account, &name("one"))), (None, Some(one("192.0.2.7"))));
    assert!(workspace.instance("berth_dns_records.x").is_none(), "nothing is in the state");

    workspace.configure(&records(&all, "overwrite = true"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(a(&Account::open(), &name("one")), Some(one("192.0.2.1")));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn more_than_a_request_holds_is_divided_and_what_landed_is_in_the_state() {
    let label = unique("large");
    let upstream = sandbox::value("AWS_ENDPOINT_URL");
    let bad = format!("n1499.{label}");
    let refused_name = full(&bad);
    let gate = Gate::before(&upstream, move |line, body| {
        let bad = line.starts_with("POST") && body.contains(&refused_name) && body.contains("192.0.2.66");
        bad.then(|| refusal(&format!("Invalid Resource Record: '{refused_name}.'")))
    });
    let configuration = |from: u32, to: u32, value: &str| {
        // One range holds at most 1,024 numbers.
        let middle = to.min(1000);
        format!(
            "provider \"berth\" {{\n  aws = {{ endpoints = {{ route53 = \"{}\" }} }}\n}}\nlocals {{\n  records = {{ for i in \
             concat(range({from}, {middle}), range({middle}, {to})) : format(\"n%04d\", i) => {{ name = format(\"n%04d.{label}\", i), type = \"A\", values = [i == \
             1499 ? \"{value}\" : \"192.0.2.1\"] }} }}\n}}\nresource \"berth_dns_records\" \"x\" {{\n  zone_id = \"{}\"\n  records \
             = local.records\n}}\n",
            gate.url(),
            zone()
        )
    };
    // An update, so that the failure taints nothing.
    let workspace = Workspace::new(&configuration(0, 2, "192.0.2.1"));
    workspace.apply().succeeds();
    workspace.configure(&configuration(1, 1500, "192.0.2.66"));
    let errors = workspace.apply().fails();
    for part in ["`n1499`", "Invalid Resource Record", "are still to be changed", "BERTH-ROUTE53-003"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    let stored = workspace.attributes("berth_dns_records.x");
    let landed = stored["records"].as_object().unwrap();
    assert!(landed.len() >= 900 && !landed.contains_key("n1499"), "{} records", landed.len());
    assert_eq!(stored["fqdns"].as_object().unwrap().len(), landed.len());

    workspace.configure(&configuration(1, 1500, "192.0.2.2"));
    gate.take();
    workspace.apply().succeeds();
    let changes = gate.take().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(changes, 1, "only what was missing");
    workspace.plan().changes_nothing();
    assert_eq!(a(&Account::open(), &format!("n0000.{label}")), None);
    workspace.destroy().succeeds();
}

/// How Route53 refuses a batch.
pub fn refusal(words: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages>\
         <Message>{words}</Message></Messages><RequestId>r-1</RequestId></InvalidChangeBatch>"
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_records_are_found_by_key_without_a_remote() {
    let cases = [
        ("web = { name = \"a\", type = \"A\", values = [\"x\"] }", "Value 1 of 1 of the A record cannot be"),
        ("web = { name = \"a\", type = \"A\" }", "needs `values` or an `alias`"),
        (
            "web = { name = \"a\", type = \"A\", values = [\"192.0.2.1\"] }\n www = { name = \"A\", type = \"a\", values = \
             [\"192.0.2.2\"] }",
            "The keys `web` and `www` mean the same record",
        ),
        (
            "web = { name = \"a\", type = \"A\", values = [\"192.0.2.1\"], set_identifier = \"x\" }",
            "needs a `routing` policy",
        ),
    ];
    for (entries, expected) in cases {
        let errors = Workspace::new(&records(entries, "")).validate().fails();
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
    let errors = Workspace::new(&format!("{PROVIDER}resource \"berth_dns_records\" \"x\" {{\n records = {{}}\n}}\n"));
    assert!(errors.validate().fails().contains("need a `zone_id` or a `zone`"));
}
