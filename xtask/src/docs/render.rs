//! Pages from templates.

use anyhow::{Context, Result};
use berth::sdk::{AnyType, Attribute, Kind, Meta, Schema, Signature};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};

use super::examples::Examples;
use super::{attributes, types};

/// The templates, by the name under which they include each other.
const TEMPLATES: [(&str, &str); 11] = [
    ("index.md", include_str!("../../../templates/index.md.j2")),
    ("resource.md", include_str!("../../../templates/resource.md.j2")),
    ("data-source.md", include_str!("../../../templates/data-source.md.j2")),
    ("ephemeral-resource.md", include_str!("../../../templates/ephemeral-resource.md.j2")),
    ("list-resource.md", include_str!("../../../templates/list-resource.md.j2")),
    ("action.md", include_str!("../../../templates/action.md.j2")),
    ("function.md", include_str!("../../../templates/function.md.j2")),
    ("schema.md", include_str!("../../../templates/schema.md.j2")),
    ("errors.md", include_str!("../../../templates/errors.md.j2")),
    ("error-codes.md", include_str!("../../../templates/error-codes.md.j2")),
    ("troubleshooting.md", include_str!("../../../templates/troubleshooting.md.j2")),
];

/// Where the pages of a kind stand.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The folder of its pages and examples, as the registries name it.
    pub folder: &'static str,
    /// The ending of its examples.
    pub ending: &'static str,
    /// Its heading in the table of contents.
    pub heading: &'static str,
    /// Its template.
    template: &'static str,
}

impl Place {
    /// That of a kind.
    pub fn of(kind: Kind) -> Self {
        let (folder, heading, template) = match kind {
            Kind::Resource => ("resources", "Resources", "resource.md"),
            Kind::Data => ("data-sources", "Data sources", "data-source.md"),
            Kind::Ephemeral => ("ephemeral-resources", "Ephemeral resources", "ephemeral-resource.md"),
            Kind::List => ("list-resources", "List resources", "list-resource.md"),
            Kind::Action => ("actions", "Actions", "action.md"),
        };
        // Terraform reads lists in files of queries only.
        let ending = if kind == Kind::List { "tfquery.hcl" } else { "tf" };
        Self { folder, ending, heading, template }
    }
}

/// A type that gets a page.
pub struct Subject<'a> {
    name: &'a str,
    meta: Meta,
    schema: &'a Schema,
    example: Option<String>,
    ways: Vec<(String, String)>,
    import: Option<String>,
    identity: Option<(String, &'a Schema)>,
}

