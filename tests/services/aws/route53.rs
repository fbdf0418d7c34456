//! Route53: one client for the account.

use std::collections::BTreeSet;

use berth::clients::aws::{Route53, route53::Route53Error};
use berth::domain::dns::zone::Visibility;
use berth::domain::dns::{Change, ChangeGroup, DnsName, RecordKey, RecordSet, RecordType, ZoneId};
use futures_util::future::join_all;

use super::{Account, minute, unique};
use crate::sandbox;

/// A zone of its own for one test.
struct Zone {
    account: Account,
    route53: Route53,
    id: ZoneId,
    name: String,
}

impl Zone {
    async fn new() -> Self {
        let account = Account::open().await;
        let route53 = account.aws.route53().await.clone();
        let name = format!("{}.test", unique("zone"));
        let id = make_zone(&name).await;
        Self { account, route53, id, name }
    }

    fn name(&self, label: &str) -> DnsName {
        DnsName::parse(&format!("{label}.{}", self.name)).unwrap()
    }

    fn set(&self, label: &str, kind: RecordType, values: &[&str]) -> RecordSet {
        RecordSet::simple(self.name(label), kind, 60, values.iter().map(ToString::to_string).collect())
    }

    fn key(&self, label: &str, kind: RecordType) -> RecordKey {
        RecordKey { name: self.name(label), kind, set_identifier: None }
    }

    async fn values(&self, label: &str, kind: RecordType) -> Option<BTreeSet<String>> {
        let other = Account::open().await;
        let key = self.key(label, kind);
        let found = other.aws.route53().await.record(&minute(), &self.id, &key).await.unwrap();
        found.map(|set| set.values().iter().cloned().collect())
    }

    fn changes(&self) -> usize {
        self.account.calls.requests().iter().filter(|call| call.starts_with("POST") && call.contains("/rrset")).count()
    }
}

