//! The calls about list resources, over one that finds as many things as it is asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;

use super::identity::{Named, data};
use super::*;
use crate::sdk::{Listed, Listing};

/// What is looked for.
#[derive(Clone, Debug, Model)]
pub struct Wanted {
    /// The identifiers that are found, without end if there is the one called `endless`.
    ids: Vec<String>,
}

/// How many things the endless listing has given.
static GIVEN: AtomicUsize = AtomicUsize::new(0);

impl Listed<Small> for Thing {
    type Query = Wanted;

    const LIST: Meta = Meta::new("Things", "Things.");

    async fn list(&self, cx: &Cx<Small>, query: Wanted, listing: &Listing<Named>) -> Result<()> {
        for id in query.ids.iter().cycle() {
            match id.as_str() {
                "refused" => return Err(refused()),
                "panic" => panic!("on purpose"),
                "noted" => cx.warn(&Explanation::new("SMALL-004", "Not all could be seen")),
                "endless" => drop(GIVEN.fetch_add(1, Ordering::Relaxed)),
                "end" => break,
                _ => {}
            }
            if !listing.give(format!("thing {id}"), &Named { id: id.clone(), place: None }).await {
                break;
            }
        }
        Ok(())
    }
}

async fn list(ids: &[&str], with_object: bool, limit: i64) -> Vec<proto::list_resource::Event> {
    let r#type = Schema { attributes: Wanted::attributes(), ..Schema::default() }.value_type();
    let ids = Value::List(ids.iter().map(|id| Value::from(*id)).collect());
    let msgpack = wire::msgpack::encode(&Value::object([("ids", ids)]), &r#type).unwrap();
    let request = proto::list_resource::Request {
        type_name: "small_thing".into(),
        config: Some(proto::DynamicValue { msgpack, json: Vec::new() }),
        include_resource_object: with_object,
        limit,
    };
    let events = service().await.list_resource(Request::new(request)).await.unwrap().into_inner();
    events.map(|event| event.unwrap()).collect().await
}

fn names(events: &[proto::list_resource::Event]) -> Vec<&str> {
    events.iter().map(|event| event.display_name.as_str()).collect()
}

#[tokio::test]
async fn what_is_found_is_told_by_its_identity_in_its_order() {
    let events = list(&["b", "a", "end"], false, 100).await;
    assert_eq!(names(&events), ["thing b", "thing a"]);
    assert_eq!((&events[0].identity, &events[0].resource_object), (&data("b"), &None));
}

#[tokio::test]
async fn the_object_is_what_an_import_finds_and_one_without_answer_is_listed_with_a_warning() {
    let events = list(&["a", "gone", "silent", "b", "end"], true, 100).await;
    assert_eq!(names(&events), ["thing a", "thing silent", "thing b"]);
    assert_eq!(received(events[0].resource_object.as_ref()), thing("work", Value::from(0), Value::from("a")));
    assert_eq!((summaries(&events[1].diagnostic), &events[1].resource_object), (vec!["Cannot make the thing"], &None));
    assert_eq!(events[1].diagnostic[0].severity(), proto::diagnostic::Severity::Warning);
}

#[tokio::test]
async fn no_more_is_asked_for_than_the_limit() {
    assert_eq!(list(&["endless"], false, 3).await.len(), 3);
    let given = GIVEN.load(Ordering::Relaxed);
    assert!((3..100).contains(&given), "{given}");
}

#[tokio::test]
async fn failures_and_notes_come_after_what_was_found() {
    for (id, told) in [("refused", "Cannot make the thing"), ("panic", "The provider panicked")] {
        let events = list(&["a", id], false, 100).await;
        assert_eq!(names(&events)[0], "thing a");
        let last = events.last().unwrap();
        assert_eq!((summaries(&last.diagnostic), &last.identity), (vec![told], &None));
    }
    let events = list(&["noted", "end"], false, 100).await;
    assert_eq!(names(&events), ["thing noted", ""]);
    assert_eq!(summaries(&events[1].diagnostic), ["Not all could be seen"]);
}
