//! A Kubernetes cluster: objects by plain verbs, connected at first use.

mod accounts;
mod commands;
mod connection;
mod editing;
mod error;
mod kinds;
mod lists;
mod namespaces;
mod objects;
mod ownership;
mod pods;
mod rollouts;
mod settings;
mod solvers;
mod watch;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::core::Request;
use kube::core::params::{GetParams, Preconditions, PropagationPolicy};
use kube::core::request::Error as RequestError;
use kube::{Client, Resource as _};
use serde_json::Value;

use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::yaml;
use crate::env::Env;
use crate::retry::{Attempt, Budget, Failed, Pace, Stopped, retry};

use connection::{Access, Connection, Silence};

pub use accounts::{Annotated, Binding, annotation, pull_secrets};
pub use error::{ClusterError, FieldFault, Verb};
pub use kinds::Kind;
pub use lists::Selection;
pub use namespaces::Vacancy;
pub use objects::Declaring;
pub use ownership::Removal;
pub use pods::{PullProof, PullRequest};
pub use rollouts::{Folder, StorageCheck, Writing};
pub use settings::{Exec, NoSource, Settings, Source};
pub use watch::Watched;

/// Pauses between requests while the API server is overloaded or not up yet.
const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(5));

/// How long an overloaded API server is asked again before its answer counts.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long an API server that has answered before is asked again after broken connections.
const BROKEN_PATIENCE: Duration = Duration::from_secs(15);

/// A cluster. Cheap to make: nothing is read or connected before the first operation.
pub struct Cluster {
    settings: Settings,
    env: Env,
    access: Access,
    silence: Silence,
    kinds: kinds::Kinds,
}

impl Cluster {
    /// A cluster described by the settings, or else by the environment.
    pub fn new(settings: Settings, env: Env) -> Self {
        Self { settings, env, access: Access::new(), silence: Silence::default(), kinds: kinds::Kinds::default() }
    }

    /// One object; `None` if it, its kind or its namespace does not exist.
    pub async fn get(&self, budget: &Budget, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let found = self.ask(budget, Verb::Get, object, |api| api.get(&object.name, &GetParams::default())).await;
        absent_as_none(found)
    }

