//! States and configurations made from a schema.

use berth::sdk::{Attribute, Mode, Nesting, Shape, Type, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    State,
    Configuration,
}

/// A whole state, as an apply leaves it: nothing unknown, nothing write-only, every default filled in.
pub fn state(attributes: &[Attribute]) -> BoxedStrategy<Value> {
    object(attributes, Stage::State)
}

/// A configuration without unknown parts.
pub fn configuration(attributes: &[Attribute]) -> BoxedStrategy<Value> {
    object(attributes, Stage::Configuration)
}

/// The configuration from which a state came: without what the provider alone sets.
pub fn as_configured(attributes: &[Attribute], state: &Value) -> Value {
    let members = attributes.iter().map(|attribute| {
        let value = state.member(&attribute.name);
        let configured = match &attribute.shape {
            _ if attribute.mode == Mode::Computed => Value::Null,
            Shape::Plain(_) => value.clone(),
            Shape::Nested(..) if value.is_null() => Value::Null,
            Shape::Nested(nesting, inner) => each(*nesting, value, &|object| as_configured(inner, object)),
        };
        (attribute.name.clone(), configured)
    });
    Value::object(members)
}

fn each(nesting: Nesting, value: &Value, map: &dyn Fn(&Value) -> Value) -> Value {
    let elements = || value.elements().unwrap().iter().map(map).collect::<Vec<_>>();
    match nesting {
        Nesting::Single => map(value),
        Nesting::List => Value::List(elements()),
        Nesting::Set => Value::set(elements()),
        Nesting::Map => Value::object(value.members().unwrap().iter().map(|(key, member)| (key.clone(), map(member)))),
    }
}

fn object(attributes: &[Attribute], stage: Stage) -> BoxedStrategy<Value> {
    let members: Vec<_> = attributes.iter().map(|a| (Just(a.name.clone()), member(a, stage))).collect();
    members.prop_map(Value::object).boxed()
}

fn member(attribute: &Attribute, stage: Stage) -> BoxedStrategy<Value> {
    let known = shaped(&attribute.shape, stage);
    let required = attribute.mode == Mode::Required || (stage == Stage::State && attribute.default.is_some());
    match stage {
        Stage::State if attribute.write_only => Just(Value::Null).boxed(),
        Stage::Configuration if attribute.mode == Mode::Computed => Just(Value::Null).boxed(),
        _ if required => known,
        _ => prop_oneof![1 => Just(Value::Null), 2 => known].boxed(),
    }
}

fn shaped(shape: &Shape, stage: Stage) -> BoxedStrategy<Value> {
    match shape {
        Shape::Plain(ty) => plain(ty),
        Shape::Nested(Nesting::Single, inner) => object(inner, stage),
        Shape::Nested(Nesting::List, inner) => vec(object(inner, stage), 0..3).prop_map(Value::List).boxed(),
        Shape::Nested(Nesting::Set, inner) => vec(object(inner, stage), 0..3).prop_map(Value::set).boxed(),
        Shape::Nested(Nesting::Map, inner) => {
            btree_map("[a-z.]{1,4}", object(inner, stage), 0..3).prop_map(Value::Map).boxed()
        }
    }
}

/// Known values; the numbers fit every integer that a model may hold them in.
fn plain(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::Number => (0_i64..=65_535).prop_map(Value::from).boxed(),
        Type::String => "[ -~é]{0,12}".prop_map(Value::from).boxed(),
        Type::List(element) => vec(plain(element), 0..3).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(plain(element), 0..3).prop_map(Value::set).boxed(),
        Type::Map(element) => btree_map("[a-z.]{1,4}", plain(element), 0..3).prop_map(Value::Map).boxed(),
        Type::Tuple(types) => types.iter().map(plain).collect::<Vec<_>>().prop_map(Value::List).boxed(),
        Type::Object(attributes) => {
            let members: Vec<_> = attributes.iter().map(|(name, ty)| (Just(name.clone()), plain(ty))).collect();
            members.prop_map(Value::object).boxed()
        }
        Type::Dynamic => "[a-z]{0,9}".prop_map(|text| Value::Dynamic(Box::new((Type::String, text.into())))).boxed(),
    }
}
