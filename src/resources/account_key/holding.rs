//! Whose a generated account key is, and with it the account: claimed by the resource that made it, set free by its destroy.

use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, OWNER, Tenure, UNFINISHED};
use crate::domain::tls_secret;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::{Plan, Result};

use super::{APPLICATION, Place, Source};

/// How often, and after which pauses, it is looked whether another resource of the run has found the account.
const GLANCES: u32 = 15;
const GLANCE: Duration = Duration::from_millis(200);

/// What the account of a generated key claims as its own.
pub fn claim_of(cx: &Cx, place: &Place) -> Claim {
    Claim::intended(APPLICATION, &place.name, cx.known_owner(), place.object())
}

/// Whose a Secret with a key is: one that we did not make is the user's, and may be used.
pub fn tenure(claim: &Claim, found: &Value) -> Tenure {
    if tls_secret::is_managed(found) { claim.holder(found) } else { Tenure::Foreign }
}

/// Warns in the plan of a second account for one generated key.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>) {
    if plan.planned().truth("account_key.generate") != Some(true) {
        return;
    }
    tenancy::plan_secret(cx, plan, "account_key.kubernetes_secret");
    let at = "account_key.kubernetes_secret";
    let namespace = plan.planned().text(&format!("{at}.namespace"));
    if let (Some(namespace), Some(true)) = (namespace, plan.planned().truth(&format!("{at}.create_namespace"))) {
        cx.provider().holdings().plan(&ObjectRef::of_namespace(namespace).key());
    }
}

/// Claims the key's Secret for this run.
pub fn claim(cx: &Cx, source: &Source, what: &str) -> Result<()> {
    let Some(place) = source.own_place() else { return Ok(()) };
    tenancy::claim(cx, &place.object(), what).map(drop).map_err(|error| error.at("account_key.kubernetes_secret"))
}

/// Tests that the key's Secret is nobody else's, and marks it as ours if we made it.
///
/// # Errors
/// Another resource or state has the account of this key.
pub async fn admit(cx: &Cx, place: &Place) -> Result<()> {
    let (cluster, claim, object) = (cx.provider().cluster()?, claim_of(cx, place), place.object());
    let trouble = |error: ClusterError| {
        let told = error.explain("Cannot use the generated account key").at("account_key.kubernetes_secret");
        match error {
            ClusterError::Held { .. } => told.next(
                "leave `generate` out to use the account of the other resource; or import the account here, and remove it there",
            ),
            _ => told,
        }
    };
    let admitted = cluster.admit_by(cx.budget(), &object, |found| match tenure(&claim, found) {
        Tenure::Foreign => Tenure::Ours,
        other => other,
    });
    let found = admitted.await.map_err(trouble)?;
    if found.is_some_and(|found| tls_secret::is_managed(&found)) {
        mark(cx, cluster, &object, &claim).await.map_err(trouble)?;
    }
    Ok(())
}

async fn mark(cx: &Cx, cluster: &Cluster, object: &ObjectRef, claim: &Claim) -> std::result::Result<(), ClusterError> {
    let mark = |found: &mut Value| {
        let before = found.clone();
        claim.mark(found);
        *found != before
    };
    cluster.update(cx.budget(), object, mark).await.map(drop)
}

/// Ends a create. A key that no account is known to have stays marked as unfinished.
pub async fn finish(cx: &Cx, source: &Source, is_made: bool) {
    let Some(place) = source.own_place() else { return };
    tenancy::abandon(cx, &place.object());
    if is_made {
        tenancy::finish(cx, &claim_of(cx, place)).await;
    }
}

/// Finds out whom a state acts for that has lost its notes, or was imported.
pub async fn recover(cx: &Cx, source: &Source) -> Result<()> {
    let Some(place) = source.own_place() else { return Ok(()) };
    tenancy::recovered(cx, &[place.object()], "Cannot look at the generated account key").await.map(drop)
}

/// Notes which resource of this run has an account last.
pub fn note_account(cx: &Cx, account_url: &str) -> Result<()> {
    cx.provider().holdings().give(account_url, &cx.owner()?);
    Ok(())
}

/// Whether the account belongs to another resource by now: one of this run, or the one that marked the key.
pub async fn is_anothers(cx: &Cx, source: &Source, account_url: &str) -> Result<bool> {
    let own = cx.known_owner();
    let is_given = || cx.provider().holdings().holder(account_url).is_some_and(|holder| Some(holder) != own);
    let Some(place) = source.own_place() else {
        // Nobody else can be asked: a resource of the same run that finds the account by its key is given time to say so.
        for _ in 0..GLANCES {
            if is_given() || cx.budget().sleep(GLANCE).await.is_err() {
                break;
            }
        }
        return Ok(is_given());
    };
    if is_given() {
        return Ok(true);
    }
    let found = cx.provider().cluster()?.get(cx.budget(), &place.object()).await;
    let found = found.map_err(|error| error.explain("Cannot look at the generated account key"))?;
    let claim = claim_of(cx, place);
    Ok(found.is_some_and(|found| matches!(tenure(&claim, &found), Tenure::Others { .. } | Tenure::Leftover)))
}

/// Sets a key free that outlives its resource: the next one that declares it finds the account again.
pub async fn release(cx: &Cx, source: &Source) {
    let Some(place) = source.own_place() else { return };
    let (object, claim) = (place.object(), claim_of(cx, place));
    tenancy::release(cx, &object);
    let free = |found: &mut Value| {
        let is_ours = tenure(&claim, found) == Tenure::Ours;
        let annotations = found.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
        annotations.is_some_and(|marks| is_ours && [OWNER, UNFINISHED].map(|mark| marks.remove(mark)) != [None, None])
    };
    let Ok(cluster) = cx.provider().cluster() else { return };
    if let Err(error) = cluster.update(cx.budget(), &object, free).await {
        // The account stays in any case; only its next resource will have to be told.
        cx.warn(&error.explain("The generated account key could not be set free"));
    }
}
