//! Runs that end before their time: interrupted, without an answer, or killed.

use std::time::Duration;

use super::{Account, statement, unique};
use crate::chance::Chance;
use crate::fault_proxy::Faults;
use crate::workspace::{Cli, Run, Workspace};

/// A role that is made at once: what is slow here is the end.
fn role(name: &str, more: &str) -> String {
    super::role(name, more).replace("aws = {", "aws = { iam_requests_per_second = 100,")
}

fn inline(name: &str) -> String {
    role(name, &format!("statements = [{}]", statement("\"s3:GetObject\"")))
}

/// A role with policies of its own, more than one.
fn managed(name: &str) -> String {
    let many = (0..24).map(|i| {
        let actions: Vec<_> = (0..15).map(|j| format!("\"s3:Action{i}Number{j}\"")).collect();
        format!("{{ actions = [{}], resources = [\"*\"] }}", actions.join(", "))
    });
    let statements = many.collect::<Vec<_>>().join(", ");
    role(name, &format!("statements = [{statements}]\n policy_kind = \"managed\""))
}

fn is_tainted(workspace: &Workspace) -> bool {
    workspace.instance("berth_irsa_role.x").unwrap()["status"] == "tainted"
}

fn warns(run: &Run, part: &str) -> bool {
    run.diagnostics().iter().any(|shown| shown.severity == "warning" && shown.detail.contains(part))
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_on_its_way_at_an_interrupt_is_in_the_state_and_completed_by_the_next_run() {
    let prefix = format!("{}-", unique("sent"));
    let configuration = inline("x").replace("name = \"x\"", &format!("name_prefix = \"{prefix}\""));
    let faults = Faults::before_aws(&["--once", "CreateRole:delay", "--delay", "4"]);
    let workspace = Workspace::new(&configuration).env("AWS_ENDPOINT_URL", faults.url());
    let running = workspace.start_apply();
    running.wait_until(|| faults.log().len() == 1, "the call of CreateRole");
    running.interrupt();
    running.finish();
    let name = workspace.attributes("berth_irsa_role.x")["name"].as_str().unwrap().to_owned();
    let made = Account::open().role(&name).expect("the state names the role that is there");
    assert!(!is_tainted(&workspace) && made.inline_policies.is_empty(), "{made:?}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap();
    assert_eq!((live.unique_id, live.inline_policies.len()), (made.unique_id, 1), "it is completed, not made anew");
    workspace.destroy().succeeds();
    assert_eq!(Account::open().role(&name), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_provider_on_its_way_at_an_interrupt_is_in_the_state() {
    let url = format!("https://{}.example/id/A", unique("sent"));
    let faults = Faults::before_aws(&["--once", "CreateOpenIDConnectProvider:delay", "--delay", "4"]);
    let thumbprints = format!("thumbprints = [\"{}\"]", "a".repeat(40));
    let workspace =
        Workspace::new(&super::providers::provider(&url, &thumbprints)).env("AWS_ENDPOINT_URL", faults.url());
    let running = workspace.start_apply();
    running.wait_until(|| faults.log().len() == 1, "the call of CreateOpenIDConnectProvider");
    running.interrupt();
    running.finish();
    assert!(workspace.instance("berth_oidc_provider.x").is_some_and(|found| found["status"] != "tainted"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_whose_answer_never_comes_is_told_with_its_name() {
    let prefix = format!("{}-", unique("unheard"));
    let configuration = inline("x").replace("name = \"x\"", &format!("name_prefix = \"{prefix}\""));
    let faults = Faults::before_aws(&["--once", "CreateRole:hold-after"]);
    let workspace = Workspace::new(&configuration).env("AWS_ENDPOINT_URL", faults.url());
    let running = workspace.start_apply();
    running.wait_until(|| faults.held() == 1, "the call of CreateRole");
    running.interrupt();
    let errors = running.finish().fails();
    let told = errors.split("berth_irsa_role.NAME ").nth(1).and_then(|rest| rest.split('`').next()).unwrap_or_default();
    assert!(told.starts_with(&prefix), "{errors}");
    assert!(Account::open().role(told).is_some(), "{told}: {errors}");
    workspace.import("berth_irsa_role.x", told).succeeds();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_interrupted_before_its_policies_is_completed_in_place() {
    for (configuration, call) in [(inline as fn(&str) -> String, "PutRolePolicy"), (managed, "AttachRolePolicy")] {
        let name = unique("half");
        let faults = Faults::before_aws(&["--once", &format!("{call}:hold")]);
        let workspace = Workspace::new(&configuration(&name)).env("AWS_ENDPOINT_URL", faults.url());
        let running = workspace.start_apply();
        running.wait_until(|| faults.held() == 1, call);
        running.interrupt();
        let run = running.finish();
        assert!(warns(&run, "the next plan shows what it lacks"), "{run}");
        assert!(!is_tainted(&workspace));
        let made = Account::open().role(&name).unwrap();
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(Account::open().role(&name).unwrap().unique_id, made.unique_id);
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_cluster_that_does_not_answer_spoils_no_new_role() {
    let name = unique("deaf");
    let more = format!("annotate_service_accounts = true\n statements = [{}]", statement("\"s3:GetObject\""));
    let workspace = Workspace::new(&role(&name, &more));
    let away = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n\
                clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\"}}]\nusers: [{name: a, user: {}}]\n";
    let path = workspace.write("away.kubeconfig", away);
    let workspace = workspace.env("KUBECONFIG", path.to_str().unwrap()).env("KUBE_CONFIG_PATH", path.to_str().unwrap());
    let run = workspace.apply().succeeds();
    assert!(warns(&run, "the next plan shows what it lacks"), "{run}");
    assert!(!is_tainted(&workspace));
    assert_eq!(Account::open().role(&name).unwrap().inline_policies.len(), 1);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_that_cannot_be_completed_is_taken_back_and_made_again_whatever_its_lifecycle() {
    let lifecycle = "lifecycle {\n create_before_destroy = true\n }";
    let absent = "arn:aws:iam::123456789012:policy/nowhere";
    for cli in Cli::all() {
        for (kind, policies) in [("inline", 1), ("managed", 1)] {
            let name = unique("back");
            let more = |managed: &str| {
                let statements = format!("statements = [{}]", statement("\"s3:GetObject\""));
                format!("{statements}\n policy_kind = \"{kind}\"\n managed_policy_arns = [{managed}]\n {lifecycle}")
            };
            let workspace = Workspace::on(&cli, &role(&name, &more(&format!("\"{absent}\""))));
            for _ in 0..2 {
                let errors = workspace.apply().fails();
                assert!(errors.contains(absent) && errors.contains("nothing is left of it"), "{errors}");
                assert!(workspace.instance("berth_irsa_role.x").is_none());
                assert_eq!(Account::open().role(&name), None);
            }
            workspace.configure(&role(&name, &more("")));
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
            let live = Account::open().role(&name).unwrap();
            assert_eq!(live.inline_policies.len() + live.attached_policies.len(), policies);
            workspace.destroy().succeeds();
        }
    }
}

/// Has the next run complete what a killed one left, by what that run says itself, and nothing is left after it.
fn complete(workspace: &Workspace, name: &str, policies: usize, moment: &str) {
    let run = workspace.apply();
    if run.to_string().contains("BERTH-AWS-005") {
        let errors = run.fails();
        let advice = format!("terraform import berth_irsa_role.NAME {name}");
        assert!(errors.contains(&advice), "{moment}: {errors}");
        workspace.import("berth_irsa_role.x", name).succeeds();
        workspace.apply().succeeds();
    } else {
        run.succeeds();
    }
    workspace.plan().changes_nothing();
    let live = Account::open().role(name).unwrap();
    assert_eq!(live.inline_policies.len() + live.attached_policies.len(), policies, "{moment}: {live:?}");
    workspace.destroy().succeeds();
    let account = Account::open();
    assert_eq!(account.role(name), None, "{moment}");
    for end in ["", ".2"] {
        let arn = format!("arn:aws:iam::123456789012:policy/{name}{end}");
        let left = account.runtime.block_on(account.iam().policy_itself(&Account::budget(), &arn)).unwrap();
        assert_eq!(left, None, "{moment}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_at_any_call_a_role_is_completed_by_what_the_next_run_says() {
    let inline_calls = ["CreateRole", "PutRolePolicy"];
    let managed_calls = ["CreateRole", "GetPolicy", "CreatePolicy", "AttachRolePolicy"];
    let kinds = [(inline as fn(&str) -> String, 1, &inline_calls[..]), (managed, 2, &managed_calls[..])];
    for (configuration, policies, calls) in kinds {
        std::thread::scope(|scope| {
            for moment in calls.iter().flat_map(|call| ["hold", "hold-after"].map(|kind| format!("{call}:{kind}"))) {
                scope.spawn(move || {
                    let name = unique("killed");
                    let faults = Faults::before_aws(&["--once", &moment]);
                    let workspace = Workspace::new(&configuration(&name)).env("AWS_ENDPOINT_URL", faults.url());
                    let running = workspace.start_apply();
                    running.wait_until(|| faults.held() == 1, &moment);
                    running.kill_all();
                    complete(&workspace, &name, policies, &moment);
                });
            }
        });
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_at_twenty_random_moments_a_role_is_completed_by_what_the_next_run_says() {
    // Drawn by the process id, and told by the failure.
    let mut chance = Chance(u64::from(std::process::id()));
    let mut moment = || chance.moment(1200);
    for _ in 0..5 {
        let moments = [moment(), moment(), moment(), moment()];
        std::thread::scope(|scope| {
            for (number, moment) in moments.into_iter().enumerate() {
                scope.spawn(move || killed_after(moment, number % 2 == 0));
            }
        });
    }
}

fn killed_after(moment: Duration, is_managed: bool) {
    let name = unique("random");
    let (configuration, policies) = if is_managed { (managed(&name), 2) } else { (inline(&name), 1) };
    let workspace = Workspace::new(&configuration);
    workspace.start_apply().kill_whatever_runs_after(moment);
    complete(&workspace, &name, policies, &format!("{moment:?}, managed {is_managed}"));
}