    /// Declares an object: what the manifest names becomes so, and what an earlier manifest of ours
    /// named and this one does not is taken away (server-side apply, field manager `berth`).
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] when someone else owns a field with another value: nothing is forced.
    pub async fn apply(&self, budget: &Budget, manifest: &Value) -> Result<Value, ClusterError> {
        self.apply_with(budget, manifest, PatchParams::apply(FIELD_MANAGER)).await
    }

    async fn apply_with(&self, budget: &Budget, manifest: &Value, params: PatchParams) -> Result<Value, ClusterError> {
        let object = reference(manifest)?;
        let applied = self
            .ask(budget, Verb::Patch, &object, |api| {
                let request = api.patch(&object.name, &params, &Patch::Apply(manifest))?;
                // The API server reads the body as YAML.
                Ok(request.map(yaml::of_json))
            })
            .await?;
        tracing::info!(object = %object, "applied");
        Ok(applied)
    }

    /// Makes an object that must not exist yet.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`] when it exists.
    pub async fn create(&self, budget: &Budget, manifest: &Value) -> Result<Value, ClusterError> {
        let object = reference(manifest)?;
        let created = self.create_with(budget, &object, manifest, false).await?;
        tracing::info!(object = %object, "created");
        Ok(created)
    }

    /// The object as it would be if it were made now, with what webhooks add to it: nothing is stored.
    pub async fn rehearse(&self, budget: &Budget, manifest: &Value) -> Result<Value, ClusterError> {
        self.create_with(budget, &reference(manifest)?, manifest, true).await
    }

    async fn create_with(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        manifest: &Value,
        dry_run: bool,
    ) -> Result<Value, ClusterError> {
        let params = PostParams { dry_run, field_manager: Some(FIELD_MANAGER.to_owned()) };
        let body = manifest.to_string().into_bytes();
        self.ask(budget, Verb::Create, object, |api| api.create(&params, body.clone())).await
    }

    /// Takes an object away, dependents in the background; success if it is gone already. With `uid`
    /// only that very object goes: a new one of the same name stays.
    pub async fn delete(&self, budget: &Budget, object: &ObjectRef, uid: Option<&str>) -> Result<(), ClusterError> {
        let preconditions = uid.map(|uid| Preconditions { uid: Some(uid.to_owned()), resource_version: None });
        self.delete_with(budget, object, DeleteParams { preconditions, ..DeleteParams::default() }).await
    }

    async fn delete_with(&self, budget: &Budget, object: &ObjectRef, params: DeleteParams) -> Result<(), ClusterError> {
        let params = DeleteParams { propagation_policy: Some(PropagationPolicy::Background), ..params };
        let deleted = self.ask(budget, Verb::Delete, object, |api| api.delete(&object.name, &params)).await;
        match deleted {
            Ok(_) => {
                tracing::info!(object = %object, "deleted");
                Ok(())
            }
            Err(error) if error.is_absence() => Ok(()),
            // Another object of this name: the one that was meant is gone.
            Err(ClusterError::Conflict { .. }) if is_by_uid(&params) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets members of an object, or takes them away (null), whatever else is in it: for objects that many write to at
    /// the same time (JSON merge patch, RFC 7396). `None` if the object does not exist.
    pub async fn merge(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        patch: &Value,
    ) -> Result<Option<Value>, ClusterError> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let merged =
            self.ask(budget, Verb::Patch, object, |api| api.patch(&object.name, &params, &Patch::Merge(patch))).await;
        match merged {
            Err(error) if error.is_absence() => Ok(None),
            merged => merged.map(Some),
        }
    }

    /// Sends one request and reads its JSON answer.
    async fn ask<B>(&self, budget: &Budget, verb: Verb, object: &ObjectRef, build: B) -> Result<Value, ClusterError>
    where
        B: Fn(Request) -> Result<http::Request<Vec<u8>>, RequestError>,
    {
        self.call(budget, verb, object, &build, |client, request| async move { client.request(request).await }).await
    }

    /// Sends one request, unless it is known that nobody answers.
    async fn call<T, B, S, Fut>(
        &self,
        budget: &Budget,
        verb: Verb,
        object: &ObjectRef,
        build: &B,
        send: S,
    ) -> Result<T, ClusterError>
    where
        B: Fn(Request) -> Result<http::Request<Vec<u8>>, RequestError>,
        S: Fn(Client, http::Request<Vec<u8>>) -> Fut,
        Fut: Future<Output = Result<T, kube::Error>>,
    {
        if let Some(error) = self.silence.known() {
            return Err(error);
        }
        let answer = self.asked(budget, verb, object, build, send).await;
        match &answer {
            // Nobody was asked, or nobody waited for the answer.
            Err(ClusterError::NotConfigured(_) | ClusterError::BadSource { .. } | ClusterError::Stopped { .. }) => {}
            answer => self.silence.note(answer.as_ref().err()),
        }
        answer
    }

    /// Sends one request, as often as the API server asks for patience, and again after a broken connection if doing it
    /// twice is the same as doing it once.
    async fn asked<T, B, S, Fut>(
        &self,
        budget: &Budget,
        verb: Verb,
        object: &ObjectRef,
        build: &B,
        send: S,
    ) -> Result<T, ClusterError>
    where
        B: Fn(Request) -> Result<http::Request<Vec<u8>>, RequestError>,
        S: Fn(Client, http::Request<Vec<u8>>) -> Fut,
        Fut: Future<Output = Result<T, kube::Error>>,
    {
        let connection = self.connection(budget).await?;
        let patience = budget.at_most(PATIENCE);
        let broken = budget.at_most(BROKEN_PATIENCE);
        let may_repeat = || verb.may_be_repeated() && self.silence.has_answered() && broken.check().is_ok();
        let api = Request::new(self.url_path(object));
        let answer = retry(&patience, PACE, || async {
            let request = match build(Request::new(api.url_path.clone())) {
                Ok(request) => request,
                Err(fault) => return Attempt::Done(Err(unsendable(object, &fault))),
            };
            tracing::debug!(%verb, object = %object, "request");
            match attempt(send(connection.client.clone(), request).await, verb, object, &connection) {
                Attempt::Done(Err(error)) if error.is_broken_connection() && may_repeat() => {
                    Attempt::Again(error, None)
                }
                judged => judged,
            }
        })
        .await;
        match answer {
            Ok(answer) => Ok(answer),
            // Boxed: every call carries it.
            Err(Failed::Error(error)) => Err(Box::pin(connection.in_words(error)).await),
            // The API server's own words say more than that the patience with it is over.
            Err(Failed::Stopped(_, Some(error))) if budget.check().is_ok() => Err(error),
            // It took the connection and never answered.
            Err(Failed::Stopped(Stopped::Deadline, None)) if budget.check().is_ok() => Err(connection.silent(PATIENCE)),
            Err(Failed::Stopped(stopped, _)) => Err(stopped_while(stopped, verb, object)),
        }
    }

    /// Why the cluster cannot be asked at all, by a question that needs no right; none where it was answered, or where the
    /// budget ended before.
    pub async fn lack(&self, budget: &Budget) -> Option<ClusterError> {
        if let Some(fault) = self.fault() {
            return Some(fault);
        }
        let version = |_| http::Request::get("/version").body(Vec::new()).map_err(RequestError::BuildRequest);
        let nothing = ObjectRef::of_namespace("default");
        let error = self.ask(budget, Verb::Get, &nothing, version).await.err()?;
        (error.is_unanswered() || matches!(error, ClusterError::Unauthorized { .. })).then_some(error)
    }

    /// What is wrong with the settings, as far as this machine can tell by itself: no program is run, nobody is asked.
    pub fn fault(&self) -> Option<ClusterError> {
        connection::fault(&self.settings, &self.env)
    }

    /// Where the API server keeps objects of this kind: as it has said, or else as it does for its own kinds.
    fn url_path(&self, object: &ObjectRef) -> String {
        let gvk = GroupVersionKind::gvk(object.group(), object.version(), &object.kind);
        let mut resource = ApiResource::from_gvk(&gvk);
        if let Some(kind) = self.kinds.known(&object.api_version, &object.kind) {
            resource.plural = kind.plural;
        }
        DynamicObject::url_path(&resource, object.namespace.as_deref())
    }

    async fn connection(&self, budget: &Budget) -> Result<Arc<Connection>, ClusterError> {
        self.access.connection(budget, &self.settings, &self.env).await
    }
}

