//! A scripted API server behind the client: the shapes of its answers, and what becomes of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::json;

use super::*;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::owner::Owner;

mod contended;
mod rollouts;

/// What the server was asked: method, path with query, body.
type Asked = Arc<Mutex<Vec<(String, String, String)>>>;

/// A cluster that answers with these statuses and bodies in turn.
fn scripted(answers: Vec<(u16, Value)>) -> (Cluster, Asked) {
    let mut answers = VecDeque::from(answers);
    answering(move |_, _| Some(answers.pop_front().expect("one more answer")))
}

/// A cluster that answers as `answer` says, which is given method and path; `None` breaks the connection.
fn answering(answer: impl FnMut(&str, &str) -> Option<(u16, Value)> + Send + 'static) -> (Cluster, Asked) {
    let asked = Asked::default();
    let answer = Arc::new(Mutex::new(answer));
    let service = {
        let asked = asked.clone();
        tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let (asked, answer) = (asked.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let body = String::from_utf8_lossy(&body).into_owned();
                let (method, path) = (parts.method.to_string(), parts.uri.to_string());
                let given = (*answer.lock().unwrap())(&method, &path);
                asked.lock().unwrap().push((method, path, body));
                let Some((status, answer)) = given else {
                    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    return Err(kube::Error::Service(Box::new(broken)));
                };
                let text = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
                Ok::<_, kube::Error>(
                    http::Response::builder().status(status).body(Full::new(Bytes::from(text))).unwrap(),
                )
            }
        })
    };
    (Cluster::over(Client::new(service, "default")), asked)
}

fn status(code: u16, reason: &str, message: &str, details: &Value) -> (u16, Value) {
    let answer = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    (code, answer)
}

fn budget() -> Budget {
    Budget::uninterrupted(Duration::from_mins(5))
}

fn deployment() -> ObjectRef {
    ObjectRef::deployment("apps", "registry")
}

fn manifest() -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "namespace": "apps", "name": "registry" } })
}

#[tokio::test]
async fn what_does_not_exist_is_none_and_deleting_it_is_success() {
    let gone = || status(404, "NotFound", "deployments.apps \"registry\" not found", &json!({ "kind": "deployments" }));
    let (cluster, _) = scripted(vec![gone(), gone()]);
    assert_eq!(cluster.get(&budget(), &deployment()).await, Ok(None));
    assert_eq!(cluster.delete(&budget(), &deployment(), None).await, Ok(()));
}

#[tokio::test]
async fn applies_under_our_name_and_forces_nothing() {
    let (cluster, asked) = scripted(vec![(200, manifest())]);
    cluster.apply(&budget(), &manifest()).await.unwrap();
    let (method, path, _) = asked.lock().unwrap().first().cloned().unwrap();
    assert_eq!(method, "PATCH");
    assert_eq!(path, "/apis/apps/v1/namespaces/apps/deployments/registry?&fieldManager=berth");
}

