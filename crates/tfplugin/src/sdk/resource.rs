//! The traits that a managed resource and a data source implement.

use std::future::Future;

use super::{Cx, Diagnostics, Explanation, Limits, Model, Plan, Result, View};

/// What the documentation and the engine need to know of a type beside its model.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// What it is for, in Markdown; the first sentence stands in tables of contents.
    pub description: &'static str,
    /// The heading it is listed under: `Compute`, `Network`, `Storage`.
    pub subcategory: &'static str,
    /// How `terraform import` names an object, such as `ZONE_ID/NAME/TYPE`; empty if it cannot be imported.
    pub import_id: &'static str,
    /// The version of the stored state.
    pub version: i64,
    /// How long its operations may take by default.
    pub limits: Limits,
}

impl Meta {
    /// A type without import, in state version 0, with the usual limits.
    pub const fn new(subcategory: &'static str, description: &'static str) -> Self {
        Self { description, subcategory, import_id: "", version: 0, limits: Limits::minutes(10) }
    }
}

/// A managed resource (`resource.Resource` in HashiCorp's framework, with its `ResourceWith…`). Methods may be written as
/// `async fn`.
///
/// `P` is the provider: `cx.provider()` leads to the clients.
pub trait Resource<P: Send + Sync + 'static>: Send + Sync + 'static {
    /// Its configuration and state.
    type Model: Model;

    /// Its name: `example_disk`.
    const NAME: &'static str;

    /// Its documentation, limits and state version.
    const META: Meta;

    /// Tests what the attributes' own checks cannot: conflicts, combinations. Anything may be unknown;
    /// there is no network and no configured provider.
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (config, found);
    }

    /// Refines the plan of a create or update (never of a destroy). It must answer the same each time it is asked.
    fn plan(&self, cx: &Cx<P>, plan: &mut Plan<'_>) -> impl Future<Output = Result<()>> + Send {
        let (_, _) = (cx, plan);
        std::future::ready(Ok(()))
    }

    /// Looks at a destroy while it is planned: what [`Cx::remember`] notes, the destroy will see, and what [`Cx::warn`]
    /// says is told by the plan. A host asks for objects that the configuration or a replacement leaves, not for the
    /// former half of a replacement.
    fn plan_destroy(&self, cx: &Cx<P>, model: Self::Model) -> impl Future<Output = Result<()>> + Send {
        let (_, _) = (cx, model);
        std::future::ready(Ok(()))
    }

    /// Makes the object and fills in what is computed. Adopts what it finds of ours, so that it can go on
    /// after a failure. Call [`Cx::exists`] as soon as something exists remotely.
    fn create(&self, cx: &Cx<P>, model: &mut Self::Model) -> impl Future<Output = Result<()>> + Send;

    /// Asks the remote; `None` if the object is gone. Values that mean the same as those in `model` are left as they are.
    fn read(&self, cx: &Cx<P>, model: Self::Model) -> impl Future<Output = Result<Option<Self::Model>>> + Send;

    /// Changes the object from `prior` to `model`.
    fn update(
        &self,
        cx: &Cx<P>,
        prior: &Self::Model,
        model: &mut Self::Model,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Takes the object away; success if it is gone already.
    fn delete(&self, cx: &Cx<P>, model: Self::Model) -> impl Future<Output = Result<()>> + Send;

    /// Finds an existing object by the id that the user gives.
    fn import(&self, cx: &Cx<P>, id: &str) -> impl Future<Output = Result<Import<Self::Model>>> + Send {
        let (_, _) = (cx, id);
        std::future::ready(Err(Explanation::new("SDK-004", format!("Cannot import a `{}`", Self::NAME))
            .next("declare it without import, and apply: it stands for what is done then, not for what is there")))
    }

    /// Brings the stored state of an older version to the present one.
    ///
    /// # Errors
    /// A version that nobody wrote.
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value> {
        let _ = version;
        Ok(state)
    }

    /// Takes over an object of another type or provider (`moved` blocks); `None` if it does not know that type.
    fn moved(&self, source: &MoveSource) -> Option<Result<Self::Model>> {
        let _ = source;
        None
    }
}

/// What an import found: the model of the object. Write-only fields cannot be found; leave them empty.
#[derive(Clone, Debug)]
pub struct Import<M>(pub M);

/// An object of another type that shall become one of ours, as a `moved` block says (`resource.StateMover`).
#[derive(Clone, Debug)]
pub struct MoveSource {
    /// The provider it belongs to: `registry.terraform.io/hashicorp/random`. Compare it by its end.
    pub provider: String,
    /// Its type there.
    pub r#type: String,
    /// The version of its state.
    pub version: i64,
    /// Its state.
    pub state: serde_json::Value,
}

/// A data source (`datasource.DataSource`).
pub trait Data<P: Send + Sync + 'static>: Send + Sync + 'static {
    /// Its configuration and result.
    type Model: Model;

    /// Its name: `example_zone`.
    const NAME: &'static str;

    /// Its documentation and limits.
    const META: Meta;

    /// As [`Resource::validate`].
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (config, found);
    }

    /// Fills in what is computed.
    fn read(&self, cx: &Cx<P>, model: &mut Self::Model) -> impl Future<Output = Result<()>> + Send;
}
