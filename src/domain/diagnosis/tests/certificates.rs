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
