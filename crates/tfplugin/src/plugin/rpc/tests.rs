//! The calls of a host, over a small provider whose one resource does what its configuration says.

mod action;
mod ephemeral;
mod identity;
mod list;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::Request;

use super::super::proto::tfplugin6 as proto;
use super::super::proto::tfplugin6::provider_server::Provider as Calls;
use super::super::wire;
use super::Service;
use crate::clock::Clock;
use crate::env::Env;
use crate::explain::Explanation;
use crate::sdk::{
    About, Catalogue, Computed, Cx, Import, Meta, Model, Private, Provider, Resource, Result, Schema, Secret, Settings,
    Timeouts, Value,
};

/// The provider's block.
#[derive(Clone, Debug, Default, Model)]
struct Config {
    /// Where it talks to.
    endpoint: Option<String>,
}

struct Small {
    unknown: usize,
    strict: bool,
}

impl Provider for Small {
    type Config = Config;

    const DESCRIPTION: &'static str = "For tests.";

    fn configure(settings: Settings<Config>, _env: &Env) -> std::result::Result<Self, Explanation> {
        Ok(Self { unknown: settings.unknown.len(), strict: settings.model.endpoint.as_deref() == Some("strict") })
    }

    fn tolerates(&self, _unanswered: &Explanation) -> bool {
        !self.strict
    }
}

/// A thing.
#[derive(Clone, Debug, Model)]
struct Declared {
    /// What its methods do.
    does: String,
    /// A secret.
    #[attr(write_only)]
    key_wo: Option<Secret>,
    /// The length of the secret.
    length: Computed<i64>,
    /// Its identifier.
    #[attr(keep)]
    id: Computed<String>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
}

struct Thing;

fn refused() -> Explanation {
    Explanation::new("SMALL-001", "Cannot make the thing")
}

impl Resource<Small> for Thing {
    type Model = Declared;

    const NAME: &'static str = "small_thing";
    const META: Meta = Meta { import_id: "ID", ..Meta::new("Things", "A thing.") };

    async fn create(&self, cx: &Cx<Small>, model: &mut Declared) -> Result<()> {
        cx.remember("made", &true);
        match model.does.as_str() {
            "panic" => panic!("on purpose"),
            "fail early" => return Err(refused()),
            "hang" => {
                let waited = cx.budget().sleep(Duration::from_hours(1)).await;
                return waited.map_err(|stopped| refused().said("the wait", stopped.to_string()));
            }
            _ => {}
        }
        model.id.set("id-1".to_owned());
        cx.exists();
        if model.does == "fail late" {
            return Err(refused());
        }
        let length = model.key_wo.as_ref().map_or(0, |key| key.expose().len());
        model.length.set(i64::try_from(length).unwrap());
        Ok(())
    }

    async fn read(&self, _cx: &Cx<Small>, model: Declared) -> Result<Option<Declared>> {
        match model.does.as_str() {
            "be gone" => Ok(None),
            "be silent" => Err(refused().unanswered()),
            _ => Ok(Some(model)),
        }
    }

    async fn update(&self, _cx: &Cx<Small>, _prior: &Declared, model: &mut Declared) -> Result<()> {
        if model.does == "fail early" {
            return Err(refused());
        }
        model.length.set(0);
        Ok(())
    }

    async fn delete(&self, _cx: &Cx<Small>, model: Declared) -> Result<()> {
        if model.does == "stay" { Err(refused()) } else { Ok(()) }
    }

    async fn import(&self, _cx: &Cx<Small>, id: &str) -> Result<Import<Declared>> {
        let does = match id {
            "gone" => "be gone",
            "silent" => "be silent",
            _ => "work",
        };
        let id = Computed::Known(id.to_owned());
        Ok(Import(Declared { does: does.into(), key_wo: None, length: Computed::Known(0), id, timeouts: None }))
    }
}

fn schema() -> Schema {
    Schema { version: 0, description: String::new(), attributes: Declared::attributes() }
}

#[expect(clippy::unnecessary_wraps, reason = "every message takes an option")]
fn sent(value: &Value) -> Option<proto::DynamicValue> {
    let msgpack = wire::msgpack::encode(value, &schema().value_type()).unwrap();
    Some(proto::DynamicValue { msgpack, json: Vec::new() })
}

fn received(value: Option<&proto::DynamicValue>) -> Value {
    let value = value.cloned().unwrap_or_default();
    wire::decode_dynamic_value(&value.msgpack, &value.json, &schema().value_type()).unwrap()
}

fn thing(does: &str, length: Value, id: Value) -> Value {
    let known = [("does", Value::from(does)), ("length", length), ("id", id)];
    Value::object(known.into_iter().chain([("key_wo", Value::Null), ("timeouts", Value::Null)]))
}

fn existing(does: &str) -> Value {
    thing(does, Value::from(7), Value::from("id-1"))
}

/// The configuration of a thing with a secret of seven letters.
fn config(does: &str) -> Value {
    let mut config = thing(does, Value::Null, Value::Null);
    config.members_mut().unwrap().insert("key_wo".into(), Value::from("hunter2"));
    config
}

