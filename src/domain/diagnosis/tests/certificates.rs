//! Certificates, of which less is known or more time has passed.

use super::*;

#[test]
fn what_only_the_log_says_is_left_to_time_while_things_are_young() {
    let mut recorded = Recorded::of("certificate-ready");
    let namespace = recorded.namespace();
    let certificate = recorded.first_of("Certificate");
    certificate["status"]["conditions"] = json!([]);
    recorded.seen.objects.retain(|it| it["kind"] != "CertificateRequest");
    let line = format!("\"re-queuing item due to error\" Certificate=\"{namespace}/web\" web web-tls conflict");
    recorded.seen.logs.clear();
    recorded.seen.logs.insert("cert-manager/one controller".to_owned(), vec![line]);
    let made = recorded.first_of("Certificate")["metadata"]["creationTimestamp"].as_str().unwrap().to_owned();
    recorded.seen.now = made;
    let report = recorded.report();
    assert_eq!((first(&report), report.health), ("waiting", Health::Unknown), "{report:#?}");
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    let report = recorded.report();
    assert_eq!((first(&report), report.health), ("unexplained", Health::Failing), "{report:#?}");
    assert!(report.findings[0].evidence[0].text.contains("conflict"), "{report:#?}");
}

#[test]
fn challenges_that_may_not_be_listed_are_no_missing_solver() {
    let mut recorded = Recorded::of("certificate-no-record");
    recorded.hide("Challenge");
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    let report = recorded.report();
    assert_ne!(first(&report), "solver-missing", "{report:#?}");
    assert_eq!(report.health, Health::Failing);
    let link = report.chain.last().unwrap();
    assert_eq!((link.object.as_str(), link.state), ("Challenge", LinkState::Unknown), "{report:#?}");
    assert!(report.unread.iter().any(|it| it.starts_with("Challenge")), "{report:#?}");
    // The event says so without them.
    let mut unsolved = Recorded::of("certificate-unsolved");
    unsolved.hide("Challenge");
    assert_eq!(first(&unsolved.report()), "solver-missing");
}

#[test]
fn requests_that_may_not_be_listed_are_not_said_to_be_none() {
    let mut recorded = Recorded::of("certificate-no-record");
    recorded.hide("CertificateRequest");
    let report = recorded.report();
    let link = report.chain.iter().find(|link| link.object == "CertificateRequest").unwrap();
    assert_eq!((link.state, link.words.as_str()), (LinkState::Unknown, "could not be listed"));
    assert!(report.unread.iter().any(|it| it.starts_with("CertificateRequest")), "{report:#?}");
    recorded.seen.listed.insert(format!("CertificateRequest {}", recorded.namespace()));
    let report = recorded.report();
    let link = report.chain.iter().find(|link| link.object == "CertificateRequest").unwrap();
    assert_eq!((link.state, link.words.as_str()), (LinkState::Absent, "none was made"));
}

#[test]
fn an_address_that_is_silent_from_here_is_no_wrong_answer() {
    let mut recorded = Recorded::of("certificate-elsewhere");
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    let namespace = recorded.namespace();
    for it in &mut recorded.seen.objects {
        if it["kind"] == "Challenge" && it["metadata"]["namespace"] == namespace.as_str() {
            it["status"]["reason"] = json!("");
        }
    }
    recorded.seen.names.clear();
    for (is_answered, is_wrong) in [(true, true), (false, false)] {
        for visit in recorded.seen.visits.values_mut() {
            *visit = Visited { is_right: false, is_answered, words: "words".to_owned() };
        }
        let report = recorded.report();
        let is_told = report.findings.iter().any(|it| it.cause == Cause::ChallengeAnswerWrong);
        assert_eq!(is_told, is_wrong, "{report:#?}");
    }
}

#[test]
fn a_wildcard_that_caa_forbids_is_allowed_by_a_record_of_its_kind() {
    let mut recorded = Recorded::of("certificate-caa");
    let names = recorded.first_of("Certificate")["spec"]["dnsNames"].clone();
    let name = names[0].as_str().unwrap().to_owned();
    let remedy = |recorded: &Recorded| {
        let report = recorded.report();
        report.findings.iter().find(|it| it.cause == Cause::CaaForbids).unwrap().remedy.clone()
    };
    assert!(remedy(&recorded).contains("`0 issue \""), "{}", remedy(&recorded));
    let record = |tag: &str| (0, tag.to_owned(), "other.test".to_owned());
    let records = CaaAnswer { at: name.clone(), records: vec![record("issue"), record("issuewild")] };
    recorded.seen.caa.insert(name.clone(), Answer::Told(records));
    recorded.first_of("Certificate")["spec"]["dnsNames"] = json!([format!("*.{name}")]);
    assert!(remedy(&recorded).contains("`0 issuewild \""), "{}", remedy(&recorded));
}
