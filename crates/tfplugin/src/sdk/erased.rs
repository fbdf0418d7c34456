//! Resources and data sources without their model's type: all that the plugin layer sees.

use std::future::Future;
use std::pin::Pin;

use super::{
    Cx, Data, Diagnostics, Explanation, Import, Meta, Model, MoveSource, Path, Plan, Resource, Result, Schema, Value,
    View,
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
pub trait AnyResource<P>: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its documentation, limits and state version.
    fn meta(&self) -> Meta;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// The value as its model reads and writes it.
    fn recode(&self, value: &Value) -> Result<Value>;
    /// [`Resource::validate`]
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics);
    /// [`Resource::plan`]
    fn plan<'a>(&'a self, cx: &'a Cx<P>, plan: &'a mut Plan<'_>) -> Boxed<'a, Result<()>>;
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
pub trait AnyData<P>: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its documentation and limits.
    fn meta(&self) -> Meta;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// The value as its model reads and writes it.
    fn recode(&self, value: &Value) -> Result<Value>;
    /// [`Data::validate`]
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics);
    /// [`Data::read`]
    fn read<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<Value>>;
}

/// A resource with its schema.
pub(super) struct ErasedResource<R> {
    resource: R,
    schema: Schema,
}

impl<R> ErasedResource<R> {
    pub(super) fn new<P: Send + Sync + 'static>(resource: R) -> Self
    where
        R: Resource<P>,
    {
        Self { resource, schema: schema_of::<R::Model>(R::META) }
    }
}

fn schema_of<M: Model>(meta: Meta) -> Schema {
    Schema { version: meta.version, description: meta.description.to_owned(), attributes: M::attributes() }
}

impl<P: Send + Sync + 'static, R: Resource<P>> AnyResource<P> for ErasedResource<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn meta(&self) -> Meta {
        R::META
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn recode(&self, value: &Value) -> Result<Value> {
        decode::<R::Model>(R::NAME, value).map(|model| model.encode())
    }

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        self.resource.validate(config, found);
    }

    fn plan<'a>(&'a self, cx: &'a Cx<P>, plan: &'a mut Plan<'_>) -> Boxed<'a, Result<()>> {
        Box::pin(self.resource.plan(cx, plan))
    }

    fn create<'a>(&'a self, cx: &'a Cx<P>, planned: Value) -> Boxed<'a, Applied> {
        Box::pin(async move {
            let mut model: R::Model = match decode(R::NAME, &planned) {
                Ok(model) => model,
                Err(failure) => return Applied { state: planned, failure: Some(failure) },
            };
            let failure = self.resource.create(cx, &mut model).await.err();
            Applied { state: model.encode(), failure }
        })
    }

    fn read<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<Option<Value>>> {
        Box::pin(async move {
            let model = decode(R::NAME, &state)?;
            Ok(self.resource.read(cx, model).await?.map(|model| model.encode()))
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
            let failure = self.resource.update(cx, &before, &mut model).await.err();
            Applied { state: model.encode(), failure }
        })
    }

    fn delete<'a>(&'a self, cx: &'a Cx<P>, state: Value) -> Boxed<'a, Result<()>> {
        Box::pin(async move { self.resource.delete(cx, decode(R::NAME, &state)?).await })
    }

    fn import<'a>(&'a self, cx: &'a Cx<P>, id: &'a str) -> Boxed<'a, Result<Value>> {
        Box::pin(async move {
            let Import(model) = self.resource.import(cx, id).await?;
            Ok(model.encode())
        })
    }

    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value> {
        self.resource.upgrade(version, state)
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Value>> {
        self.resource.moved(source).map(|moved| moved.map(|model| model.encode()))
    }
}

/// A data source with its schema.
pub(super) struct ErasedData<D> {
    data: D,
    schema: Schema,
}

impl<D> ErasedData<D> {
    pub(super) fn new<P: Send + Sync + 'static>(data: D) -> Self
    where
        D: Data<P>,
    {
        Self { data, schema: schema_of::<D::Model>(D::META) }
    }
}

impl<P: Send + Sync + 'static, D: Data<P>> AnyData<P> for ErasedData<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn meta(&self) -> Meta {
        D::META
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn recode(&self, value: &Value) -> Result<Value> {
        decode::<D::Model>(D::NAME, value).map(|model| model.encode())
    }

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        self.data.validate(config, found);
    }

    fn read<'a>(&'a self, cx: &'a Cx<P>, config: Value) -> Boxed<'a, Result<Value>> {
        Box::pin(async move {
            let mut model: D::Model = decode(D::NAME, &config)?;
            self.data.read(cx, &mut model).await?;
            Ok(model.encode())
        })
    }
}

fn decode<M: Model>(name: &str, value: &Value) -> Result<M> {
    M::decode(value, &Path::root()).map_err(|error| {
        Explanation::new("SDK-001", format!("Cannot read the stored values of a `{name}`: {error}"))
            .at(error.at.to_string())
            .next("if the state was not edited by hand, report this as a defect of the provider")
    })
}
