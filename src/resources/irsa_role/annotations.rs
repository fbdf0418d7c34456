//! The annotation by which a service account finds its role: put on the accounts, and taken off those it was put on.

use std::collections::BTreeSet;

use super::model::{Account, IrsaRoleModel};
use crate::clients::cluster::Annotated;
use crate::domain::irsa::{ROLE_ANNOTATION, ServiceAccount};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::sdk::{Explanation, Plan, Result, Set};

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

/// Warns of accounts that another role of the configuration annotates too: each apply would give them to the other.
pub fn warn_of_others(cx: &Cx, plan: &mut Plan<'_>) {
    let Some(role) = plan.planned().text("name").map(str::to_owned) else { return };
    if plan.planned().truth("annotate_service_accounts") != Some(true) {
        return;
    }
    let Some(accounts) = plan.planned().read::<Set<Account>>("service_accounts") else { return };
    for named in exact(&accounts.iter().map(ServiceAccount::from).collect::<Vec<_>>()) {
        let Some(other) = cx.provider().planned_annotations().add(&named, &role) else { continue };
        let account = object(&named);
        let what = format!("Two roles of this configuration annotate the {account}");
        let words = format!("an account assumes one role, and the roles `{other}` and `{role}` would both be named");
        let step = "leave the account, or `annotate_service_accounts`, out of one of them: as it is, each apply names the other";
        let explanation = Explanation::new("BERTH-AWS-041", what).said("The provider", words);
        plan.warn(&explanation.next(step).at("annotate_service_accounts"));
    }
}

/// Annotates the accounts that exist; the user is warned of the others, and of what was taken from somebody else.
pub async fn put(cx: &Cx, model: &IrsaRoleModel, role_arn: &str) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let mut ours = ours(cx, model);
    for named in exact(&model.accounts()) {
        let (account, was_ours) = (object(&named), ours.contains(&named));
        // Before it is known whether it was done: an answer may be lost.
        ours.insert(named.clone());
        note(cx, &ours);
        match cluster.annotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await {
            Ok(Annotated::Now { before: None }) => {}
            Ok(Annotated::Now { before: Some(before) }) => cx.warn(&taken(&account, &before, role_arn)),
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

fn taken(account: &ObjectRef, before: &str, role_arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-042", format!("The {account} named another role before"))
        .on(role_arn)
        .said("The annotation", format!("`{ROLE_ANNOTATION}` was `{before}`"))
        .next(
            "see that nobody else sets it (another state, a chart, a hand), or each will take it from the other; Pods started \
             from now on assume this role",
        )
        .at("annotate_service_accounts")
}

fn missing(account: &ObjectRef, role_arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-025", format!("The {account} does not exist yet and was not annotated"))
        .on(role_arn)
        .next("create it, with this role's `annotations` if you like, and apply again: the next plan sees what is missing")
        .at("annotate_service_accounts")
}
