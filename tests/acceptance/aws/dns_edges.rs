//! The edge cases of names, values and routing, all applied at once.

use serde_json::json;

use super::own_zone::{OwnZone, health_check};
use super::{PROVIDER, unique};
use crate::workspace::{Cli, Workspace};

/// Resource, attributes: each must be applied as written and plan nothing afterwards.
fn table(check: &str) -> Vec<(&'static str, String)> {
    let long = "k".repeat(1000);
    let plain =
        |name: &str, kind: &str, values: &str| format!("name = \"{name}\"\n type = \"{kind}\"\n values = [{values}]");
    let routed = |name: &str, routing: &str| {
        format!(
            "name = \"{name}\"\n type = \"A\"\n values = [\"192.0.2.1\"]\n set_identifier = \"{}\"\n routing = {{ {routing} }}",
            unique(name)
        )
    };
    vec![
        // Values of every type.
        ("a", plain("a", "A", "\"192.0.2.2\", \"192.0.2.1\"")),
        ("aaaa", plain("aaaa", "AAAA", "\"2001:DB8:0:0:0:0:0:1\"")),
        ("caa", plain("caa", "CAA", "\"0 ISSUE letsencrypt.org\", \"0 issuewild \\\";\\\"\", \"128 iodef \\\"mailto:a@b.c\\\"\"")),
        ("cname", plain("cname", "CNAME", "\"Target.Example.COM\"")),
        ("ds", plain("ds", "DS", "\"12345 13 2 AB CD EF 01\"")),
        ("https", plain("https", "HTTPS", "\"1 . port=8443 alpn=h2,h3\"")),
        ("mx", plain("mx", "MX", "\"10  Mail.example\", \"20 mail2.example.\", \"0 .\"")),
        ("naptr", plain("naptr", "NAPTR", "\"100 50 \\\"u\\\" \\\"SIP+D2U\\\" \\\"!^.*$!sip:a@b.c!\\\" .\"")),
        ("ns", plain("ns", "NS", "\"ns1.example\", \"NS2.example.\"")),
        ("ptr", plain("ptr", "PTR", "\"bücher.example\"")),
        ("spf", plain("spf", "SPF", "\"v=spf1 -all\"")),
        ("srv", plain("_sip._tcp.srv", "SRV", "\"1 2 443 A.example\", \"1 2 0 .\"")),
        ("sshfp", plain("sshfp", "SSHFP", "\"4 2 ABCD ef01\"")),
        ("svcb", plain("_dns.svcb", "SVCB", "\"0 Svc.Example\"")),
        ("tlsa", plain("_443._tcp.tlsa", "TLSA", "\"3 1 1 ABCDEF\"")),
        ("txt", plain("txt", "TXT", &format!("\"{long}\", \"v=DKIM1; k=rsa\", \"say \\\"hi\\\"\", \"grüße\", \"back\\\\slash\""))),
        ("txt_strings", plain("strings", "TXT", "\"\\\"one\\\" \\\"two\\\"\"")),
        ("txt_empty", plain("empty", "TXT", "\"\\\"\\\"\"")),
        // Spellings of names.
        ("upper", plain("UPPER", "a", "\"192.0.2.1\"")),
        ("dotted", plain("Dotted.ZONE.", "A", "\"192.0.2.1\"")),
        ("wildcard", plain("*.wild", "A", "\"192.0.2.1\"")),
        ("wildcard_octal", plain("\\\\052.octal", "A", "\"192.0.2.1\"")),
        ("inner_star", plain("x.*.star", "TXT", "\"star\"")),
        ("underscore", plain("_under_score", "TXT", "\"x\"")),
        ("slash", plain("a\\\\057b", "PTR", "\"x.example\"")),
        ("slash_plain", plain("c/d", "PTR", "\"x.example\"")),
        ("idn", plain("bücher", "A", "\"192.0.2.1\"")),
        ("apex", plain("@", "MX", "\"10 mail.example\"")),
        ("apex_empty", plain("", "TXT", "\"apex\"")),
        // Aliases and routing.
        (
            "alias",
            "name = \"alias\"\n type = \"A\"\n alias = { name = \"LB.eu-central-1.elb.amazonaws.com.\", zone_id = \"ZLB\" }".to_owned(),
        ),
        ("weighted", routed("weighted", "weight = 0")),
        ("latency", routed("latency", "region = \"eu-central-1\"")),
        ("primary", format!("{}\n health_check_id = \"{check}\"", routed("failover", "failover = \"PRIMARY\""))),
        ("secondary", routed("failover", "failover = \"SECONDARY\"")),
        ("continent", routed("geo", "geolocation = { continent = \"EU\" }")),
        ("country", routed("geo", "geolocation = { country = \"US\", subdivision = \"WA\" }")),
        ("elsewhere", routed("geo", "geolocation = { country = \"*\" }")),
        ("multivalue", format!("{}\n health_check_id = \"{check}\"", routed("multi", "multivalue = true"))),
    ]
}

