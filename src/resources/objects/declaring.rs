//! Declares the objects of a text: step by step, side by side within each.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError, Declaring};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{Phase, Scope, health};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::diagnosis::{subject_of, with_the_way};
use crate::resources::tenancy;
use crate::retry::Pace;
use crate::sdk::Result;

use super::content::{Content, Part, of_phase};
use super::written::Written;
use super::{Goal, Tenant, Wish, side_by_side};

/// How long the API server may take to serve a kind that was defined a moment ago.
const SERVING: Duration = Duration::from_secs(30);
const PACE: Pace = Pace::new(Duration::from_millis(100), Duration::from_secs(1));

/// The steps in their order.
const PHASES: [Phase; 7] = [
    Phase::Namespaces,
    Phase::Definitions,
    Phase::Limits,
    Phase::Foundations,
    Phase::Workloads,
    Phase::Edges,
    Phase::Custom,
];

/// An object that failed.
pub type Failure = (ObjectRef, ClusterError);

type Outcome<T> = std::result::Result<T, ClusterError>;

/// The objects in their places. Kinds that the text defines itself need not be served yet.
pub async fn parts(cx: &Cx, cluster: &Cluster, content: &Content) -> Outcome<Vec<Part>> {
    let scopes = content.scopes();
    let group = |version: &str| version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let unknown = cluster.learn_kinds(cx.budget(), content.kinds()).await?;
    if let Some((api_version, kind)) =
        unknown.into_iter().find(|(version, kind)| !scopes.defines(&group(version), kind))
    {
        return Err(ClusterError::KindUnknown { api_version, kind });
    }
    let scope = |object: &ObjectRef| -> Option<Scope> {
        let served = cluster.known_kind(&object.api_version, &object.kind).map(|kind| kind.scope);
        served.or_else(|| scopes.scope(object.group(), &object.kind))
    };
    Ok(content.parts(scope).unwrap_or_default())
}

/// Claims every object for this run.
///
/// # Errors
/// Another resource of this run declares one of them.
pub fn claim(cx: &Cx, objects: &[ObjectRef], what: &str, attribute: &str) -> Result<crate::owner::Owner> {
    for object in objects {
        tenancy::claim(cx, object, what).map_err(|error| error.at(attribute))?;
    }
    cx.owner()
}

/// Gives the claims up after a create that made nothing.
pub fn release(cx: &Cx, objects: &[ObjectRef]) {
    for object in objects {
        tenancy::release(cx, object);
    }
}

/// Which objects they are: another version of an object is the same object.
pub fn keys(objects: &[ObjectRef]) -> BTreeSet<String> {
    objects.iter().map(ObjectRef::key).collect()
}

