//! What one resource of a run removes and another makes: one request, and no moment without a record.

use berth::domain::dns::RecordType;

use super::own_zone::OwnZone;
use super::{PROVIDER, unique};
use crate::fault_proxy::Faults;
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

/// A record of the zone, under an address.
pub fn record(address: &str, zone: &OwnZone, content: &str) -> String {
    format!("resource \"berth_dns_record\" \"{address}\" {{\n zone_id = \"{}\"\n {content}\n}}\n", zone.id)
}

fn simple(name: &str, kind: &str, value: &str) -> String {
    format!("name = \"{name}\"\n type = \"{kind}\"\n values = [\"{value}\"]")
}

fn weighted(name: &str, id: &str, value: &str, ttl: u32) -> String {
    let plain = simple(name, "A", value);
    format!("{plain}\n ttl = {ttl}\n set_identifier = \"{id}-{name}\"\n routing = {{ weight = 1 }}")
}

fn map(address: &str, zone: &OwnZone, records: &[(&str, String)]) -> String {
    let one = |(key, content): &(&str, String)| format!("{key} = {{ {} }}\n", content.replace("\n ", ", "));
    let records = records.iter().map(one).collect::<Vec<_>>().concat();
    format!(
        "resource \"berth_dns_records\" \"{address}\" {{\n zone_id = \"{}\"\n records = {{\n {records} }}\n}}\n",
        zone.id
    )
}

/// The requests so far that changed the zone's records.
pub fn changes(zone: &OwnZone) -> usize {
    let path = format!("hostedzone/{}/rrset", zone.id);
    sandbox::requests().iter().filter(|line| line.contains("POST") && line.contains(&path)).count()
}

