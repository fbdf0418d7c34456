//! Names that ExternalDNS keeps, and those that it is to leave alone.

use berth::domain::dns::RecordType;

use super::own_zone::OwnZone;
use crate::gate::Gate;
use crate::sandbox;
use crate::workspace::{Run, Workspace};

const THEIRS: &str = "\"heritage=external-dns,external-dns/owner=cluster,external-dns/resource=ingress/web/shop\"";
const OURS: &str = "\"heritage=external-dns,external-dns/owner=berth,external-dns/resource=terraform/berth\"";

fn gate() -> Gate {
    Gate::before(&sandbox::value("AWS_ENDPOINT_URL"), |_, _| None)
}

fn configuration(gate: &Gate, resource: &str) -> String {
    format!("provider \"berth\" {{\n  aws = {{ endpoints = {{ route53 = \"{}\" }} }}\n}}\n{resource}", gate.url())
}

fn record(zone: &OwnZone, kind: &str, value: &str, more: &str) -> String {
    format!(
        "resource \"berth_dns_record\" \"x\" {{\n zone_id = \"{}\"\n name = \"www\"\n type = \"{kind}\"\n values = [\"{value}\"]\n \
         {more}\n}}\n",
        zone.id
    )
}

/// Whether the user is told who keeps the name too.
fn warned(run: &Run) -> bool {
    let parts = ["BERTH-ROUTE53-025", "`cluster`", "ingress/web/shop"];
    let warnings = run.diagnostics().into_iter().filter(|shown| shown.severity == "warning");
    warnings.into_iter().any(|shown| parts.iter().all(|part| shown.detail.contains(part)))
}

#[test]
#[ignore = "needs the sandbox"]
fn a_name_of_external_dns_is_warned_of_without_a_further_call() {
    let applied = |mark: Option<&str>| {
        let (zone, gate) = (OwnZone::new("external"), gate());
        if let Some(mark) = mark {
            zone.put(mark, RecordType::Txt, THEIRS);
        }
        let workspace = Workspace::new(&configuration(&gate, &record(&zone, "A", "192.0.2.1", "")));
        let run = workspace.apply().succeeds();
        let calls = gate.take().len();
        workspace.destroy().succeeds();
        assert!(mark.is_none_or(|mark| zone.has(mark, RecordType::Txt)), "their mark stays");
        (warned(&run), calls)
    };
    let (untroubled, calls) = applied(None);
    assert!(!untroubled);
    for mark in ["www", "a-www", "cname-www"] {
        assert_eq!(applied(Some(mark)), (true, calls), "{mark}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_is_marked_so_that_external_dns_leaves_it_alone() {
    let (zone, gate) = (OwnZone::new("marked"), gate());
    let marked =
        |kind: &str, value: &str| configuration(&gate, &record(&zone, kind, value, "external_dns_owner = \"berth\""));
    let mark = |label: &str| zone.live(label, RecordType::Txt).map(|set| set.values().to_vec());
    let workspace = Workspace::new(&marked("A", "192.0.2.1"));
    let run = workspace.apply().succeeds();
    assert!(!warned(&run), "our own mark is no reason to warn: {run}");
    assert_eq!(mark("a-www"), Some(vec![OURS.to_owned()]));
    workspace.plan().changes_nothing();

    // A mark that is gone shows, and comes back.
    zone.remove("a-www", RecordType::Txt);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(mark("a-www").is_some());

    // It follows the record's type in the same request.
    workspace.configure(&marked("CNAME", "target.example"));
    gate.take();
    workspace.apply().succeeds();
    assert_eq!(gate.take().iter().filter(|line| line.starts_with("POST")).count(), 1);
    assert_eq!((mark("a-www"), mark("cname-www")), (None, Some(vec![OURS.to_owned()])));
    workspace.plan().changes_nothing();

    // Without an owner the mark goes, and the record stays.
    workspace.configure(&configuration(&gate, &record(&zone, "CNAME", "target.example", "")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(mark("cname-www").is_none() && zone.has("www", RecordType::Cname));

    workspace.configure(&marked("CNAME", "target.example"));
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
    assert!(mark("cname-www").is_none() && !zone.has("www", RecordType::Cname));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_map_of_records_is_marked_as_a_whole() {
    let (zone, gate) = (OwnZone::new("marks"), gate());
    let map = |more: &str| {
        configuration(
            &gate,
            &format!(
                "resource \"berth_dns_records\" \"x\" {{\n zone_id = \"{}\"\n records = {{ for i in range(3) : \"n${{i}}\" => {{ name = \
                 \"n${{i}}\", type = \"A\", values = [\"192.0.2.1\"] }} }}\n {more}\n}}\n",
                zone.id
            ),
        )
    };
    let workspace = Workspace::new(&map("external_dns_owner = \"berth\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!((0..3).all(|i| zone.has(&format!("a-n{i}"), RecordType::Txt)));
    zone.remove("a-n1", RecordType::Txt);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(zone.has("a-n1", RecordType::Txt));
    workspace.configure(&map(""));
    workspace.apply().succeeds();
    assert!(
        (0..3).all(|i| !zone.has(&format!("a-n{i}"), RecordType::Txt) && zone.has(&format!("n{i}"), RecordType::A))
    );
    workspace.destroy().succeeds();

    let apex = "external_dns_owner = \"berth\"";
    workspace.configure(&configuration(&gate, &record(&zone, "A", "192.0.2.1", apex).replace("\"www\"", "\"@\"")));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ROUTE53-024") && errors.contains("outside of the zone"), "{errors}");
}
