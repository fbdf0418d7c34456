//! What tells the objects of a resource apart: hosts keep it beside the state, and import by it.

use std::marker::PhantomData;

use super::{Model, Path, Resource, Result, Schema, Value};
use crate::explain::Explanation;

/// A resource whose objects have an identity. It should hold nothing that the remote may change by itself.
pub trait Identified<P: Send + Sync + 'static>: Resource<P> {
    /// The identity: texts, numbers, bools and lists of these. `T` must be given to import by it, `Option<T>` may.
    type Identity: Model;

    /// The version of the identity; it grows when [`Identified::upgrade_identity`] has work to do.
    const IDENTITY_VERSION: i64 = 0;

    /// The identity of an object, as soon as enough of it is known: also of one whose create failed half-way.
    fn identity(model: &Self::Model) -> Option<Self::Identity>;

    /// The id by which [`Resource::import`] finds the object.
    fn import_id(identity: &Self::Identity) -> String;

    /// Brings the identity of an older version to the present one.
    ///
    /// # Errors
    /// A version that nobody wrote.
    fn upgrade_identity(version: i64, identity: serde_json::Value) -> Result<serde_json::Value> {
        let _ = version;
        Ok(identity)
    }
}

/// The identities of a resource's objects, by values.
pub trait AnyIdentity: Send + Sync {
    /// Their schema.
    fn schema(&self) -> &Schema;
    /// [`Identified::identity`]; `None` also where a part of the state that must be known is not.
    fn of(&self, state: &Value) -> Option<Value>;
    /// [`Identified::import_id`]
    fn import_id(&self, identity: &Value) -> Result<String>;
    /// [`Identified::upgrade_identity`]
    fn upgrade(&self, version: i64, identity: serde_json::Value) -> Result<serde_json::Value>;
}

/// The identities of the objects of `R`, with their schema.
pub(super) struct ErasedIdentity<R, P> {
    schema: Schema,
    of: PhantomData<fn() -> (R, P)>,
}

impl<P: Send + Sync + 'static, R: Identified<P>> ErasedIdentity<R, P> {
    pub(super) fn new() -> Self {
        let (version, attributes) = (R::IDENTITY_VERSION, R::Identity::attributes());
        Self { schema: Schema { version, description: String::new(), attributes }, of: PhantomData }
    }
}

impl<P: Send + Sync + 'static, R: Identified<P>> AnyIdentity for ErasedIdentity<R, P> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn of(&self, state: &Value) -> Option<Value> {
        let model = R::Model::decode(state, &Path::root()).ok()?;
        Some(R::identity(&model)?.encode())
    }

    fn import_id(&self, identity: &Value) -> Result<String> {
        let identity = R::Identity::decode(identity, &Path::root()).map_err(|error| {
            Explanation::new("SDK-041", format!("Cannot read the identity of a `{}`: {error}", R::NAME))
                .next("write the identity as the documentation of the type shows it")
        })?;
        Ok(R::import_id(&identity))
    }

    fn upgrade(&self, version: i64, identity: serde_json::Value) -> Result<serde_json::Value> {
        R::upgrade_identity(version, identity)
    }
}
