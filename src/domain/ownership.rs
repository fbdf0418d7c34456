//! Whose the objects of a cluster are: how they are marked, and what another's mark means.
//!
//! Each object bears the mark of the resource instance that made it. One of them, the lead, answers for all: it is completed
//! last, so that what a killed run has left is known by a lead that is absent, of another mark, or unfinished. Such leftovers
//! are nobody's and may be taken over; whatever has a finished lead of its own mark belongs to somebody's state.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::owner::Owner;

use super::kubernetes::{ObjectRef, annotation, is_ours};

/// The annotation that holds the owner's mark.
pub const OWNER: &str = "berth/owner";

/// The annotation of an object that is not the lead: which one is.
pub const LEAD: &str = "berth/part-of";

/// The annotation of a lead while the rest is being made.
pub const UNFINISHED: &str = "berth/unfinished";

/// All annotations by which berth marks objects as its own.
pub const MARKS: [&str; 3] = [OWNER, LEAD, UNFINISHED];

/// What one resource instance claims as its own.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The application's name in labels.
    pub application: &'static str,
    /// Which of its installations.
    pub instance: String,
    /// The mark; `None` where a state of berth 0.1 has none, which is good for removing only.
    pub owner: Option<Owner>,
    /// The object that answers for all.
    pub lead: ObjectRef,
    /// Whether the lead is written as unfinished, to be finished later.
    pub is_open: bool,
}

/// Whose an object is.
#[derive(Clone, Debug, PartialEq)]
pub enum Tenure {
    /// It bears our mark, or none: berth 0.1 made it, or somebody has set it free.
    Ours,
    /// It was not made for this installation.
    Foreign,
    /// It bears another mark, for which the lead answers; `None` if it is the lead itself, and finished.
    Others {
        /// The mark.
        owner: Owner,
        /// The object to ask whether that owner is still there.
        lead: Option<ObjectRef>,
    },
    /// It bears the mark of a run that did not finish.
    Leftover,
}

impl Claim {
    /// A claim whose lead is written as finished.
    pub fn intended(application: &'static str, instance: &str, owner: Option<Owner>, lead: ObjectRef) -> Self {
        Self { application, instance: instance.to_owned(), owner, lead, is_open: false }
    }

    /// Puts the marks on a manifest.
    pub fn mark(&self, manifest: &mut Value) {
        let Some(marks) = ObjectRef::of(manifest).map(|object| self.marks(&object)) else { return };
        let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        let annotations = metadata.entry("annotations").or_insert(Value::Null);
        if annotations.is_null() {
            *annotations = json!({});
        }
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.extend(marks.into_iter().map(|(name, value)| (name, json!(value))));
        }
    }

    /// The annotations that mark an object; none without an owner.
    pub fn marks(&self, object: &ObjectRef) -> BTreeMap<String, String> {
        let Some(owner) = &self.owner else { return BTreeMap::new() };
        let mut marks = BTreeMap::from([(OWNER.to_owned(), owner.as_str().to_owned())]);
        if *object != self.lead {
            marks.insert(LEAD.to_owned(), path_of(&self.lead));
        } else if self.is_open {
            marks.insert(UNFINISHED.to_owned(), "true".to_owned());
        }
        marks
    }

    /// Whose an object is that was found.
    pub fn tenure(&self, found: &Value) -> Tenure {
        let is_ours = self.is_marked(found) || is_ours(found, self.application, &self.instance);
        if is_ours { self.holder(found) } else { Tenure::Foreign }
    }

    /// Whether an object bears our mark, whatever became of its labels.
    pub fn is_marked(&self, found: &Value) -> bool {
        self.owner.is_some() && owner_of(found) == self.owner
    }

    /// Whose an object is of which it is known that berth made it.
    pub fn holder(&self, found: &Value) -> Tenure {
        match owner_of(found) {
            None => Tenure::Ours,
            found if found == self.owner => Tenure::Ours,
            Some(owner) => match annotation(found, LEAD).and_then(of_path) {
                Some(lead) => Tenure::Others { owner, lead: Some(lead) },
                None if is_unfinished(found) => Tenure::Leftover,
                None => Tenure::Others { owner, lead: None },
            },
        }
    }
}

/// Whether a lead answers for that owner.
pub fn answers_for(lead: &Value, owner: &Owner) -> bool {
    owner_of(lead).as_ref() == Some(owner) && !is_unfinished(lead)
}

/// The mark that an object bears.
pub fn owner_of(object: &Value) -> Option<Owner> {
    annotation(object, OWNER).map(Owner::found)
}

/// Whether another object answers for this one.
pub fn is_part(object: &Value) -> bool {
    annotation(object, LEAD).is_some()
}

