//! What a plan says of objects that a resource is to declare as its own.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::provider::Cx;
use crate::resources::tenancy::{self, REFUSED};
use crate::sdk::{self, Plan};

use super::apply_set::ApplySet;
use super::declaring::explained;
use super::{Adoption, is_adopted, tenure};

/// Whether a refresh has found that something differs in the cluster.
pub fn has_drifted(plan: &Plan<'_>) -> bool {
    let found = plan.prior().at("drift").known().and_then(sdk::Value::elements);
    found.is_some_and(|sentences| !sentences.is_empty())
}

impl ApplySet {
    /// Warns of objects that somebody else has, or that two resources declare.
    pub async fn look(&self, cx: &Cx, plan: &mut Plan<'_>, objects: &[ObjectRef]) {
        let own = self.own_of(objects);
        let Some(lead) = self.lead_of(&own).cloned() else { return };
        tenancy::plan(cx, plan, &own, self.attribute);
        let claim = Claim::intended(self.application, &lead.name.clone(), cx.known_owner(), lead);
        let adopts = self.adoption != Adoption::Refused;
        let whose = |object: &ObjectRef, found: &Value| tenure(&claim, found, is_adopted(object, adopts));
        for refusal in tenancy::refusals(cx, plan, &own, whose).await {
            let likewise = refusal.likewise();
            let told = explained(&(refusal.object, refusal.error), REFUSED, self.attribute);
            plan.warn(&told.seen(likewise));
        }
    }
}