/// Before, after, and what stands after that.
type Exchange = (&'static str, String, String, (String, RecordType));

fn exchanges(zone: &OwnZone) -> Vec<Exchange> {
    let of = |address: &str, content: &str| record(address, zone, content);
    let a = |name: &str, value: &str| simple(name, "A", value);
    let stands = |name: &str, kind| (name.to_owned(), kind);
    let cname = simple("swap", "CNAME", "b.example");
    let (blue, green) = (weighted("shop", "blue", "192.0.2.1", 60), weighted("shop", "green", "192.0.2.2", 60));
    vec![
        ("type", of("old", &cname), of("new", &a("swap", "192.0.2.1")), stands("swap", RecordType::A)),
        (
            "weighted to simple",
            of("blue", &blue) + &of("green", &green),
            of("blue", &a("shop", "192.0.2.3")),
            stands("shop", RecordType::A),
        ),
        (
            "simple to weighted",
            of("all", &a("shop2", "192.0.2.3")),
            of("blue", &weighted("shop2", "blue", "192.0.2.1", 60))
                + &of("green", &weighted("shop2", "green", "192.0.2.2", 60)),
            stands("", RecordType::A),
        ),
        (
            "address",
            of("old", &a("kept", "192.0.2.1")),
            of("new", &a("kept", "192.0.2.1")),
            stands("kept", RecordType::A),
        ),
        (
            "address and value",
            of("old", &a("other", "192.0.2.1")),
            of("new", &a("other", "192.0.2.2")),
            stands("other", RecordType::A),
        ),
        (
            "address, overwriting",
            of("old", &a("forced", "192.0.2.1")),
            of("new", &format!("{}\n overwrite = true", a("forced", "192.0.2.2"))),
            stands("forced", RecordType::A),
        ),
        (
            "into a map",
            of("one", &a("m1", "192.0.2.1")) + &of("two", &simple("m2", "CNAME", "b.example")),
            map("all", zone, &[("one", a("m1", "192.0.2.1")), ("two", a("m2", "192.0.2.2"))]),
            stands("m2", RecordType::A),
        ),
    ]
}

#[test]
#[ignore = "needs the sandbox"]
fn what_one_resource_removes_and_another_makes_is_one_request() {
    for cli in Cli::all() {
        let zone = OwnZone::new("together");
        for (case, before, after, (name, kind)) in exchanges(&zone) {
            let workspace = Workspace::on(&cli, &format!("{PROVIDER}{before}"));
            workspace.apply().succeeds();
            workspace.configure(&format!("{PROVIDER}{after}"));
            let count = changes(&zone);
            workspace.apply().succeeds();
            assert!(changes(&zone) - count <= 1, "{case}: {} requests", changes(&zone) - count);
            workspace.plan().changes_nothing();
            assert!(name.is_empty() || zone.has(&name, kind), "{case}");
            workspace.destroy().succeeds();
            assert!(name.is_empty() || !zone.has(&name, kind), "{case}: nothing is left");
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_delegation_gives_way_to_a_value_and_a_value_to_a_delegation() {
    let (zone, target) = (OwnZone::new("way"), OwnZone::new("way-target"));
    let domain = format!("domain = \"a.{}\"\n zone_id = \"{}\"", zone.name, zone.id);
    let value = format!("{PROVIDER}resource \"berth_dns01_record\" \"x\" {{\n {domain}\n value = \"v\"\n}}\n");
    let delegation = format!(
        "{PROVIDER}resource \"berth_dns01_delegation\" \"x\" {{\n {domain}\n target_zone_id = \"{}\"\n wait = \"none\"\n}}\n",
        target.id
    );
    let workspace = Workspace::new(&value);
    for configuration in [&value, &delegation, &value] {
        workspace.configure(configuration);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
    }
    workspace.destroy().succeeds();
    assert!(!zone.has("_acme-challenge.a", RecordType::Txt) && !zone.has("_acme-challenge.a", RecordType::Cname));
}

#[test]
#[ignore = "needs the sandbox"]
fn both_of_a_weighted_pair_take_another_ttl_in_one_request() {
    let zone = OwnZone::new("pair");
    let pair = |ttl| {
        record("blue", &zone, &weighted("shop", "blue", "192.0.2.1", ttl))
            + &record("green", &zone, &weighted("shop", "green", "192.0.2.2", ttl))
    };
    let workspace = Workspace::new(&format!("{PROVIDER}{}", pair(60)));
    workspace.apply().succeeds();
    workspace.configure(&format!("{PROVIDER}{}", pair(30)));
    let count = changes(&zone);
    workspace.apply().succeeds();
    assert_eq!(changes(&zone) - count, 1);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn the_zones_own_records_stay_and_nothing_is_held_up_by_them() {
    let zone = OwnZone::new("apex");
    let own = |kind: &str, value: &str| format!("{}\n ttl = 300\n overwrite = true", simple("@", kind, value));
    let soa = "ns-1.example. hostmaster.example. 1 7200 900 1209600 86400";
    let both = record("ns", &zone, &own("NS", "ns-9.example")) + &record("soa", &zone, &own("SOA", soa));
    let workspace =
        Workspace::new(&format!("{PROVIDER}{both}{}", record("www", &zone, &simple("www", "A", "192.0.2.1"))));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let run = workspace.destroy().succeeds();
    let told = run.diagnostics().into_iter().filter(|shown| shown.detail.contains("BERTH-ROUTE53-030")).count();
    assert_eq!(told, 2, "{run}");
    let here = |kind| zone.has("", kind);
    assert!(here(RecordType::Ns) && here(RecordType::Soa) && !zone.has("www", RecordType::A));

    let records = [("own", simple("@", "NS", "ns-9.example")), ("www", simple("www", "A", "192.0.2.1"))];
    let forced = map("all", &zone, &records).replace("records = {", "overwrite = true\n records = {");
    let workspace = Workspace::new(&format!("{PROVIDER}{forced}"));
    workspace.apply().succeeds();
    workspace.configure(&format!("{PROVIDER}{}", map("all", &zone, &records[1..])));
    let run = workspace.apply().succeeds();
    assert!(run.to_string().contains("BERTH-ROUTE53-030"), "{run}");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(here(RecordType::Ns) && !zone.has("www", RecordType::A));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_wait_that_fails_taints_nothing() {
    let (zone, domain) = (OwnZone::new("unseen"), unique("unseen"));
    let target = OwnZone::new("target");
    let all = record("one", &zone, &simple("one", "A", "192.0.2.1"))
        + &map("all", &zone, &[("two", simple("two", "A", "192.0.2.1"))])
        + &format!(
            "resource \"berth_dns01_record\" \"x\" {{\n zone_id = \"{}\"\n domain = \"{domain}.{}\"\n value = \"v\"\n}}\n",
            zone.id, zone.name
        )
        + &format!(
            "resource \"berth_dns01_delegation\" \"x\" {{\n zone_id = \"{}\"\n domain = \"d.{}\"\n target_zone_id = \"{}\"\n \
             wait = \"insync\"\n}}\n",
            zone.id, zone.name, target.id
        );
    let denied: Vec<_> = (0..40).flat_map(|_| ["--once", "GET /2013-04-01/change:deny"]).collect();
    let faults = Faults::before_aws(&denied);
    let workspace = Workspace::new(&format!("{PROVIDER}{all}")).env("AWS_ENDPOINT_URL", faults.url());
    let run = workspace.apply().succeeds();
    let warned = run.diagnostics().into_iter().filter(|shown| shown.detail.contains("does not wait for it again"));
    assert_eq!(warned.count(), 4, "{run}");
    assert!(run.to_string().contains("route53:GetChange"), "{run}");
    for address in ["berth_dns_record.one", "berth_dns_records.all", "berth_dns01_record.x", "berth_dns01_delegation.x"]
    {
        assert_ne!(workspace.instance(address).unwrap()["status"], "tainted", "{address}");
    }
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_with_aws_at_an_interrupt_is_in_the_state_and_what_is_not_is_not_sent() {
    let zone = OwnZone::new("stopped");
    let faults = Faults::before_aws(&["--once", "POST /2013-04-01/hostedzone:hold-after"]);
    let one = record("one", &zone, &simple("one", "A", "192.0.2.1"));
    // The second one comes when the first is done.
    let two =
        record("two", &zone, &format!("{}\n depends_on = [berth_dns_record.one]", simple("two", "A", "192.0.2.1")));
    let workspace = Workspace::new(&format!("{PROVIDER}{one}{two}")).env("AWS_ENDPOINT_URL", faults.url());
    let running = workspace.start_apply();
    running.wait_until(|| faults.held() > 0, "a call that is held");
    running.interrupt();
    running.finish();
    assert!(zone.has("one", RecordType::A) && !zone.has("two", RecordType::A));
    let kept = workspace.instance("berth_dns_record.one").expect("what was made is in the state");
    assert_ne!(kept["status"], "tainted");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_old_place_is_remembered_until_it_is_removed() {
    let (old, new) = (OwnZone::new("from"), OwnZone::new("to"));
    let all = |zone: &OwnZone| {
        record("x", zone, &simple("www", "A", "192.0.2.1"))
            + &format!(
                "resource \"berth_dns01_record\" \"x\" {{\n zone_id = \"{}\"\n domain = \"c.{}\"\n value = \"v\"\n}}\n",
                zone.id, zone.name
            )
    };
    let workspace = Workspace::new(&format!("{PROVIDER}{}", all(&old)));
    workspace.apply().succeeds();
    workspace.configure(&format!("{PROVIDER}{}", all(&new)));
    let denied: Vec<_> = [format!("POST /2013-04-01/hostedzone/{}:deny", old.id)].into_iter().cycle().take(8).collect();
    let arguments: Vec<_> = denied.iter().flat_map(|deny| ["--once", deny.as_str()]).collect();
    let faults = Faults::before_aws(&arguments);
    let disturbed = workspace.env("AWS_ENDPOINT_URL", faults.url());
    let errors = disturbed.apply().fails();
    assert!(errors.contains("the old place is still there"), "{errors}");
    assert!(new.has("www", RecordType::A) && old.has("www", RecordType::A));
    drop(faults);
    let workspace = disturbed.env("AWS_ENDPOINT_URL", &sandbox::value("AWS_ENDPOINT_URL"));
    let planned = workspace.plan().changes_something();
    assert!(planned.to_string().contains("BERTH-ROUTE53-032"), "{planned}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(!old.has("www", RecordType::A) && !old.has("_acme-challenge.c", RecordType::Txt));
    workspace.destroy().succeeds();
    assert!(!new.has("www", RecordType::A) && !new.has("_acme-challenge.c", RecordType::Txt));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_goes_where_its_zone_or_its_whole_name_says() {
    let (one, two) = (OwnZone::new("first"), OwnZone::new("second"));
    let of = |place: &str| {
        format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n {place}\n type = \"A\"\n values = [\"192.0.2.1\"]\n}}\n"
        )
    };
    let workspace = Workspace::new(&of(&format!("name = \"a.{}\"", one.name)));
    workspace.apply().succeeds();
    workspace.configure(&of(&format!("name = \"a.{}\"", two.name)));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(two.has("a", RecordType::A) && !one.has("a", RecordType::A));
    workspace.configure(&of(&format!("name = \"a\"\n zone = \"{}\"", one.name)));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(one.has("a", RecordType::A) && !two.has("a", RecordType::A));
    workspace.configure(&of(&format!("name = \"b.{}\"\n zone_id = \"/hostedzone/{}\"", two.name, one.id)));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ROUTE53-031") && errors.contains(two.id.as_str()), "{errors}");
    workspace
        .configure(&of(&format!("name = \"b.{}.{}.\"\n zone_id = \"/hostedzone/{}\"", two.name, one.name, one.id)));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_map_takes_the_zones_id_in_both_spellings() {
    let zone = OwnZone::new("prefixed");
    let bare = format!("{PROVIDER}{}", map("all", &zone, &[("a", simple("a", "A", "192.0.2.1"))]));
    let prefixed = bare.replace(zone.id.as_str(), &format!("/hostedzone/{}", zone.id));
    for configuration in [&prefixed, &bare, &prefixed] {
        let workspace = Workspace::new(configuration);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.configure(if configuration == &bare { &prefixed } else { &bare });
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn records_that_cannot_stand_beside_each_other_are_told_in_the_plan() {
    let zone = OwnZone::new("beside");
    let cases = [
        (
            [simple("a", "CNAME", "b.example"), simple("a", "MX", "10 b.example")],
            "beside a CNAME there is nothing else",
        ),
        ([simple("a", "A", "192.0.2.1"), weighted("a", "w", "192.0.2.2", 60)], "one follows a routing policy"),
        ([weighted("a", "v", "192.0.2.1", 30), weighted("a", "w", "192.0.2.2", 60)], "one `ttl` in common"),
        (
            [simple("@", "CNAME", "b.example"), simple("b", "A", "192.0.2.1")],
            "No CNAME can stand at the zone's own name",
        ),
    ];
    for ([one, two], words) in cases {
        let workspace = Workspace::new(&format!("{PROVIDER}{}", map("all", &zone, &[("one", one), ("two", two)])));
        let errors = workspace.plan().fails();
        assert!(errors.contains(words), "{words}: {errors}");
    }
    let workspace = Workspace::new(&format!("{PROVIDER}{}", record("x", &zone, &simple("@", "CNAME", "b.example"))));
    let errors = workspace.plan().fails();
    assert!(errors.contains("an `alias`"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn new_records_of_two_resources_that_exclude_each_other_are_told_in_the_plan() {
    let zone = OwnZone::new("beside-two");
    let one = record("one", &zone, &simple("a", "CNAME", "b.example"));
    let workspace =
        Workspace::new(&format!("{PROVIDER}{one}{}", record("two", &zone, &simple("a", "MX", "10 b.example"))));
    let planned = workspace.plan().changes_something();
    assert_eq!(planned.to_string().matches("BERTH-ROUTE53-033").count(), 1, "{planned}");
    let workspace =
        Workspace::new(&format!("{PROVIDER}{one}{}", map("two", &zone, &[("b", simple("b", "A", "192.0.2.1"))])));
    let applied = workspace.apply().succeeds();
    assert!(!applied.to_string().contains("BERTH-ROUTE53-033"), "{applied}");
    // What is replaced is planned twice, and is one record.
    let replaced = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-replace=berth_dns_record.one"]);
    assert!(!replaced.succeeds().to_string().contains("BERTH-ROUTE53-033"));
    workspace.run(&["taint", "berth_dns_records.two"]).succeeds();
    assert!(!workspace.apply().succeeds().to_string().contains("BERTH-ROUTE53-033"));
    workspace.destroy().succeeds();
}
