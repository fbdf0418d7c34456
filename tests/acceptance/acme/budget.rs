//! The ledger of issued certificates: what a plan says before the CA's limits are reached.

use super::{Namespace, account, certificate, kubectl, provider};
use crate::sandbox::value;
use crate::workspace::{Cli, Run, Workspace};

/// The codes of the warnings about limits, in their order.
fn strains(run: &Run) -> Vec<String> {
    let codes = ["BERTH-ACME-063", "BERTH-ACME-064"];
    let shown = run.diagnostics().into_iter().filter(|shown| shown.severity == "warning");
    let mut all: Vec<_> = shown
        .filter_map(|shown| codes.into_iter().find(|code| format!("{}{}", shown.summary, shown.detail).contains(code)))
        .map(str::to_owned)
        .collect();
    // An apply plans twice.
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
#[ignore = "needs the sandbox"]
fn a_plan_tells_before_the_limits_of_the_ca_are_reached() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "budget-tofu" } else { "budget" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let limits = "issuance_limits = { per_names = 3, per_domain = 2 }, ca_file";
        let limited = |more: &str| provider(more).replace("ca_file", limits);
        let configuration = |names: &[&str], more: &str| {
            limited("") + &account(&namespace) + &certificate(&namespace, names, "") + more
        };
        let workspace = Workspace::on(&cli, &configuration(&[&name], ""));
        // With `-replace` the hosts show no warnings of the plan that counts.
        let spoil = || workspace.run(&["taint", "berth_acme_certificate.web"]).succeeds();

        assert_eq!(strains(&workspace.apply().succeeds()), [""; 0], "the first of three");
        spoil();
        assert_eq!(strains(&workspace.apply()), [""; 0], "the second of three");
        spoil();
        assert_eq!(strains(&workspace.apply()), ["BERTH-ACME-064"], "the last of three");
        spoil();
        assert_eq!(strains(&workspace.plan()), ["BERTH-ACME-063"], "the fourth");
        workspace.run(&["untaint", "berth_acme_certificate.web"]).succeeds();
        workspace.plan().changes_nothing();
        let ledger = ["get", "configmap", "acme-account-issued", "-n", &namespace.0, "-o", "jsonpath={.data}"];
        let entries: serde_json::Value = serde_json::from_str(&kubectl(&ledger).unwrap()).unwrap();
        assert_eq!(entries.as_object().unwrap().len(), 3, "{entries}");

        // Other names count for their domain, of which one was used; both are wanted at once.
        let others: String = ["one", "two"]
            .map(|label| {
                let text = certificate(&namespace, &[&format!("{label}.{name}")], "");
                text.replace("\"web\"", &format!("\"{label}\"")).replace("web-tls", &format!("{label}-tls"))
            })
            .concat();
        workspace.configure(&configuration(&[&name], &others));
        assert_eq!(strains(&workspace.plan().changes_something()), ["BERTH-ACME-063", "BERTH-ACME-064"]);
        workspace.configure(
            &configuration(&[&name], &others).replace("provider \"berth\" {", "provider \"berth\" {\n  offline = true"),
        );
        assert_eq!(strains(&workspace.plan().changes_something()), [""; 0], "nobody is asked");

        // A successor is exempt only while the CA suggests to renew; before that it counts as any other.
        workspace.configure(&configuration(&[&name, &format!("more.{name}")], ""));
        assert_eq!(strains(&workspace.apply().succeeds()), ["BERTH-ACME-064"]);
        workspace.destroy().succeeds();
        assert_eq!(kubectl(&ledger), None, "the ledger goes with the account");
    }
}
