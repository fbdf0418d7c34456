//! Roles that are as full as IAM lets them be.

use super::{Account, role, statement, unique};
use crate::workspace::Workspace;

fn attached(name: &str, arns: &[String]) -> String {
    let arns: Vec<_> = arns.iter().map(|arn| format!("\"{arn}\"")).collect();
    role(name, &format!("managed_policy_arns = [{}]", arns.join(", ")))
}

#[test]
#[ignore = "needs the sandbox"]
fn at_the_quota_a_policy_is_exchanged_for_another() {
    let (name, account) = (unique("full"), Account::open());
    let given: Vec<_> = (0..12).map(|_| account.policy()).collect();
    let workspace = Workspace::new(&attached(&name, &given[..10]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.configure(&attached(&name, &given[2..]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap().attached_policies;
    assert_eq!(live, given[2..].iter().cloned().collect());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_policy_that_finds_no_room_beside_others_takes_theirs() {
    let (name, account) = (unique("crowded"), Account::open());
    let workspace = Workspace::new(&role(&name, ""));
    workspace.apply().succeeds();
    let (iam, budget) = (account.iam(), Account::budget());
    for other in ["one", "two"] {
        let document = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::{}\"}}]}}",
            "x".repeat(4900)
        );
        account.runtime.block_on(iam.put_inline_policy(&budget, &name, other, &document)).unwrap();
    }
    let many: Vec<_> = (0..40).map(|number| format!("\"s3:GetObjectNumber{number}\"")).collect();
    workspace.configure(&role(&name, &format!("statements = [{}]", statement(&many.join(", ")))));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap().inline_policies;
    assert!(live.len() == 1 && live.contains_key("berth"), "{live:?}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn thumbprints_have_no_case() {
    let url = format!("https://{}.example/id/A", unique("digits"));
    let written =
        |letters: &str| super::providers::provider(&url, &format!("thumbprints = [\"{}\"]", letters.repeat(20)));
    let workspace = Workspace::new(&written("AB"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.configure(&written("ab"));
    workspace.plan().changes_nothing();
    workspace.configure(&written("CD"));
    let changes = workspace.plan().changes_something().changes();
    assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
