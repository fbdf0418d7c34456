//! The attributes' own checks, run over a configuration in which anything may be unknown.

use super::walk::each_object;
use crate::explain::Explanation;
use crate::sdk::{Attribute, Diagnostics, Mode, Nesting, Path, Shape, Value};

/// Tests every known value, misses required ones, and warns of deprecated attributes that are given.
pub fn attributes(attributes: &[Attribute], config: &Value, found: &mut Diagnostics) {
    object(attributes, config, &Path::root(), found);
}

fn object(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Diagnostics) {
    for attribute in attributes {
        let given = value.member(&attribute.name);
        let here = at.attribute(&attribute.name);
        if given.is_unknown() {
            continue;
        }
        if given.is_null() {
            miss(attribute, &here, found);
            continue;
        }
        one(attribute, given, &here, found);
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            nested(*nesting, inner, given, &here, found);
        }
    }
}

/// Hosts see to it that a required attribute is written down. One that is written as null is the provider's to tell.
fn miss(attribute: &Attribute, here: &Path, found: &mut Diagnostics) {
    if attribute.mode == Mode::Required {
        found.error(
            &Explanation::new("SDK-018", format!("`{here}` is required and is null"))
                .next("give it a value; a variable that was not set is null too")
                .at(here.to_string()),
        );
    }
}

fn nested(nesting: Nesting, inner: &[Attribute], given: &Value, here: &Path, found: &mut Diagnostics) {
    let mut copy = given.clone();
    each_object(nesting, &mut copy, here, &mut |element, place| object(inner, element, &place.path, found));
}

fn one(attribute: &Attribute, given: &Value, here: &Path, found: &mut Diagnostics) {
    if let Some(why) = &attribute.deprecated {
        found.warning(&Explanation::new("SDK-011", format!("`{here}` is deprecated")).next(why).at(here.to_string()));
    }
    if !given.is_wholly_known() && matches!(attribute.shape, Shape::Nested(..)) {
        return;
    }
    for check in &attribute.checks {
        if let Err(wrong) = check.test(given) {
            found.error(
                &Explanation::new("SDK-010", format!("`{here}` {wrong}"))
                    .next("correct the value; nothing was changed")
                    .at(here.to_string()),
            );
        }
    }
}

/// Refuses write-only values on a Terraform that would store them.
pub fn no_write_only(attributes: &[Attribute], config: &Value, found: &mut Diagnostics) {
    visit_write_only(attributes, config, &Path::root(), found);
}

fn visit_write_only(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Diagnostics) {
    for attribute in attributes {
        let given = value.member(&attribute.name);
        let here = at.attribute(&attribute.name);
        if attribute.write_only && !given.is_null() {
            found.error(
                &Explanation::new("SDK-012", format!("`{here}` needs write-only arguments"))
                    .next("use Terraform 1.11 or OpenTofu 1.11, or newer: an older one would store the value in state")
                    .at(here.to_string()),
            );
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            let mut copy = given.clone();
            each_object(*nesting, &mut copy, &here, &mut |element, place| {
                visit_write_only(inner, element, &place.path, found);
            });
        }
    }
}
