//! Whether the remotes that a plan is for can be asked at all: told once in a run.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Cx;
use crate::explain::Explanation;
use crate::sdk::{Plan, View};

/// How long the search for credentials, or one question to the cluster, may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(2);

/// A remote that needs a login of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Remote {
    Aws,
    Cluster,
}

/// The remotes that were looked at in this run.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<BTreeSet<Remote>>);

impl Readiness {
    fn is_first(&self, remote: Remote) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(remote)
    }
}

/// What was told in this run: an apply plans once more, by the same process, and then looks at what its plan did not know.
#[derive(Debug, Default)]
pub struct Told(Mutex<Vec<Explanation>>);

impl Told {
    /// Whether it was not told yet; now it is.
    pub fn is_new(&self, told: &Explanation) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !all.contains(told);
        if is_new {
            all.push(told.clone());
        }
        is_new
    }
}

/// Warns of a plan to make something where the apply will find no login, or no cluster that it is known to.
pub async fn look(cx: &Cx, type_name: &str, plan: &mut Plan<'_>) {
    let provider = cx.provider();
    if provider.is_offline() || !plan.is_create() {
        return;
    }
    for remote in needs(type_name, plan.planned()) {
        if !provider.readiness.is_first(remote) {
            continue;
        }
        if let Some(told) = missing(cx, remote).await {
            plan.warn(&told);
        }
    }
}

/// What a new object of this type needs for certain.
fn needs(type_name: &str, planned: View<'_>) -> Vec<Remote> {
    let given = |path: &str| planned.at(path).is_given();
    let others = ["http01", "dns_persist01", "order"];
    let (aws, cluster) = match type_name {
        "berth_acme_certificate" => {
            let by_route53 = others.into_iter().all(|way| planned.at(way).is_null());
            (by_route53, given("kubernetes_secret") || given("account_key.kubernetes_secret"))
        }
        "berth_acme_account" => (false, given("account_key.kubernetes_secret")),
        "berth_irsa_role" => (true, planned.truth("annotate_service_accounts") == Some(true)),
        "berth_registry" | "berth_pull_secret" => (false, true),
        "berth_registry_check" => (false, given("in_cluster")),
        "berth_oidc_provider"
        | "berth_dns_record"
        | "berth_dns_records"
        | "berth_dns01_record"
        | "berth_dns01_delegation" => (true, false),
        _ => (false, false),
    };
    [(aws, Remote::Aws), (cluster, Remote::Cluster)].into_iter().filter(|(is, _)| *is).map(|(_, it)| it).collect()
}

/// What is missing; nothing where settings are not known yet.
async fn missing(cx: &Cx, remote: Remote) -> Option<Explanation> {
    let budget = cx.budget().at_most(PATIENCE);
    match remote {
        Remote::Aws => {
            let lack = budget.run(cx.provider().aws().ok()?.lack()).await.ok()??;
            Some(
                lack.explain("AWS cannot be asked: this plan is unchecked, and its apply will fail", "the AWS account"),
            )
        }
        Remote::Cluster => {
            let lack = budget.run(cx.provider().cluster().ok()?.lack(&budget)).await.ok()??;
            Some(lack.explain("The cluster cannot be asked: this plan is unchecked, and its apply will fail"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Value;

    fn of(type_name: &str, given: &[&str]) -> Vec<Remote> {
        let some = || Value::object([("kubernetes_secret", Value::object([("name", Value::from("x"))]))]);
        let planned = Value::object(given.iter().map(|name| (*name, some())).collect::<Vec<_>>());
        needs(type_name, View::new(&planned))
    }

    #[test]
    fn only_what_is_needed_for_certain_is_looked_for() {
        assert_eq!(of("berth_dns_record", &[]), [Remote::Aws]);
        assert_eq!(of("berth_acme_certificate", &[]), [Remote::Aws]);
        assert_eq!(of("berth_acme_certificate", &["http01"]), []);
        assert_eq!(of("berth_acme_certificate", &["order", "kubernetes_secret"]), [Remote::Cluster]);
        assert_eq!(of("berth_acme_account", &["account_key"]), [Remote::Cluster]);
        let role = |annotates: bool| {
            let planned = Value::object([("annotate_service_accounts", Value::from(annotates))]);
            needs("berth_irsa_role", View::new(&planned))
        };
        assert_eq!((role(false), role(true)), (vec![Remote::Aws], vec![Remote::Aws, Remote::Cluster]));
        assert_eq!(of("berth_registry_check", &[]), []);
        let readiness = Readiness::default();
        assert!(readiness.is_first(Remote::Aws) && !readiness.is_first(Remote::Aws));
    }
}
