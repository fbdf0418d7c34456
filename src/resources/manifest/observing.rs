//! Looks at what the cluster holds of a manifest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::{Deviations, own_differences};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::Health;
use crate::domain::manifest::{self, fields};
use crate::domain::ownership::{Claim, Tenure, is_terminating};
use crate::provider::Cx;
use crate::resources::objects::{self, side_by_side};
use crate::resources::tenancy;
use crate::sdk::Result;

use super::Declared;
use super::applying::{BEGUN, DEVIATIONS, NOT_SEEN_READY, OWNED, goal_of};
use super::content::{Content, Part};
use super::taking_over;

/// The state with what differs from it; `None` if nothing of it is there.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let what = "Cannot read the objects of the manifest";
    let cluster = cx.provider().cluster()?;
    let inventory = model.inventory();
    let found = look(cx, cluster, &inventory).await.map_err(|error| error.explain(what))?;
    for (object, found) in inventory.iter().zip(&found) {
        tenancy::recover(cx, object, found.as_ref());
    }
    let Some(lead) = inventory.first().cloned() else { return Ok(Some(model)) };
    let claim = Declared::claim(cx.known_owner(), lead);
    let seen = Seen::of(cx, &model, &claim)?;
    let judged: Vec<Judged> =
        inventory.iter().zip(&found).map(|(object, found)| seen.judge(object, found.as_ref())).collect();
    if judged.iter().all(|judged| !judged.is_ours) {
        return Ok(None);
    }
    let begun = cx.recall::<bool>(BEGUN).map(|_| "the last apply did not come to its end".to_owned());
    model.drift.set(judged.into_iter().flat_map(|judged| judged.drift).chain(begun).collect::<Vec<_>>());
    Ok(Some(model))
}

async fn look(
    cx: &Cx,
    cluster: &Cluster,
    inventory: &[ObjectRef],
) -> std::result::Result<Vec<Option<Value>>, ClusterError> {
    let kept = cluster.kept(cx.budget(), inventory).await?;
    let looks = kept.iter().map(|object| async move {
        match object {
            Some(object) => cluster.get(cx.budget(), object).await,
            // Its kind is gone, and with it all objects of it.
            None => Ok(None),
        }
    });
    side_by_side(looks).await.into_iter().collect()
}

fn is_met(model: &Declared, object: &ObjectRef, found: &Value) -> bool {
    goal_of(model, object).judge(found) == Health::Ready
}

/// What the state knows of its objects.
struct Seen<'a> {
    model: &'a Declared,
    claim: &'a Claim,
    declared: BTreeMap<ObjectRef, Part>,
    deviations: BTreeMap<String, Deviations>,
    owned: BTreeMap<String, String>,
    late: Vec<String>,
}

/// What is found of one object.
struct Judged {
    is_ours: bool,
    drift: Vec<String>,
}

impl<'a> Seen<'a> {
    fn of(cx: &Cx, model: &'a Declared, claim: &'a Claim) -> Result<Self> {
        let content = Content::of(&Declared { secrets_yaml_wo: None, ..model.clone() }, "Cannot read the manifest")?;
        let inventory = model.inventory();
        // Where each belongs is told by what was written.
        let scope = |object: &ObjectRef| {
            let known = inventory.iter().find(|it| it.kind == object.kind && it.group() == object.group())?;
            Some(if known.namespace.is_some() { manifest::Scope::Namespaced } else { manifest::Scope::Cluster })
        };
        let parts = content.parts(scope).unwrap_or_default();
        Ok(Self {
            model,
            claim,
            declared: parts.into_iter().map(|part| (part.object.clone(), part)).collect(),
            deviations: cx.recall(DEVIATIONS).unwrap_or_default(),
            owned: cx.recall(OWNED).unwrap_or_default(),
            late: model.drift.get().cloned().unwrap_or_default(),
        })
    }

    fn judge(&self, object: &ObjectRef, found: Option<&Value>) -> Judged {
        let gone = |words: &str| Judged { is_ours: false, drift: vec![format!("{object} {words}")] };
        let Some(found) = found else { return gone("does not exist") };
        if is_terminating(found) {
            return gone("is being deleted");
        }
        let said = taking_over::said_of(object);
        if self.late.contains(&said) && objects::tenure(self.claim, found, false) == Tenure::Foreign {
            return Judged { is_ours: true, drift: vec![said] };
        }
        match objects::tenure(self.claim, found, false) {
            Tenure::Ours => Judged { is_ours: true, drift: self.differences(object, found) },
            Tenure::Foreign => gone("does not bear berth's mark: somebody has made it anew, or set it free"),
            Tenure::Others { .. } | Tenure::Leftover => gone("belongs to another resource by now"),
        }
    }

    fn differences(&self, object: &ObjectRef, found: &Value) -> Vec<String> {
        let id = manifest::id(object);
        let mut drift = Vec::new();
        if let Some(part) = self.declared.get(object) {
            let known = self.deviations.get(&id).cloned().unwrap_or_default();
            drift
                .extend(own_differences(&part.manifest, found, &known).into_iter().map(|it| format!("{object}: {it}")));
        } else if self
            .owned
            .get(&id)
            .is_some_and(|owned| fields::digest(found, &self.model.field_manager).as_ref() != Some(owned))
        {
            drift.push(format!("{object}: somebody has changed what was declared of it"));
        }
        let late = format!("{object} {NOT_SEEN_READY}");
        if self.late.contains(&late) && !is_met(self.model, object, found) {
            drift.push(late);
        }
        drift
    }
}