#[tokio::test]
async fn a_conflict_names_the_other_manager_and_the_field() {
    let details = json!({ "causes": [{
        "reason": "FieldManagerConflict",
        "message": "conflict with \"kubectl-client-side-apply\" using apps/v1",
        "field": ".spec.replicas",
    }] });
    let (cluster, _) = scripted(vec![status(409, "Conflict", "Apply failed with 1 conflict", &details)]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    let told = error.explain("Cannot change the registry `apps/registry`").to_string();
    assert_eq!(error.code(), "BERTH-K8S-010");
    assert!(told.contains(".spec.replicas") && told.contains("`kubectl-client-side-apply`"), "{told}");
}

#[tokio::test]
async fn a_missing_namespace_is_told_apart_from_a_missing_object() {
    let details = json!({ "name": "apps", "kind": "namespaces" });
    let (cluster, _) = scripted(vec![status(404, "NotFound", "namespaces \"apps\" not found", &details)]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    assert_eq!(error, ClusterError::NamespaceMissing { namespace: "apps".to_owned() });
    assert!(error.explain("x").detail().contains("create the namespace `apps` first"));
}

#[tokio::test]
async fn a_namespace_on_its_way_out_is_no_missing_right() {
    let details =
        json!({ "causes": [{ "reason": "NamespaceTerminating", "message": "…", "field": "metadata.namespace" }] });
    let (cluster, _) = scripted(vec![status(403, "Forbidden", "being terminated", &details)]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    assert_eq!(error, ClusterError::NamespaceTerminating { namespace: "apps".to_owned() });
}

#[tokio::test]
async fn a_missing_right_is_the_one_that_the_cluster_names() {
    // An apply that makes an object is a patch, which is allowed here.
    let words = "deployments.apps \"registry\" is forbidden: User \"ci\" cannot create resource \"deployments\" in API group \
                 \"apps\" in the namespace \"apps\"";
    let (cluster, _) = scripted(vec![status(403, "Forbidden", words, &json!({}))]);
    let told = cluster.apply(&budget(), &manifest()).await.unwrap_err().explain("x").detail();
    assert!(told.contains("User \"ci\" cannot create") && !told.contains("the verb \"patch\""), "{told}");
    assert!(told.contains("required_kubernetes_permissions"), "{told}");
    // A proxy gives no words.
    let (cluster, _) = scripted(vec![status(403, "Forbidden", "denied", &json!({}))]);
    let told = cluster.apply(&budget(), &manifest()).await.unwrap_err().explain("x").detail();
    assert!(told.contains("the verb \"patch\" on this kind of object"), "{told}");
}

#[tokio::test]
async fn what_a_quota_refuses_is_no_missing_right() {
    let words = "deployments.apps \"registry\" is forbidden: exceeded quota: tight, requested: count/deployments=1";
    let (cluster, _) = scripted(vec![status(403, "Forbidden", words, &json!({}))]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    let told = error.explain("x").detail();
    assert_eq!(error.code(), "BERTH-K8S-019");
    assert!(told.contains("raise the namespace's quota") && !told.contains("grant"), "{told}");
    assert!(error.told().starts_with("a quota refuses Deployment apps/registry: deployments.apps"), "{}", error.told());
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_takes_a_call_and_never_answers_leaves_a_refresh_its_state() {
    let service = tower::service_fn(|_: http::Request<kube::client::Body>| {
        std::future::pending::<Result<http::Response<Full<Bytes>>, kube::Error>>()
    });
    let cluster = Cluster::over(Client::new(service, "default"));
    let error = cluster.get(&budget(), &deployment()).await.unwrap_err();
    assert!(error.is_unanswered(), "{error:?}");
    assert!(error.explain("x").detail().contains("did not answer within 60 seconds"), "{error:?}");
}

#[tokio::test]
async fn credentials_that_are_not_accepted_name_their_source() {
    let (cluster, _) = scripted(vec![status(401, "Unauthorized", "Unauthorized", &json!(null))]);
    let error = cluster.get(&budget(), &deployment()).await.unwrap_err();
    assert_eq!(error.code(), "BERTH-K8S-004");
    assert_eq!(error.provider_attribute(), Some("kubernetes.host"));
}

#[tokio::test]
async fn a_refused_field_is_named() {
    let details =
        json!({ "causes": [{ "reason": "FieldValueInvalid", "message": "too long", "field": "metadata.name" }] });
    let (cluster, _) = scripted(vec![status(422, "Invalid", "is invalid", &details)]);
    let error = cluster.apply(&budget(), &manifest()).await.unwrap_err();
    assert!(error.explain("x").detail().contains("fields metadata.name"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_server_is_asked_again_after_the_pause_it_names() {
    let busy = status(429, "TooManyRequests", "slow down", &json!({ "retryAfterSeconds": 7 }));
    let (cluster, asked) = scripted(vec![busy, (200, manifest())]);
    let started = tokio::time::Instant::now();
    assert!(cluster.get(&budget(), &deployment()).await.unwrap().is_some());
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn an_update_is_done_again_on_what_someone_else_wrote_meanwhile() {
    let account = |version: &str, secrets: &[&str]| {
        let secrets: Vec<Value> = secrets.iter().map(|name| json!({ "name": name })).collect();
        (200, json!({ "metadata": { "resourceVersion": version }, "imagePullSecrets": secrets }))
    };
    let stale = status(409, "Conflict", "the object has been modified", &json!({}));
    let (cluster, asked) =
        scripted(vec![account("1", &[]), stale, account("2", &["theirs"]), account("3", &["theirs", "ours"])]);
    let bound = cluster.bind_pull_secret(&budget(), &ObjectRef::service_account("apps", "default"), "ours").await;
    assert_eq!(bound, Ok(Binding::Added));
    let asked = asked.lock().unwrap();
    let (method, _, body) = asked.last().unwrap();
    let written: Value = serde_json::from_str(body).unwrap();
    assert_eq!(method, "PUT");
    assert_eq!(pull_secrets(&written), ["theirs", "ours"]);
    assert_eq!(written.pointer("/metadata/resourceVersion"), Some(&json!("2")));
}

#[tokio::test(start_paused = true)]
async fn waits_for_the_default_account_to_appear() {
    let missing = || status(404, "NotFound", "no account", &json!({ "kind": "serviceaccounts" }));
    let namespace = || (200, json!({ "metadata": { "name": "apps" } }));
    let account = || (200, json!({ "metadata": { "resourceVersion": "1" }, "imagePullSecrets": [{ "name": "ours" }] }));
    let (cluster, _) = scripted(vec![missing(), missing(), namespace(), missing(), namespace(), account(), account()]);
    let bound = cluster.bind_pull_secret(&budget(), &ObjectRef::service_account("apps", "default"), "ours").await;
    assert_eq!(bound, Ok(Binding::Present));
}

#[tokio::test]
async fn a_deleted_object_with_another_uid_is_left_alone() {
    let words = "Precondition failed: UID in precondition: a, UID in object meta: b";
    let (cluster, asked) = scripted(vec![status(409, "Conflict", words, &json!({}))]);
    assert_eq!(cluster.delete(&budget(), &deployment(), Some("a")).await, Ok(()));
    let (_, _, body) = asked.lock().unwrap().first().cloned().unwrap();
    assert!(body.contains(r#""preconditions":{"uid":"a"}"#), "{body}");
}

/// What a registry `apps/registry` of this mark claims.
fn claim(mark: &str) -> Claim {
    let (instance, owner) = ("registry".to_owned(), Some(Owner::found(mark)));
    Claim { application: "registry", instance, owner, lead: deployment(), is_open: false }
}

/// The Deployment or another object of a registry, made by the owner of that mark.
fn marked(mark: &str, kind: &str) -> Value {
    let mut object = json!({
        "apiVersion": if kind == "Deployment" { "apps/v1" } else { "v1" },
        "kind": kind,
        "metadata": {
            "namespace": "apps", "name": "registry", "uid": "u", "resourceVersion": "7",
            "labels": crate::domain::kubernetes::owner_labels("registry", "registry"),
        },
    });
    claim(mark).mark(&mut object);
    object
}

fn terminating(mut object: Value) -> Value {
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object
}

fn absent() -> (u16, Value) {
    status(404, "NotFound", "not found", &json!({ "kind": "deployments" }))
}

#[tokio::test(start_paused = true)]
async fn what_another_owner_holds_is_refused_and_not_written() {
    let found = || (200, marked("theirs", "Deployment"));
    let (cluster, asked) = scripted((0..99).map(|_| found()).collect());
    let error = cluster.apply_own(&budget(), &manifest(), &claim("ours")).await.unwrap_err();
    let told = error.explain("Cannot create the registry `apps/registry`").at("name").to_string();
    assert_eq!(error.code(), "BERTH-K8S-015");
    assert!(told.contains("exists already") && told.contains("`moved` block"), "{told}");
    assert!(told.contains("kubectl annotate deployment registry --namespace apps berth/owner-"), "{told}");
    assert!(asked.lock().unwrap().iter().all(|(method, ..)| method == "GET"));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_leaving_is_waited_for() {
    let answers = vec![
        (200, marked("theirs", "Deployment")),
        (200, terminating(marked("theirs", "Deployment"))),
        absent(),
        (200, marked("ours", "Deployment")),
    ];
    let (cluster, asked) = scripted(answers);
    cluster.apply_own(&budget(), &manifest(), &claim("ours")).await.unwrap();
    let (method, _, body) = asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!(method, "PATCH");
    assert!(body.contains(r#""berth/owner":"ours""#), "{body}");
}

/// What the API server says of the kinds of `apps/v1`: a lead may be of any.
fn apps() -> (u16, Value) {
    (200, json!({ "resources": [{ "name": "deployments", "namespaced": true, "kind": "Deployment" }] }))
}

#[tokio::test(start_paused = true)]
async fn what_a_run_left_that_never_finished_is_taken_over() {
    let service = || marked("killed", "Service");
    let unfinished = {
        let mut lead = marked("killed", "Deployment");
        lead["metadata"]["annotations"][crate::domain::ownership::UNFINISHED] = json!("true");
        lead
    };
    for lead in [absent(), (200, unfinished), (200, marked("ours", "Deployment"))] {
        let (cluster, _) = scripted(vec![(200, service()), apps(), lead.clone(), (200, service())]);
        assert!(cluster.apply_own(&budget(), &service(), &claim("ours")).await.is_ok(), "{lead:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_while_it_went_is_written_again() {
    let ours = || marked("ours", "Deployment");
    let answers = vec![absent(), (200, terminating(ours())), (200, terminating(ours())), absent(), (201, ours())];
    let (cluster, asked) = scripted(answers);
    cluster.apply_own(&budget(), &manifest(), &claim("ours")).await.unwrap();
    assert_eq!(asked.lock().unwrap().iter().filter(|(method, ..)| method == "PATCH").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_delete_leaves_what_has_a_newer_owner_also_since_the_look() {
    let (cluster, asked) = scripted(vec![(200, marked("theirs", "Deployment"))]);
    assert_eq!(cluster.delete_own(&budget(), &deployment(), &claim("ours")).await, Ok(Removal::Left));
    assert_eq!(asked.lock().unwrap().len(), 1);

    let changed = status(409, "Conflict", "the object has been modified", &json!({}));
    let (cluster, asked) =
        scripted(vec![(200, marked("ours", "Deployment")), changed, (200, marked("theirs", "Deployment"))]);
    assert_eq!(cluster.delete_own(&budget(), &deployment(), &claim("ours")).await, Ok(Removal::Left));
    assert!(asked.lock().unwrap()[1].2.contains(r#""resourceVersion":"7""#));
}

fn namespace_of(mark: &str) -> (u16, Value) {
    let mut namespace = marked(mark, "Namespace");
    namespace["metadata"]["name"] = json!("apps");
    (200, namespace)
}

/// The kinds `Pod` and `Role`, as the API server tells them.
fn discovered() -> [(u16, Value); 2] {
    let kind = |resource: &str, kind: &str| {
        let verbs = ["list", "get"];
        json!({ "resource": resource, "responseKind": { "kind": kind }, "scope": "Namespaced", "verbs": verbs })
    };
    let group = |name: &str, resource: Value| {
        let versions = json!([{ "version": "v1", "resources": [resource], "freshness": "Current" }]);
        (200, json!({ "items": [{ "metadata": { "name": name }, "versions": versions }] }))
    };
    [group("", kind("pods", "Pod")), group("rbac.authorization.k8s.io", kind("roles", "Role"))]
}

#[tokio::test]
async fn a_namespace_with_anything_in_it_is_not_taken_away() {
    let [core, groups] = discovered();
    let none = (200, json!({ "items": [] }));
    let role = (200, json!({ "items": [{ "metadata": { "name": "theirs" } }] }));
    let (cluster, asked) = scripted(vec![namespace_of("ours"), core, groups, none, role]);
    let vacancy = cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await;
    assert!(matches!(&vacancy, Ok(Vacancy::InUse(object)) if object.ends_with("apps/theirs")), "{vacancy:?}");
    assert!(asked.lock().unwrap().iter().all(|(method, ..)| method == "GET"));
}

#[tokio::test]
async fn a_namespace_that_cannot_be_looked_into_is_kept() {
    let [core, groups] = discovered();
    let none = (200, json!({ "items": [] }));
    let refused = status(403, "Forbidden", "User \"ci\" cannot list resource \"roles\"", &json!({}));
    let (cluster, _) = scripted(vec![namespace_of("ours"), core, groups, none, refused]);
    let vacancy = cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await;
    assert!(matches!(vacancy, Ok(Vacancy::Unsure(_))), "{vacancy:?}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_namespace_of_ours_goes_and_is_waited_for() {
    let [core, groups] = discovered();
    let none = || (200, json!({ "items": [] }));
    let going = || (200, terminating(namespace_of("ours").1));
    let answers =
        vec![namespace_of("ours"), core, groups, none(), none(), (200, json!({})), going(), going(), absent()];
    let (cluster, asked) = scripted(answers);
    let vacancy = cluster.remove_own_empty_namespace(&budget(), "apps", &claim("ours")).await;
    assert_eq!(vacancy, Ok(Vacancy::Settled));
    assert_eq!(asked.lock().unwrap().len(), 9);
}

#[tokio::test]
async fn a_secret_in_a_containers_log_is_hidden_before_the_log_is_cut() {
    let secret = crate::secret::Secret::new("*buoy-3 and mooring");
    let log = json!(format!("{} unknown anchor '{}'", "x".repeat(300), secret.expose().trim_start_matches('*')));
    let (cluster, _) = scripted(vec![(200, log)]);
    let pod = ObjectRef::pod("apps", "registry-x");
    let told = cluster.pod_log(&budget(), &pod, "registry", 20, false).await.unwrap();
    assert!(told.ends_with("unknown anchor '(hidden)'") && !told.contains("buoy"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn the_pod_of_a_proof_is_removed_after_an_interrupt() {
    let stop = tokio_util::sync::CancellationToken::new();
    let leftover = json!({ "items": [{ "metadata": { "name": "old", "creationTimestamp": "2001-01-01T00:00:00Z" } }] });
    let pending = json!({ "metadata": { "name": "p" }, "status": {} });
    let account = (200, json!({ "metadata": { "name": "default" } }));
    let removed = (200, json!({}));
    let leftovers = [(200, leftover), (200, json!({}))];
    let rest = [(201, json!({})), (200, pending), removed];
    let (cluster, asked) = scripted([account].into_iter().chain(leftovers).chain(rest).collect());
    let request = PullRequest {
        namespace: "apps".to_owned(),
        name: "p".to_owned(),
        service_account: "default".to_owned(),
        image: "r.test/a".to_owned(),
        patience: Duration::from_secs(8),
    };
    let interrupted = Budget::new(Duration::from_mins(5), stop.clone());
    let proof = async {
        let (proof, ()) = tokio::join!(cluster.prove_pull(&interrupted, &request), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.cancel();
        });
        proof
    };
    assert!(proof.await.unwrap_err().is_interrupt());
    let asked = asked.lock().unwrap();
    let deleted: Vec<&str> = asked
        .iter()
        .filter(|(method, ..)| method == "DELETE")
        .map(|(_, path, _)| path.split('?').next().unwrap())
        .collect();
    assert_eq!(deleted.first(), Some(&"/api/v1/namespaces/apps/pods/old"), "what a killed check left goes too");
    assert!(deleted.last().is_some_and(|path| path.starts_with("/api/v1/namespaces/apps/pods/p-")), "{deleted:?}");
}

#[tokio::test]
async fn a_cluster_that_is_down_is_named_with_its_source() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let settings = Settings { host: Some(format!("https://{address}")), ..Settings::default() };
    let error = Cluster::new(settings, Env::default()).get(&budget(), &deployment()).await.unwrap_err();
    let told = error.explain("Cannot read the registry `apps/registry`").to_string();
    assert_eq!(error.code(), "BERTH-K8S-003");
    assert!(told.contains(&address.to_string()) && told.contains("kubernetes.host"), "{told}");
    assert!(told.to_lowercase().contains("refused"), "{told}");
}