impl<'a> Subject<'a> {
    /// A type with its examples.
    pub fn new(r#type: &'a dyn AnyType, place: Place, examples: &Examples) -> Result<Self> {
        let (name, folder) = (r#type.name(), place.folder);
        let (example, ways) = (examples.of(place, name)?, examples.ways(folder, name)?);
        let import = examples.import(folder, name)?;
        let identity = match r#type.identity() {
            Some(identity) => Some((examples.import_by_identity(folder, name)?.unwrap_or_default(), identity.schema())),
            None => None,
        };
        Ok(Self { name, meta: r#type.meta(), schema: r#type.schema(), example, ways, import, identity })
    }

    fn context(&self) -> Value {
        context! {
            name => self.name,
            subcategory => self.meta.subcategory,
            description => self.meta.description,
            summary => one_line(self.meta.description),
            import_id => self.meta.import_id,
            import => self.import.clone(),
            identity_example => self.identity.as_ref().map(|(example, _)| example),
            identity => self.identity.as_ref().map(|(_, schema)| attributes::identity(&schema.attributes)),
            example => self.example.clone(),
            ways => self.ways.iter().map(|(title, text)| context! { title, text }).collect::<Vec<_>>(),
            has_write_only => attributes::have_write_only(&self.schema.attributes),
            sections => sections(&self.schema.attributes, Some(self.meta)),
        }
    }
}

/// The table of contents of the provider's page.
#[derive(Default)]
pub struct Index(Vec<(&'static str, Vec<Value>)>);

impl Index {
    /// Lists a type.
    pub fn add(&mut self, heading: &'static str, subject: &Subject<'_>) {
        self.push(heading, subject.name, subject.meta.description);
    }

    /// Lists a function.
    pub fn add_function(&mut self, name: &str, signature: &Signature) {
        self.push("Functions", &format!("provider::berth::{name}"), signature.summary);
    }

    fn push(&mut self, heading: &'static str, name: &str, description: &str) {
        let row = context! { name, what => first_sentence(description) };
        match self.0.iter_mut().find(|(present, _)| *present == heading) {
            Some((_, rows)) => rows.push(row),
            None => self.0.push((heading, vec![row])),
        }
    }

    fn context(&self) -> Value {
        self.0.iter().map(|(heading, rows)| context! { heading => *heading, rows => rows.clone() }).collect()
    }
}

/// The templates, ready to be filled.
pub struct Renderer(Environment<'static>);

impl Renderer {
    /// Reads the templates.
    pub fn new() -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
        );
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).with_context(|| format!("cannot read the template {name}.j2"))?;
        }
        Ok(Self(environment))
    }

    /// The provider's page.
    pub fn index(
        &self,
        description: &str,
        attributes: &[Attribute],
        example: Option<String>,
        index: &Index,
    ) -> Result<String> {
        let summary = one_line(description);
        let (sections, contents) = (sections(attributes, None), index.context());
        self.render("index.md", context! { description => one_line(description), summary, example, sections, contents })
    }

    /// A type's page.
    pub fn subject(&self, place: Place, subject: &Subject<'_>) -> Result<String> {
        self.render(place.template, subject.context())
    }

    /// A function's page.
    pub fn function(&self, name: &str, signature: &Signature, example: Option<String>) -> Result<String> {
        let all = signature.parameters.iter().chain(&signature.variadic);
        let parameters: Vec<_> = all
            .map(|parameter| {
                context! {
                    name => parameter.name,
                    words => types::in_words(&parameter.r#type),
                    constraint => types::as_constraint(&parameter.r#type),
                    description => parameter.description,
                    allow_null => parameter.allow_null,
                }
            })
            .collect();
        let context = context! {
            name,
            summary => signature.summary,
            description => signature.description,
            call => call(name, signature),
            result => types::as_constraint(&signature.result),
            parameters,
            example,
        };
        self.render("function.md", context)
    }

    /// Fills one of the templates.
    pub(super) fn render(&self, template: &str, context: Value) -> Result<String> {
        Ok(self.0.get_template(template)?.render(context)?)
    }
}

/// A function's signature: `dns01_value(token string, thumbprint string) string`.
fn call(name: &str, signature: &Signature) -> String {
    let mut parameters: Vec<_> = signature
        .parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, types::as_constraint(&parameter.r#type)))
        .collect();
    if let Some(rest) = &signature.variadic {
        parameters.push(format!("{} {}...", rest.name, types::as_constraint(&rest.r#type)));
    }
    format!("{name}({}) {}", parameters.join(", "), types::as_constraint(&signature.result))
}

fn sections(attributes: &[Attribute], meta: Option<Meta>) -> Value {
    attributes::sections(attributes, meta.map(|meta| meta.limits)).iter().map(attributes::Section::context).collect()
}

/// A text without line breaks, for the front matter.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_sentence(text: &str) -> String {
    let line = one_line(text);
    match line.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use berth::sdk::{Computed, Model, Parameter, Type};

    use super::*;

    /// A thing.
    #[derive(Clone, Model)]
    struct Thing {
        /// The name.
        name: String,
        /// The settings.
        settings: Option<Settings>,
        /// The address.
        url: Computed<String>,
    }

    /// Settings.
    #[derive(Clone, Model)]
    struct Settings {
        /// The size.
        size: i64,
    }

    fn page(import_id: &'static str, example: Option<&str>, import: Option<&str>) -> String {
        let meta = Meta { import_id, ..Meta::new("Things", "A thing. It has\na name.") };
        let schema = Schema { attributes: Thing::attributes(), ..Schema::default() };
        let (example, import) = (example.map(str::to_owned), import.map(str::to_owned));
        let subject =
            Subject { name: "berth_thing", meta, schema: &schema, example, ways: Vec::new(), import, identity: None };
        Renderer::new().and_then(|renderer| renderer.subject(Place::of(Kind::Resource), &subject)).expect("a page")
    }

    #[test]
    fn a_resource_with_everything_has_every_part() {
        let text = page("NAME", Some("resource \"berth_thing\" \"a\" {}"), Some("terraform import berth_thing.a a"));
        let expected = r#"---
page_title: "berth_thing Resource - berth"
subcategory: "Things"
description: |-
  A thing. It has a name.
---

# berth_thing (Resource)

A thing. It has
a name.

## Example Usage

```terraform
resource "berth_thing" "a" {}
```

## Schema

### Required

- `name` (String) The name.

### Optional

- `settings` (Attributes) The settings. See [below](#nestedatt--settings).

### Read-Only

- `url` (String) The address.

<a id="nestedatt--settings"></a>
### Nested Schema for `settings`

Required:

- `size` (Number) The size.

## Import

An existing object is taken over by its id: NAME.

```shell
terraform import berth_thing.a a
```
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_a_resource_does_not_have_has_no_heading() {
        let text = page("", None, None);
        assert!(!text.contains("## Example Usage") && !text.contains("## Import"), "{text}");
    }

    #[test]
    fn a_function_tells_its_signature_and_each_argument() {
        let signature = Signature {
            summary: "Joins words",
            description: "Joins words by a separator.",
            parameters: vec![Parameter::new("separator", Type::String, "What stands between.")],
            variadic: Some(Parameter { allow_null: true, ..Parameter::new("words", Type::String, "The words.") }),
            result: Type::list(Type::String),
        };
        let text = Renderer::new().and_then(|r| r.function("join", &signature, None)).expect("a page");
        assert!(text.contains("```text\njoin(separator string, words string...) list(string)\n```"), "{text}");
        assert!(
            text.contains("1. `separator` (String) What stands between.\n2. `words` (String, null allowed)"),
            "{text}"
        );
    }

    #[test]
    fn the_index_lists_types_by_their_first_sentence() {
        let schema = Schema::default();
        let meta = Meta::new("Things", "A thing. It has\na name.");
        let subject = Subject {
            name: "berth_thing",
            meta,
            schema: &schema,
            example: None,
            ways: Vec::new(),
            import: None,
            identity: None,
        };
        let mut index = Index::default();
        index.add("Resources", &subject);
        let text = Renderer::new().and_then(|r| r.index("All.", &[], None, &index)).expect("a page");
        assert!(text.contains("| `berth_thing` | A thing. |"), "{text}");
    }
}
