//! Everything that has a schema: the provider block and the types of every kind.

use std::fmt;

use berth::plugin::engine::validate;
use berth::provider::{ABOUT, Berth, Config};
use berth::sdk::{AnyType, Catalogue, Diagnostics, Model, Path, Provider, Schema, Value, View};

/// What kind of block a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Provider,
    Of(berth::sdk::Kind),
}

type Recode = Box<dyn Fn(&Value) -> Result<Value, String>>;
type Validate = Box<dyn Fn(&View<'_>, &mut Diagnostics)>;

/// One schema, with its model behind it.
pub struct Subject {
    pub kind: Kind,
    pub name: String,
    pub subcategory: &'static str,
    pub schema: Schema,
    /// The type behind it; none for the provider block.
    pub of: Option<&'static dyn AnyType>,
    recode: Recode,
    validate: Validate,
}

impl Subject {
    /// The value as the model reads and writes it.
    pub fn recode(&self, value: &Value) -> Result<Value, String> {
        (self.recode)(value)
    }

    /// What is wrong with a configuration, by the checks of its attributes and by the type's own.
    pub fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = Diagnostics::default();
        validate::attributes(&self.schema.attributes, config, &mut found);
        (self.validate)(&View::new(config), &mut found);
        found
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Provider => write!(f, "provider {}", self.name),
            Kind::Of(kind) => write!(f, "{kind} {}", self.name),
        }
    }
}

/// What berth offers. It lives as long as the test, so that schemas may be borrowed from it.
pub fn catalogue() -> &'static Catalogue<Berth> {
    Box::leak(Box::new(berth::catalogue::catalogue()))
}

/// The provider block first, then the types, kind by kind.
pub fn subjects() -> Vec<Subject> {
    std::iter::once(provider()).chain(catalogue().types().map(subject)).collect()
}

fn provider() -> Subject {
    let description = Berth::DESCRIPTION.to_owned();
    let recode = |value: &Value| Config::decode(value, &Path::root()).map(|model| model.encode());
    Subject {
        kind: Kind::Provider,
        name: ABOUT.name.to_owned(),
        subcategory: "none is needed",
        schema: Schema { version: 0, description, attributes: Config::attributes() },
        of: None,
        recode: Box::new(move |value| recode(value).map_err(|error| error.to_string())),
        validate: Box::new(<Berth as Provider>::validate),
    }
}

fn subject(r#type: &'static dyn AnyType) -> Subject {
    Subject {
        kind: Kind::Of(r#type.kind()),
        name: r#type.name().to_owned(),
        subcategory: r#type.meta().subcategory,
        schema: r#type.schema().clone(),
        of: Some(r#type),
        recode: Box::new(|value| r#type.recode(value).map_err(|failure| format!("{failure:?}"))),
        validate: Box::new(|config, found| r#type.validate(config, found)),
    }
}