#[cfg(test)]
impl Cluster {
    /// A cluster whose API server is the given service.
    fn over(client: Client) -> Self {
        Self {
            settings: Settings::default(),
            env: Env::default(),
            access: Access::by(client),
            silence: Silence::default(),
            kinds: kinds::Kinds::default(),
        }
    }
}

/// Judges one answer: done, or worth another attempt because the API server says it is overloaded.
fn attempt<T>(
    answer: Result<T, kube::Error>,
    verb: Verb,
    object: &ObjectRef,
    connection: &Connection,
) -> Attempt<T, ClusterError> {
    match answer {
        Ok(value) => Attempt::Done(Ok(value)),
        Err(kube::Error::Api(status)) => {
            let asked = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
            let error = ClusterError::from_status(&status, verb, object, &connection.source);
            if matches!(status.code, 429 | 503 | 504) || is_crowded_quota(&status) {
                return Attempt::Again(error, (asked > 0).then(|| Duration::from_secs(asked.into())));
            }
            Attempt::Done(Err(error))
        }
        Err(error) => Attempt::Done(Err(connection.transport_error(&error))),
    }
}

/// Whether the object was not written because others of its namespace were at the same moment: each counts itself into the quota, and one at a
/// time can (Kubernetes: `plugin/pkg/admission/resourcequota`, a conflict that names the quota; so do those of `OpenShift`).
fn is_crowded_quota(status: &kube::core::Status) -> bool {
    let of_quota =
        |kind: &str| matches!(kind, "resourcequotas" | "clusterresourcequotas" | "appliedclusterresourcequotas");
    status.code == 409 && status.details.as_ref().is_some_and(|details| of_quota(&details.kind))
}

/// Whether a deletion is for one very object, whatever became of it since.
fn is_by_uid(params: &DeleteParams) -> bool {
    params.preconditions.as_ref().is_some_and(|wanted| wanted.resource_version.is_none())
}

fn reference(manifest: &Value) -> Result<ObjectRef, ClusterError> {
    ObjectRef::of(manifest).ok_or_else(|| ClusterError::Invalid {
        object: "the manifest".to_owned(),
        faults: Vec::new(),
        words: "it lacks apiVersion, kind or metadata.name".to_owned(),
    })
}

fn unsendable(object: &ObjectRef, fault: &RequestError) -> ClusterError {
    ClusterError::Invalid { object: object.to_string(), faults: Vec::new(), words: fault.to_string() }
}

fn stopped_while(stopped: Stopped, verb: Verb, object: &ObjectRef) -> ClusterError {
    ClusterError::Stopped { stopped, waiting_for: format!("the {verb} of {object}"), last_seen: None }
}

fn absent_as_none(found: Result<Value, ClusterError>) -> Result<Option<Value>, ClusterError> {
    match found {
        Err(error) if error.is_absence() => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests;
