//! Types without their model's type: all that the plugin layer sees.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use tokio::sync::mpsc;

use super::identity::ErasedIdentity;
use super::{
    Action, AnyIdentity, AnyType, Cx, Data, Diagnostics, Ephemeral, Explanation, Found, Identified, Import, Kind,
    Lease, Listed, Listing, Meta, Model, MoveSource, Path, Plan, Progress, Resource, Result, Schema, Value, View,
};

/// A future in a box.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What came of a create or an update.
#[derive(Debug)]
pub struct Applied {
    /// The model as it was when the hook ended; it may hold unknown values after a failure.
    pub state: Value,
    /// Why it failed.
    pub failure: Option<Explanation>,
}

/// A managed resource, by values.
pub trait AnyResource<P>: AnyType {
    /// [`Resource::plan`]
    fn plan<'a>(&'a self, cx: &'a Cx<P>, plan: &'a mut Plan<'_>) -> Boxed<'a, Result<()>>;
    /// [`Resource::plan_destroy`]
    fn plan_destroy<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<()>>;
    /// [`Resource::create`]
    fn create<'a>(&'a self, cx: &'a Cx<P>, planned: Value) -> Boxed<'a, Applied>;
    /// [`Resource::read`]
    fn read<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<Option<Value>>>;
    /// [`Resource::update`]
    fn update<'a>(&'a self, cx: &'a Cx<P>, prior: Value, planned: Value) -> Boxed<'a, Applied>;
    /// [`Resource::delete`]
    fn delete<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<()>>;
    /// [`Resource::import`]
    fn import<'a>(&'a self, cx: &'a Cx<P>, id: &'a str) -> Boxed<'a, Result<Value>>;
    /// [`Resource::upgrade`]
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value>;
    /// [`Resource::moved`]
    fn moved(&self, source: &MoveSource) -> Option<Result<Value>>;
}

/// A data source, by values.
pub trait AnyData<P>: AnyType {
    /// [`Data::read`]
    fn read<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<Value>>;
}

/// An ephemeral resource, by values.
pub trait AnyEphemeral<P>: AnyType {
    /// [`Ephemeral::open`]: the value, and how long it holds.
    fn open<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<(Value, Lease)>>;
    /// [`Ephemeral::renew`]
    fn renew<'a>(&'a self, cx: &'a Cx<P>) -> Boxed<'a, Result<Lease>>;
    /// [`Ephemeral::close`]
    fn close<'a>(&'a self, cx: &'a Cx<P>) -> Boxed<'a, Result<()>>;
}

/// A list resource, by values.
pub trait AnyList<P>: AnyType {
    /// [`Listed::list`]: what is found goes to `found`, which is closed when there is no more.
    fn list<'a>(&'a self, cx: &'a Cx<P>, query: Value, found: mpsc::Sender<Found>) -> Boxed<'a, Result<()>>;
}

/// An action, by values.
pub trait AnyAction<P>: AnyType {
    /// [`Action::plan`]
    fn plan<'a>(&'a self, cx: &'a Cx<P>, config: &'a View<'_>) -> Boxed<'a, Result<()>>;
    /// [`Action::invoke`]
    fn invoke<'a>(&'a self, cx: &'a Cx<P>, config: Value, progress: Progress) -> Boxed<'a, Result<()>>;
}

/// A type of the kind that `K` tells, for the provider `P`, with its schema.
pub(super) struct Erased<T, K, P> {
    inner: T,
    schema: Schema,
    identity: Option<Box<dyn AnyIdentity>>,
    of: PhantomData<fn() -> (K, P)>,
}

pub(super) struct OfResource;
pub(super) struct OfData;
pub(super) struct OfEphemeral;
pub(super) struct OfList;
pub(super) struct OfAction;

/// What all kinds have in the same words, each by the items of its own trait.
macro_rules! any_type {
    ($of:ident, $trait:ident, $make:ident, $kind:expr) => {
        any_type!($of, $trait, $make, $kind, Model, META, validate);
    };
    ($of:ident, $trait:ident, $make:ident, $kind:expr, $model:ident, $meta:ident, $validate:ident) => {
        impl<P: Send + Sync + 'static, T: $trait<P>> Erased<T, $of, P> {
            pub(super) fn $make(inner: T) -> Self {
                let description = T::$meta.description.to_owned();
                let schema = Schema { version: T::$meta.version, description, attributes: T::$model::attributes() };
                Self { inner, schema, identity: None, of: PhantomData }
            }
        }

        impl<P: Send + Sync + 'static, T: $trait<P>> AnyType for Erased<T, $of, P> {
            fn kind(&self) -> Kind {
                $kind
            }

            fn name(&self) -> &'static str {
                T::NAME
            }

            fn meta(&self) -> Meta {
                T::$meta
            }

            fn schema(&self) -> &Schema {
                &self.schema
            }

            fn recode(&self, value: &Value) -> Result<Value> {
                decode::<T::$model>(T::NAME, value).map(|model| model.encode())
            }

            fn identity(&self) -> Option<&dyn AnyIdentity> {
                self.identity.as_deref()
            }

            fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
                self.inner.$validate(config, found);
            }
        }
    };
}

