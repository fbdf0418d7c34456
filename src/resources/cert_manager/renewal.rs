//! A Certificate issued anew at once, as `cmctl renew` does it: by the condition on which cert-manager begins.
//!
//! Source: cert-manager, `pkg/controller/certificates`: the condition stands from the beginning of an issuance to its end,
//! which takes it away together with counting the revision; after a failure it stays, as false. The pause that
//! cert-manager makes after failures is only before what it begins by itself.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clients::cluster::Watched;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::{self, Health};
use crate::domain::ownership::is_terminating;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::diagnosis::with_the_way;
use crate::sdk::Result;

use super::{explained, pruned};

/// The condition while a certificate is being issued.
const ISSUING: &str = "Issuing";
/// What cert-manager's own tool gives as the reason.
const REASON: &str = "ManuallyTriggered";

/// A Certificate that was asked for anew.
pub struct Renewal<'a> {
    object: ObjectRef,
    /// How many times it had been issued.
    former: i64,
    what: &'a str,
}

impl<'a> Renewal<'a> {
    /// Has cert-manager issue a Certificate anew. One that is being issued is left alone.
    pub async fn ask(cx: &Cx, object: ObjectRef, what: &'a str) -> Result<Self> {
        let cluster = cx.provider().cluster()?;
        let (now, mut former, mut goes) = (cx.clock().now(), 0, false);
        let edit = |found: &mut Value| {
            (former, goes) = (revision(found), is_terminating(found));
            !goes && begin(found, now)
        };
        let kind = cluster.kind(cx.budget(), &object.api_version, &object.kind).await;
        kind.map_err(|error| explained(&error, what))?;
        let asked = cluster.update_status(cx.budget(), &object, edit).await;
        match asked.map_err(|error| explained(&error, what))? {
            Some(_) if !goes => Ok(Self { object, former, what }),
            _ => Err(Explanation::new("BERTH-CM-020", what)
                .on(format!("{object}, which does not exist or is being deleted"))
                .next("correct namespace and name; `kubectl get certificates -A` lists them")
                .at("name")),
        }
    }

    /// Waits until it is issued; answers it as it is then.
    pub async fn wait(&self, cx: &Cx) -> Result<Value> {
        let cluster = cx.provider().cluster()?;
        let waiting_for = format!("{} to be issued", self.object);
        let judge = |found: &Value| self.judge(found);
        let told = match cluster.watch_until(cx.budget(), &self.object, &waiting_for, judge).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(words)) => self.failed(&words),
            Err(error) if error.is_interrupt() => return Err(explained(&error, self.what)),
            Err(error) => explained(&error, self.what),
        };
        Err(with_the_way(cx, &self.object, told).await)
    }

    fn judge(&self, found: &Value) -> Watched<std::result::Result<Value, String>> {
        if revision(found) > self.former {
            return Watched::Done(Ok(found.clone()));
        }
        match health::condition(found, ISSUING, "False") {
            Health::Ready => Watched::Done(Err(words(found))),
            Health::NotYet(words) | Health::Failed(words) => Watched::NotYet(words),
        }
    }

    fn failed(&self, words: &str) -> Explanation {
        Explanation::new("BERTH-CM-021", self.what)
            .on(self.object.to_string())
            .said("cert-manager", words)
            .next("mend what it names, and have it issued again: the certificate in its Secret is still the former one")
    }
}

/// How many times it was issued.
fn revision(found: &Value) -> i64 {
    found.pointer("/status/revision").and_then(Value::as_i64).unwrap_or(0)
}

/// What its condition says.
fn words(found: &Value) -> String {
    let message = health::find_condition(found, ISSUING).and_then(|it| it.get("message")?.as_str());
    message.unwrap_or("it was not issued").to_owned()
}

