//! What Route53 says when it does not simply agree.

use std::time::Duration;

use super::*;
use crate::clients::aws::scripted::{Script, refusal};
use crate::domain::dns::{Conflict, RecordType};

fn zone() -> ZoneId {
    ZoneId::new("Z1")
}

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

fn minute() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

fn client(script: &Script) -> Route53 {
    Route53::new(&script.config(), None, 50.0)
}

fn listing(values: &[&str]) -> String {
    let records: Vec<_> =
        values.iter().map(|v| format!("<ResourceRecord><Value>\"{v}\"</Value></ResourceRecord>")).collect();
    let records = records.concat();
    let set = format!(
        "<ResourceRecordSet><Name>_acme-challenge.a.test.</Name><Type>TXT</Type><TTL>60</TTL>\
         <ResourceRecords>{records}</ResourceRecords></ResourceRecordSet>"
    );
    let sets = if values.is_empty() { String::new() } else { set };
    format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    )
}

fn accepted() -> String {
    "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
     <SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"
        .to_owned()
}

fn status(status: &str) -> String {
    format!(
        "<GetChangeResponse><ChangeInfo><Id>/change/C1</Id><Status>{status}</Status>\
         <SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>"
    )
}

fn invalid_batch(message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <Messages><Message>{message}</Message></Messages><RequestId>r-2</RequestId></InvalidChangeBatch>"
    )
}

fn record() -> RecordSet {
    RecordSet::simple(name("a.test"), RecordType::A, 60, vec!["192.0.2.1".into()])
}

#[tokio::test]
async fn a_lost_race_for_a_shared_name_is_read_again() {
    let script = Script::of(vec![
        (200, listing(&["ours"])),
        (400, invalid_batch("Tried to delete resource record set but the values provided do not match")),
        (200, listing(&["ours", "theirs"])),
        (200, accepted()),
    ])
    .await;
    let change = client(&script).remove_txt_value(&minute(), &zone(), &name("_acme-challenge.a.test"), "ours").await;
    assert_eq!(change.unwrap().unwrap().as_str(), "C1");
    let requests = script.requests();
    let last = requests.last().unwrap();
    let (deleted, created) = last.split_once("<Action>CREATE</Action>").unwrap();
    assert!(deleted.contains("<Action>DELETE</Action>") && deleted.contains("&quot;ours&quot;"), "{last}");
    assert!(created.contains("theirs") && !created.contains("ours"), "{last}");
    assert_eq!(requests.len(), 4);
}

#[tokio::test]
async fn a_set_that_is_refused_unchanged_is_written_over() {
    let refused = invalid_batch("it already exists");
    let answers = vec![(200, listing(&[])), (400, refused), (200, listing(&[])), (200, accepted())];
    let script = Script::of(answers).await;
    let name = name("_acme-challenge.a.test");
    client(&script).put_txt_value(&minute(), &zone(), &name, "ours", 60).await.unwrap();
    let requests = script.requests();
    assert!(requests[1].contains("CREATE") && requests[3].contains("UPSERT"), "{requests:?}");
}

fn set_of(index: usize) -> RecordSet {
    RecordSet::simple(name(&format!("n{index}.test")), RecordType::A, 60, vec!["192.0.2.1".into()])
}

fn listing_of(sets: &[RecordSet]) -> String {
    let sets = sets.iter().map(|set| {
        format!(
            "<ResourceRecordSet><Name>{}.</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{}</Value>\
             </ResourceRecord></ResourceRecords></ResourceRecordSet>",
            set.key.name,
            set.values()[0]
        )
    });
    listing(&[]).replace("<ResourceRecordSets>", &format!("<ResourceRecordSets>{}", sets.collect::<String>()))
}

