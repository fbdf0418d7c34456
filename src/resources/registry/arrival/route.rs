//! Waits until a Gateway takes the route of a registry.

use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, Watched};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry::{Gateway, Registry, RouteState, route_ref, route_state};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::unreached;

/// How long a Gateway that refuses a route may take to change its mind: one that is changed by the same run.
const CHANGE: Duration = Duration::from_secs(10);

/// Answers what is to be told of a route that is not taken. A Gateway that says nothing is waited for as long as there is
/// patience. What cannot be asked is not told.
pub async fn taken(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    gateway: &Gateway,
    patience: Duration,
) -> Option<Explanation> {
    let object = route_ref(&registry.namespace, &registry.name);
    let settles = |budget: Budget, is_settled: fn(&RouteState) -> bool| {
        let object = object.clone();
        async move {
            let judge = |seen: &Value| {
                if is_settled(&route_state(seen, gateway)) { Watched::Done(()) } else { Watched::NotYet(String::new()) }
            };
            drop(cluster.watch_until(&budget, &object, "its Gateway", judge).await);
            cluster.get(cx.budget(), &object).await.ok().flatten().map(|seen| route_state(&seen, gateway))
        }
    };
    let mut state = settles(cx.budget().at_most(CHANGE), |state| *state == RouteState::Accepted).await?;
    if state == RouteState::Pending && patience > CHANGE {
        state = settles(cx.budget().at_most(patience), |state| *state != RouteState::Pending).await?;
    }
    let parent = gateway.reference(&registry.namespace);
    let told = match state {
        RouteState::Accepted => return None,
        RouteState::Pending => untaken(registry, &object).adding(&format!("{parent} has said nothing of it")),
        RouteState::Refused(words) => untaken(registry, &object).said(parent.to_string(), words),
    };
    Some(told.next("see what the Gateway and its controller say: `kubectl describe gateway`; correct gateway.parent, or the Gateway's listeners"))
}

fn untaken(registry: &Registry, object: &ObjectRef) -> Explanation {
    unreached(registry).on(format!("{object}, which its Gateway has not accepted"))
}
