//! Whole messages of the clients' failures, situation by situation: a change of words is a change of a file here, and the
//! next step of each fits its code.
//!
//! `INSTA_UPDATE=always cargo test --test messages` writes the files of `tests/snapshots`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use berth::clients::acme::{AcmeError, FailedAuthorization, Problem, Refusal};
use berth::clients::aws::{AwsError, Reply, Route53Error};
use berth::clients::cluster::{ClusterError, FieldFault, NoSource, Source, Verb};
use berth::clients::dns::{Answer, DnsError, ServerAnswer};
use berth::codes::{Again, all};
use berth::domain::admission::Refusal as Admission;
use berth::domain::dns::{DnsName, RecordType, ZoneId};
use berth::domain::kubernetes::ObjectRef;
use berth::domain::rollout::{Obstacle, ObstacleKind};
use berth::explain::Explanation;
use berth::retry::Stopped;

/// The situation, and what is told in it.
type Told = (String, Explanation);

fn object() -> String {
    ObjectRef::secret("apps", "pull").to_string()
}

fn cluster() -> Vec<Told> {
    let source = || Source::Host("https://cluster.example".to_owned());
    let words = |text: &str| text.to_owned();
    let cannot = "secrets \"pull\" is forbidden: User \"ci\" cannot create resource \"secrets\" in API group \"\"";
    let errors = [
        ClusterError::NotConfigured(NoSource::Nothing),
        ClusterError::NotConfigured(NoSource::Both),
        ClusterError::BadSource { source_of_settings: source(), fault: words("no such context") },
        ClusterError::Unauthorized { source_of_settings: source(), words: words("Unauthorized") },
        ClusterError::Forbidden { verb: Verb::Patch, object: object(), words: words(cannot) },
        ClusterError::Forbidden { verb: Verb::Patch, object: object(), words: words("denied") },
        ClusterError::NamespaceMissing { namespace: words("apps") },
        ClusterError::NamespaceTerminating { namespace: words("apps") },
        ClusterError::NotFound { object: object(), words: words("not found") },
        ClusterError::Foreign { object: object() },
        ClusterError::Held { object: object(), lead: ObjectRef::secret("apps", "pull") },
        ClusterError::Conflict {
            object: object(),
            manager: Some(words("helm")),
            managers: vec![words("helm")],
            fields: vec![],
            words: words("conflict"),
        },
        ClusterError::Invalid {
            object: object(),
            faults: vec![FieldFault { field: words(".spec.replicas"), message: words("must be positive") }],
            words: words("must be positive"),
        },
        ClusterError::Stopped { stopped: Stopped::Deadline, waiting_for: words("the rollout"), last_seen: None },
        ClusterError::Stopped { stopped: Stopped::Interrupted, waiting_for: words("the rollout"), last_seen: None },
        ClusterError::Other { status: Some(500), words: words("etcdserver: leader changed") },
    ];
    let refusals = [Admission::Quota, Admission::Limits, Admission::PodSecurity, Admission::Policy, Admission::Resize];
    let refused = refusals.map(|refusal| ClusterError::Refused { object: object(), refusal, words: words("no") });
    let kinds = [
        ObstacleKind::CrashLoop,
        ObstacleKind::Storage,
        ObstacleKind::Volume,
        ObstacleKind::Paused,
        ObstacleKind::ImagePull,
        ObstacleKind::Configuration,
        ObstacleKind::Unschedulable,
        ObstacleKind::NoVolume,
        ObstacleKind::Refused,
    ];
    let stuck = kinds.map(|kind| {
        let obstacle = Obstacle { kind, pod: Some(words("p")), container: None, words: words("it says so") };
        ClusterError::Stuck { object: object(), obstacle: Box::new(obstacle), log: None }
    });
    let every = errors.into_iter().chain(refused).chain(stuck);
    every.map(|error| (format!("{error:?}"), error.explain("Cannot write the pull secret `pull`"))).collect()
}

fn dns() -> Vec<Told> {
    let text = |text: &str| text.to_owned();
    let unseen = |answer: Answer, stopped| DnsError::NotVisible {
        name: text("_acme-challenge.a.example"),
        kind: RecordType::Txt,
        expected: vec![text("v")],
        answers: vec![ServerAnswer { server: text("ns1.example"), answer }],
        stopped,
    };
    let errors = [
        DnsError::Resolver(text("nine")),
        DnsError::System(text("permission denied")),
        DnsError::NoAnswer { name: text("a.example"), why: text("timeout") },
        DnsError::NoZone(text("a.example")),
        DnsError::CnameLoop(vec![text("a.example"), text("b.example")]),
        unseen(Answer::Silent(text("timeout")), Stopped::Deadline),
        unseen(Answer::Refused(text("Query Refused")), Stopped::Deadline),
        unseen(Answer::Nothing, Stopped::Deadline),
        unseen(Answer::Nothing, Stopped::Interrupted),
        DnsError::Stopped { doing: text("asking"), stopped: Stopped::Deadline },
    ];
    let challenge = errors.iter().map(|error| (format!("{error:?}"), error.explain("Cannot prove `a.example`")));
    let seen = |error: &&DnsError| matches!(error, DnsError::NotVisible { .. });
    let record = errors.iter().filter(seen).map(|error| {
        (format!("a record that stays, {error:?}"), error.explain_record("Cannot see the TXT record `a.example`"))
    });
    challenge.chain(record).collect()
}

