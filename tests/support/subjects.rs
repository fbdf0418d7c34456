//! Everything that has a schema: the provider block, the resources, the data sources.

use std::fmt;

use berth::plugin::engine::validate;
use berth::provider::{ABOUT, Berth, Config};
use berth::sdk::{AnyData, AnyResource, Catalogue, Diagnostics, Model, Path, Provider, Schema, Value, View};

/// What kind of block a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Provider,
    Resource,
    Data,
}

type Recode = Box<dyn Fn(&Value) -> Result<Value, String>>;
type Validate = Box<dyn Fn(&View<'_>, &mut Diagnostics)>;

/// One schema, with its model behind it.
pub struct Subject {
    pub kind: Kind,
    pub name: String,
    pub subcategory: &'static str,
    pub schema: Schema,
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
        let kind = match self.kind {
            Kind::Provider => "provider",
            Kind::Resource => "resource",
            Kind::Data => "data source",
        };
        write!(f, "{kind} {}", self.name)
    }
}

/// What berth offers. It lives as long as the test, so that schemas may be borrowed from it.
pub fn catalogue() -> &'static Catalogue<Berth> {
    Box::leak(Box::new(berth::catalogue::catalogue()))
}

/// The provider block first, then resources and data sources by name.
pub fn subjects() -> Vec<Subject> {
    let catalogue = catalogue();
    let mut subjects = vec![provider()];
    subjects.extend(catalogue.resources().map(resource));
    subjects.extend(catalogue.data_sources().map(data));
    subjects
}

fn provider() -> Subject {
    let description = Berth::DESCRIPTION.to_owned();
    let recode = |value: &Value| Config::decode(value, &Path::root()).map(|model| model.encode());
    Subject {
        kind: Kind::Provider,
        name: ABOUT.name.to_owned(),
        subcategory: "none is needed",
        schema: Schema { version: 0, description, attributes: Config::attributes() },
        recode: Box::new(move |value| recode(value).map_err(|error| error.to_string())),
        validate: Box::new(<Berth as Provider>::validate),
    }
}

fn resource(resource: &'static dyn AnyResource<Berth>) -> Subject {
    Subject {
        kind: Kind::Resource,
        name: resource.name().to_owned(),
        subcategory: resource.meta().subcategory,
        schema: resource.schema().clone(),
        recode: Box::new(|value| resource.recode(value).map_err(|failure| format!("{failure:?}"))),
        validate: Box::new(|config, found| resource.validate(config, found)),
    }
}

fn data(data: &'static dyn AnyData<Berth>) -> Subject {
    Subject {
        kind: Kind::Data,
        name: data.name().to_owned(),
        subcategory: data.meta().subcategory,
        schema: data.schema().clone(),
        recode: Box::new(|value| data.recode(value).map_err(|failure| format!("{failure:?}"))),
        validate: Box::new(|config, found| data.validate(config, found)),
    }
}