#[test]
#[ignore = "needs the sandbox"]
fn every_edge_case_is_applied_and_plans_nothing_afterwards() {
    let check = health_check();
    for cli in Cli::all() {
        let zone = OwnZone::new("edges");
        let resource = |(name, attributes): (&str, String)| {
            let attributes = attributes.replace("ZONE", &zone.name.to_uppercase());
            format!("resource \"berth_dns_record\" \"{name}\" {{\n zone_id = \"{}\"\n {attributes}\n}}\n", zone.id)
        };
        let resources: Vec<_> = table(&check).into_iter().map(resource).collect();
        let workspace = Workspace::on(&cli, &format!("{PROVIDER}{}", resources.concat()));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let stored = workspace.attributes("berth_dns_record.idn");
        assert_eq!(stored["fqdn"], json!(format!("xn--bcher-kva.{}", zone.name)));
        assert_eq!(
            workspace.attributes("berth_dns_record.wildcard_octal")["fqdn"],
            json!(format!("*.octal.{}", zone.name))
        );
        assert_eq!(workspace.attributes("berth_dns_record.alias")["ttl"], json!(null));

        // The same by import, under whole names, with another wording of the values.
        for (name, id) in [("mx", "mx/MX"), ("wildcard", "*.wild/A"), ("txt", "txt/TXT"), ("https", "https/HTTPS")] {
            let (label, kind) = id.split_once('/').unwrap();
            let copy = Workspace::on(&cli, &format!("{PROVIDER}{}", resource(row(&check, name))));
            copy.import(&format!("berth_dns_record.{name}"), &format!("{}/{label}.{}/{kind}", zone.id, zone.name))
                .succeeds();
            copy.plan().changes_nothing();
        }
        workspace.destroy().succeeds();
    }
}

fn row(check: &str, name: &str) -> (&'static str, String) {
    table(check).into_iter().find(|(row, _)| *row == name).unwrap()
}

#[test]
#[ignore = "needs the sandbox"]
fn twin_zones_are_told_apart() {
    let first = OwnZone::new("twin");
    let second = OwnZone::named(&first.name, false);
    let hidden = OwnZone::named(&first.name, true);
    let record = |place: &str| {
        format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n {place}\n name = \"www.{}\"\n type = \"A\"\n values = [\"192.0.2.1\"]\n}}\n",
            first.name
        )
    };
    for place in [String::new(), format!("zone = \"{}\"", first.name)] {
        let errors = Workspace::new(&record(&place)).apply().fails();
        for part in ["2 public hosted zones", first.id.as_str(), second.id.as_str(), "zone_id", "BERTH-ROUTE53-004"] {
            assert!(errors.contains(part), "{part}: {errors}");
        }
        assert!(!errors.contains(hidden.id.as_str()), "{errors}");
    }
    for (place, zone) in [
        (format!("zone_id = \"{}\"", second.id), &second),
        (format!("zone = \"{}\"\n private = true", first.name), &hidden),
    ] {
        let workspace = Workspace::new(&record(&place));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes("berth_dns_record.x")["zone_id"], json!(zone.id.as_str()));
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_routed_record_changes_its_policy_in_place() {
    let zone = OwnZone::new("routing");
    let identifier = unique("blue");
    let record = |routing: &str| {
        format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n zone_id = \"{}\"\n name = \"app\"\n type = \"A\"\n values = \
             [\"192.0.2.1\"]\n set_identifier = \"{identifier}\"\n routing = {{ {routing} }}\n}}\n",
            zone.id
        )
    };
    let workspace = Workspace::new(&record("weight = 10"));
    workspace.apply().succeeds();
    for routing in ["weight = 255", "region = \"eu-west-1\"", "multivalue = true"] {
        workspace.configure(&record(routing));
        let changes = workspace.plan().changes_something().changes();
        assert_eq!(changes.iter().map(|(_, action)| action.as_str()).collect::<Vec<_>>(), ["update"], "{routing}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
    }
    let imported = Workspace::new(&record("multivalue = true"));
    imported.import("berth_dns_record.x", &format!("{}_app.{}_A_{identifier}", zone.id, zone.name)).succeeds();
    imported.plan().changes_nothing();
    workspace.destroy().succeeds();
}
