//! Null members of collections.
//!
//! `{ a = null }` is a common way to leave a member of a map out, so a null member of a map is absent: no resource ever sees
//! one. Terraform wants it back in whatever is answered, or takes it for lost. The elements of a list have no names by which
//! one could be absent: a null there is refused where it stands. So is a null object in a map of a resource: the hosts'
//! checks of a plan do not expect one (Terraform 1.11 beside write-only arguments, OpenTofu 1.12 anywhere) and end.

use super::walk::each_object;
use crate::explain::Explanation;
use crate::sdk::{Attribute, Diagnostics, Nesting, Path, Shape, Step, Type, Value};

/// The null members that were taken out of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nulls(Option<Value>);

/// The value without the null members of its maps, and these.
pub fn taken_out(value: Value, r#type: &Type) -> (Value, Nulls) {
    // Nearly every value has none, and is not copied.
    if !has_some(&value, r#type) {
        return (value, Nulls(None));
    }
    let mut without = value.clone();
    take(&mut without, r#type);
    (without, Nulls(Some(value)))
}

fn has_some(value: &Value, r#type: &Type) -> bool {
    match (value, r#type) {
        (Value::Map(members), Type::Map(element)) => {
            members.values().any(|member| member.is_null() || has_some(member, element))
        }
        (Value::Map(members), Type::Object(types)) => {
            members.iter().any(|(name, member)| types.get(name).is_some_and(|r#type| has_some(member, r#type)))
        }
        (Value::List(elements), Type::List(element)) | (Value::Set(elements), Type::Set(element)) => {
            elements.iter().any(|value| has_some(value, element))
        }
        _ => false,
    }
}

fn take(value: &mut Value, r#type: &Type) {
    match (&mut *value, r#type) {
        (Value::Map(members), Type::Map(element)) => {
            members.retain(|_, member| !member.is_null());
            for member in members.values_mut() {
                take(member, element);
            }
        }
        (Value::Map(members), Type::Object(types)) => {
            let parts = members.iter_mut().filter_map(|(name, member)| Some((member, types.get(name)?)));
            parts.for_each(|(member, r#type)| take(member, r#type));
        }
        (Value::List(elements), Type::List(element)) => elements.iter_mut().for_each(|value| take(value, element)),
        (Value::Set(elements), Type::Set(element)) => {
            for value in elements.iter_mut() {
                take(value, element);
            }
            // They may have changed: they are put in order again.
            *value = Value::set(std::mem::take(elements));
        }
        _ => {}
    }
}

impl Nulls {
    /// Puts them back, wherever `answer` has the map that they were members of.
    pub fn put_back(&self, answer: &mut Value) {
        if let Some(given) = &self.0 {
            put_back(given, answer);
        }
    }
}

fn put_back(given: &Value, answer: &mut Value) {
    match (given, answer) {
        (Value::Map(given), Value::Map(answer)) => {
            for (name, member) in given {
                match answer.get_mut(name) {
                    Some(found) => put_back(member, found),
                    None if member.is_null() => drop(answer.insert(name.clone(), Value::Null)),
                    None => {}
                }
            }
        }
        (Value::List(given), Value::List(answer)) => {
            given.iter().zip(answer).for_each(|(given, answer)| put_back(given, answer));
        }
        (Value::Set(given), set @ Value::Set(_)) => put_back_into_set(given, set),
        _ => {}
    }
}

/// An element of a set has no place: the one that it was is the one that it becomes.
fn put_back_into_set(given: &[Value], set: &mut Value) {
    let Value::Set(elements) = std::mem::replace(set, Value::Null) else { return };
    let restored = elements.into_iter().map(|element| {
        let was = given.iter().find(|given| is_with_nulls(given, &element));
        was.cloned().unwrap_or(element)
    });
    *set = Value::set(restored.collect());
}

/// Whether `answer` is `given` but for null members that it lacks.
fn is_with_nulls(given: &Value, answer: &Value) -> bool {
    let mut whole = answer.clone();
    put_back(given, &mut whole);
    whole == *given
}

/// Tells every null element of a list or set in a configuration.
pub fn refused(config: &Value, r#type: &Type, found: &mut Diagnostics) {
    refuse(config, r#type, &Path::root(), found);
}

/// Tells every null object in the maps of a resource.
pub fn refused_objects(attributes: &[Attribute], config: &Value, found: &mut Diagnostics) {
    refuse_objects(attributes, config, &Path::root(), found);
}

fn refuse_objects(attributes: &[Attribute], object: &Value, at: &Path, found: &mut Diagnostics) {
    for attribute in attributes {
        let Shape::Nested(nesting, inner) = &attribute.shape else { continue };
        let (given, here) = (object.member(&attribute.name), at.attribute(&attribute.name));
        if *nesting == Nesting::Map {
            let members = given.members().into_iter().flatten();
            members.filter(|(_, member)| member.is_null()).for_each(|(key, _)| refuse_member(&here.key(key), found));
        }
        let mut copy = given.clone();
        each_object(*nesting, &mut copy, &here, &mut |element, place| {
            refuse_objects(inner, element, &place.path, found);
        });
    }
}

fn refuse_member(at: &Path, found: &mut Diagnostics) {
    found.error(
        &Explanation::new("SDK-017", format!("`{at}` is null"))
            .next("leave it out, as `{ for name, one in {…} : name => one if one != null }` does")
            .at(at.to_string()),
    );
}

fn refuse(value: &Value, r#type: &Type, at: &Path, found: &mut Diagnostics) {
    match (value, r#type) {
        (Value::List(elements), Type::List(element)) => {
            for (index, value) in elements.iter().enumerate() {
                refuse_element(value, element, &at.index(index), found);
            }
        }
        (Value::Set(elements), Type::Set(element)) => {
            for value in elements {
                refuse_element(value, element, at, found);
            }
        }
        (Value::Map(members), Type::Map(element)) => {
            for (key, member) in members {
                refuse(member, element, &at.key(key), found);
            }
        }
        (Value::Map(members), Type::Object(types)) => {
            for (name, member) in members {
                types.get(name).into_iter().for_each(|r#type| refuse(member, r#type, &at.attribute(name), found));
            }
        }
        _ => {}
    }
}

fn refuse_element(value: &Value, r#type: &Type, at: &Path, found: &mut Diagnostics) {
    if value.is_null() {
        found.error(
            &Explanation::new("SDK-017", format!("{} is null", named(at)))
                .next("leave it out, as `compact([…])` or `[for one in […] : one if one != null]` does")
                .at(at.to_string()),
        );
    } else {
        refuse(value, r#type, at, found);
    }
}

fn named(at: &Path) -> String {
    match at.steps().last() {
        Some(Step::Index(_)) => format!("`{at}`"),
        Some(_) => format!("An element of `{at}`"),
        None => "An element".to_owned(),
    }
}

/// The first null element of a list or set in an argument of a function, in words.
pub fn first_refused(value: &Value, r#type: &Type) -> Option<String> {
    let mut found = Diagnostics::default();
    refused(value, r#type, &mut found);
    found.iter().next().map(|told| told.summary().to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Types of any depth, with a value of each in which anything may be null.
    fn typed() -> impl Strategy<Value = (Type, Value)> {
        let leaf =
            prop_oneof![Just((Type::String, Value::Null)), "[a-c]{0,2}".prop_map(|t| (Type::String, Value::from(t)))];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                (inner.clone(), "[a-c]", any::<bool>()).prop_map(|((r#type, value), key, null)| {
                    let members = Value::object([(key, value), ("n".to_owned(), Value::Null)]);
                    (Type::map(r#type), if null { Value::Null } else { members })
                }),
                inner.clone().prop_map(|(r#type, value)| (Type::list(r#type), Value::List(vec![value]))),
                inner.clone().prop_map(|(r#type, value)| (Type::set(r#type), Value::set(vec![value]))),
                (inner.clone(), inner).prop_map(|((one, a), (other, b))| {
                    let types = BTreeMap::from([("a".to_owned(), one), ("b".to_owned(), other)]);
                    (Type::Object(types), Value::object([("a", a), ("b", b)]))
                }),
            ]
        })
    }

    fn has_null_member(value: &Value, r#type: &Type) -> bool {
        match (value, r#type) {
            (Value::Map(members), Type::Map(element)) => {
                members.values().any(|member| member.is_null() || has_null_member(member, element))
            }
            (Value::Map(members), Type::Object(types)) => {
                members.iter().any(|(name, member)| has_null_member(member, &types[name]))
            }
            (Value::List(elements), Type::List(element)) | (Value::Set(elements), Type::Set(element)) => {
                elements.iter().any(|value| has_null_member(value, element))
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_out_can_be_put_back((r#type, value) in typed()) {
            let (mut without, nulls) = taken_out(value.clone(), &r#type);
            prop_assert!(!has_null_member(&without, &r#type));
            nulls.put_back(&mut without);
            prop_assert_eq!(without, value);
        }
    }

    fn tagged(tags: Value) -> Value {
        Value::object([("tags", tags), ("arn", Value::Null)])
    }

    fn tagged_type() -> Type {
        let types = [("tags".to_owned(), Type::map(Type::String)), ("arn".to_owned(), Type::String)];
        Type::Object(types.into())
    }

    #[test]
    fn what_an_answer_adds_stays_beside_them() {
        let given = tagged(Value::object([("a", Value::Null), ("b", Value::from("1"))]));
        let (without, nulls) = taken_out(given, &tagged_type());
        assert_eq!(without, tagged(Value::object([("b", Value::from("1"))])));
        let mut answer = Value::object([
            ("tags", Value::object([("b", Value::from("2")), ("c", Value::from("3"))])),
            ("arn", Value::from("arn:1")),
        ]);
        nulls.put_back(&mut answer);
        let tags = answer.member("tags").members().unwrap();
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(answer.member("arn"), &Value::from("arn:1"));
    }

    #[test]
    fn a_null_element_of_a_list_or_set_is_named_with_its_place() {
        let r#type = Type::map(Type::Object(BTreeMap::from([
            ("names".to_owned(), Type::list(Type::String)),
            ("hosts".to_owned(), Type::set(Type::String)),
        ])));
        let one = Value::object([
            ("names", Value::List(vec![Value::from("a"), Value::Null])),
            ("hosts", Value::set(vec![Value::Null, Value::from("h")])),
        ]);
        let mut found = Diagnostics::default();
        refused(&Value::object([("x", one)]), &r#type, &mut found);
        let told: Vec<_> = found.iter().map(|told| (told.summary().to_owned(), told.attribute().to_string())).collect();
        let place = |place: &str| place.to_owned();
        assert_eq!(
            told,
            [
                (place("An element of `[\"x\"].hosts` is null"), place("[\"x\"].hosts")),
                (place("`[\"x\"].names[1]` is null"), place("[\"x\"].names[1]")),
            ]
        );
    }
}
