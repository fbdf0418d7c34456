//! Everything a provider offers, by name.

use std::collections::BTreeMap;

use super::erased::Erased;
use super::{
    Action, AnyAction, AnyData, AnyEphemeral, AnyList, AnyResource, AnyType, Data, Ephemeral, Function, Identified,
    Kind, Listed, Resource,
};

/// The types and functions of a provider: what `Resources`, `DataSources` and `Functions` give in HashiCorp's framework.
pub struct Catalogue<P> {
    resources: BTreeMap<&'static str, Box<dyn AnyResource<P>>>,
    data: BTreeMap<&'static str, Box<dyn AnyData<P>>>,
    ephemerals: BTreeMap<&'static str, Box<dyn AnyEphemeral<P>>>,
    lists: BTreeMap<&'static str, Box<dyn AnyList<P>>>,
    actions: BTreeMap<&'static str, Box<dyn AnyAction<P>>>,
    functions: BTreeMap<&'static str, Box<dyn Function>>,
}

impl<P> Default for Catalogue<P> {
    fn default() -> Self {
        Self {
            resources: BTreeMap::new(),
            data: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            lists: BTreeMap::new(),
            actions: BTreeMap::new(),
            functions: BTreeMap::new(),
        }
    }
}

impl<P: Send + Sync + 'static> Catalogue<P> {
    /// Offers a resource.
    #[must_use]
    pub fn resource<R: Resource<P>>(mut self, resource: R) -> Self {
        self.resources.insert(R::NAME, Box::new(Erased::resource(resource)));
        self
    }

    /// Offers a resource whose objects have an identity.
    #[must_use]
    pub fn identified<R: Identified<P>>(mut self, resource: R) -> Self {
        self.resources.insert(R::NAME, Box::new(Erased::identified(resource)));
        self
    }

    /// Offers a data source.
    #[must_use]
    pub fn data<D: Data<P>>(mut self, data: D) -> Self {
        self.data.insert(D::NAME, Box::new(Erased::data(data)));
        self
    }

    /// Offers an ephemeral resource.
    #[must_use]
    pub fn ephemeral<E: Ephemeral<P>>(mut self, ephemeral: E) -> Self {
        self.ephemerals.insert(E::NAME, Box::new(Erased::ephemeral(ephemeral)));
        self
    }

    /// Offers the listing of a resource's objects, beside the resource itself.
    #[must_use]
    pub fn list<L: Listed<P>>(mut self, resource: L) -> Self {
        self.lists.insert(L::NAME, Box::new(Erased::list(resource)));
        self
    }

    /// Offers an action.
    #[must_use]
    pub fn action<A: Action<P>>(mut self, action: A) -> Self {
        self.actions.insert(A::NAME, Box::new(Erased::action(action)));
        self
    }

    /// Offers a function.
    #[must_use]
    pub fn function(mut self, function: impl Function) -> Self {
        self.functions.insert(function.name(), Box::new(function));
        self
    }

    /// The types of every kind: kind by kind, each by name.
    pub fn types(&self) -> impl Iterator<Item = &dyn AnyType> {
        Kind::ALL.into_iter().flat_map(|kind| self.types_of(kind))
    }

    /// The types of one kind, by name.
    pub fn types_of(&self, kind: Kind) -> Box<dyn Iterator<Item = &dyn AnyType> + '_> {
        match kind {
            Kind::Resource => Box::new(self.resources.values().map(|r| r.as_ref() as &dyn AnyType)),
            Kind::Data => Box::new(self.data.values().map(|d| d.as_ref() as &dyn AnyType)),
            Kind::Ephemeral => Box::new(self.ephemerals.values().map(|e| e.as_ref() as &dyn AnyType)),
            Kind::List => Box::new(self.lists.values().map(|l| l.as_ref() as &dyn AnyType)),
            Kind::Action => Box::new(self.actions.values().map(|a| a.as_ref() as &dyn AnyType)),
        }
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

    /// The ephemeral resource of that name.
    pub fn ephemeral_named(&self, name: &str) -> Option<&dyn AnyEphemeral<P>> {
        self.ephemerals.get(name).map(AsRef::as_ref)
    }

    /// The list resource of that name.
    pub fn list_named(&self, name: &str) -> Option<&dyn AnyList<P>> {
        self.lists.get(name).map(AsRef::as_ref)
    }

    /// The action of that name.
    pub fn action_named(&self, name: &str) -> Option<&dyn AnyAction<P>> {
        self.actions.get(name).map(AsRef::as_ref)
    }

    /// The function of that name.
    pub fn function_named(&self, name: &str) -> Option<&dyn Function> {
        self.functions.get(name).map(AsRef::as_ref)
    }
}
