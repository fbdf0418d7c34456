//! From Terraform's proposal to a plan.
//!
//! The order: defaults, write-only values to null, values that mean the same kept as they were, computed
//! values unknown if anything but `timeouts` changes, then the resource's own hook between [`open`] and [`close`].

use super::walk::{Place, each_object};
use crate::sdk::{Attribute, Mode, Path, Plan, Private, Schema, Shape, Value, write_only};

/// What Terraform sends to be planned. `prior` is null for a create.
pub struct Proposal {
    /// The state before.
    pub prior: Value,
    /// The configuration, with the prior value of each computed attribute that it leaves out.
    pub proposed: Value,
    /// The configuration.
    pub config: Value,
    /// The private state.
    pub private: Private,
}

/// The plan before the resource's own hook.
pub fn open(schema: &Schema, proposal: Proposal) -> Plan<'_> {
    let Proposal { prior, proposed: mut planned, config, private } = proposal;
    let attributes = &schema.attributes;
    fill_defaults(attributes, &mut planned, &config, &Path::root());
    write_only::hide(attributes, &mut planned);
    let prior = (!prior.is_null()).then_some(prior);
    if let Some(prior) = &prior {
        keep_equivalent(attributes, &mut planned, prior);
    }
    let mut plan = Plan::new(schema, config, prior, planned, private);
    if plan.is_change() {
        mark_unknown(attributes, &mut plan.planned, &plan.config, plan.prior.as_ref().unwrap_or(&Value::Null));
    }
    plan
}

/// A finished plan.
pub struct Planned {
    /// The planned state.
    pub state: Value,
    /// The attributes whose change replaces the object.
    pub replace: Vec<Path>,
    /// The private state for apply.
    pub private: Private,
    /// Warnings.
    pub notes: crate::sdk::Diagnostics,
}

/// The plan after the resource's own hook.
pub fn close(plan: Plan<'_>) -> Planned {
    let Plan { schema, prior, mut planned, private, replace: mut paths, notes, .. } = plan;
    write_only::hide(&schema.attributes, &mut planned);
    match &prior {
        Some(prior) => find_replacements(&schema.attributes, &planned, prior, &Path::root(), &mut paths),
        None => paths.clear(),
    }
    paths.sort();
    paths.dedup();
    Planned { state: planned, replace: paths, private, notes }
}

/// Puts each default in the place of a value that the configuration leaves out.
fn fill_defaults(attributes: &[Attribute], object: &mut Value, config: &Value, at: &Path) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let configured = config.member(&attribute.name);
        match (&attribute.default, configured, &attribute.shape) {
            (Some(default), Value::Null, shape) => *value = shaped(default, shape),
            (_, Value::Null | Value::Unknown, _) | (_, _, Shape::Plain(_)) => {}
            (_, _, Shape::Nested(nesting, inner)) => {
                each_object(*nesting, value, &at.attribute(&attribute.name), &mut |element, place| {
                    fill_element(inner, element, configured, place);
                });
            }
        }
    }
}

/// An element of a set is its own configuration: Terraform proposes it as it was written, or with
/// the prior values of a matching element, which only differ where a default stands anyway.
fn fill_element(inner: &[Attribute], element: &mut Value, configured: &Value, place: &Place<'_>) {
    if place.is_in_set() {
        let itself = element.clone();
        fill_defaults(inner, element, &itself, &place.path);
    } else {
        fill_defaults(inner, element, place.of(configured), &place.path);
    }
}

/// A default is written as a list where the attribute may be a set.
fn shaped(default: &Value, shape: &Shape) -> Value {
    match (default, shape.value_type()) {
        (Value::List(elements), crate::sdk::Type::Set(_)) => Value::set(elements.clone()),
        _ => default.clone(),
    }
}

/// Keeps the prior value wherever the new one means the same.
fn keep_equivalent(attributes: &[Attribute], object: &mut Value, prior: &Value) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let before = prior.member(&attribute.name);
        if let Some(equal) = attribute.equality
            && comparable(value, before)
            && equal(value, before)
        {
            *value = before.clone();
        }
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &Path::root(), &mut |element, place| {
                keep_equivalent(inner, element, place.of(before));
            });
        }
    }
}

fn comparable(a: &Value, b: &Value) -> bool {
    !a.is_null() && !b.is_null() && a.is_wholly_known() && b.is_wholly_known()
}

/// Marks what the provider will find out: every computed value that the user left out and that has no default.
/// Those that an update keeps stay as they are.
fn mark_unknown(attributes: &[Attribute], object: &mut Value, config: &Value, prior: &Value) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let configured = config.member(&attribute.name);
        let before = prior.member(&attribute.name);
        let left_out = configured.is_null() && attribute.default.is_none();
        if left_out && attribute.mode.is_computed() {
            if !attribute.keep || before.is_null() {
                *value = Value::Unknown;
            }
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &Path::root(), &mut |element, place| {
                if !place.is_in_set() {
                    mark_unknown(inner, element, place.of(configured), place.of(before));
                }
            });
        }
    }
}

/// Collects the attributes that must not change in place and do.
fn find_replacements(attributes: &[Attribute], planned: &Value, prior: &Value, at: &Path, found: &mut Vec<Path>) {
    for attribute in attributes {
        let (value, before) = (planned.member(&attribute.name), prior.member(&attribute.name));
        let here = at.attribute(&attribute.name);
        if attribute.replace && (value != before || value.is_unknown()) && attribute.mode != Mode::Computed {
            found.push(here);
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            let mut copy = value.clone();
            each_object(*nesting, &mut copy, &here, &mut |element, place| {
                let same = place.of(before);
                if !place.is_in_set() && !same.is_null() {
                    find_replacements(inner, element, same, &place.path, found);
                }
            });
        }
    }
}