/// A free name, a request without answer, a refusal of the next one, and then what is there.
fn lost_answer(live: &[RecordSet]) -> Vec<(u16, String)> {
    let exists = invalid_batch("Tried to create resource record set but it already exists");
    vec![(200, listing(&[])), (502, "<html>Bad Gateway</html>".into()), (400, exists), (200, listing_of(live))]
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_not_refused_for_its_own_work() {
    let live: Vec<_> = (0..5).map(set_of).collect();
    let mut answers = lost_answer(&live);
    answers.push((200, accepted()));
    let script = Script::of(answers).await;
    let (route53, zone, budget) = (client(&script), zone(), minute());
    let created = (0..5).map(|index| route53.create(&budget, &zone, set_of(index)));
    for change in futures_util::future::join_all(created).await {
        assert_eq!(change.unwrap().unwrap().as_str(), "C1", "an id to wait for");
    }
    let requests = script.requests();
    assert_eq!(requests.len(), 5);
    assert!(requests[4].contains("UPSERT") && !requests[4].contains("CREATE"), "{}", requests[4]);
}

#[tokio::test]
async fn a_record_that_others_made_meanwhile_is_refused_also_after_a_lost_answer() {
    let theirs = RecordSet::simple(name("n0.test"), RecordType::A, 60, vec!["192.0.2.9".into()]);
    let mut answers = lost_answer(std::slice::from_ref(&theirs));
    answers.push((200, listing_of(std::slice::from_ref(&theirs))));
    let script = Script::of(answers).await;
    let created = client(&script).create(&minute(), &zone(), set_of(0)).await;
    let is_theirs = |conflicts: &[Conflict]| conflicts.iter().all(|conflict| conflict.existing == theirs);
    assert!(matches!(&created, Err(Route53Error::Taken { conflicts, .. }) if is_theirs(conflicts)), "{created:?}");
}

#[tokio::test]
async fn throttling_and_a_proxys_error_page_are_waited_out() {
    let page = "<html><body>Service Unavailable</body></html>".to_owned();
    let script = Script::of(vec![
        (400, refusal("Throttling", "Rate exceeded")),
        (503, page),
        (400, refusal("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing")),
        (200, accepted()),
        (200, status("PENDING")),
        (200, status("INSYNC")),
    ])
    .await;
    let route53 = client(&script);
    let change = route53.upsert(&minute(), &zone(), record()).await.unwrap();
    route53.wait_in_sync(&minute(), change.as_ref()).await.unwrap();
    assert_eq!(script.requests().len(), 6);
}

#[tokio::test]
async fn the_messages_of_a_refused_batch_are_quoted() {
    let words = "Invalid Resource Record: 'FATAL problem: InvalidIPAddress'";
    let script = Script::of(vec![(400, invalid_batch(words))]).await;
    let error = client(&script).upsert(&minute(), &zone(), record()).await.unwrap_err();
    let text = error.explain("Cannot create the record", "zone Z1").to_string();
    assert!(text.contains(words) && text.contains("BERTH-ROUTE53-003"), "{text}");
}

#[tokio::test]
async fn nothing_permitted_ends_the_division_of_a_request_early() {
    let denied = || (403, refusal("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized"));
    let script = Script::of((0..40).map(|_| denied()).collect()).await;
    let route53 = client(&script);
    let (zone, budget) = (zone(), minute());
    let set = |i: usize| RecordSet::simple(name(&format!("n{i}.test")), RecordType::A, 60, vec!["192.0.2.1".into()]);
    let changes = futures_util::future::join_all((0..16).map(|i| route53.upsert(&budget, &zone, set(i)))).await;
    for change in changes {
        let text = change.unwrap_err().explain("Cannot create the record", "zone Z1").to_string();
        assert!(text.contains("grant `route53:ChangeResourceRecordSets`"), "{text}");
    }
    assert!(script.requests().len() < 12, "{}", script.requests().len());
}

#[tokio::test]
async fn an_interrupted_wait_leaves_the_queue() {
    let script = Script::of(vec![]).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let budget = Budget::new(Duration::from_mins(1), stop.clone());
    let route53 = client(&script);
    let zone = zone();
    let (result, ()) = tokio::join!(route53.upsert(&budget, &zone, record()), async { stop.cancel() });
    assert!(matches!(result, Err(Route53Error::Aws(AwsError::Stopped { .. }))), "{result:?}");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(script.requests().len(), 0, "nobody waits for it, so it was not sent");
}

fn zones(names: &[&str]) -> String {
    let zone = |(index, name): (usize, &&str)| {
        format!(
            "<HostedZone><Id>/hostedzone/Z{index}</Id><Name>{name}.</Name><CallerReference>c</CallerReference>\
             <Config><PrivateZone>false</PrivateZone></Config><ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone>"
        )
    };
    let zones: String = names.iter().enumerate().map(zone).collect();
    format!(
        "<ListHostedZonesResponse><HostedZones>{zones}</HostedZones><Marker></Marker><IsTruncated>false</IsTruncated>\
         <MaxItems>100</MaxItems></ListHostedZonesResponse>"
    )
}

fn choice(zone: Option<&str>) -> ZoneChoice {
    let visibility = crate::domain::dns::zone::Visibility::Public;
    ZoneChoice { id: None, name: zone.map(name), visibility }
}

#[tokio::test]
async fn a_zone_that_is_missing_is_looked_for_anew_once_for_all() {
    let script = Script::of(vec![(200, zones(&["x.test"])), (200, zones(&["x.test", "sub.x.test"]))]).await;
    let (route53, budget) = (client(&script), minute());
    let by_id = ZoneChoice { id: Some(ZoneId::new("Z0")), ..choice(None) };
    route53.choose_zone(&budget, &by_id, "").await.unwrap();
    let (sub, by_id) = (choice(Some("sub.x.test")), &by_id);
    let named = || route53.choose_zone(&budget, &sub, "");
    let (a, b, c) = tokio::join!(named(), named(), route53.choose_zone(&budget, by_id, ""));
    assert_eq!([a, b].map(|zone| zone.unwrap().name.to_string()), ["sub.x.test", "sub.x.test"]);
    assert_eq!(c.unwrap().name.as_str(), "x.test");
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_zone_is_not_chosen_from_an_old_list() {
    let script = Script::of(vec![(200, zones(&["x.test"])), (200, zones(&["x.test", "sub.x.test"]))]).await;
    let (route53, budget) = (client(&script), Budget::uninterrupted(Duration::from_hours(1)));
    let chosen = async || route53.choose_zone(&budget, &choice(None), "a.sub.x.test").await.unwrap().name.to_string();
    assert_eq!([chosen().await, chosen().await], ["x.test", "x.test"], "one list for all of a moment");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert_eq!(chosen().await, "sub.x.test");
    assert_eq!(script.requests().len(), 2);
}

fn cname() -> RecordSet {
    RecordSet::simple(name("a.test"), RecordType::Cname, 60, vec!["b.test.".into()])
}

fn cname_listing() -> String {
    listing_of(&[RecordSet::simple(name("a.test"), RecordType::A, 60, vec!["b.test.".into()])])
        .replace("<Type>A<", "<Type>CNAME<")
}

/// As a resource's creation and another one's removal, which begin after some milliseconds.
async fn exchanged(route53: &Route53, (made_after, gone_after): (u64, u64)) -> (Progress, Progress) {
    let (zone, budget) = (zone(), minute());
    let after = async |time: u64, wish: Transition| {
        tokio::time::sleep(Duration::from_millis(time)).await;
        route53.carry_out(&budget, &zone, wish.in_run()).await
    };
    let gone = after(gone_after, Transition::delete([cname().key]));
    tokio::join!(after(made_after, Transition::create(record())), gone)
}

#[tokio::test]
async fn what_one_removes_and_another_makes_is_one_request_whoever_comes_first() {
    for later in [(0, 0), (0, 900), (900, 0)] {
        let script = Script::of(vec![(200, cname_listing()), (200, cname_listing()), (200, accepted())]).await;
        let (made, gone) = exchanged(&client(&script), later).await;
        assert!(made.failure.is_none() && gone.failure.is_none(), "{made:?} {gone:?}");
        let requests = script.requests();
        let sent: Vec<_> = requests.iter().filter(|request| request.starts_with("POST")).collect();
        assert_eq!(sent.len(), 1, "{requests:?}");
        let (deleted, created) = sent[0].split_once("<Action>CREATE</Action>").unwrap();
        assert!(deleted.contains("<Action>DELETE</Action>") && deleted.contains("CNAME"), "{deleted}");
        assert!(created.contains("192.0.2.1"), "{created}");
    }
}

#[tokio::test]
async fn refused_together_neither_is_done() {
    let refused = (400, invalid_batch("Invalid Resource Record"));
    let looks = (0..4).map(|_| (200, cname_listing()));
    let script = Script::of([looks.clone().take(2).collect(), vec![refused], looks.collect()].concat()).await;
    let (made, gone) = exchanged(&client(&script), (0, 0)).await;
    assert!(made.failure.is_some() && gone.failure.is_some(), "{made:?} {gone:?}");
    let requests = script.requests();
    assert_eq!(requests.iter().filter(|request| request.starts_with("POST")).count(), 1, "the name keeps its record");
}

#[tokio::test]
async fn what_nobody_removes_is_refused_after_a_while() {
    let script = Script::of(vec![(200, cname_listing()), (200, cname_listing())]).await;
    let budget = Budget::uninterrupted(Duration::from_secs(4));
    let made = client(&script).carry_out(&budget, &zone(), Transition::create(record()).in_run()).await;
    assert!(matches!(made.failure, Some(Route53Error::Taken { .. })), "{made:?}");
    assert_eq!(script.requests().len(), 2, "looked at once more");
}
