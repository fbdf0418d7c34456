//! The kinds of types, and what all of them have.

use std::fmt;

use super::{AnyIdentity, Diagnostics, Meta, Result, Schema, Value, View};

/// The kinds of types that a provider offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A managed resource: [`super::Resource`].
    Resource,
    /// A data source: [`super::Data`].
    Data,
    /// An ephemeral resource: [`super::Ephemeral`].
    Ephemeral,
    /// A list resource: [`super::Listed`]. It has the name of the resource whose objects it lists.
    List,
    /// An action: [`super::Action`].
    Action,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Resource, Self::Data, Self::Ephemeral, Self::List, Self::Action];

    /// The word that its blocks begin with in a configuration.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Data => "data",
            Self::Ephemeral => "ephemeral",
            Self::List => "list",
            Self::Action => "action",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resource => "resource",
            Self::Data => "data source",
            Self::Ephemeral => "ephemeral resource",
            Self::List => "list resource",
            Self::Action => "action",
        })
    }
}

/// A type of any kind, by values: what documentation, snapshots and laws need of it.
pub trait AnyType: Send + Sync {
    /// Its kind.
    fn kind(&self) -> Kind;
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its documentation, limits and state version.
    fn meta(&self) -> Meta;
    /// Its schema.
    fn schema(&self) -> &Schema;
    /// The value as its model reads and writes it.
    ///
    /// # Errors
    /// The value is not of the schema.
    fn recode(&self, value: &Value) -> Result<Value>;
    /// The identity of its objects, if they have one: those of resources may.
    fn identity(&self) -> Option<&dyn AnyIdentity>;
    /// Tests what the attributes' own checks cannot.
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics);
}