impl Tenant<'_> {
    /// Looks at all objects before the first is written: who meets another's object has made a mistake, and half of it helps
    /// nobody. Answers those that are to be adopted.
    ///
    /// # Errors
    /// The first that is another's, or that would not be taken as it is declared.
    pub async fn refuse_held(&self, parts: &[Part]) -> std::result::Result<Vec<ObjectRef>, Failure> {
        let is_served = |part: &&Part| self.cluster.known_kind(&part.object.api_version, &part.object.kind).is_some();
        let is_own = |part: &&Part| !self.namespaces.may_share(&part.object);
        let looks = parts
            .iter()
            .filter(|part| is_served(part) && is_own(part))
            .map(|part| async move { self.rehearsed(part).await.map_err(|error| (part.object.clone(), error)) });
        let looked: Vec<_> = side_by_side(looks).await.into_iter().collect::<std::result::Result<_, _>>()?;
        Ok(looked.into_iter().flatten().collect())
    }

    /// The object, if it is to be adopted, and the API server would take it as it is declared: what somebody else has running is not
    /// to be half written.
    async fn rehearsed(&self, part: &Part) -> std::result::Result<Option<ObjectRef>, ClusterError> {
        let found = self.admit(&part.object).await?;
        if !found.as_ref().is_some_and(|found| self.adopts_found(found)) {
            return Ok(None);
        }
        let how =
            Declaring { manager: self.manager, force: self.force || self.is_given(&part.object), is_rehearsal: true };
        match self.cluster.declare(self.cx.budget(), &part.manifest, how).await {
            // What is no judgement of the object is told where it is written.
            Err(
                error @ (ClusterError::Conflict { .. } | ClusterError::Invalid { .. } | ClusterError::Refused { .. }),
            ) => Err(error),
            _ => Ok(Some(part.object.clone())),
        }
    }

    /// Declares all of them. `had` are the keys of what the state has had, whose fields are set back; what is found is noted
    /// after each step.
    ///
    /// # Errors
    /// The first failure of the first step that has one; the steps before are done.
    pub async fn declare_all(
        &self,
        parts: &[Part],
        had: &BTreeSet<String>,
        written: &mut Written,
    ) -> std::result::Result<(), Failure> {
        for phase in PHASES {
            let outcome = self.declare_step(parts, had, phase, written).await;
            written.remember(self.cx);
            outcome?;
            if phase == Phase::Definitions {
                self.defined(parts).await?;
            }
        }
        Ok(())
    }

    /// Declares the objects of one step side by side; all are tried, and the first failure is told.
    async fn declare_step(
        &self,
        parts: &[Part],
        had: &BTreeSet<String>,
        phase: Phase,
        written: &mut Written,
    ) -> std::result::Result<(), Failure> {
        let placed = of_phase(parts, phase)
            .map(|part| async move { (part, self.declare_one(part, had.contains(&part.object.key()), phase).await) });
        let mut failure = None;
        for (part, stored) in side_by_side(placed).await {
            match stored {
                Ok(Some(stored)) => {
                    self.cx.exists();
                    written.note(part, &stored, self.manager);
                }
                Ok(None) => {}
                Err(error) => {
                    let error = if part.is_secret { error.without_content() } else { error };
                    failure = failure.or_else(|| Some((part.object.clone(), error)));
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Declares one object; `None` if it is somebody else's namespace, which is used as it stands.
    async fn declare_one(&self, part: &Part, had: bool, phase: Phase) -> Outcome<Option<Value>> {
        if self.is_shared(&part.object).await? {
            return Ok(None);
        }
        let placed = if phase >= Phase::Edges {
            self.place_patiently(&part.manifest, had).await
        } else {
            self.place(&part.manifest, had).await
        };
        placed.map(Some)
    }

    /// Waits until the kinds that the text defines are served.
    async fn defined(&self, parts: &[Part]) -> std::result::Result<(), Failure> {
        let goals: Vec<Goal> = of_phase(parts, Phase::Definitions).filter_map(works).collect();
        if let Some(failure) = self.wait_for(&goals).await.into_iter().next() {
            return Err(failure);
        }
        let custom: Vec<&Part> = of_phase(parts, Phase::Custom).collect();
        let patience = self.cx.budget().at_most(SERVING);
        for pause in PACE.pauses() {
            let kinds = custom.iter().map(|part| (part.object.api_version.clone(), part.object.kind.clone()));
            let first = custom.first().map(|part| part.object.clone());
            let unknown = self.cluster.learn_kinds(self.cx.budget(), kinds).await;
            let unknown =
                unknown.map_err(|error| (first.unwrap_or_else(|| ObjectRef::of_cluster("", "", "")), error))?;
            let Some((api_version, kind)) = unknown.into_iter().next() else { return Ok(()) };
            if patience.sleep(pause).await.is_err() {
                let part = custom.iter().find(|part| part.object.kind == kind).map(|part| part.object.clone());
                let object = part.unwrap_or_else(|| ObjectRef::of_cluster(&api_version, &kind, ""));
                return Err((object, ClusterError::KindUnknown { api_version, kind }));
            }
        }
        Ok(())
    }

    /// The message with what a diagnosis sees at the first of the objects that it knows. Of an interrupt everything is told.
    pub async fn diagnosed(&self, late: &[Failure], told: Explanation) -> Explanation {
        if late.iter().any(|(_, error)| error.is_interrupt()) {
            return told;
        }
        match late.iter().find(|(object, _)| subject_of(object).is_some()) {
            Some((object, _)) => with_the_way(self.cx, object, told).await,
            None => told,
        }
    }
}

/// That an object works, where its kind can be judged.
fn works(part: &Part) -> Option<Goal> {
    health::is_judged(&part.object).then(|| Goal { object: part.object.clone(), wishes: vec![Wish::Works] })
}

/// A cluster's failure at one object of a text, with what its types can do about it.
pub fn explained((object, error): &Failure, what: &str, attribute: &str) -> Explanation {
    let told = error.explain(what).at(attribute);
    match error {
        ClusterError::Foreign { .. } => {
            told.adding("`adopt = true` takes over whatever of this manifest exists and bears no mark")
        }
        ClusterError::Conflict { .. } => {
            told.adding("or take the fields with `force_conflicts = true`, which the other may take back")
        }
        ClusterError::NamespaceMissing { .. } => {
            told.adding("or declare it in the text, as a document of kind Namespace")
        }
        ClusterError::Other { .. } => told.seen([format!("it was about {object}")]),
        _ => told,
    }
}
