//! Types and values of every shape, for the tests of the codec.

use std::collections::BTreeMap;

use berth::sdk::{Number, Type, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Whether a value may have unknown and infinite parts: JSON cannot write them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    Any,
    InJson,
}

/// A type as a schema may have it, with a value of it. Dynamic parts stand in tuples and objects, never in collections.
pub fn typed_value(parts: Parts) -> impl Strategy<Value = (Type, Value)> {
    open_type().prop_flat_map(move |ty| (Just(ty.clone()), value_of(&ty, parts)))
}

pub fn open_type() -> BoxedStrategy<Type> {
    let leaf = prop_oneof![1 => Just(Type::Dynamic), 4 => closed_type()];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            btree_map(name(), inner, 0..5).prop_map(Type::Object)
        ]
    })
    .boxed()
}

fn closed_type() -> BoxedStrategy<Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            btree_map(name(), inner, 0..5).prop_map(Type::Object)
        ]
    })
    .boxed()
}

pub fn value_of(ty: &Type, parts: Parts) -> BoxedStrategy<Value> {
    let unknowns = u32::from(parts == Parts::Any);
    prop_oneof![
        1 => Just(Value::Null),
        unknowns => Just(Value::Unknown),
        8 => known(ty, parts),
    ]
    .boxed()
}

fn known(ty: &Type, parts: Parts) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number(parts).prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(Value::String).boxed(),
        Type::List(element) => vec(value_of(element, parts), 0..5).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(value_of(element, parts), 0..5).prop_map(Value::set).boxed(),
        Type::Map(element) => btree_map(text(), value_of(element, parts), 0..5).prop_map(Value::Map).boxed(),
        Type::Tuple(types) => {
            types.iter().map(|ty| value_of(ty, parts)).collect::<Vec<_>>().prop_map(Value::List).boxed()
        }
        Type::Object(attributes) => object(attributes, parts),
        Type::Dynamic => closed_type()
            .prop_flat_map(move |ty| (Just(ty.clone()), value_of(&ty, parts)))
            .prop_map(|typed| Value::Dynamic(Box::new(typed)))
            .boxed(),
    }
}

fn object(attributes: &BTreeMap<String, Type>, parts: Parts) -> BoxedStrategy<Value> {
    let members: Vec<_> = attributes.iter().map(|(name, ty)| (Just(name.clone()), value_of(ty, parts))).collect();
    members.prop_map(Value::object).boxed()
}

/// Every form that a number can have; at most 150 digits, which is what go-cty's 512 bits hold.
fn number(parts: Parts) -> BoxedStrategy<Number> {
    let infinities = u32::from(parts == Parts::Any);
    prop_oneof![
        4 => (-200_i64..200).prop_map(Number::Int),
        4 => any::<i64>().prop_map(Number::Int),
        4 => (prop::num::f64::NORMAL).prop_map(|float| Number::from_f64(float).unwrap()),
        4 => "-?[1-9][0-9]{0,70}(\\.[0-9]{1,70})?".prop_map(|text| Number::parse(&text).unwrap()),
        2 => "-?0\\.0{0,20}[0-9]{1,20}".prop_map(|text| Number::parse(&text).unwrap()),
        infinities => Just(Number::Float(f64::INFINITY)),
        infinities => Just(Number::Float(f64::NEG_INFINITY)),
    ]
    .boxed()
}

/// Text in NFC, the form in which Terraform holds it.
fn text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        8 => "[ -~]{1,8}",
        1 => "[à-öø-ÿ]{1,3}",
        1 => "[一-龥]{1,3}",
        1 => "[🚀-🚶]",
        1 => prop::sample::select(vec!["\0", "\n", "\u{2028}", "\u{feff}", "null"]).prop_map(str::to_owned),
    ];
    prop_oneof![20 => vec(letter, 0..4).prop_map(|parts| parts.concat()), 1 => "[a-z]{300}"]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-z][a-z0-9_]{0,6}", 1 => text()]
}
