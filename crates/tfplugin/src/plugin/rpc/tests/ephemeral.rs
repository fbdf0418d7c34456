//! The calls about ephemeral resources, over one that hands out a pass for a name.

use std::str::FromStr as _;

use jiff::Timestamp;

use super::*;
use crate::sdk::{Ephemeral, Kind, Lease, check};

/// A pass.
#[derive(Clone, Debug, Model)]
pub struct Issued {
    /// For whom.
    #[attr(check = check::length(1, 8))]
    name: String,
    /// The pass itself.
    pass: Computed<Secret>,
}

pub struct Pass;

impl Ephemeral<Small> for Pass {
    type Model = Issued;

    const NAME: &'static str = "small_pass";
    const META: Meta = Meta::new("Things", "A pass.");

    async fn open(&self, cx: &Cx<Small>, model: &mut Issued) -> Result<Lease> {
        match model.name.as_str() {
            "refused" => return Err(refused()),
            "panic" => panic!("on purpose"),
            _ => {}
        }
        cx.remember("name", &model.name);
        model.pass.set(Secret::new(format!("pass of {}", model.name)));
        Ok(Lease { renew_at: Timestamp::from_str("2030-01-01T00:00:00.5Z").ok() })
    }

    async fn renew(&self, cx: &Cx<Small>) -> Result<Lease> {
        cx.warn(&Explanation::new("SMALL-002", format!("Renewed for {}", name(cx))));
        Ok(Lease::default())
    }

    async fn close(&self, cx: &Cx<Small>) -> Result<()> {
        Err(Explanation::new("SMALL-003", format!("Closed for {}", name(cx))))
    }
}

fn name(cx: &Cx<Small>) -> String {
    cx.recall("name").unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "every message takes an option")]
fn config(name: Value) -> Option<proto::DynamicValue> {
    let r#type = Issued::attributes();
    let r#type = Schema { attributes: r#type, ..Schema::default() }.value_type();
    let value = Value::object([("name", name), ("pass", Value::Null)]);
    Some(proto::DynamicValue { msgpack: wire::msgpack::encode(&value, &r#type).unwrap(), json: Vec::new() })
}

async fn open(service: &Service<Small>, name: &str) -> proto::open_ephemeral_resource::Response {
    let type_name = "small_pass".to_owned();
    let request =
        proto::open_ephemeral_resource::Request { type_name, config: config(name.into()), client_capabilities: None };
    service.open_ephemeral_resource(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn what_is_opened_is_given_with_its_lease_and_its_notes_reach_renew_and_close() {
    let service = service().await;
    let opened = open(&service, "ann").await;
    assert_eq!(opened.diagnostics, []);
    assert_eq!(opened.renew_at, Some(prost_types::Timestamp { seconds: 1_893_456_000, nanos: 500_000_000 }));
    let (pass, given) = (service.catalogue().ephemeral_named("small_pass").unwrap(), opened.result.unwrap());
    let result = wire::decode_dynamic_value(&given.msgpack, &[], &pass.schema().value_type()).unwrap();
    assert_eq!(result, Value::object([("name", "ann".into()), ("pass", "pass of ann".into())]));

    let type_name = "small_pass".to_owned();
    let renewed = proto::renew_ephemeral_resource::Request { type_name, private: opened.private.clone() };
    let renewed = service.renew_ephemeral_resource(Request::new(renewed)).await.unwrap().into_inner();
    assert_eq!((summaries(&renewed.diagnostics), renewed.renew_at), (vec!["Renewed for ann"], None));
    assert_eq!(renewed.private, opened.private);

    let closed = proto::close_ephemeral_resource::Request { type_name: "small_pass".into(), private: opened.private };
    let closed = service.close_ephemeral_resource(Request::new(closed)).await.unwrap().into_inner();
    assert_eq!(summaries(&closed.diagnostics), ["Closed for ann"]);
}

#[tokio::test]
async fn what_cannot_be_opened_is_an_error_without_a_result() {
    let service = service().await;
    for (name, told) in [("refused", "Cannot make the thing"), ("panic", "The provider panicked")] {
        let answer = open(&service, name).await;
        assert_eq!((summaries(&answer.diagnostics), answer.result), (vec![told], None));
    }
}

#[tokio::test]
async fn a_configuration_is_judged_by_its_known_values() {
    let service = service().await;
    for (name, told) in [("much too long".into(), 1), (Value::Unknown, 0), ("ann".into(), 0)] {
        let type_name = "small_pass".to_owned();
        let request = proto::validate_ephemeral_resource_config::Request { type_name, config: config(name) };
        let answer = service.validate_ephemeral_resource_config(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.len(), told, "{:?}", answer.diagnostics);
    }
}

#[tokio::test]
async fn each_kind_is_listed_in_the_schemas_and_in_the_metadata() {
    let service = service().await;
    let schemas = service.provider_schema();
    assert!(schemas.resource_schemas.keys().eq(["small_thing"]) && schemas.data_source_schemas.is_empty());
    assert!(schemas.ephemeral_resource_schemas.keys().eq(["small_pass"]));
    let metadata = service.metadata();
    assert_eq!(metadata.ephemeral_resources[0].type_name, "small_pass");
    assert!(schemas.list_resource_schemas.keys().eq(["small_thing"]));
    assert_eq!(metadata.list_resources[0].type_name, "small_thing");
    assert!(schemas.action_schemas.iter().all(|(name, action)| name == "small_count" && action.schema.is_some()));
    assert_eq!(metadata.actions[0].type_name, "small_count");
    let types: Vec<_> = service.catalogue().types().map(|r#type| (r#type.kind(), r#type.name())).collect();
    let expected = [
        (Kind::Resource, "small_thing"),
        (Kind::Ephemeral, "small_pass"),
        (Kind::List, "small_thing"),
        (Kind::Action, "small_count"),
    ];
    assert_eq!(types, expected);
}
