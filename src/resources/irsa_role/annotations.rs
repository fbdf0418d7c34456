//! The annotation by which a service account finds its role: put on the accounts, and taken off those it was put on.

use std::collections::BTreeSet;

use super::model::IrsaRoleModel;
use crate::clients::cluster::Annotated;
use crate::domain::irsa::{ROLE_ANNOTATION, ServiceAccount};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// The private note of the accounts that we annotated: what others wrote stays theirs, though it says the same. It
/// holds an account until its annotation was taken off, so that what failed once is tried again.
const NOTE: &str = "annotated";

/// Accounts by namespace and name.
type Accounts = BTreeSet<(String, String)>;

/// The accounts that carry our annotation. Earlier versions noted only that there are some.
fn ours(cx: &Cx, model: &IrsaRoleModel) -> Accounts {
    match cx.recall::<Accounts>(NOTE) {
        Some(noted) => noted,
        None if cx.recall::<bool>(NOTE) == Some(true) => exact(&model.accounts()),
        None => Accounts::new(),
    }
}

fn note(cx: &Cx, accounts: &Accounts) {
    if accounts.is_empty() { cx.forget(NOTE) } else { cx.remember(NOTE, accounts) }
}

/// Annotates the accounts that exist; the user is warned of the others.
pub async fn put(cx: &Cx, model: &IrsaRoleModel, role_arn: &str) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let mut ours = ours(cx, model);
    for named in exact(&model.accounts()) {
        let (account, was_ours) = (object(&named), ours.contains(&named));
        // Before it is known whether it was done: an answer may be lost.
        ours.insert(named.clone());
        note(cx, &ours);
        match cluster.annotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await {
            Ok(Annotated::Now) => {}
            Ok(Annotated::Before) if was_ours => {}
            Ok(Annotated::Before) => drop(ours.remove(&named)),
            Ok(Annotated::Absent) => {
                ours.remove(&named);
                cx.warn(&missing(&account, role_arn));
            }
            Err(error) => {
                return Err(error.explain(format!("Cannot annotate the {account}")).at("annotate_service_accounts"));
            }
        }
        note(cx, &ours);
    }
    Ok(())
}

/// Shows what is not as declared as a change of `annotate_service_accounts`: accounts that lack the annotation, and
/// others from which it is still to be taken.
pub async fn refresh(cx: &Cx, model: &mut IrsaRoleModel, role_arn: &str) -> Result<()> {
    let declared = if model.annotate_service_accounts { exact(&model.accounts()) } else { Accounts::new() };
    let left = !ours(cx, model).is_subset(&declared);
    model.annotate_service_accounts =
        if model.annotate_service_accounts { !left && stand(cx, &declared, role_arn).await? } else { left };
    Ok(())
}

/// Whether every account carries the annotation. A cluster that does not answer is no reason to plan anything.
async fn stand(cx: &Cx, accounts: &Accounts, role_arn: &str) -> Result<bool> {
    let cluster = match cx.provider().cluster() {
        Ok(cluster) => cluster,
        Err(failure) => return unless_unanswered(cx, failure).map(|()| true),
    };
    for account in accounts.iter().map(object) {
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
pub async fn take_off_or_leave(cx: &Cx, model: &IrsaRoleModel) -> Result<()> {
    let role_arn = model.arn.get().cloned().unwrap_or_default();
    match take_off(cx, ours(cx, model), &Accounts::new(), &role_arn).await {
        Err(failure) => unless_unanswered(cx, failure),
        Ok(()) => Ok(()),
    }
}

/// Takes our annotation off the accounts that no longer get it.
pub async fn take_off_others(cx: &Cx, prior: &IrsaRoleModel, model: &IrsaRoleModel, role_arn: &str) -> Result<()> {
    let kept = if model.annotate_service_accounts { exact(&model.accounts()) } else { Accounts::new() };
    take_off(cx, ours(cx, prior), &kept, role_arn).await
}

/// A warning instead of a failure where the cluster could not be asked.
fn unless_unanswered(cx: &Cx, failure: Explanation) -> Result<()> {
    if !failure.is_unanswered() {
        return Err(failure);
    }
    cx.warn(&failure);
    Ok(())
}

/// Takes the annotation off our accounts but those `kept`, where it still names this role; accounts that are gone need
/// nothing. All are tried, and those that failed stay noted.
async fn take_off(cx: &Cx, mut ours: Accounts, kept: &Accounts, role_arn: &str) -> Result<()> {
    let gone: Vec<_> = ours.difference(kept).cloned().collect();
    if gone.is_empty() {
        return Ok(());
    }
    // An earlier version's note becomes one of this kind.
    note(cx, &ours);
    let (cluster, mut failure) = (cx.provider().cluster()?, None);
    for named in gone {
        let account = object(&named);
        match cluster.unannotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await {
            Ok(()) => drop(ours.remove(&named)),
            Err(error) => {
                let told = error.explain(format!("Cannot take the annotation off the {account}"));
                failure.get_or_insert(told);
            }
        }
        note(cx, &ours);
    }
    failure.map_or(Ok(()), Err)
}

/// The accounts that are named without wildcards.
fn exact(accounts: &[ServiceAccount]) -> Accounts {
    let exact = accounts.iter().filter(|account| !account.has_wildcard());
    exact.map(|account| (account.namespace.clone(), account.name.clone())).collect()
}

fn object((namespace, name): &(String, String)) -> ObjectRef {
    ObjectRef::core("ServiceAccount", namespace, name)
}

fn missing(account: &ObjectRef, role_arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-025", format!("The {account} does not exist yet and was not annotated"))
        .on(role_arn)
        .next("create it, with this role's `annotations` if you like, and apply again: the next plan sees what is missing")
        .at("annotate_service_accounts")
}
