//! How few calls many records cost, and that a wrong one among them fails alone.

use std::collections::BTreeSet;

use berth::domain::dns::RecordType;

use super::dns_records::refusal;
use super::own_zone::OwnZone;
use crate::gate::Gate;
use crate::sandbox;
use crate::workspace::Workspace;

/// Records of the budgets.
const MANY: usize = 300;

fn provider(gate: &Gate) -> String {
    format!("provider \"berth\" {{\n  aws = {{ endpoints = {{ route53 = \"{}\" }} }}\n}}\n", gate.url())
}

fn open_gate() -> Gate {
    Gate::before(&sandbox::value("AWS_ENDPOINT_URL"), |_, _| None)
}

fn separate(zone: &OwnZone, value: &str) -> String {
    format!(
        "resource \"berth_dns_record\" \"x\" {{\n  count = {MANY}\n  zone_id = \"{}\"\n  name = \"n${{count.index}}\"\n  type = \
         \"A\"\n  values = [{value}]\n}}\n",
        zone.id
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn three_hundred_separate_records_cost_few_calls() {
    let (zone, gate) = (OwnZone::new("separate"), open_gate());
    let workspace = Workspace::new(&(provider(&gate) + &separate(&zone, "\"192.0.2.1\"")));
    workspace.apply().succeeds();
    let made = gate.take();
    assert!(made.len() <= 90, "{} calls to make them: {made:?}", made.len());
    workspace.plan().changes_nothing();
    let read = gate.take();
    assert!(read.len() <= 2, "to refresh them: {read:?}");
    println!("{MANY} separate records: {} calls to make, {} to refresh", made.len(), read.len());
    workspace.destroy().succeeds();
    println!("{} calls to destroy", gate.take().len());
}

#[test]
#[ignore = "needs the sandbox"]
fn three_hundred_records_in_one_map_cost_five_calls() {
    let (zone, gate) = (OwnZone::new("map"), open_gate());
    let map = format!(
        "resource \"berth_dns_records\" \"x\" {{\n  zone_id = \"{}\"\n  records = {{ for i in range({MANY}) : \"n${{i}}\" => {{ \
         name = \"n${{i}}\", type = \"A\", values = [\"192.0.2.1\"] }} }}\n}}\n",
        zone.id
    );
    let workspace = Workspace::new(&(provider(&gate) + &map));
    workspace.apply().succeeds();
    let made = gate.take();
    // The plan lists the account's zones too: once, whatever the number of records. Other tests make zones, and a page holds 100.
    let calls = made.iter().filter(|call| !call.contains("marker=")).count();
    assert!(calls <= 5, "{made:?}");
    workspace.plan().changes_nothing();
    let read = gate.take();
    assert!(read.len() <= 2, "{read:?}");
    println!("{MANY} records in one map: {} calls to make, {} to refresh", made.len(), read.len());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn one_wrong_record_among_good_ones_made_at_once_fails_alone() {
    let zone = OwnZone::new("wrong");
    let gate = Gate::before(&sandbox::value("AWS_ENDPOINT_URL"), |line, body| {
        let words = "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address'";
        (line.starts_with("POST") && body.contains("192.0.2.66")).then(|| refusal(words))
    });
    let configuration = |bad: &str| {
        format!(
            "{}resource \"berth_dns_record\" \"x\" {{\n  count = 8\n  zone_id = \"{}\"\n  name = \"n${{count.index}}\"\n  type = \
             \"A\"\n  values = [count.index == 5 ? \"{bad}\" : \"192.0.2.1\"]\n}}\n",
            provider(&gate),
            zone.id
        )
    };
    let workspace = Workspace::new(&configuration("192.0.2.66"));
    let run = workspace.apply();
    let blamed: BTreeSet<_> = run
        .diagnostics()
        .into_iter()
        .filter(|shown| shown.severity == "error")
        .map(|shown| (shown.address.unwrap_or_default(), shown.summary))
        .collect();
    let errors = run.fails();
    assert!(errors.contains("ARRDATAIllegalIPv4Address") && errors.contains("BERTH-ROUTE53-003"), "{errors}");
    assert_eq!(blamed.len(), 1, "{blamed:?}");
    assert!(blamed.iter().all(|(address, _)| address == "berth_dns_record.x[5]"), "{blamed:?}");
    let present: Vec<_> = (0..8).map(|i| zone.has(&format!("n{i}"), RecordType::A)).collect();
    assert_eq!(present, [true, true, true, true, true, false, true, true]);
    let calls = gate.take();
    assert!(calls.len() <= 16, "{calls:?}");

    workspace.configure(&configuration("192.0.2.2"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_update_of_a_map_is_one_request() {
    let (zone, gate) = (OwnZone::new("update"), open_gate());
    let map = |entries: &str| {
        let resource = format!(
            "resource \"berth_dns_records\" \"x\" {{\n zone_id = \"{}\"\n records = {{\n{entries}\n}}\n}}\n",
            zone.id
        );
        provider(&gate) + &resource
    };
    let a = |key: &str, name: &str, value: &str| {
        format!("{key} = {{ name = \"{name}\", type = \"A\", values = [\"{value}\"] }}\n")
    };
    let before = a("one", "one", "192.0.2.1")
        + &a("two", "two", "192.0.2.2")
        + &a("gone", "gone", "192.0.2.3")
        + &a("kind", "kind", "192.0.2.4");
    let workspace = Workspace::new(&map(&before));
    workspace.apply().succeeds();
    let kind = "kind = { name = \"kind\", type = \"CNAME\", values = [\"target.example\"] }";
    let after = a("one", "two", "192.0.2.1") + &a("two", "one", "192.0.2.2") + &a("new", "new", "192.0.2.5") + kind;
    workspace.configure(&map(&after));
    gate.take();
    workspace.apply().succeeds();
    let changes: Vec<_> = gate.take().into_iter().filter(|line| line.starts_with("POST")).collect();
    assert_eq!(changes.len(), 1, "{changes:?}");
    workspace.plan().changes_nothing();
    let values = |label: &str| zone.live(label, RecordType::A).map(|set| set.values().to_vec());
    assert_eq!(
        (values("one"), values("two")),
        (Some(vec!["192.0.2.2".to_owned()]), Some(vec!["192.0.2.1".to_owned()]))
    );
    assert_eq!((values("gone"), values("kind")), (None, None));
    workspace.destroy().succeeds();
}
