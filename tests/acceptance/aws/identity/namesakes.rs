//! Managed policies that are called like a role: only its own are written to, and none of its own is left.

use berth::clients::aws::iam::{ManagedPolicy, NewPolicy, NewRole};
use berth::domain::irsa::same_policy;

use super::{Account, role, statement, unique};
use crate::workspace::Workspace;

const SHARED: &str =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:*\",\"Resource\":\"*\"}]}";

fn managed(name: &str, more: &str) -> String {
    role(name, &format!("statements = [{}]\n policy_kind = \"managed\"\n {more}", statement("\"s3:GetObject\"")))
}

fn policy(arn: &str) -> Option<ManagedPolicy> {
    let account = Account::open();
    account.runtime.block_on(account.iam().policy_itself(&Account::budget(), arn)).unwrap()
}

/// Somebody else's policy of this name, which a role of theirs has; the policy's ARN and the role.
fn shared(name: &str) -> (String, String) {
    let account = Account::open();
    let (iam, budget) = (account.iam(), Account::budget());
    account.runtime.block_on(async {
        let new = NewPolicy {
            name: name.to_owned(),
            path: "/".into(),
            description: "shared".into(),
            document: SHARED.into(),
            ..NewPolicy::default()
        };
        let arn = iam.create_policy(&budget, &new).await.unwrap();
        let other = other_role();
        iam.create_role(&budget, &other).await.unwrap();
        iam.attach_policy(&budget, &other.name, &arn).await.unwrap();
        (arn, other.name)
    })
}

fn other_role() -> NewRole {
    let trust = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\
                 \"Principal\":{\"Service\":\"ec2.amazonaws.com\"}}]}";
    NewRole {
        name: unique("other"),
        path: "/".into(),
        trust_policy: trust.into(),
        max_session_duration: 3600,
        ..NewRole::default()
    }
}

fn is_shared(arn: &str) -> bool {
    policy(arn).is_some_and(|policy| same_policy(&policy.document, SHARED))
}

#[test]
#[ignore = "needs the sandbox"]
fn a_policy_that_a_role_has_and_did_not_make_is_not_written_to() {
    let name = unique("shared");
    let (arn, _) = shared(&name);
    let declared = format!("managed_policy_arns = [\"{arn}\"]");
    let workspace = Workspace::new(&role(&name, &declared));
    workspace.apply().succeeds();
    // Declared, and then no more: the role has it either way.
    for more in [declared.as_str(), ""] {
        workspace.configure(&managed(&name, more));
        let plan = workspace.plan().changes_something();
        assert!(plan.warnings().join("\n").contains("BERTH-AWS-046"), "{more}: {plan}");
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-AWS-005") && errors.contains(&arn), "{more}: {errors}");
        assert!(is_shared(&arn), "{more}");
    }
    // So does one that was imported.
    workspace.run(&["state", "rm", "berth_irsa_role.x"]).succeeds();
    workspace.import("berth_irsa_role.x", &name).succeeds();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-AWS-005") && is_shared(&arn), "{errors}");
    workspace.destroy().succeeds();
    assert!(is_shared(&arn));
}

#[test]
#[ignore = "needs the sandbox"]
fn an_own_policy_that_others_have_is_removed_once_they_let_it_go() {
    let name = unique("lent");
    let workspace = Workspace::new(&managed(&name, ""));
    workspace.apply().succeeds();
    let (account, arn) = (Account::open(), format!("arn:aws:iam::123456789012:policy/{name}"));
    let (iam, budget, other) = (account.iam(), Account::budget(), other_role());
    account.runtime.block_on(async {
        iam.create_role(&budget, &other).await.unwrap();
        iam.attach_policy(&budget, &other.name, &arn).await.unwrap();
    });
    let errors = workspace.destroy().fails();
    assert!(errors.contains("BERTH-AWS-047") && errors.contains(&arn), "{errors}");
    assert!(account.role(&name).is_some_and(|role| role.attached_policies.contains(&arn)), "nothing was removed");
    account.runtime.block_on(iam.detach_policy(&budget, &other.name, &arn)).unwrap();
    workspace.destroy().succeeds();
    assert!(policy(&arn).is_none() && Account::open().role(&name).is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn own_policies_of_a_role_that_somebody_removed_are_told_and_taken_again() {
    let name = unique("orphaned");
    let workspace = Workspace::new(&managed(&name, ""));
    workspace.apply().succeeds();
    let (account, arn) = (Account::open(), format!("arn:aws:iam::123456789012:policy/{name}"));
    account.runtime.block_on(account.iam().delete_role(&Account::budget(), &name)).unwrap();
    let plan = workspace.plan().changes_something();
    let told = plan.warnings().join("\n");
    assert!(told.contains("BERTH-AWS-048") && told.contains(&arn) && !told.contains("BERTH-AWS-046"), "{told}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(policy(&arn).is_none());
}
