//! Looks at what the cluster holds of a manifest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::Health;
use crate::domain::ownership::{Claim, Tenure, is_terminating};
use crate::provider::Cx;
use crate::resources::objects::content::Part;
use crate::resources::objects::written::{Written, look, scope_in};
use crate::resources::{objects, tenancy};
use crate::sdk::Result;

use super::Declared;
use super::applying::{BEGUN, NOT_SEEN_READY, content, goal_of};
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

fn is_met(model: &Declared, object: &ObjectRef, found: &Value) -> bool {
    goal_of(model, object).judge(found) == Health::Ready
}

/// What the state knows of its objects.
struct Seen<'a> {
    model: &'a Declared,
    claim: &'a Claim,
    declared: BTreeMap<ObjectRef, Part>,
    written: Written,
    late: Vec<String>,
}

/// What is found of one object.
struct Judged {
    is_ours: bool,
    drift: Vec<String>,
}

impl<'a> Seen<'a> {
    fn of(cx: &Cx, model: &'a Declared, claim: &'a Claim) -> Result<Self> {
        let content = content(&Declared { secrets_yaml_wo: None, ..model.clone() }, "Cannot read the manifest")?;
        let inventory = model.inventory();
        let parts = content.parts(scope_in(&inventory)).unwrap_or_default();
        Ok(Self {
            model,
            claim,
            declared: parts.into_iter().map(|part| (part.object.clone(), part)).collect(),
            written: Written::recalled(cx),
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
        let declared = self.declared.get(object);
        let mut drift = self.written.differences(object, declared, found, &self.model.field_manager);
        let late = format!("{object} {NOT_SEEN_READY}");
        if self.late.contains(&late) && !is_met(self.model, object, found) {
            drift.push(late);
        }
        drift
    }
}