/// From when on it is issued anew. cert-manager takes a failure after that moment for the new issuance's own, and its clock
/// may be ahead of ours.
fn beginning(found: &Value, now: Timestamp) -> Timestamp {
    let failed = found.pointer("/status/lastFailureTime").and_then(Value::as_str).and_then(|at| at.parse().ok());
    let after = failed.and_then(|at: Timestamp| at.checked_add(SignedDuration::from_secs(1)).ok());
    after.map_or(now, |after| after.max(now))
}

/// Sets the condition on which cert-manager begins; answers whether it was not set yet.
fn begin(found: &mut Value, now: Timestamp) -> bool {
    if health::condition(found, ISSUING, "True") == Health::Ready {
        return false;
    }
    let condition = pruned(json!({
        "type": ISSUING, "status": "True", "reason": REASON, "message": "It is to be issued anew, at a user's wish",
        "lastTransitionTime": beginning(found, now).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "observedGeneration": found.pointer("/metadata/generation"),
    }));
    let conditions = found
        .as_object_mut()
        .and_then(|found| found.entry("status").or_insert_with(|| json!({})).as_object_mut())
        .and_then(|status| status.entry("conditions").or_insert_with(|| json!([])).as_array_mut());
    let Some(conditions) = conditions else { return false };
    conditions.retain(|it| it.get("type").and_then(Value::as_str) != Some(ISSUING));
    conditions.push(condition);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-30T12:00:00Z".parse().unwrap()
    }

    fn certificate(status: &Value) -> Value {
        json!({ "metadata": { "generation": 3 }, "status": status })
    }

    fn renewal(former: i64) -> Renewal<'static> {
        let object = ObjectRef::namespaced("cert-manager.io/v1", "Certificate", "a", "b");
        Renewal { object, former, what: "Cannot renew" }
    }

    #[test]
    fn the_condition_is_set_once_and_nothing_else_is_lost() {
        let failed = json!({ "type": "Issuing", "status": "False", "reason": "Failed" });
        let ready = json!({ "type": "Ready", "status": "True" });
        let mut found = certificate(&json!({ "revision": 4, "conditions": [failed, ready] }));
        assert!(begin(&mut found, now()));
        let conditions = found["status"]["conditions"].as_array().unwrap().clone();
        assert_eq!((conditions.len(), &conditions[0]), (2, &ready));
        assert_eq!((&conditions[1]["status"], &conditions[1]["observedGeneration"]), (&json!("True"), &json!(3)));
        assert_eq!(found["status"]["revision"], 4);
        assert!(!begin(&mut found, now()), "it is being issued");
        let mut new = json!({ "metadata": { "generation": 1 } });
        assert!(begin(&mut new, now()) && revision(&new) == 0);
    }

    #[test]
    fn it_begins_after_the_last_failure_whatever_our_clock_says() {
        let failed = |at: &str| certificate(&json!({ "lastFailureTime": at }));
        let beginning = |found: &Value| beginning(found, now()).to_string();
        assert_eq!(beginning(&failed("2026-11-30T11:00:00Z")), "2026-11-30T12:00:00Z");
        assert_eq!(beginning(&failed("2026-11-30T12:03:00Z")), "2026-11-30T12:03:01Z");
        assert_eq!(beginning(&certificate(&json!({}))), "2026-11-30T12:00:00Z");
    }

    #[test]
    fn it_is_issued_when_the_revision_is_counted_and_failed_when_the_condition_says_so() {
        let state =
            |revision: i64, conditions: Value| certificate(&json!({ "revision": revision, "conditions": conditions }));
        let issuing = |status: &str| json!([{ "type": "Issuing", "status": status, "message": "no such issuer" }]);
        let judged = |found: &Value| renewal(4).judge(found);
        assert!(matches!(judged(&state(5, json!([]))), Watched::Done(Ok(_))));
        assert!(matches!(judged(&state(4, issuing("True"))), Watched::NotYet(_)));
        assert!(matches!(judged(&state(4, json!([]))), Watched::NotYet(_)));
        assert!(matches!(judged(&state(4, issuing("False"))), Watched::Done(Err(words)) if words == "no such issuer"));
    }
}
