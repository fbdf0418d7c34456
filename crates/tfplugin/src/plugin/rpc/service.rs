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
    About, AnyData, AnyEphemeral, AnyResource, AnyType, Catalogue, Cx, Diagnostics, Kind, Model, Private, Provider,
    Schema,
};

/// Answers Terraform's calls for one provider.
pub struct Service<P: Provider> {
    about: About,
    catalogue: Catalogue<P>,
    pub(super) env: Env,
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
        Self {
            about,
            catalogue,
            env,
            clock,
            schema: OnceLock::new(),
            secret_holders: OnceLock::new(),
            configured: RwLock::new(None),
            stop: Mutex::new(ending.child_token()),
            ending,
        }
    }

    /// Everything the provider offers.
    pub fn catalogue(&self) -> &Catalogue<P> {
        &self.catalogue
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| Schema {
            version: 0,
            description: P::DESCRIPTION.to_owned(),
            attributes: P::Config::attributes(),
        })
    }

    /// Replaces the configured provider: in debug mode one process is configured several times.
    pub(super) fn set_provider(&self, provider: P) {
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
    }

    fn provider(&self) -> Result<Arc<P>, Explanation> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner).clone();
        configured.ok_or_else(|| {
            Explanation::new("SDK-008", "Terraform asked for remote work before it configured the provider")
                .next(format!("report this with the version of Terraform, and {}", self.about.title()))
        })
    }

    /// Ends all running work early; work that starts later is not concerned.
    pub(super) fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stop, self.ending.child_token()).cancel();
    }

    /// The context of a call that may take `limit`.
    pub(super) fn context(&self, limit: Duration, private: Private) -> Result<Cx<P>, Explanation> {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Cx::new(self.provider()?, Budget::new(limit, stop), self.clock.clone(), private))
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

    /// There is nothing of that kind and name.
    pub(super) fn not_offered(&self, kind: impl Display, name: &str) -> Explanation {
        let About { name: provider, version, .. } = self.about;
        Explanation::new("SDK-009", format!("This version of the provider has no {kind} `{name}`"))
            .next(format!("this is {provider} {version}: correct the name, or use a newer version"))
    }

    /// Messages as this provider's users see them.
    pub(super) fn diagnostics(&self, found: &Diagnostics) -> Vec<proto::Diagnostic> {
        convert::diagnostics(found, &self.about, |attribute| self.secret_holders().contains(attribute))
    }

    /// The attributes of the provider block and of all types in which secrets may be written, by their names.
    fn secret_holders(&self) -> &BTreeSet<String> {
        self.secret_holders.get_or_init(|| {
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
