//! How many calls many roles take.

use berth::domain::irsa::same_policy;
use tokio::runtime::Runtime;

use super::{ISSUER, PROVIDER, unique};
use crate::fault_proxy::Faults;
use crate::recorder::Recorder;
use crate::sandbox;
use crate::workspace::Workspace;

fn roles(name: &str, count: usize) -> String {
    let provider = PROVIDER.replace("aws = {", "aws = { iam_requests_per_second = 100,");
    format!(
        "{provider}resource \"berth_irsa_role\" \"x\" {{\n count = {count}\n name = \"{name}-${{count.index}}\"\n \
         description = \"one of many\"\n oidc_provider_arn = \"{ISSUER}\"\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web-${{count.index}}\" }}]\n \
         statements = [{{ actions = [\"s3:GetObject\"], resources = [\"arn:aws:s3:::b/${{count.index}}\"] }}]\n}}\n"
    )
}

/// A proxy before moto that notes each call, in a runtime of its own thread.
fn recorder() -> (Runtime, Recorder) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let recorder = runtime.block_on(Recorder::before(&sandbox::value("AWS_ENDPOINT_URL")));
    (runtime, recorder)
}

#[test]
#[ignore = "needs the sandbox"]
fn a_hundred_roles_take_few_calls() {
    let (_runtime, calls) = recorder();
    let workspace = Workspace::new(&roles(&unique("many"), 100)).env("AWS_ENDPOINT_URL", calls.url());
    // Whose account it is, each process asks STS once; what counts is IAM's, whose rate is limited.
    let of_iam = || calls.requests().into_iter().filter(|call| call != "GetCallerIdentity").count();
    let since = |before: usize| of_iam() - before;
    workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-parallelism=50"]).succeeds();
    let created = since(0);
    // Two for each, and one listing of names: by the plan, and by the apply, which plans each once more.
    let others: Vec<_> =
        calls.requests().into_iter().filter(|call| !["CreateRole", "PutRolePolicy"].contains(&call.as_str())).collect();
    assert!(created <= 202, "{created} calls to create 100 roles, among them {others:?}");

    let before = of_iam();
    workspace.run(&["plan", "-json", "-input=false", "-detailed-exitcode", "-parallelism=50"]).changes_nothing();
    let refreshed = since(before);
    assert!(refreshed <= 2, "{refreshed} calls to refresh 100 roles");

    // One at a time, the listing is the same one.
    let before = of_iam();
    workspace.run(&["plan", "-json", "-input=false", "-detailed-exitcode", "-parallelism=1"]).changes_nothing();
    let refreshed = since(before);
    assert!(refreshed <= 2, "{refreshed} calls to refresh 100 roles one after the other");

    let before = of_iam();
    workspace.run(&["destroy", "-json", "-input=false", "-auto-approve", "-parallelism=50"]).succeeds();
    let removed = since(before);
    assert!(removed <= 220, "{removed} calls to remove 100 roles");
    println!("100 roles: created {created}, refreshed {refreshed}, removed {removed}");
}

#[test]
#[ignore = "needs the sandbox"]
fn few_roles_share_the_listing_too_and_changes_are_seen_through_it() {
    let (_runtime, calls) = recorder();
    let name = unique("few");
    let workspace = Workspace::new(&roles(&name, 2)).env("AWS_ENDPOINT_URL", calls.url());
    workspace.apply().succeeds();
    let before = calls.requests().len();
    workspace.plan().changes_nothing();
    assert!(calls.requests().len() - before <= 4, "{:?}", &calls.requests()[before..]);

    // A plan after a change made elsewhere reads anew: each run has a listing of its own.
    let account = super::Account::open();
    let (iam, budget) = (account.iam(), super::Account::budget());
    let document =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]}";
    let role = format!("{name}-1");
    account.runtime.block_on(iam.put_inline_policy(&budget, &role, "berth", document)).unwrap();
    workspace.plan().changes_something();
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    let live = account.role(&role).unwrap();
    assert!(!same_policy(&live.inline_policies["berth"], document), "{live:?}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn thirty_roles_are_made_within_five_requests_a_second_without_a_refusal() {
    let faults = Faults::before_aws(&["--limit", "5"]);
    let configuration = roles(&unique("paced"), 30).replace("iam_requests_per_second = 100,", "");
    let workspace = Workspace::new(&configuration).env("AWS_ENDPOINT_URL", faults.url());
    workspace.apply().succeeds();
    assert_eq!(faults.log(), Vec::<String>::new());
    // Runs that follow each other within a second know nothing of each other's requests; a refusal is waited out.
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
