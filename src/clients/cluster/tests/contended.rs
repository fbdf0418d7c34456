//! Broken connections, and objects that others write to at the same moment.

use serde_json::json;

use super::{
    absent, answering, apps, budget, claim, deployment, discovered, manifest, marked, namespace_of, scripted, status,
};
use crate::clients::cluster::{ClusterError, Vacancy};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::UNFINISHED;

#[tokio::test(start_paused = true)]
async fn what_may_be_done_twice_is_asked_again_after_a_lost_answer() {
    let mut calls = 0;
    let (cluster, asked) = answering(move |method, _| {
        calls += 1;
        match (calls, method) {
            (2 | 4 | 6, _) => None,
            (_, "GET") => Some((200, json!({ "metadata": {}, "items": [] }))),
            _ => Some((200, json!({}))),
        }
    });
    cluster.get(&budget(), &deployment()).await.unwrap();
    cluster.get(&budget(), &deployment()).await.unwrap();
    cluster.apply(&budget(), &manifest()).await.unwrap();
    cluster.delete(&budget(), &deployment(), Some("u")).await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_done_twice_is_not_asked_again() {
    let (cluster, asked) = answering(|method, _| (method == "GET").then(|| (200, json!({}))));
    cluster.get(&budget(), &deployment()).await.unwrap();
    let error = cluster.create(&budget(), &manifest()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error:?}");
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_nobody_reaches_is_asked_once_and_again_a_while_later() {
    let mut calls = 0;
    let (cluster, asked) = answering(move |_, _| {
        calls += 1;
        (calls > 1).then(|| (200, json!({})))
    });
    for _ in 0..50 {
        let error = cluster.get(&budget(), &deployment()).await.unwrap_err();
        assert!(matches!(error, ClusterError::Unreachable { .. }), "{error:?}");
    }
    assert_eq!(asked.lock().unwrap().len(), 1);
    tokio::time::advance(std::time::Duration::from_secs(11)).await;
    assert!(cluster.get(&budget(), &deployment()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_others_count_into_at_the_same_moment_is_asked_again() {
    let words = "Operation cannot be fulfilled on resourcequotas \"all\": the object has been modified";
    let crowded = |kind: &str| status(409, "Conflict", words, &json!({ "name": "all", "kind": kind }));
    for kind in ["resourcequotas", "clusterresourcequotas"] {
        let (cluster, asked) = scripted(vec![crowded(kind), crowded(kind), (200, manifest())]);
        cluster.apply(&budget(), &manifest()).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), 3);
    }
    let (cluster, _) = scripted(vec![crowded("deployments")]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Conflict { .. }), "{error:?}");
}

#[tokio::test]
async fn many_objects_are_read_page_by_page() {
    let page = |names: &[&str], next: &str| {
        let items: Vec<_> = names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
        (200, json!({ "metadata": { "continue": next }, "items": items }))
    };
    let (cluster, asked) = scripted(vec![page(&["a", "b"], "more"), page(&["c"], "")]);
    let mut seen = Vec::new();
    cluster.each_page(&budget(), &ObjectRef::pod("apps", ""), |objects| seen.push(objects.len())).await.unwrap();
    let paths: Vec<String> = asked.lock().unwrap().iter().map(|(_, path, _)| path.clone()).collect();
    assert_eq!(seen, [2, 1]);
    assert!(paths.iter().all(|path| path.contains("limit=500")) && paths[1].contains("continue=more"), "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn what_became_anothers_between_look_and_write_is_not_taken() {
    let changed = || status(409, "Conflict", "the object has been modified", &json!({}));
    let mut answers = vec![(200, marked("ours", "Deployment")), changed()];
    answers.extend((0..99).map(|_| (200, marked("theirs", "Deployment"))));
    let (cluster, asked) = scripted(answers);
    let error = cluster.apply_own(&budget(), &manifest(), &claim("ours")).await.unwrap_err();
    assert!(matches!(error, ClusterError::Held { .. }), "{error:?}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked[1].2.contains(r#""resourceVersion":"7""#), "{:?}", asked[1]);
    assert_eq!(asked.iter().filter(|(method, ..)| method == "PATCH").count(), 1);

    let (cluster, _) = scripted(vec![
        (200, marked("ours", "Deployment")),
        changed(),
        (200, marked("ours", "Deployment")),
        (200, json!({})),
    ]);
    assert!(cluster.apply_own(&budget(), &manifest(), &claim("ours")).await.is_ok(), "its controller wrote the status");
}

#[tokio::test]
async fn who_lost_the_race_for_a_name_is_told() {
    let unfinished = |mark: &str| {
        let mut lead = marked(mark, "Deployment");
        lead["metadata"]["annotations"][UNFINISHED] = json!("true");
        (200, lead)
    };
    let (cluster, _) = scripted(vec![unfinished("theirs")]);
    assert!(matches!(cluster.finish(&budget(), &claim("ours")).await, Err(ClusterError::Held { .. })));
    let (cluster, _) = scripted(vec![unfinished("ours"), (200, json!({}))]);
    assert_eq!(cluster.finish(&budget(), &claim("ours")).await, Ok(()));
    let (cluster, _) = scripted(vec![absent()]);
    assert_eq!(cluster.finish(&budget(), &claim("ours")).await, Ok(()), "what is gone is nobody's");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_whose_maker_is_gone_goes_with_the_last_who_asked_for_it() {
    let of_gone = || {
        let mut namespace = namespace_of("gone").1;
        namespace["metadata"]["labels"] = crate::domain::kubernetes::owner_labels("registry", "other");
        (200, namespace)
    };
    let [core, groups] = discovered();
    let none = || (200, json!({ "items": [] }));
    let (cluster, asked) =
        scripted(vec![of_gone(), apps(), absent(), core, groups, none(), none(), (200, json!({})), absent()]);
    let vacancy = cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await;
    assert_eq!(vacancy, Ok(Vacancy::Settled));
    assert!(asked.lock().unwrap().iter().any(|(method, ..)| method == "DELETE"));

    let (cluster, asked) = scripted(vec![of_gone(), apps(), (200, marked("gone", "Deployment"))]);
    let vacancy = cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await;
    assert_eq!((vacancy, asked.lock().unwrap().len()), (Ok(Vacancy::Settled), 3), "its maker is there");

    let foreign = json!({ "metadata": { "name": "apps", "annotations": of_gone().1["metadata"]["annotations"] } });
    let (cluster, asked) = scripted(vec![(200, foreign)]);
    cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1, "somebody made it theirs");
}

#[tokio::test(start_paused = true)]
async fn an_annotation_goes_back_to_what_it_was_unless_somebody_changed_it() {
    let account = |value: &str| (200, json!({ "metadata": { "annotations": { "role": value } } }));
    let object = ObjectRef::service_account("apps", "theirs");
    let (cluster, asked) = scripted(vec![account("ours"), (200, json!({}))]);
    cluster.give_back(&budget(), &object, "role", "ours", Some("before")).await.unwrap();
    assert!(asked.lock().unwrap()[1].2.contains(r#""role":"before""#));
    let (cluster, asked) = scripted(vec![account("somebody's")]);
    cluster.give_back(&budget(), &object, "role", "ours", Some("before")).await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1);
}