any_type!(OfResource, Resource, resource, Kind::Resource);
any_type!(OfData, Data, data, Kind::Data);
any_type!(OfEphemeral, Ephemeral, ephemeral, Kind::Ephemeral);
any_type!(OfList, Listed, list, Kind::List, Query, LIST, validate_query);
any_type!(OfAction, Action, action, Kind::Action);

impl<P: Send + Sync + 'static, R: Identified<P>> Erased<R, OfResource, P> {
    pub(super) fn identified(inner: R) -> Self {
        Self { identity: Some(Box::new(ErasedIdentity::<R, P>::new())), ..Self::resource(inner) }
    }
}

impl<P: Send + Sync + 'static, R: Resource<P>> AnyResource<P> for Erased<R, OfResource, P> {
    fn plan<'a>(&'a self, cx: &'a Cx<P>, plan: &'a mut Plan<'_>) -> Boxed<'a, Result<()>> {
        Box::pin(self.inner.plan(cx, plan))
    }

    fn plan_destroy<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<()>> {
        Box::pin(async move { self.inner.plan_destroy(cx, decode(R::NAME, &state)?).await })
    }

    fn create<'a>(&'a self, cx: &'a Cx<P>, planned: Value) -> Boxed<'a, Applied> {
        Box::pin(async move {
            let mut model: R::Model = match decode(R::NAME, &planned) {
                Ok(model) => model,
                Err(failure) => return Applied { state: planned, failure: Some(failure) },
            };
            let failure = self.inner.create(cx, &mut model).await.err();
            Applied { state: model.encode(), failure }
        })
    }

    fn read<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<Option<Value>>> {
        Box::pin(async move {
            let model = decode(R::NAME, &state)?;
            Ok(self.inner.read(cx, model).await?.map(|model| model.encode()))
        })
    }

    fn update<'a>(&'a self, cx: &'a Cx<P>, prior: Value, planned: Value) -> Boxed<'a, Applied> {
        Box::pin(async move {
            let both =
                decode::<R::Model>(R::NAME, &prior).and_then(|p| Ok((p, decode::<R::Model>(R::NAME, &planned)?)));
            let (before, mut model) = match both {
                Ok(both) => both,
                Err(failure) => return Applied { state: prior, failure: Some(failure) },
            };
            let failure = self.inner.update(cx, &before, &mut model).await.err();
            Applied { state: model.encode(), failure }
        })
    }

    fn delete<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<()>> {
        Box::pin(async move { self.inner.delete(cx, decode(R::NAME, &state)?).await })
    }

    fn import<'a>(&'a self, cx: &'a Cx<P>, id: &'a str) -> Boxed<'a, Result<Value>> {
        Box::pin(async move {
            let Import(model) = self.inner.import(cx, id).await?;
            Ok(model.encode())
        })
    }

    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value> {
        self.inner.upgrade(version, state)
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Value>> {
        self.inner.moved(source).map(|moved| moved.map(|model| model.encode()))
    }
}

impl<P: Send + Sync + 'static, D: Data<P>> AnyData<P> for Erased<D, OfData, P> {
    fn read<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<Value>> {
        Box::pin(async move {
            let mut model: D::Model = decode(D::NAME, &config)?;
            self.inner.read(cx, &mut model).await?;
            Ok(model.encode())
        })
    }
}

impl<P: Send + Sync + 'static, E: Ephemeral<P>> AnyEphemeral<P> for Erased<E, OfEphemeral, P> {
    fn open<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<(Value, Lease)>> {
        Box::pin(async move {
            let mut model: E::Model = decode(E::NAME, &config)?;
            let lease = self.inner.open(cx, &mut model).await?;
            Ok((model.encode(), lease))
        })
    }

    fn renew<'a>(&'a self, cx: &'a Cx<P>) -> Boxed<'a, Result<Lease>> {
        Box::pin(self.inner.renew(cx))
    }

    fn close<'a>(&'a self, cx: &'a Cx<P>) -> Boxed<'a, Result<()>> {
        Box::pin(self.inner.close(cx))
    }
}

impl<P: Send + Sync + 'static, L: Listed<P>> AnyList<P> for Erased<L, OfList, P> {
    fn list<'a>(&'a self, cx: &'a Cx<P>, query: Value, found: mpsc::Sender<Found>) -> Boxed<'a, Result<()>> {
        Box::pin(async move { self.inner.list(cx, decode(L::NAME, &query)?, &Listing::new(found)).await })
    }
}

impl<P: Send + Sync + 'static, A: Action<P>> AnyAction<P> for Erased<A, OfAction, P> {
    fn plan<'a>(&'a self, cx: &'a Cx<P>, config: &'a View<'_>) -> Boxed<'a, Result<()>> {
        Box::pin(self.inner.plan(cx, config))
    }

    fn invoke<'a>(&'a self, cx: &'a Cx<P>, config: Value, progress: Progress) -> Boxed<'a, Result<()>> {
        Box::pin(async move { self.inner.invoke(cx, decode(A::NAME, &config)?, &progress).await })
    }
}

fn decode<M: Model>(name: &str, value: &Value) -> Result<M> {
    M::decode(value, &Path::root()).map_err(|error| {
        Explanation::new("SDK-001", format!("Cannot read the stored values of a `{name}`: {error}"))
            .at(error.at.to_string())
            .next("if the state was not edited by hand, report this as a defect of the provider")
    })
}