async fn make_zone(name: &str) -> ZoneId {
    let body = format!(
        "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{name}</Name>\
         <CallerReference>{name}</CallerReference></CreateHostedZoneRequest>"
    );
    let scope =
        "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0";
    let url = format!("{}/2013-04-01/hostedzone", sandbox::value("AWS_ENDPOINT_URL"));
    let request = reqwest::Client::new().post(url).header("authorization", scope).body(body);
    let answer = request.send().await.unwrap().text().await.unwrap();
    let id = answer.split("<Id>").nth(1).and_then(|rest| rest.split("</Id>").next()).expect("moto makes a zone");
    ZoneId::new(id)
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn the_zone_of_a_name_is_the_one_with_the_longest_suffix() {
    let zone = Zone::new().await;
    let inner = make_zone(&format!("inner.{}", zone.name)).await;
    let found = zone.route53.zone_for(&minute(), &zone.name("www"), Visibility::Public).await.unwrap();
    assert_eq!(found.id, zone.id);
    let found = zone.route53.zone_for(&minute(), &zone.name("www.inner"), Visibility::Public).await.unwrap();
    assert_eq!(found.id, inner);
    // A listing of many zones has several pages.
    let asked = zone.account.calls.requests();
    let listings = asked.iter().filter(|it| it.contains("hostedzone") && !it.contains("marker=")).count();
    assert_eq!(listings, 1, "one listing for both: {asked:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_zone_that_does_not_exist_is_told_with_those_that_do() {
    let zone = Zone::new().await;
    let name = DnsName::parse("www.nowhere.example").unwrap();
    let error = zone.route53.zone_for(&minute(), &name, Visibility::Public).await.unwrap_err();
    let text = error.explain("Cannot place `www.nowhere.example`", "the account's zones").to_string();
    assert!(text.contains("no public hosted zone holds `www.nowhere.example`"), "{text}");
    assert!(text.contains("create a public hosted zone") && text.contains("BERTH-ROUTE53-001"), "{text}");

    let id = ZoneId::new("ZNOSUCHZONE");
    let error = zone.route53.records_named(&minute(), &id, &name).await.unwrap_err();
    assert!(matches!(&error, Route53Error::NoZoneId(missing) if *missing == id), "{error}");
    let error = zone.route53.create(&minute(), &id, zone.set("a", RecordType::A, &["192.0.2.1"])).await.unwrap_err();
    assert!(matches!(error, Route53Error::NoZoneId(_)), "{error}");
    assert!(zone.route53.delete(&minute(), &id, &zone.key("a", RecordType::A)).await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_record_is_made_once_replaced_and_removed() {
    let zone = Zone::new().await;
    let (route53, budget) = (&zone.route53, minute());
    let change = route53.create(&budget, &zone.id, zone.set("a", RecordType::A, &["192.0.2.1"])).await.unwrap();
    route53.wait_in_sync(&budget, change.as_ref()).await.unwrap();

    let again = route53.create(&budget, &zone.id, zone.set("a", RecordType::A, &["192.0.2.2"])).await.unwrap_err();
    let text = again.explain("Cannot create the record", "zone").to_string();
    assert!(text.contains("import") && text.contains("overwrite") && text.contains("192.0.2.1"), "{text}");
    let beside =
        route53.create(&budget, &zone.id, zone.set("a", RecordType::Cname, &["b.example."])).await.unwrap_err();
    assert!(matches!(beside, Route53Error::Taken { .. }), "{beside}");

    route53.upsert(&budget, &zone.id, zone.set("a", RecordType::A, &["192.0.2.3"])).await.unwrap();
    assert_eq!(zone.values("a", RecordType::A).await, Some(BTreeSet::from(["192.0.2.3".into()])));
    assert!(route53.delete(&budget, &zone.id, &zone.key("a", RecordType::A)).await.unwrap().is_some());
    assert_eq!(zone.values("a", RecordType::A).await, None);
    assert!(route53.delete(&budget, &zone.id, &zone.key("a", RecordType::A)).await.unwrap().is_none());
    // Made again as it was: the journal of an earlier life is no obstacle.
    route53.create(&budget, &zone.id, zone.set("a", RecordType::A, &["192.0.2.1"])).await.unwrap();
    assert!(zone.values("a", RecordType::A).await.is_some());
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn concurrent_changes_join_into_one_request() {
    let zone = Zone::new().await;
    let budget = minute();
    let sets = (0..50).map(|i| zone.set(&format!("n{i}"), RecordType::A, &["192.0.2.1"]));
    let creates = sets.map(|set| zone.route53.create(&budget, &zone.id, set));
    let changes: BTreeSet<_> = join_all(creates).await.into_iter().map(|change| change.unwrap().unwrap()).collect();
    join_all(changes.iter().map(|change| zone.route53.wait_in_sync(&budget, Some(change)))).await;
    assert_eq!(zone.changes(), 1, "{:?}", zone.account.calls.requests());
    assert_eq!(zone.account.calls.count("GET"), 2, "one listing, one GetChange: {:?}", zone.account.calls.requests());
    assert!(zone.values("n49", RecordType::A).await.is_some());
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_refused_change_fails_alone() {
    let zone = Zone::new().await;
    let budget = minute();
    let taken = zone.set("taken", RecordType::A, &["192.0.2.1"]);
    zone.route53.create(&budget, &zone.id, taken.clone()).await.unwrap();
    let good = (0..6).map(|i| zone.set(&format!("n{i}"), RecordType::A, &["192.0.2.1"]));
    let groups = good.chain([taken]).map(|set| ChangeGroup::single(Change::Create(set)));
    let changes = groups.map(|group| zone.route53.change(&budget, &zone.id, group));
    let results = join_all(changes).await;
    let refused: Vec<_> = results.iter().map(Result::is_err).collect();
    assert_eq!(refused, [false, false, false, false, false, false, true], "{results:?}");
    let text = results[6].as_ref().unwrap_err().explain("Cannot create the record", "zone").to_string();
    assert!(text.contains("already exists") && text.contains("BERTH-ROUTE53-003"), "{text}");
    assert!(zone.values("n0", RecordType::A).await.is_some());
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_type_is_swapped_in_one_request() {
    let zone = Zone::new().await;
    let budget = minute();
    zone.route53.create(&budget, &zone.id, zone.set("a", RecordType::Cname, &["b.example."])).await.unwrap();
    let before = zone.changes();
    let new = zone.set("a", RecordType::A, &["192.0.2.1"]);
    zone.route53.swap(&budget, &zone.id, &zone.key("a", RecordType::Cname), new).await.unwrap();
    assert_eq!(zone.changes() - before, 1);
    assert!(zone.values("a", RecordType::A).await.is_some());
    assert_eq!(zone.values("a", RecordType::Cname).await, None);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn twenty_challenge_names_of_two_values_cost_few_calls_and_leave_others_values_alone() {
    let zone = Zone::new().await;
    let budget = minute();
    let strangers = Account::open().await;
    let stranger = zone.name("_acme-challenge.n7");
    let theirs = RecordSet::simple(stranger, RecordType::Txt, 300, vec!["\"theirs\"".into()]);
    strangers.aws.route53().await.upsert(&budget, &zone.id, theirs).await.unwrap();

    let values: Vec<_> = (0..20)
        .flat_map(|i| [0, 1].map(|j| (zone.name(&format!("_acme-challenge.n{i}")), format!("token-{i}-{j}"))))
        .collect();
    let certificates = values.iter().map(async |(name, value)| {
        let home = zone.route53.zone_for(&budget, name, Visibility::Public).await.unwrap();
        let change = zone.route53.put_txt_value(&budget, &home.id, name, value, 60).await.unwrap();
        zone.route53.wait_in_sync(&budget, change.as_ref()).await.unwrap();
    });
    join_all(certificates).await;
    let seen = zone.values("_acme-challenge.n7", RecordType::Txt).await.unwrap();
    assert_eq!(seen, ["\"theirs\"", "\"token-7-0\"", "\"token-7-1\""].map(str::to_owned).into());

    let tidy = values.iter().map(|(name, value)| zone.route53.remove_txt_value(&budget, &zone.id, name, value));
    assert!(join_all(tidy).await.iter().all(Result::is_ok));
    let calls = zone.account.calls.requests();
    assert!(calls.len() <= 6, "{calls:?}");
    assert_eq!(zone.values("_acme-challenge.n7", RecordType::Txt).await, Some(BTreeSet::from(["\"theirs\"".into()])));
    assert_eq!(zone.values("_acme-challenge.n8", RecordType::Txt).await, None);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn many_reads_share_one_listing() {
    let zone = Zone::new().await;
    let budget = minute();
    let keys: Vec<_> = (0..40).map(|i| zone.key(&format!("n{i}"), RecordType::A)).collect();
    let reads = keys.iter().map(|key| zone.route53.record(&budget, &zone.id, key));
    assert!(join_all(reads).await.into_iter().all(|found| found.unwrap().is_none()));
    assert_eq!(zone.account.calls.count("GET"), 1, "{:?}", zone.account.calls.requests());
}
