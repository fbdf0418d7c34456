//! The calls about actions, over one that counts.

use futures_util::StreamExt as _;

use super::*;
use crate::sdk::{Action, Progress, View, check};
use proto::invoke_action::event::Type;

/// Counting.
#[derive(Clone, Debug, Model)]
pub struct Counted {
    /// How far.
    #[attr(check = check::range(1, 9))]
    to: i64,
    /// A secret.
    #[attr(write_only)]
    key_wo: Option<Secret>,
}

pub struct Count;

impl Action<Small> for Count {
    type Model = Counted;

    const NAME: &'static str = "small_count";
    const META: Meta = Meta::new("Things", "Counts.");

    async fn plan(&self, cx: &Cx<Small>, config: &View<'_>) -> Result<()> {
        if config.at("to").is_unknown() {
            cx.warn(&Explanation::new("SMALL-005", "Nobody knows how far"));
        }
        Ok(())
    }

    async fn invoke(&self, cx: &Cx<Small>, model: Counted, progress: &Progress) -> Result<()> {
        for number in 1..=model.to {
            match number {
                8 => return Err(refused()),
                9 => panic!("on purpose"),
                _ => progress.tell(format!("{number} of {:?}", model.key_wo.as_ref().map(Secret::expose))),
            }
        }
        cx.warn(&Explanation::new("SMALL-006", "Counted"));
        Ok(())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every message takes an option")]
fn config(to: Value) -> Option<proto::DynamicValue> {
    let r#type = Schema { attributes: Counted::attributes(), ..Schema::default() }.value_type();
    let value = Value::object([("to", to), ("key_wo", "correct horse".into())]);
    Some(proto::DynamicValue { msgpack: wire::msgpack::encode(&value, &r#type).unwrap(), json: Vec::new() })
}

/// What is told on the way, and at the end.
async fn invoke(to: i64) -> (Vec<String>, Vec<proto::Diagnostic>) {
    let action_type = "small_count".to_owned();
    let request = proto::invoke_action::Request { action_type, config: config(to.into()), client_capabilities: None };
    let events = service().await.invoke_action(Request::new(request)).await.unwrap().into_inner();
    let mut events: Vec<_> =
        events.map(|event| event.unwrap().r#type.expect("an event tells something")).collect().await;
    let Some(Type::Completed(completed)) = events.pop() else { panic!("not completed") };
    let progress = events.into_iter().map(|event| match event {
        Type::Progress(progress) => progress.message,
        Type::Completed(_) => panic!("completed twice"),
    });
    (progress.collect(), completed.diagnostics)
}

#[tokio::test]
async fn an_action_tells_its_progress_without_secrets_and_then_its_end() {
    let (progress, found) = invoke(2).await;
    assert_eq!(progress, [r#"1 of Some("(hidden)")"#, r#"2 of Some("(hidden)")"#]);
    assert_eq!(summaries(&found), ["Counted"]);
}

#[tokio::test]
async fn an_action_that_fails_is_completed_with_an_error() {
    let (progress, found) = invoke(8).await;
    assert_eq!((progress.len(), summaries(&found)), (7, vec!["Cannot make the thing"]));
}

#[tokio::test]
async fn a_configuration_is_judged_before_and_planned_with_what_is_not_known() {
    let service = service().await;
    for (to, told) in [(Value::from(0), 1), (Value::Unknown, 0), (Value::from(3), 0)] {
        let type_name = "small_count".to_owned();
        let request = proto::validate_action_config::Request { type_name, config: config(to) };
        let answer = service.validate_action_config(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.len(), told, "{:?}", answer.diagnostics);
    }
    for (to, told) in [(Value::Unknown, vec!["Nobody knows how far"]), (Value::from(3), vec![])] {
        let action_type = "small_count".to_owned();
        let request = proto::plan_action::Request { action_type, config: config(to), client_capabilities: None };
        let answer = service.plan_action(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(summaries(&answer.diagnostics), told);
    }
}
