//! States and configurations made from a schema.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use tfplugin::{Attribute, Mode, Nesting, Shape, Type, Value};

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    State,
    Configuration,
    /// A configuration before everything it refers to is known.
    Unsettled,
}

/// The text of every secret in a configuration.
pub const SECRET: &str = "correct horse battery staple";

/// A whole state, as an apply leaves it: nothing unknown, nothing write-only, every default filled in.
pub fn state(attributes: &[Attribute]) -> BoxedStrategy<Value> {
    object(attributes, Stage::State)
}

/// A configuration without unknown parts.
pub fn configuration(attributes: &[Attribute]) -> BoxedStrategy<Value> {
    object(attributes, Stage::Configuration)
}

/// A configuration of which any attribute may be unknown.
pub fn unsettled(attributes: &[Attribute]) -> BoxedStrategy<Value> {
    object(attributes, Stage::Unsettled)
}

/// Configurations of which nothing is known but that they have some nested attribute: first none, then each in turn.
pub fn open_configurations(attributes: &[Attribute]) -> Vec<Value> {
    let nested = attributes.iter().filter(|a| a.mode != Mode::Computed && matches!(a.shape, Shape::Nested(..)));
    let opened = nested.map(|attribute| {
        let mut object = all_unknown(attributes);
        let inside = opened(&attribute.shape);
        object.members_mut().unwrap().insert(attribute.name.clone(), inside);
        object
    });
    [all_unknown(attributes)].into_iter().chain(opened).collect()
}

fn opened(shape: &Shape) -> Value {
    let Shape::Nested(nesting, inner) = shape else { return Value::Unknown };
    let object = all_unknown(inner);
    match nesting {
        Nesting::Single => object,
        Nesting::List => Value::List(vec![object]),
        Nesting::Set => Value::set(vec![object]),
        Nesting::Map => Value::object([("key", object)]),
    }
}

fn all_unknown(attributes: &[Attribute]) -> Value {
    let given = |mode| if mode == Mode::Computed { Value::Null } else { Value::Unknown };
    Value::object(attributes.iter().map(|attribute| (attribute.name.clone(), given(attribute.mode))))
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
    let known = match stage {
        Stage::Configuration | Stage::Unsettled if is_secret(attribute) => Just(SECRET.into()).boxed(),
        _ => shaped(&attribute.shape, stage),
    };
    let required = attribute.mode == Mode::Required || (stage == Stage::State && attribute.default.is_some());
    match stage {
        Stage::State if attribute.write_only => Just(Value::Null).boxed(),
        Stage::Configuration | Stage::Unsettled if attribute.mode == Mode::Computed => Just(Value::Null).boxed(),
        Stage::Unsettled if required => prop_oneof![1 => Just(Value::Unknown), 2 => known].boxed(),
        Stage::Unsettled => prop_oneof![1 => Just(Value::Null), 1 => Just(Value::Unknown), 2 => known].boxed(),
        _ if required => known,
        _ => prop_oneof![1 => Just(Value::Null), 2 => known].boxed(),
    }
}

fn is_secret(attribute: &Attribute) -> bool {
    attribute.sensitive && attribute.shape.value_type() == Type::String
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
