//! The laws of models, identities and plans on generated values.

use berth::plugin::engine::nulls;
use berth::plugin::engine::plan::{self, Proposal};
use berth::plugin::wire::msgpack;
use berth::sdk::{Attribute, Mode, Nesting, Private, Shape, Type, Value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tfplugin_testing::values::{SECRET, as_configured, configuration, open_configurations, state, unsettled};

use crate::subjects::{Subject, subjects};

/// How many values are made for each type.
const VALUES: usize = 32;

#[test]
fn the_identity_of_any_state_fits_its_schema_and_gives_an_id_to_import_by() {
    for_each_value(state, |subject, state| {
        let Some(identity) = subject.of.and_then(|r#type| r#type.identity()) else { return };
        let Some(found) = identity.of(state) else { return };
        let ty = identity.schema().value_type();
        let bytes = msgpack::encode(&found, &ty).unwrap();
        assert_eq!(msgpack::decode(&bytes, &ty).as_ref(), Ok(&found), "{subject}");
        assert!(identity.import_id(&found).is_ok(), "{subject}");
    });
}

#[test]
fn a_state_is_the_same_after_the_model_and_after_the_wire() {
    for_each_value(state, |subject, state| {
        assert_eq!(subject.recode(state).as_ref(), Ok(state), "{subject}");
        let ty = subject.schema.value_type();
        let bytes = msgpack::encode(state, &ty).unwrap();
        assert_eq!(msgpack::decode(&bytes, &ty).as_ref(), Ok(state), "{subject}");
    });
}

#[test]
fn the_plan_of_a_configuration_that_was_applied_is_empty() {
    for_each_value(state, |subject, state| {
        let proposal = Proposal {
            prior: state.clone(),
            proposed: state.clone(),
            config: as_configured(&subject.schema.attributes, state),
            private: Private::default(),
        };
        let planned = plan::close(plan::open(&subject.schema, proposal));
        assert_eq!(&planned.state, state, "{subject}");
        assert!(planned.replace.is_empty(), "{subject}: {:?}", planned.replace);
    });
}

#[test]
fn the_plan_of_a_create_leaves_open_what_the_provider_finds_out_and_nothing_else() {
    for_each_value(configuration, |subject, config| {
        let proposal = Proposal {
            prior: Value::Null,
            proposed: config.clone(),
            config: config.clone(),
            private: Private::default(),
        };
        let planned = plan::close(plan::open(&subject.schema, proposal));
        assert_eq!(subject.recode(&planned.state).as_ref(), Ok(&planned.state), "{subject}");
        holds_to(&subject.to_string(), &subject.schema.attributes, &planned.state, config);
    });
}

/// What is configured is planned so; what is not is unknown where the provider computes it, and else null or the default.
fn holds_to(at: &str, attributes: &[Attribute], planned: &Value, config: &Value) {
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        let (planned, config) = (planned.member(&attribute.name), config.member(&attribute.name));
        match (&attribute.shape, config) {
            _ if attribute.write_only => assert!(planned.is_null(), "{here}"),
            (_, Value::Null) if attribute.default.is_some() => assert!(planned.is_wholly_known(), "{here}"),
            (_, Value::Null) => assert_eq!(planned.is_unknown(), attribute.mode.is_computed(), "{here}"),
            (Shape::Nested(Nesting::Single, inner), _) => holds_to(&here, inner, planned, config),
            (Shape::Nested(Nesting::Map, inner), _) => {
                for key in config.members().unwrap().keys() {
                    holds_to(&here, inner, planned.member(key), config.member(key));
                }
            }
            (Shape::Nested(Nesting::List, inner), _) => {
                for (planned, config) in planned.elements().unwrap().iter().zip(config.elements().unwrap()) {
                    holds_to(&here, inner, planned, config);
                }
            }
            // Defaults may have been filled in.
            (Shape::Nested(Nesting::Set, _), _) => assert!(planned.is_wholly_known(), "{here}"),
            (Shape::Plain(_), _) => assert_eq!(planned, config, "{here}"),
        }
    }
}

#[test]
fn what_is_not_known_yet_is_not_wrong() {
    let mut wrong = Vec::new();
    for subject in subjects() {
        for config in open_configurations(&subject.schema.attributes) {
            wrong.extend(subject.validate(&config).iter().map(|message| format!("{subject}: {}", message.summary())));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_required_attribute_that_is_null_is_told_where_it_stands() {
    for_each_value(configuration, |subject, config| {
        for (place, config) in with_one_null(&subject.schema.attributes, config) {
            let found = subject.validate(&config);
            let words = format!("`{place}` is required");
            assert!(found.iter().any(|told| told.summary().contains(&words)), "{subject}: {place}");
        }
    });
}

/// The value once for each required attribute in it, which is null there, and that attribute's place.
fn with_one_null(attributes: &[Attribute], value: &Value) -> Vec<(String, Value)> {
    let mut made = Vec::new();
    for attribute in attributes {
        let given = value.member(&attribute.name);
        if given.is_null() || given.is_unknown() {
            continue;
        }
        let put = |member: Value| {
            let mut members = value.members().unwrap().clone();
            members.insert(attribute.name.clone(), member);
            Value::Map(members)
        };
        if attribute.mode == Mode::Required {
            made.push((attribute.name.clone(), put(Value::Null)));
        }
        if let Shape::Nested(Nesting::Single, inner) = &attribute.shape {
            let within = with_one_null(inner, given).into_iter();
            made.extend(within.map(|(place, value)| (format!("{}.{place}", attribute.name), put(value))));
        }
        if let Shape::Nested(Nesting::List, inner) = &attribute.shape
            && let Some((first, rest)) = given.elements().and_then(|elements| elements.split_first())
        {
            let within = with_one_null(inner, first).into_iter();
            made.extend(within.map(|(place, value)| {
                let elements = std::iter::once(value).chain(rest.iter().cloned()).collect();
                (format!("{}[0].{place}", attribute.name), put(Value::List(elements)))
            }));
        }
    }
    made
}

#[test]
fn no_message_about_a_configuration_shows_a_secret() {
    for_each_value(unsettled, |subject, config| {
        for message in &subject.validate(config) {
            let text = format!("{message:?}");
            assert!(!text.contains(SECRET), "{subject}: {text}");
        }
    });
}

#[test]
fn a_null_member_of_any_map_is_as_absent_and_comes_back() {
    for_each_value(state, |subject, state| {
        let ty = subject.schema.value_type();
        let mut given = state.clone();
        add_null_members(&mut given, &ty);
        let (seen, nulls) = nulls::taken_out(given.clone(), &ty);
        assert_eq!(&seen, state, "{subject}");
        let mut answer = subject.recode(&seen).unwrap();
        nulls.put_back(&mut answer);
        assert_eq!(answer, given, "{subject}");
    });
}

fn add_null_members(value: &mut Value, ty: &Type) {
    match (&mut *value, ty) {
        (Value::Map(members), Type::Map(element)) => {
            for member in members.values_mut() {
                add_null_members(member, element);
            }
            members.insert("left out".to_owned(), Value::Null);
        }
        (Value::Map(members), Type::Object(types)) => {
            for (name, member) in members {
                add_null_members(member, &types[name]);
            }
        }
        (Value::List(elements), Type::List(element)) => {
            for value in elements {
                add_null_members(value, element);
            }
        }
        (Value::Set(elements), Type::Set(element)) => {
            for value in elements.iter_mut() {
                add_null_members(value, element);
            }
            *value = Value::set(std::mem::take(elements));
        }
        _ => {}
    }
}

/// Tries a law on values of each resource; data sources and the provider block are never planned or stored, but
/// read and written all the same.
fn for_each_value<S: Strategy<Value = Value>>(make: fn(&[Attribute]) -> S, law: fn(&Subject, &Value)) {
    let mut runner = TestRunner::deterministic();
    for subject in subjects() {
        let values = make(&subject.schema.attributes);
        for _ in 0..VALUES {
            law(&subject, &values.new_tree(&mut runner).unwrap().current());
        }
    }
}
