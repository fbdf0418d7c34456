//! The types of Terraform's values.

use std::collections::BTreeMap;

/// A type constraint, as Terraform's type system (cty) knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A decimal number of any size.
    Number,
    /// Text.
    String,
    /// Elements in order, all of one type.
    List(Box<Type>),
    /// Distinct elements without order, all of one type.
    Set(Box<Type>),
    /// Elements by name, all of one type.
    Map(Box<Type>),
    /// A fixed number of elements, each of its own type.
    Tuple(Vec<Type>),
    /// Named attributes, each of its own type.
    Object(BTreeMap<String, Type>),
    /// Whatever the value says it is; the value carries its type.
    Dynamic,
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }
}
