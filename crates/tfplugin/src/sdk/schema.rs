//! What a type looks like to Terraform: its attributes and the rules that go with each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Type, Value};

/// The schema of a resource, data source or of the provider block.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The version of the stored state; it grows when [`super::Resource::upgrade`] has work to do.
    pub version: i64,
    /// What the type is for, in Markdown.
    pub description: String,
    /// The attributes, in the order in which the model names them.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The type of a whole value of this schema.
    pub fn value_type(&self) -> Type {
        object_type(&self.attributes)
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(attributes.iter().map(|a| (a.name.clone(), a.shape.value_type())).collect::<BTreeMap<_, _>>())
}

/// One attribute.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of Terraform's schema")]
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name in a configuration.
    pub name: String,
    /// Its type, or its nested attributes.
    pub shape: Shape,
    /// Who sets it.
    pub mode: Mode,
    /// The user's documentation, in Markdown.
    pub description: String,
    /// Hidden in Terraform's output; it still stands in state.
    pub sensitive: bool,
    /// Given to the provider and never stored.
    pub write_only: bool,
    /// Why not to use it any more.
    pub deprecated: Option<String>,
    /// A change destroys the object and makes a new one.
    pub replace: bool,
    /// A computed value that an update does not change.
    pub keep: bool,
    /// The value that an absent one stands for.
    pub default: Option<Value>,
    /// What a known value must satisfy.
    pub checks: Vec<Check>,
    /// When two different values mean the same.
    pub equality: Option<Equality>,
}

impl Attribute {
    /// An attribute without rules.
    pub fn new(name: &str, shape: Shape, mode: Mode, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            shape,
            mode,
            description: description.to_owned(),
            sensitive: false,
            write_only: false,
            deprecated: None,
            replace: false,
            keep: false,
            default: None,
            checks: Vec::new(),
            equality: None,
        }
    }

    /// Whether a secret may be written in it, or in an attribute within it.
    pub fn holds_secrets(&self) -> bool {
        let within = match &self.shape {
            Shape::Nested(_, inner) => inner.iter().any(Self::holds_secrets),
            Shape::Plain(_) => false,
        };
        self.sensitive || self.write_only || within
    }
}

/// The type of an attribute.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A plain value.
    Plain(Type),
    /// One or several objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

impl Shape {
    /// The type of a value of this shape.
    pub fn value_type(&self) -> Type {
        match self {
            Self::Plain(plain) => plain.clone(),
            Self::Nested(Nesting::Single, attributes) => object_type(attributes),
            Self::Nested(Nesting::List, attributes) => Type::list(object_type(attributes)),
            Self::Nested(Nesting::Set, attributes) => Type::set(object_type(attributes)),
            Self::Nested(Nesting::Map, attributes) => Type::map(object_type(attributes)),
        }
    }

    /// The shape of a collection whose elements have this shape.
    ///
    /// # Panics
    /// When the elements are collections of nested attributes themselves: Terraform has no such shape.
    #[must_use]
    pub fn collected(self, nesting: Nesting) -> Self {
        match (self, nesting) {
            (Self::Nested(Nesting::Single, attributes), nesting) => Self::Nested(nesting, attributes),
            (Self::Nested(..), _) => panic!("a collection of collections of nested attributes has no shape"),
            (Self::Plain(element), Nesting::List) => Self::Plain(Type::list(element)),
            (Self::Plain(element), Nesting::Set) => Self::Plain(Type::set(element)),
            (Self::Plain(element), Nesting::Map) => Self::Plain(Type::map(element)),
            (Self::Plain(element), Nesting::Single) => Self::Plain(element),
        }
    }
}

/// How many nested objects there are, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Several, by position.
    List,
    /// Several distinct ones, without order.
    Set,
    /// Several, by name.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The user must.
    Required,
    /// The user may; absent means null.
    Optional,
    /// The provider does.
    Computed,
    /// The user may; the provider does if not.
    OptionalComputed,
}

impl Mode {
    /// Whether the provider may set it.
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }
}

/// Whether two known values mean the same.
pub type Equality = fn(&Value, &Value) -> bool;

/// A rule for a known value, with its wording for the documentation.
#[derive(Clone)]
pub struct Check {
    rule: String,
    test: Test,
}

type Test = Arc<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

impl Check {
    /// A rule. `rule` completes the sentence "The value …" (`must be one of …`);
    /// `test` answers what is wrong with a value in such a sentence.
    pub fn new(rule: impl Into<String>, test: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { rule: rule.into(), test: Arc::new(test) }
    }

    /// The rule in words.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Tries a known, non-null value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn test(&self, value: &Value) -> Result<(), String> {
        (self.test)(value)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", self.rule)
    }
}
