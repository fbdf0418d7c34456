//! Schemas, diagnostics and paths in the protocol's messages.

use super::super::proto::tfplugin6 as proto;
use super::super::wire;
use crate::sdk::{self, About, Attribute, Mode, Nesting, Schema, Severity, Shape, Step, Type};
use crate::secret::hidden;

/// A schema.
pub fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(proto::schema::Block {
            attributes: schema.attributes.iter().map(attribute).collect(),
            description: schema.description.clone(),
            description_kind: proto::StringKind::Markdown.into(),
            ..Default::default()
        }),
    }
}

fn attribute(attribute: &Attribute) -> proto::schema::Attribute {
    let (r#type, nested_type) = match &attribute.shape {
        Shape::Plain(plain) => (type_constraint(plain), None),
        Shape::Nested(how, inner) => (Vec::new(), Some(nested(*how, inner))),
    };
    proto::schema::Attribute {
        name: attribute.name.clone(),
        r#type,
        nested_type,
        description: attribute.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.mode.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn nested(nesting: Nesting, inner: &[Attribute]) -> proto::schema::Object {
    use proto::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto::schema::Object {
        attributes: inner.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..Default::default()
    }
}

/// A type constraint, in JSON.
pub fn type_constraint(r#type: &Type) -> Vec<u8> {
    wire::types::to_json(r#type)
}

/// A function's signature.
pub fn function(signature: &sdk::Signature) -> proto::Function {
    proto::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(proto::function::Return { r#type: type_constraint(&signature.result) }),
        summary: signature.summary.to_owned(),
        description: signature.description.to_owned(),
        description_kind: proto::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn parameter(parameter: &sdk::Parameter) -> proto::function::Parameter {
    proto::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: type_constraint(&parameter.r#type),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: false,
        description: parameter.description.to_owned(),
        description_kind: proto::StringKind::Markdown.into(),
    }
}

/// Messages to the user. Whatever they are made of, they pass here, and leave without known secrets. `holds_secrets` tells of
/// the name of an attribute whether secrets may be written in it.
pub fn diagnostics(
    found: &sdk::Diagnostics,
    about: &About,
    holds_secrets: impl Fn(&str) -> bool,
) -> Vec<proto::Diagnostic> {
    found.iter().map(|one| diagnostic(one, about, &holds_secrets)).collect()
}

fn diagnostic(found: &sdk::Diagnostic, about: &About, holds_secrets: impl Fn(&str) -> bool) -> proto::Diagnostic {
    let severity = match found.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary: hidden(found.summary()).into_owned(),
        detail: hidden(&found.detail(about)).into_owned(),
        attribute: Some(found.attribute()).filter(|at| !at.steps().is_empty()).map(|at| place(&at, holds_secrets)),
    }
}

/// Where in the configuration a message points: the attribute, and an index right after it. Of a longer path hosts take
/// the last name for one of the resource's own attributes, and show that line or none (Terraform: `tfdiags`,
/// `ElaborateFromConfigBody`). Where secrets may be written beside what is blamed it is none: the line is shown as it is.
fn place(of: &sdk::Path, holds_secrets: impl Fn(&str) -> bool) -> proto::AttributePath {
    if matches!(of.steps().first(), Some(Step::Attribute(name)) if holds_secrets(name)) {
        return path(of);
    }
    let is_index = |step: &&Step| !matches!(step, Step::Attribute(_));
    let indices = of.steps().iter().skip(1).take_while(is_index).take(1).count();
    let mut place = path(of);
    place.steps.truncate(1 + indices);
    place
}

/// A path.
pub fn path(path: &sdk::Path) -> proto::AttributePath {
    use proto::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| proto::attribute_path::Step {
        selector: Some(match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        }),
    });
    proto::AttributePath { steps: steps.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Explanation;
    use crate::secret::Secret;

    const ABOUT: About = About { name: "small", version: "1.2.3", source: "test/small", codes: "SMALL", commands: &[] };

    #[test]
    fn a_message_points_where_hosts_find_a_line() {
        let tls = sdk::Path::root().attribute("tls").attribute("secret_name");
        let user = sdk::Path::root().attribute("users").key("ann").attribute("password_wo");
        for (of, first) in [(tls, 1), (user, 2)] {
            let expected = path(&of).steps.into_iter().take(first).collect::<Vec<_>>();
            assert_eq!(place(&of, |_| false).steps, expected, "{of}");
            assert_eq!(place(&of, |name| name == "tls" || name == "users"), path(&of), "{of}");
        }
    }

    #[test]
    fn no_part_of_a_message_shows_a_secret_that_its_author_quoted() {
        let secret = Secret::new("quoted everywhere 1");
        let quoted = || format!("`{}`", secret.expose());
        let explanation = Explanation::new("SDK-001", format!("Cannot log in with {}", quoted()))
            .on(quoted())
            .said(quoted(), quoted())
            .seen([quoted()])
            .next(quoted());
        let mut found = sdk::Diagnostics::default();
        found.warning(&explanation);
        for told in diagnostics(&found, &ABOUT, |_| false) {
            assert_eq!(told.summary, "Cannot log in with `(hidden)`");
            assert_eq!(told.detail.matches("(hidden)").count(), 5, "{}", told.detail);
            assert!(!told.detail.contains("everywhere"), "{}", told.detail);
        }
    }
}
