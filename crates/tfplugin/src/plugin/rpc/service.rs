//! The state of a running provider: what it offers, how it is configured, and the stop sign.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::proto::tfplugin6 as proto;
use super::guard::{self, Answer};
use super::{Answered, convert};
use crate::clock::Clock;
use crate::env::Env;
use crate::explain::Explanation;
use crate::retry::Budget;
use crate::sdk::{
    About, AnyAction, AnyData, AnyEphemeral, AnyList, AnyResource, AnyType, Catalogue, Cx, Diagnostics, Kind, Model,
    Private, Provider, Schema,
};

/// Answers Terraform's calls for one provider.
pub struct Service<P: Provider>(Arc<Shared<P>>);

impl<P: Provider> Clone for Service<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What calls share that go on while others come.
struct Shared<P: Provider> {
    about: About,
    catalogue: Catalogue<P>,
    env: Env,
    clock: Clock,
    schema: OnceLock<Schema>,
    secret_holders: OnceLock<BTreeSet<String>>,
    configured: RwLock<Option<Arc<P>>>,
    stop: Mutex<CancellationToken>,
    ending: CancellationToken,
}

impl<P: Provider> Service<P> {
    /// A provider that nobody has configured yet. `ending` is cancelled when the process is about to end.
    pub fn new(about: About, catalogue: Catalogue<P>, env: Env, clock: Clock, ending: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            about,
            catalogue,
            env,
            clock,
            schema: OnceLock::new(),
            secret_holders: OnceLock::new(),
            configured: RwLock::new(None),
            stop: Mutex::new(ending.child_token()),
            ending,
        }))
    }

    /// The environment of the process.
    pub(super) fn env(&self) -> &Env {
        &self.0.env
    }

    /// Everything the provider offers.
    pub fn catalogue(&self) -> &Catalogue<P> {
        &self.0.catalogue
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.0.schema.get_or_init(|| Schema {
            version: 0,
            description: P::DESCRIPTION.to_owned(),
            attributes: P::Config::attributes(),
        })
    }

    /// Replaces the configured provider: in debug mode one process is configured several times.
    pub(super) fn set_provider(&self, provider: P) {
        *self.0.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
    }

    fn provider(&self) -> Result<Arc<P>, Explanation> {
        let configured = self.0.configured.read().unwrap_or_else(PoisonError::into_inner).clone();
        configured.ok_or_else(|| {
            Explanation::new("SDK-008", "Terraform asked for remote work before it configured the provider")
                .next(format!("report this with the version of Terraform, and {}", self.0.about.title()))
        })
    }

    /// Ends all running work early; work that starts later is not concerned.
    pub(super) fn stop(&self) {
        let mut stop = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stop, self.0.ending.child_token()).cancel();
    }

    /// The context of a call that may take `limit`.
    pub(super) fn context(&self, limit: Duration, private: Private) -> Result<Cx<P>, Explanation> {
        let stop = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Cx::new(self.provider()?, Budget::new(limit, stop), self.0.clock.clone(), private))
    }

    /// The resource of that name.
    pub(super) fn resource(&self, name: &str) -> Result<&dyn AnyResource<P>, Explanation> {
        self.catalogue().resource_named(name).ok_or_else(|| self.not_offered(Kind::Resource, name))
    }

    /// The data source of that name.
    pub(super) fn data(&self, name: &str) -> Result<&dyn AnyData<P>, Explanation> {
        self.catalogue().data_named(name).ok_or_else(|| self.not_offered(Kind::Data, name))
    }

    /// The ephemeral resource of that name.
    pub(super) fn ephemeral(&self, name: &str) -> Result<&dyn AnyEphemeral<P>, Explanation> {
        self.catalogue().ephemeral_named(name).ok_or_else(|| self.not_offered(Kind::Ephemeral, name))
    }

    /// The list resource of that name.
    pub(super) fn listing(&self, name: &str) -> Result<&dyn AnyList<P>, Explanation> {
        self.catalogue().list_named(name).ok_or_else(|| self.not_offered(Kind::List, name))
    }

    /// The action of that name.
    pub(super) fn action(&self, name: &str) -> Result<&dyn AnyAction<P>, Explanation> {
        self.catalogue().action_named(name).ok_or_else(|| self.not_offered(Kind::Action, name))
    }

    /// There is nothing of that kind and name.
    pub(super) fn not_offered(&self, kind: impl Display, name: &str) -> Explanation {
        let About { name: provider, version, .. } = self.0.about;
        Explanation::new("SDK-009", format!("This version of the provider has no {kind} `{name}`"))
            .next(format!("this is {provider} {version}: correct the name, or use a newer version"))
    }

    /// Messages as this provider's users see them.
    pub(super) fn diagnostics(&self, found: &Diagnostics) -> Vec<proto::Diagnostic> {
        convert::diagnostics(found, &self.0.about, |attribute| self.secret_holders().contains(attribute))
    }

    /// The attributes of the provider block and of all types in which secrets may be written, by their names.
    fn secret_holders(&self) -> &BTreeSet<String> {
        self.0.secret_holders.get_or_init(|| {
            let schemas = self.catalogue().types().map(AnyType::schema).chain([self.schema()]);
            let attributes = schemas.flat_map(|schema| &schema.attributes);
            attributes.filter(|attribute| attribute.holds_secrets()).map(|attribute| attribute.name.clone()).collect()
        })
    }

    /// Runs one call; a failure or a panic is an answer too.
    pub(super) async fn answered<T: Answer>(
        &self,
        work: impl Future<Output = Result<T, Explanation>> + Send,
    ) -> Answered<T> {
        guard::answered(|found| self.diagnostics(found), work).await
    }
}
