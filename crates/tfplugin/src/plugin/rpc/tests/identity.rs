//! The identity of a thing: in every answer, as a key of imports, and from one version to the next.

use super::*;
use crate::sdk::Identified;

/// What tells things apart.
#[derive(Clone, Debug, Model)]
pub struct Named {
    /// Its identifier.
    pub id: String,
    /// Where it is.
    pub place: Option<String>,
}

impl Identified<Small> for Thing {
    type Identity = Named;

    const IDENTITY_VERSION: i64 = 1;

    fn identity(model: &Declared) -> Option<Named> {
        Some(Named { id: model.id.get()?.clone(), place: None })
    }

    fn import_id(identity: &Named) -> String {
        identity.id.clone()
    }

    fn upgrade_identity(version: i64, mut identity: serde_json::Value) -> Result<serde_json::Value> {
        if version == 0 {
            identity["id"] = identity["name"].take();
        }
        Ok(identity)
    }
}

fn value(id: &str) -> Value {
    Value::object([("id", id.into()), ("place", Value::Null)])
}

#[expect(clippy::unnecessary_wraps, reason = "every message takes an option")]
pub fn data(id: &str) -> Option<proto::ResourceIdentityData> {
    let msgpack = wire::msgpack::encode(&value(id), &r#type()).unwrap();
    Some(proto::ResourceIdentityData { identity_data: Some(proto::DynamicValue { msgpack, json: Vec::new() }) })
}

fn r#type() -> crate::sdk::Type {
    Schema { attributes: Named::attributes(), ..Schema::default() }.value_type()
}

#[tokio::test]
async fn what_exists_has_its_identity_in_each_answer_even_if_its_create_failed_half_way() {
    let service = service().await;
    for (does, identity) in [("work", data("id-1")), ("fail late", data("id-1")), ("fail early", None)] {
        assert_eq!(create(&service, does).await.new_identity, identity, "{does}");
    }
    // A state of before there were identities gets one.
    assert_eq!(read(&service, &existing("work")).await.new_identity, data("id-1"));
    assert_eq!(read(&service, &existing("be silent")).await.new_identity, data("id-1"));
    assert_eq!(read(&service, &existing("be gone")).await.new_identity, None);
}

#[tokio::test]
async fn a_plan_keeps_the_identity_of_what_exists_and_gives_none_that_is_not_known() {
    let service = service().await;
    let request = |prior: &Value, identity| proto::plan_resource_change::Request {
        type_name: "small_thing".into(),
        prior_state: sent(prior),
        proposed_new_state: sent(&thing("other", Value::Null, Value::Null)),
        config: sent(&config("other")),
        prior_identity: identity,
        ..Default::default()
    };
    for (prior, before, planned) in [
        (Value::Null, None, None),
        (existing("work"), data("id-0"), data("id-0")),
        (existing("work"), None, data("id-1")),
    ] {
        let request = Request::new(request(&prior, before));
        let answer = service.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!((answer.diagnostics, answer.planned_identity), (vec![], planned));
    }
}

#[tokio::test]
async fn an_object_is_imported_by_its_identity() {
    let request = |identity| proto::import_resource_state::Request {
        type_name: "small_thing".into(),
        identity,
        ..Default::default()
    };
    let service = service().await;
    let answer = service.import_resource_state(Request::new(request(data("id-7")))).await.unwrap().into_inner();
    let imported = &answer.imported_resources[0];
    assert_eq!((&answer.diagnostics, &imported.identity), (&vec![], &data("id-7")));
    assert_eq!(received(imported.state.as_ref()), thing("work", Value::from(0), Value::from("id-7")));

    let empty = Value::object([("id", Value::Null), ("place", Value::Null)]);
    let msgpack = wire::msgpack::encode(&empty, &r#type()).unwrap();
    let identity_data = Some(proto::DynamicValue { msgpack, json: Vec::new() });
    let request = request(Some(proto::ResourceIdentityData { identity_data }));
    let answer = service.import_resource_state(Request::new(request)).await.unwrap().into_inner();
    assert!(summaries(&answer.diagnostics)[0].starts_with("Cannot read the identity of a `small_thing`"));
}

#[tokio::test]
async fn an_identity_of_an_older_version_is_brought_to_the_present_one() {
    let request = |json: &[u8]| proto::upgrade_resource_identity::Request {
        type_name: "small_thing".into(),
        version: 0,
        raw_identity: Some(proto::RawState { json: json.to_vec(), ..Default::default() }),
    };
    let service = service().await;
    let answer = service.upgrade_resource_identity(Request::new(request(br#"{"name":"id-3"}"#))).await.unwrap();
    assert_eq!(answer.into_inner().upgraded_identity, data("id-3"));
    let answer = service.upgrade_resource_identity(Request::new(request(b"garbage"))).await.unwrap().into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["Cannot read the stored identity of a `small_thing`"]);
}

#[tokio::test]
async fn the_schema_tells_what_an_import_must_and_what_it_may_give() {
    let request = Request::new(proto::get_resource_identity_schemas::Request::default());
    let answer = service().await.get_resource_identity_schemas(request).await.unwrap().into_inner();
    let schema = &answer.identity_schemas["small_thing"];
    let attributes = schema.identity_attributes.iter();
    let told: Vec<_> = attributes.map(|a| (a.name.as_str(), a.required_for_import, a.optional_for_import)).collect();
    assert_eq!((schema.version, told), (1, vec![("id", true, false), ("place", false, true)]));
}