fn aws() -> Vec<Told> {
    let reply = |code: &str| {
        Box::new(Reply {
            service: "iam",
            operation: "CreateRole",
            code: code.to_owned(),
            message: "no".to_owned(),
            request_id: None,
            status: 400,
            lost_answers: 0,
            repeats: None,
        })
    };
    let errors = [
        AwsError::AlreadyExists(reply("EntityAlreadyExists")),
        AwsError::NotFound(reply("NoSuchEntity")),
        AwsError::AccessDenied { action: "iam:CreateRole".to_owned(), reply: reply("AccessDenied") },
        AwsError::Throttled(reply("Throttling")),
        AwsError::Busy(reply("ServiceFailure")),
        AwsError::Invalid(reply("ValidationError")),
        AwsError::Limit(reply("LimitExceeded")),
        AwsError::Conflict(reply("DeleteConflict")),
        AwsError::Stopped { why: Stopped::Deadline, last: None },
        AwsError::Stopped { why: Stopped::Interrupted, last: None },
        AwsError::Other(reply("Odd")),
    ];
    let (zone, name) = (ZoneId::new("Z1"), DnsName::parse("a.example").unwrap());
    let records = [
        Route53Error::NoZoneId(zone.clone()),
        Route53Error::ValueTaken { zone: zone.clone(), name, value: "v".to_owned() },
        Route53Error::Unheard(Stopped::Interrupted),
        Route53Error::Aws(AwsError::Invalid(reply("InvalidChangeBatch"))),
    ];
    let roles =
        errors.iter().map(|error| (format!("{error:?}"), error.explain("Cannot create the role `r`", "role r")));
    let records =
        records.iter().map(|error| (format!("{error:?}"), error.explain("Cannot write `a.example`", "zone Z1")));
    roles.chain(records).collect()
}

fn refusal(kind: &str, status: u16) -> Refusal {
    let urn = format!("urn:ietf:params:acme:error:{kind}");
    let problem = Problem { urn, detail: "no".to_owned(), ..Problem::default() };
    Refusal { url: "https://ca.example/new-order".to_owned(), status, problem, retry_at: None }
}

fn acme() -> Vec<Told> {
    let text = |text: &str| text.to_owned();
    let kinds = [
        ("rateLimited", 429),
        ("rejectedIdentifier", 400),
        ("userActionRequired", 403),
        ("externalAccountRequired", 403),
        ("accountDoesNotExist", 400),
        ("badPublicKey", 400),
        ("unauthorized", 403),
        ("badCSR", 400),
        ("serverInternal", 500),
        ("malformed", 400),
    ];
    let refused = kinds.map(|(kind, status)| AcmeError::from(refusal(kind, status)));
    let stopped = |stopped, order: Option<&str>| AcmeError::Stopped {
        doing: text("the order is waited for"),
        last: None,
        stopped,
        order: order.map(str::to_owned),
    };
    let failed =
        FailedAuthorization { identifier: text("a.example"), problem: refusal("dns", 400).problem, seen: None };
    let others = [
        AcmeError::Untrusted { url: text("https://ca.example/dir"), why: text("UnknownIssuer") },
        AcmeError::Unreachable {
            url: text("https://ca.example/dir"),
            why: text("connection refused"),
            is_absent: false,
        },
        AcmeError::Strange { url: text("https://ca.example/dir"), why: text("not JSON") },
        AcmeError::Validation { order: text("https://ca.example/order/1"), failures: vec![failed] },
        AcmeError::OrderDead { order: text("https://ca.example/order/1"), status: text("invalid"), problem: None },
        AcmeError::NoChallenge { identifier: text("a.example"), wanted: "http-01", offered: vec![text("dns-01")] },
        AcmeError::Unsupported(text("renewalInfo")),
        AcmeError::Chain(text("it holds no certificate")),
        stopped(Stopped::Deadline, Some("https://ca.example/order/1")),
        stopped(Stopped::Interrupted, None),
    ];
    refused.iter().chain(&others).map(|error| (format!("{error:?}"), error.explain("Cannot issue `web`"))).collect()
}

fn every() -> Vec<Told> {
    [cluster(), dns(), aws(), acme()].concat()
}

fn next(told: &Explanation) -> String {
    told.detail().split("Next: ").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default().to_owned()
}

fn whole(told: &[Told]) -> String {
    told.iter().fold(String::new(), |mut all, (_, told)| {
        let _infallible = write!(all, "{}\n{}\n\n---\n\n", told.what(), told.detail());
        all
    })
}

#[test]
fn every_message_is_as_it_was() {
    for (name, told) in [("cluster", cluster()), ("dns", dns()), ("aws", aws()), ("acme", acme())] {
        insta::assert_snapshot!(name, whole(&told));
    }
}

#[test]
fn every_message_names_a_next_step_and_a_code_that_is_registered() {
    for (situation, told) in every() {
        assert!(!next(&told).is_empty(), "{situation} has no next step");
        assert!(all().any(|code| code.code == told.code()), "{situation}: {}", told.code());
        assert!(!told.detail().contains("..\n") && !told.detail().contains("said: said"), "{}", told.detail());
    }
}

#[test]
fn what_may_pass_by_itself_says_so_and_what_does_not_asks_for_more() {
    for (situation, told) in every().into_iter().filter(|(situation, _)| !situation.contains("Interrupted")) {
        let (again, step) = (all().find(|code| code.code == told.code()).unwrap().again, next(&told));
        let is_again = step.contains("again") || step.contains("is written");
        match again {
            Again::MayHelp => assert!(is_again, "{situation}: {step}"),
            Again::DoesNotHelp => assert!(!step.starts_with("apply again"), "{situation}: {step}"),
        }
    }
}
