//! The annotation by which a service account finds its role: put on the accounts, and taken off again.

use crate::domain::irsa::{ROLE_ANNOTATION, ServiceAccount};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// The private note that accounts were annotated: the state's attribute shows drift instead.
const NOTE: &str = "annotated";

/// Whether accounts were annotated, even if not all of them carry the annotation now.
pub fn were_put(cx: &Cx) -> bool {
    cx.recall::<bool>(NOTE).unwrap_or(false)
}

/// Annotates the accounts that exist; the user is warned of the others.
pub async fn put(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<()> {
    cx.remember(NOTE, &true);
    let cluster = cx.provider().cluster()?;
    for account in exact(accounts) {
        let annotated = cluster.annotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await;
        match annotated {
            Ok(true) => {}
            Ok(false) => cx.warn(&missing(&account, role_arn)),
            Err(error) => {
                return Err(error.explain(format!("Cannot annotate the {account}")).at("annotate_service_accounts"));
            }
        }
    }
    Ok(())
}

/// Whether every account carries the annotation. A cluster that does not answer is no reason to plan anything.
pub async fn stand(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<bool> {
    let cluster = match cx.provider().cluster() {
        Ok(cluster) => cluster,
        Err(failure) => return unless_unanswered(cx, failure).map(|()| true),
    };
    for account in exact(accounts) {
        let found = match cluster.get(cx.budget(), &account).await {
            Ok(found) => found,
            Err(error) => {
                let failure = error.explain(format!("Cannot look at the annotations of the {account}"));
                return unless_unanswered(cx, failure).map(|()| true);
            }
        };
        let value = found.as_ref().and_then(|found| found.get("metadata")?.get("annotations")?.get(ROLE_ANNOTATION));
        if value.and_then(serde_json::Value::as_str) != Some(role_arn) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes the annotation off before the role goes. Where the cluster does not answer, or is gone with all its accounts,
/// the user is told and the role goes all the same.
pub async fn take_off_or_leave(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<()> {
    match take_off(cx, accounts, role_arn).await {
        Err(failure) => unless_unanswered(cx, failure),
        Ok(()) => Ok(()),
    }
}

/// A warning instead of a failure where the cluster could not be asked.
fn unless_unanswered(cx: &Cx, failure: Explanation) -> Result<()> {
    if !failure.is_unanswered() {
        return Err(failure);
    }
    cx.warn(&failure);
    Ok(())
}

/// Takes the annotation off where it still names this role; accounts that are gone need nothing.
pub async fn take_off(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    let cluster = cx.provider().cluster()?;
    for account in exact(accounts) {
        if let Err(error) = cluster.unannotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await {
            return Err(error.explain(format!("Cannot take the annotation off the {account}")));
        }
    }
    Ok(())
}

/// The accounts that are named without wildcards.
fn exact(accounts: &[ServiceAccount]) -> impl Iterator<Item = ObjectRef> {
    let exact = accounts.iter().filter(|account| !account.has_wildcard());
    exact.map(|account| ObjectRef::core("ServiceAccount", &account.namespace, &account.name))
}

fn missing(account: &ObjectRef, role_arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-025", format!("The {account} does not exist yet and was not annotated"))
        .on(role_arn)
        .next("create it, with this role's `annotations` if you like, and apply again: the next plan sees what is missing")
        .at("annotate_service_accounts")
}