async fn service() -> Arc<Service<Small>> {
    service_of("null").await
}

const ABOUT: About = About { name: "small", version: "1.2.3", source: "test/small", codes: "SMALL", commands: &[] };

fn unconfigured() -> Service<Small> {
    let catalogue = Catalogue::default().identified(Thing).list(Thing).ephemeral(ephemeral::Pass).action(action::Count);
    Service::new(ABOUT, catalogue, Env::default(), Clock::system(), CancellationToken::new())
}

/// A service with this endpoint, in JSON.
async fn service_of(endpoint: &str) -> Arc<Service<Small>> {
    let service = unconfigured();
    let json = format!(r#"{{"endpoint":{endpoint}}}"#).into_bytes();
    let config = proto::DynamicValue { msgpack: Vec::new(), json };
    let request = proto::configure_provider::Request { config: Some(config), ..Default::default() };
    let answer = service.configure_provider(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
    Arc::new(service)
}

/// Plans a creation as Terraform does, and carries it out.
async fn create(service: &Service<Small>, does: &str) -> proto::apply_resource_change::Response {
    let request = proto::plan_resource_change::Request {
        type_name: "small_thing".into(),
        prior_state: sent(&Value::Null),
        proposed_new_state: sent(&thing(does, Value::Null, Value::Null)),
        config: sent(&config(does)),
        ..Default::default()
    };
    let plan = service.plan_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(plan.diagnostics, []);
    let request = proto::apply_resource_change::Request {
        type_name: "small_thing".into(),
        prior_state: sent(&Value::Null),
        planned_state: plan.planned_state,
        config: sent(&config(does)),
        planned_private: plan.planned_private,
        ..Default::default()
    };
    service.apply_resource_change(Request::new(request)).await.unwrap().into_inner()
}

async fn read(service: &Service<Small>, state: &Value) -> proto::read_resource::Response {
    let request = proto::read_resource::Request {
        type_name: "small_thing".into(),
        current_state: sent(state),
        private: br#"{"made":true}"#.to_vec(),
        ..Default::default()
    };
    service.read_resource(Request::new(request)).await.unwrap().into_inner()
}

fn summaries(diagnostics: &[proto::Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect()
}

#[tokio::test]
async fn a_create_sees_the_secret_and_stores_none_of_it() {
    let answer = create(&*service().await, "work").await;
    assert_eq!(answer.diagnostics, []);
    assert_eq!(received(answer.new_state.as_ref()), existing("work"));
    assert_eq!(answer.private, br#"{"made":true}"#);
}

#[tokio::test]
async fn a_create_that_fails_before_anything_exists_leaves_nothing_in_state() {
    let answer = create(&*service().await, "fail early").await;
    assert_eq!(summaries(&answer.diagnostics), ["Cannot make the thing"]);
    assert!(received(answer.new_state.as_ref()).is_null());
}

#[tokio::test]
async fn a_create_that_fails_half_way_keeps_what_exists() {
    let answer = create(&*service().await, "fail late").await;
    assert_eq!(summaries(&answer.diagnostics), ["Cannot make the thing"]);
    assert_eq!(received(answer.new_state.as_ref()), thing("fail late", Value::Null, Value::from("id-1")));
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_call_only() {
    let service = service().await;
    let answer = create(&service, "panic").await;
    assert_eq!(summaries(&answer.diagnostics), ["The provider panicked"]);
    let detail = &answer.diagnostics[0].detail;
    assert!(!detail.contains("on purpose"), "a panic message may hold anything");
    assert!(detail.contains("a defect of small 1.2.3: ") && detail.ends_with("Code: SMALL-SDK-007"), "{detail}");
    assert_eq!(create(&service, "work").await.diagnostics, []);
}

#[tokio::test]
async fn a_stop_ends_running_work_and_nothing_later() {
    let service = service().await;
    let running = tokio::spawn({
        let service = service.clone();
        async move { create(&service, "hang").await }
    });
    tokio::task::yield_now().await;
    while !running.is_finished() {
        service.stop_provider(Request::new(proto::stop_provider::Request::default())).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = running.await.unwrap();
    assert!(answer.diagnostics[0].detail.contains("interrupted"), "{:?}", answer.diagnostics);
    assert_eq!(create(&service, "work").await.diagnostics, []);
}

#[tokio::test]
async fn a_refresh_without_answer_keeps_the_state_and_warns() {
    let state = existing("be silent");
    let answer = read(&*service().await, &state).await;
    assert_eq!(received(answer.new_state.as_ref()), state);
    assert_eq!(answer.diagnostics[0].severity(), proto::diagnostic::Severity::Warning);
    assert_eq!(answer.private, br#"{"made":true}"#);
}

#[tokio::test]
async fn a_refresh_without_answer_is_an_error_where_the_provider_does_not_tolerate_it() {
    let answer = read(&*service_of(r#""strict""#).await, &existing("be silent")).await;
    assert_eq!(summaries(&answer.diagnostics), ["Cannot make the thing"]);
    assert_eq!(answer.diagnostics[0].severity(), proto::diagnostic::Severity::Error);
}

#[tokio::test]
async fn what_is_gone_leaves_the_state_without_an_error() {
    let answer = read(&*service().await, &existing("be gone")).await;
    assert!(received(answer.new_state.as_ref()).is_null());
    assert_eq!(answer.diagnostics, []);
}

async fn change(service: &Service<Small>, prior: &Value, planned: &Value, config: &Value) -> (Value, Vec<String>) {
    let request = proto::apply_resource_change::Request {
        type_name: "small_thing".into(),
        prior_state: sent(prior),
        planned_state: sent(planned),
        config: sent(config),
        ..Default::default()
    };
    let answer = service.apply_resource_change(Request::new(request)).await.unwrap().into_inner();
    let found = answer.diagnostics.iter().map(|diagnostic| diagnostic.summary.clone()).collect();
    (received(answer.new_state.as_ref()), found)
}

#[tokio::test]
async fn an_update_that_changed_nothing_keeps_the_prior_state() {
    let (prior, planned) = (existing("work"), thing("fail early", Value::Unknown, Value::from("id-1")));
    let (state, found) = change(&*service().await, &prior, &planned, &config("fail early")).await;
    assert_eq!((state, found), (prior, vec!["Cannot make the thing".to_owned()]));
}

#[tokio::test]
async fn more_time_is_noted_and_nothing_is_called() {
    let prior = existing("fail early");
    let mut planned = prior.clone();
    let unset = ["create", "read", "delete"].map(|name| (name, Value::Null));
    let longer = Value::object(unset.into_iter().chain([("update", Value::from("45s"))]));
    planned.members_mut().unwrap().insert("timeouts".to_owned(), longer);
    let (state, found) = change(&*service().await, &prior, &planned, &planned).await;
    assert_eq!((state.member("timeouts").member("update"), found.len()), (&Value::from("45s"), 0));
}

#[tokio::test]
async fn a_broken_promise_is_told_as_a_defect_of_the_provider() {
    let (prior, planned) = (existing("work"), thing("work", Value::from(5), Value::from("id-1")));
    let (_, found) = change(&*service().await, &prior, &planned, &config("work")).await;
    assert_eq!(found, ["The provider broke its own plan for `length` of a `small_thing`"]);
}

#[tokio::test]
async fn a_delete_that_fails_keeps_the_object() {
    let service = service().await;
    let (state, found) = change(&service, &existing("stay"), &Value::Null, &Value::Null).await;
    assert_eq!((state, found.len()), (existing("stay"), 1));
    let (state, found) = change(&service, &existing("work"), &Value::Null, &Value::Null).await;
    assert_eq!((state, found.len()), (Value::Null, 0));
}

#[tokio::test]
async fn an_older_terraform_is_told_about_write_only_arguments() {
    let request = |allowed| proto::validate_resource_config::Request {
        type_name: "small_thing".into(),
        config: sent(&config("work")),
        client_capabilities: Some(proto::ClientCapabilities {
            write_only_attributes_allowed: allowed,
            ..Default::default()
        }),
    };
    let service = service().await;
    let refused = service.validate_resource_config(Request::new(request(false))).await.unwrap().into_inner();
    assert_eq!(summaries(&refused.diagnostics), ["`key_wo` needs write-only arguments"]);
    let taken = service.validate_resource_config(Request::new(request(true))).await.unwrap().into_inner();
    assert_eq!(taken.diagnostics, []);
}

#[tokio::test]
async fn a_stored_state_loses_what_the_schema_no_longer_has() {
    let request = proto::upgrade_resource_state::Request {
        type_name: "small_thing".into(),
        version: 0,
        raw_state: Some(proto::RawState {
            json: br#"{"does":"work","old":1,"length":7,"id":"id-1"}"#.to_vec(),
            ..Default::default()
        }),
    };
    let answer = service().await.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
    assert_eq!(received(answer.upgraded_state.as_ref()), existing("work"));
}

#[tokio::test]
async fn an_import_gives_a_known_state() {
    let request = proto::import_resource_state::Request {
        type_name: "small_thing".into(),
        id: "id-9".into(),
        ..Default::default()
    };
    let answer = service().await.import_resource_state(Request::new(request)).await.unwrap().into_inner();
    let state = received(answer.imported_resources[0].state.as_ref());
    assert_eq!(state, thing("work", Value::from(0), Value::from("id-9")));
}

#[tokio::test]
async fn unknown_settings_of_the_provider_are_taken_and_remembered() {
    let service = unconfigured();
    let msgpack = vec![0x81, 0xa8, b'e', b'n', b'd', b'p', b'o', b'i', b'n', b't', 0xd4, 0, 0];
    let config = Some(proto::DynamicValue { msgpack, json: Vec::new() });
    let request = proto::configure_provider::Request { config, ..Default::default() };
    let answer = service.configure_provider(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
    assert_eq!(service.context(Duration::from_secs(1), Private::default()).unwrap().provider().unknown, 1);
}
