//! Images that cannot be pulled, where less is known or more time has passed.

use super::*;

#[test]
fn a_failure_elsewhere_does_not_hide_where_a_fitting_secret_is() {
    let mut recorded = Recorded::of("pod-wrong-key");
    recorded.first_of("Pod")["spec"]["imagePullSecrets"] = json!([]);
    recorded.first_of("Secret")["auths"] = json!({});
    assert_eq!(first(&recorded.report()), "pull-secret-elsewhere");
    // Another container that fails as well.
    let pod = recorded.first_of("Pod");
    let mut other = pod["status"]["containerStatuses"][0].clone();
    other["name"] = json!("other");
    other["state"]["waiting"] = json!({ "reason": "CreateContainerConfigError", "message": "no Secret" });
    pod["status"]["initContainerStatuses"] = json!([other]);
    let report = recorded.report();
    assert!(report.findings.iter().any(|it| it.cause == Cause::PullSecretElsewhere), "{report:#?}");
}
