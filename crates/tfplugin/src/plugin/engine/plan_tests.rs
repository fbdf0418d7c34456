//! The plan rules, over one small schema.

use super::plan::{Planned, Proposal, close, open};
use crate::sdk::{Computed, Model, Nesting, Private, Schema, Secret, Set, Shape, Timeouts, Value};

/// A member of the list.
#[derive(Clone, Debug, Model)]
struct Port {
    /// Its number.
    number: i64,
    /// Its protocol.
    #[attr(default = "tcp")]
    protocol: String,
}

/// A thing with one attribute of each kind.
#[expect(dead_code, reason = "only the schema is asked for")]
#[derive(Clone, Debug, Model)]
struct Thing {
    /// Cannot change in place.
    #[attr(replace)]
    name: String,
    /// Compared without case.
    #[attr(equal = same_host)]
    host: Option<String>,
    /// Has a default.
    #[attr(default = 300)]
    ttl: i64,
    /// Nested in order.
    ports: Option<Vec<Port>>,
    /// Nested without order.
    peers: Option<Set<Port>>,
    /// Secret.
    #[attr(write_only)]
    key_wo: Option<Secret>,
    /// Stays.
    #[attr(keep)]
    id: Computed<String>,
    /// Changes with every update.
    digest: Computed<String>,
    /// The user may set it.
    #[attr(optional)]
    owner: Computed<String>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
}

fn same_host(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}

fn schema() -> Schema {
    Schema { version: 0, description: String::new(), attributes: Thing::attributes() }
}

/// A value of the whole schema: null but for `given`.
fn thing(given: &[(&str, Value)]) -> Value {
    let mut value = Value::object(schema().attributes.iter().map(|a| (a.name.clone(), Value::Null)));
    for (name, part) in given {
        value.members_mut().unwrap().insert((*name).to_owned(), part.clone());
    }
    value
}

fn port(number: i64, protocol: Value) -> Value {
    Value::object([("number", Value::from(number)), ("protocol", protocol)])
}

fn existing() -> Vec<(&'static str, Value)> {
    vec![
        ("name", Value::from("a")),
        ("host", Value::from("Host")),
        ("ttl", Value::from(300)),
        ("id", Value::from("id-1")),
        ("digest", Value::from("d1")),
        ("owner", Value::from("me")),
    ]
}

/// What Terraform proposes: the configuration, and the prior value of what is computed and left out.
fn planned(prior: &Value, config: &Value) -> Planned {
    let schema = schema();
    let mut proposed = config.clone();
    for attribute in &schema.attributes {
        if attribute.mode.is_computed() && config.member(&attribute.name).is_null() && !prior.is_null() {
            let before = prior.member(&attribute.name).clone();
            proposed.members_mut().unwrap().insert(attribute.name.clone(), before);
        }
    }
    let proposal = Proposal { prior: prior.clone(), proposed, config: config.clone(), private: Private::default() };
    close(open(&schema, proposal))
}

#[test]
fn a_create_knows_defaults_and_leaves_the_rest_open() {
    let plan = planned(&Value::Null, &thing(&[("name", Value::from("a"))])).state;
    assert_eq!(plan.member("ttl"), &Value::from(300));
    assert!(plan.member("id").is_unknown() && plan.member("digest").is_unknown() && plan.member("owner").is_unknown());
    assert!(plan.member("host").is_null());
}

#[test]
fn the_same_configuration_plans_nothing() {
    let prior = thing(&existing());
    let config = thing(&[("name", Value::from("a")), ("host", Value::from("Host"))]);
    assert_eq!(planned(&prior, &config).state, prior);
}

#[test]
fn another_wording_of_the_same_plans_nothing() {
    let prior = thing(&existing());
    let config = thing(&[("name", Value::from("a")), ("host", Value::from("hOST"))]);
    assert_eq!(planned(&prior, &config).state, prior);
}

#[test]
fn an_update_opens_what_may_change_and_keeps_what_does_not() {
    let config = thing(&[("name", Value::from("a")), ("host", Value::from("Host")), ("ttl", Value::from(60))]);
    let plan = planned(&thing(&existing()), &config);
    assert_eq!(plan.state.member("id"), &Value::from("id-1"));
    assert!(plan.state.member("digest").is_unknown());
    assert!(plan.replace.is_empty());
}

#[test]
fn more_time_opens_nothing() {
    let longer = Value::object([("update", Value::from("45s"))]);
    let same = [("name", Value::from("a")), ("host", Value::from("Host")), ("timeouts", longer.clone())];
    let plan = planned(&thing(&existing()), &thing(&same));
    assert_eq!(plan.state.member("timeouts"), &longer);
    assert_eq!(plan.state.member("digest"), &Value::from("d1"));
}

#[test]
fn only_the_attribute_that_cannot_change_replaces() {
    let config = thing(&[("name", Value::from("b")), ("host", Value::from("Host"))]);
    let plan = planned(&thing(&existing()), &config);
    assert_eq!(plan.replace.iter().map(ToString::to_string).collect::<Vec<_>>(), ["name"]);
}

#[test]
fn an_unknown_name_replaces_too() {
    let config = thing(&[("name", Value::Unknown), ("host", Value::from("Host"))]);
    assert_eq!(planned(&thing(&existing()), &config).replace.len(), 1);
}

#[test]
fn a_write_only_value_is_in_no_plan_and_is_no_change() {
    let prior = thing(&existing());
    let config =
        thing(&[("name", Value::from("a")), ("host", Value::from("Host")), ("key_wo", Value::from("hunter2"))]);
    assert_eq!(planned(&prior, &config).state, prior);
    assert!(planned(&Value::Null, &config).state.member("key_wo").is_null());
}

#[test]
fn defaults_reach_into_lists_and_sets() {
    let ports = Value::List(vec![port(80, Value::Null), port(53, Value::from("udp"))]);
    let peers = Value::set(vec![port(1, Value::Null), port(2, Value::Unknown)]);
    let config = thing(&[("name", Value::from("a")), ("ports", ports), ("peers", peers)]);
    let plan = planned(&Value::Null, &config).state;
    let expected = Value::List(vec![port(80, Value::from("tcp")), port(53, Value::from("udp"))]);
    assert_eq!(plan.member("ports"), &expected);
    assert_eq!(plan.member("peers"), &Value::set(vec![port(1, Value::from("tcp")), port(2, Value::Unknown)]));
}

#[test]
fn an_unknown_list_stays_as_it_is() {
    let config = thing(&[("name", Value::from("a")), ("ports", Value::Unknown)]);
    assert!(planned(&Value::Null, &config).state.member("ports").is_unknown());
}

#[test]
fn sets_of_nested_objects_are_sets_in_the_schema() {
    let peers = schema().attribute("peers").unwrap().shape.clone();
    assert!(matches!(peers, Shape::Nested(Nesting::Set, _)));
}
