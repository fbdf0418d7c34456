//! What a plan asks AWS, to say more of what will be and of what would fail. Nothing fails where nobody answers, and nothing
//! is asked with `offline = true`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::clients::aws::iam::ManagedPolicy;
use crate::clients::aws::{Aws, Identity};
use crate::domain::dns::{DnsName, RecordSet, Zone};
use crate::provider::Cx;
use crate::retry::Budget;

/// How long one question may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(10);

/// Record sets of a zone that is listed for the sake of a warning, at most: five pages.
const MANY: u64 = 1500;

/// How often, and after which pauses, it is looked whether a refresh of this state knows an object.
const GLANCES: u32 = 20;
const GLANCE: Duration = Duration::from_millis(100);

/// Whose account it is; none where that cannot be told.
pub async fn identity(cx: &Cx) -> Option<Identity> {
    ask(cx, "account", async |aws, budget| aws.identity(&budget).await.cloned().ok()).await
}

/// The account's zones; none where they cannot be listed.
pub async fn zones(cx: &Cx) -> Option<Arc<Vec<Zone>>> {
    ask(cx, "zones", async |aws, budget| aws.route53().await.zones(&budget).await.ok()).await
}

/// Whether IAM has the OIDC provider of this ARN; none where that cannot be told.
pub async fn has_provider(cx: &Cx, arn: &str) -> Option<bool> {
    let look = async |aws: Aws, budget: Budget| aws.iam().await.provider(&budget, arn).await.ok();
    let asked = async || ask(cx, "OIDC provider", look).await.map(|found| found.is_some());
    *cx.provider().looks().of(arn).get_or_init(asked).await
}

/// Whether IAM has a role of this name; none where that cannot be told, or would take many questions.
pub async fn has_role(cx: &Cx, name: &str) -> Option<bool> {
    ask(cx, "roles", async |aws, budget| aws.iam().await.has_role(&budget, name).await.ok()).await.flatten()
}

/// Whether IAM has the managed policy of this ARN; none where that cannot be told.
pub async fn has_policy(cx: &Cx, arn: &str) -> Option<bool> {
    let look = async |aws: Aws, budget: Budget| aws.iam().await.policy_itself(&budget, arn).await.ok();
    let asked = async || ask(cx, "managed policy", look).await.map(|found| found.is_some());
    *cx.provider().looks().of(arn).get_or_init(asked).await
}

/// The managed policy of this ARN, if there is one; none where that cannot be told.
pub async fn policy(cx: &Cx, arn: &str) -> Option<Option<ManagedPolicy>> {
    let look = async |aws: Aws, budget: Budget| aws.iam().await.policy_itself(&budget, arn).await.ok();
    ask(cx, "managed policy", look).await
}

/// The record sets of some names; none where the zone is too large to be listed for a warning, or cannot be asked.
pub async fn records(cx: &Cx, zone: &Zone, names: &BTreeSet<DnsName>) -> Option<Vec<RecordSet>> {
    if zone.record_count > MANY {
        return None;
    }
    let look = async |aws: Aws, budget: Budget| aws.route53().await.records_of(&budget, &zone.id, names).await.ok();
    ask(cx, "records", look).await.map(|found| found.into_values().flatten().collect())
}

/// Whether this state has an object that was found, so that the run may be about to remove or to hand it over.
pub async fn is_own(cx: &Cx, object: &str) -> bool {
    strangers(cx, vec![(object.to_owned(), ())]).await.is_empty()
}

/// Of what was found, each with its object, that which this state does not have. Refreshes run beside plans, and an apply,
/// which plans each creation once more, removes beside them; so they are given a moment, one for all, to say so. What is told
/// may still be a mistake where nothing is refreshed.
pub async fn strangers<T>(cx: &Cx, mut found: Vec<(String, T)>) -> Vec<T> {
    for _ in 0..GLANCES {
        found.retain(|(object, _)| !cx.provider().holdings().is_own(object));
        if found.is_empty() || cx.budget().sleep(GLANCE).await.is_err() {
            return Vec::new();
        }
    }
    found.into_iter().map(|(_, what)| what).collect()
}

/// Asks AWS one question, unless nobody answered it before; none where nobody answers.
pub async fn ask<T, F>(cx: &Cx, question: &'static str, ask: F) -> Option<T>
where
    F: AsyncFnOnce(Aws, Budget) -> Option<T>,
{
    let looks = cx.provider().looks();
    if cx.provider().is_offline() || !looks.may(question) {
        return None;
    }
    let (aws, budget) = (cx.provider().aws().ok()?.clone(), cx.budget().at_most(PATIENCE));
    let answer = budget.run(Box::pin(ask(aws, budget.clone()))).await.ok().flatten();
    if answer.is_none() {
        tracing::debug!(question, "AWS does not answer what a plan would like to know");
        looks.give_up(question);
    }
    answer
}
