//! How few calls many records cost, and that a wrong one among them fails alone.

use std::collections::BTreeSet;

use super::dns_records::refusal;
use super::{Account, unique};
use crate::gate::Gate;
use crate::sandbox;
use crate::workspace::Workspace;
use berth::domain::dns::{DnsName, RecordKey, RecordType, ZoneId};

/// Records of the budgets.
const MANY: usize = 300;

/// A zone of its own, whose records nobody else makes.
struct OwnZone {
    id: ZoneId,
    name: String,
}

impl OwnZone {
    fn new(prefix: &str) -> Self {
        let name = format!("{}.test", unique(prefix));
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{name}</Name>\
             <CallerReference>{name}</CallerReference></CreateHostedZoneRequest>"
        );
        let url = format!("{}/2013-04-01/hostedzone", sandbox::value("AWS_ENDPOINT_URL"));
        let scope =
            "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let request = reqwest::Client::new().post(url).header("authorization", scope).body(body);
            request.send().await.unwrap().text().await.unwrap()
        });
        let id = answer.split("<Id>").nth(1).and_then(|rest| rest.split("</Id>").next()).expect("moto makes a zone");
        Self { id: ZoneId::new(id), name }
    }

    fn has(&self, label: &str) -> bool {
        let account = Account::open();
        let name = DnsName::parse(&format!("{label}.{}", self.name)).unwrap();
        let key = RecordKey { name, kind: RecordType::A, set_identifier: None };
        let found = async { account.open_route53().await.record(&Account::budget(), &self.id, &key).await.unwrap() };
        account.runtime.block_on(found).is_some()
    }
}

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
fn three_hundred_records_in_one_map_cost_four_calls() {
    let (zone, gate) = (OwnZone::new("map"), open_gate());
    let map = format!(
        "resource \"berth_dns_records\" \"x\" {{\n  zone_id = \"{}\"\n  records = {{ for i in range({MANY}) : \"n${{i}}\" => {{ \
         name = \"n${{i}}\", type = \"A\", values = [\"192.0.2.1\"] }} }}\n}}\n",
        zone.id
    );
    let workspace = Workspace::new(&(provider(&gate) + &map));
    workspace.apply().succeeds();
    let made = gate.take();
    assert!(made.len() <= 4, "{made:?}");
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
    let present: Vec<_> = (0..8).map(|i| zone.has(&format!("n{i}"))).collect();
    assert_eq!(present, [true, true, true, true, true, false, true, true]);
    let calls = gate.take();
    assert!(calls.len() <= 16, "{calls:?}");

    workspace.configure(&configuration("192.0.2.2"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