/// Whether a lead's installation is still being made, or was left so.
pub fn is_unfinished(object: &Value) -> bool {
    annotation(object, UNFINISHED).is_some()
}

/// Whether an object is on its way out.
pub fn is_terminating(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null())
}

/// `apps/v1/Deployment/NAMESPACE/NAME`; `v1/Namespace//NAME` of what belongs to the whole cluster.
fn path_of(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{}/{}/{namespace}/{}", object.api_version, object.kind, object.name)
}

fn of_path(path: &str) -> Option<ObjectRef> {
    let mut parts = path.rsplitn(4, '/');
    let (name, namespace, kind, api_version) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(match namespace {
        "" => ObjectRef::of_cluster(api_version, kind, name),
        _ => ObjectRef::namespaced(api_version, kind, namespace, name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kubernetes::owner_labels;

    fn claim(mark: Option<&str>) -> Claim {
        let (instance, owner) = ("one".to_owned(), mark.map(Owner::found));
        Claim { application: "registry", instance, owner, lead: ObjectRef::deployment("a", "one"), is_open: false }
    }

    fn object(version: &str, kind: &str) -> Value {
        let labels = owner_labels("registry", "one");
        json!({ "apiVersion": version, "kind": kind, "metadata": { "namespace": "a", "name": "one", "labels": labels } })
    }

    fn marked(by: &Claim, mut object: Value) -> Value {
        by.mark(&mut object);
        object
    }

    #[test]
    fn what_bears_no_mark_or_ours_is_ours() {
        let service = object("v1", "Service");
        assert_eq!(claim(Some("x")).tenure(&service), Tenure::Ours, "made by 0.1");
        assert_eq!(claim(Some("x")).tenure(&marked(&claim(Some("x")), service.clone())), Tenure::Ours);
        assert_eq!(claim(None).tenure(&service), Tenure::Ours);
        assert_eq!(claim(Some("x")).tenure(&json!({ "metadata": {} })), Tenure::Foreign);
        let unlabelled = json!({ "metadata": { "annotations": { OWNER: "x" } } });
        assert_eq!(claim(Some("x")).tenure(&unlabelled), Tenure::Ours, "the mark tells, not the label");
        assert_eq!(claim(Some("y")).tenure(&unlabelled), Tenure::Foreign);
    }

    #[test]
    fn the_lead_answers_for_what_bears_its_mark() {
        let (mine, other) = (claim(Some("x")), claim(Some("y")));
        let (lead, owner) = (ObjectRef::deployment("a", "one"), Owner::found("y"));
        let part = marked(&other, object("v1", "Service"));
        assert_eq!(mine.tenure(&part), Tenure::Others { owner: owner.clone(), lead: Some(lead) });
        let of_other = marked(&other, object("apps/v1", "Deployment"));
        assert_eq!(mine.tenure(&of_other), Tenure::Others { owner: owner.clone(), lead: None });
        assert!(answers_for(&of_other, &owner) && !answers_for(&of_other, &Owner::found("x")));
        assert_eq!(
            claim(None).tenure(&of_other),
            Tenure::Others { owner, lead: None },
            "whoever has no mark has no claim"
        );
    }

    #[test]
    fn what_a_killed_run_left_is_nobodys() {
        let killed = Claim { is_open: true, ..claim(Some("y")) };
        let lead = marked(&killed, object("apps/v1", "Deployment"));
        assert_eq!(claim(Some("x")).tenure(&lead), Tenure::Leftover);
        assert!(!answers_for(&lead, &Owner::found("y")));
    }

    #[test]
    fn other_annotations_stay() {
        let mut secret = object("v1", "Secret");
        secret["metadata"]["annotations"] = json!({ "a": "b" });
        let annotations = marked(&claim(Some("x")), secret)["metadata"]["annotations"].clone();
        let mut bare = object("v1", "Secret");
        bare["metadata"]["annotations"] = Value::Null;
        assert!(
            claim(Some("x")).is_marked(&marked(&claim(Some("x")), bare)),
            "no annotations are none, however written"
        );
        assert_eq!(annotations, json!({ "a": "b", OWNER: "x", LEAD: "apps/v1/Deployment/a/one" }));
        let issuer = ObjectRef::of_cluster("cert-manager.io/v1", "ClusterIssuer", "one");
        for lead in
            [ObjectRef::deployment("a", "one"), ObjectRef::secret("a", "b"), ObjectRef::of_namespace("a"), issuer]
        {
            assert_eq!(of_path(&path_of(&lead)), Some(lead), "what a part says of its lead is read as it was written");
        }
    }
}
