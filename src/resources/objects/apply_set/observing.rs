//! Looks at what the cluster holds of a set.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure, is_terminating};
use crate::provider::Cx;
use crate::resources::{objects, tenancy};
use crate::sdk::Result;

use super::super::content::{Content, Part};
use super::super::written::{Written, look, scope_in};
use super::applying::BEGUN;
use super::{ApplySet, NOT_SEEN_READY, said_to_take_over};

impl ApplySet {
    /// Notes what differs from the content, as far as that is known. Whether anything of it is there.
    ///
    /// # Errors
    /// The cluster did not answer.
    pub async fn refresh(&mut self, cx: &Cx, content: &Content, what: &str) -> Result<bool> {
        let cluster = cx.provider().cluster()?;
        let found = look(cx, cluster, &self.objects).await.map_err(|error| error.explain(what))?;
        let seen = self.objects.iter().zip(&found);
        for (object, found) in seen.filter(|(object, _)| !self.namespaces.may_share(object)) {
            tenancy::recover(cx, object, found.as_ref());
        }
        let Some(claim) = self.claim(cx.known_owner()) else { return Ok(true) };
        let seen = Seen::of(cx, self, &claim, content);
        let judged: Vec<Judged> =
            self.objects.iter().zip(&found).map(|(object, found)| seen.judge(object, found.as_ref())).collect();
        if judged.iter().all(|judged| !judged.is_ours) {
            return Ok(false);
        }
        let begun = cx.recall::<bool>(BEGUN).map(|_| "the last apply did not come to its end".to_owned());
        self.drift = judged.into_iter().flat_map(|judged| judged.drift).chain(begun).collect();
        Ok(true)
    }
}

/// What the state knows of its objects.
struct Seen<'a> {
    set: &'a ApplySet,
    claim: &'a Claim,
    declared: BTreeMap<ObjectRef, Part>,
    written: Written,
}

/// What is found of one object.
struct Judged {
    is_ours: bool,
    drift: Vec<String>,
}

impl<'a> Seen<'a> {
    fn of(cx: &Cx, set: &'a ApplySet, claim: &'a Claim, content: &Content) -> Self {
        let parts = content.parts(scope_in(&set.objects)).unwrap_or_default();
        let declared = parts.into_iter().map(|part| (part.object.clone(), part)).collect();
        Self { set, claim, declared, written: Written::recalled(cx) }
    }

    fn judge(&self, object: &ObjectRef, found: Option<&Value>) -> Judged {
        let gone = |words: &str| Judged { is_ours: false, drift: vec![format!("{object} {words}")] };
        let Some(found) = found else { return gone("does not exist") };
        if is_terminating(found) {
            return gone("is being deleted");
        }
        let said = said_to_take_over(object);
        let tenure = objects::tenure(self.claim, found, false);
        if self.set.drift.contains(&said) && tenure == Tenure::Foreign {
            return Judged { is_ours: true, drift: vec![said] };
        }
        if self.set.namespaces.may_share(object) && tenure != Tenure::Ours {
            return Judged { is_ours: false, drift: Vec::new() };
        }
        match tenure {
            Tenure::Ours => Judged { is_ours: true, drift: self.differences(object, found) },
            Tenure::Foreign => gone("does not bear berth's mark: somebody has made it anew, or set it free"),
            Tenure::Others { .. } | Tenure::Leftover => gone("belongs to another resource by now"),
        }
    }

    fn differences(&self, object: &ObjectRef, found: &Value) -> Vec<String> {
        let declared = self.declared.get(object);
        let mut drift = self.written.differences(object, declared, found, &self.set.manager);
        let late = format!("{object} {NOT_SEEN_READY}");
        if self.set.drift.contains(&late) && !self.set.is_met(object, found) {
            drift.push(late);
        }
        drift
    }
}
