//! What a plan asks AWS, to say more of what will be and of what would fail. Nothing fails where nobody answers, and nothing
//! is asked with `offline = true`.

use std::sync::Arc;
use std::time::Duration;

use crate::clients::aws::{Aws, Identity};
use crate::domain::dns::Zone;
use crate::provider::Cx;
use crate::retry::Budget;

/// How long one question may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(10);

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

async fn ask<T, F>(cx: &Cx, question: &'static str, ask: F) -> Option<T>
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
