//! Everything a provider offers, by name.

use std::collections::BTreeMap;

use super::erased::{ErasedData, ErasedResource};
use super::{AnyData, AnyResource, Data, Function, Resource};

/// The types and functions of a provider: what `Resources`, `DataSources` and `Functions` give in HashiCorp's framework.
pub struct Catalogue<P> {
    resources: BTreeMap<&'static str, Box<dyn AnyResource<P>>>,
    data: BTreeMap<&'static str, Box<dyn AnyData<P>>>,
    functions: BTreeMap<&'static str, Box<dyn Function>>,
}

impl<P> Default for Catalogue<P> {
    fn default() -> Self {
        Self { resources: BTreeMap::new(), data: BTreeMap::new(), functions: BTreeMap::new() }
    }
}

impl<P: Send + Sync + 'static> Catalogue<P> {
    /// Offers a resource.
    #[must_use]
    pub fn resource<R: Resource<P>>(mut self, resource: R) -> Self {
        self.resources.insert(R::NAME, Box::new(ErasedResource::new(resource)));
        self
    }

    /// Offers a data source.
    #[must_use]
    pub fn data<D: Data<P>>(mut self, data: D) -> Self {
        self.data.insert(D::NAME, Box::new(ErasedData::new(data)));
        self
    }

    /// Offers a function.
    #[must_use]
    pub fn function(mut self, function: impl Function) -> Self {
        self.functions.insert(function.name(), Box::new(function));
        self
    }

    /// The resources.
    pub fn resources(&self) -> impl Iterator<Item = &dyn AnyResource<P>> {
        self.resources.values().map(AsRef::as_ref)
    }

    /// The data sources.
    pub fn data_sources(&self) -> impl Iterator<Item = &dyn AnyData<P>> {
        self.data.values().map(AsRef::as_ref)
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = &dyn Function> {
        self.functions.values().map(AsRef::as_ref)
    }

    /// The resource of that name.
    pub fn resource_named(&self, name: &str) -> Option<&dyn AnyResource<P>> {
        self.resources.get(name).map(AsRef::as_ref)
    }

    /// The data source of that name.
    pub fn data_named(&self, name: &str) -> Option<&dyn AnyData<P>> {
        self.data.get(name).map(AsRef::as_ref)
    }

    /// The function of that name.
    pub fn function_named(&self, name: &str) -> Option<&dyn Function> {
        self.functions.get(name).map(AsRef::as_ref)
    }
}
