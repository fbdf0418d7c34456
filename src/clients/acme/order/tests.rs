//! What a CA may answer to an order, word by word.

use std::sync::Arc;

use super::super::key::AccountKey;
use super::super::scripted::{Scripted, problem, reply, with_header};
use super::*;
use crate::clients::acme::edge::Reply;

const DIRECTORY: &str = r#"{"newNonce":"https://ca/nonce","newAccount":"https://ca/acct","newOrder":"https://ca/order",
    "renewalInfo":"https://ca/ari","meta":{"profiles":{"short":"six days"}}}"#;
const PENDING: &str = r#"{"status":"pending","authorizations":["https://ca/z/1"],"finalize":"https://ca/f/1"}"#;

fn account() -> Registered {
    let key = AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap();
    Registered { key: Arc::new(key), account_url: "https://ca/acct/1".to_owned() }
}

/// A CA that answers the directory, then a nonce, then the script.
fn ca(answers: impl IntoIterator<Item = Reply>) -> (Acme, Arc<Scripted>) {
    let beginning = [reply(200, "application/json", DIRECTORY), reply(200, "text/plain", "")];
    let script = Scripted::new(beginning.into_iter().chain(answers));
    (Acme::scripted(&script), script)
}

fn spec() -> OrderSpec {
    OrderSpec { names: vec!["a.example".to_owned()], profile: None, replaces: None }
}

async fn refused(answer: Reply) -> AcmeError {
    ca([answer]).0.new_order(&account(), &spec()).await.expect_err("the order is refused")
}

fn accepted() -> Reply {
    with_header(reply(201, "application/json", PENDING), "location", "https://ca/o/1")
}

#[tokio::test]
async fn a_rate_limit_tells_when_it_ends() {
    let words = "too many certificates (5) already issued for this exact set of identifiers";
    let error = refused(with_header(problem(429, "rateLimited", words), "retry-after", "5400")).await;
    let told = error.explain("Cannot issue the certificate for `a.example`");
    assert_eq!(told.code(), "BERTH-ACME-005");
    assert!(told.detail().contains(words), "{told}");
    // The scripted clock stands at 2027-01-15T08:00:00Z.
    assert!(told.detail().contains("the limit ends at 2027-01-15T09:30:00Z"), "{told}");
}

#[tokio::test]
async fn a_rejected_name_is_named_even_when_a_subproblem_says_so() {
    let body = r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"Error creating new order",
        "subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"the domain is forbidden",
        "identifier":{"type":"dns","value":"bank.example"}}]}"#;
    let told = refused(reply(400, "application/problem+json", body)).await.explain("Cannot issue");
    assert_eq!(told.code(), "BERTH-ACME-006");
    assert!(told.detail().contains("remove or replace `bank.example`"), "{told}");
}

#[tokio::test]
async fn an_error_page_is_quoted_without_its_markup() {
    let told =
        refused(reply(403, "text/html", "<html><body>Blocked by the proxy</body></html>")).await.explain("Cannot");
    assert_eq!(told.code(), "BERTH-ACME-019");
    assert!(told.detail().contains("(HTTP 403)\n\nthe CA said: Blocked by the proxy\n"), "{told}");
}

#[tokio::test]
async fn a_login_page_instead_of_an_order_is_strange_and_not_a_panic() {
    let error =
        refused(with_header(reply(200, "text/html", "<html>Log in</html>"), "location", "https://ca/o/1")).await;
    assert!(matches!(error, AcmeError::Strange { .. }), "{error:?}");
}

#[tokio::test]
async fn refused_nonces_are_outlived() {
    let stale = || problem(400, "badNonce", "JWS has an invalid anti-replay nonce");
    let (ca, script) = ca([stale(), stale(), stale(), stale(), accepted()]);
    assert_eq!(ca.new_order(&account(), &spec()).await.unwrap().url(), "https://ca/o/1");
    assert_eq!(script.asked().iter().filter(|line| *line == "POST https://ca/order").count(), 5);
}

#[tokio::test]
async fn a_replaced_certificate_that_the_ca_refuses_is_left_out() {
    let conflict = problem(409, "alreadyReplaced", "cannot indicate an order replaces a certificate twice");
    let (ca, _) = ca([conflict, accepted()]);
    let spec = OrderSpec { replaces: Some("aki.serial".to_owned()), ..spec() };
    assert_eq!(ca.new_order(&account(), &spec).await.unwrap().url(), "https://ca/o/1");
}

#[tokio::test]
async fn an_unknown_profile_is_told_before_anything_is_ordered() {
    let (ca, script) = ca([]);
    let spec = OrderSpec { profile: Some("long".to_owned()), ..spec() };
    let error = ca.new_order(&account(), &spec).await.err().unwrap();
    assert_eq!(error.to_string(), "the CA does not offer profile `long` (offered: short)");
    assert_eq!(script.asked(), ["GET https://ca/dir"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_order_tells_each_failed_name_with_the_cas_words() {
    let invalid = r#"{"status":"invalid","authorizations":["https://ca/z/1"],"finalize":"https://ca/f/1",
        "error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"Order failed"}}"#;
    let authorization = r#"{"identifier":{"type":"dns","value":"a.example"},"wildcard":true,"status":"invalid",
        "challenges":[{"type":"dns-01","url":"https://ca/c/1","token":"t","status":"invalid",
        "error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"Incorrect TXT record \"old\" found"}}]}"#;
    let json = |body: &str| reply(200, "application/json", body);
    let (ca, _) = ca([accepted(), json(invalid), json(authorization)]);
    let mut order = ca.new_order(&account(), &spec()).await.unwrap();
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    let error = order.wait_past(Status::Pending, &budget).await.unwrap_err();
    let told = error.explain("Cannot issue");
    assert_eq!(told.code(), "BERTH-ACME-012");
    assert!(told.detail().contains("*.a.example: Incorrect TXT record \"old\" found (unauthorized)"), "{told}");
    assert!(error.order_is_lost());
}

#[tokio::test(start_paused = true)]
async fn the_cas_pace_is_kept_and_a_lost_answer_to_finalize_is_no_matter() {
    let state = |status: &str| {
        let body = format!(
            r#"{{"status":"{status}","authorizations":[],"finalize":"https://ca/f/1","certificate":"https://ca/cert/1"}}"#
        );
        reply(200, "application/json", &body)
    };
    let ready = with_header(state("ready"), "location", "https://ca/o/1");
    let lost = problem(403, "orderNotReady", "Order's status (\"processing\") is not acceptable for finalization");
    let processing = with_header(state("processing"), "retry-after", "7");
    let (ca, _) = ca([ready, lost, processing, state("valid")]);
    let mut order = ca.new_order(&account(), &spec()).await.unwrap();
    order.finalize(b"csr").await.unwrap();
    let started = tokio::time::Instant::now();
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    assert_eq!(order.wait_past(Status::Processing, &budget).await.unwrap(), Status::Valid);
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}

#[tokio::test]
async fn a_nonce_of_an_answer_serves_the_next_request() {
    let (ca, script) = ca([accepted(), reply(200, "application/json", PENDING)]);
    let order = ca.new_order(&account(), &spec()).await.unwrap();
    ca.resume_order(&account(), order.url()).await.unwrap();
    let asked = script.asked();
    assert_eq!(asked.iter().filter(|line| line.starts_with("HEAD")).count(), 1, "{asked:?}");
}

#[test]
fn addresses_are_ordered_as_addresses() {
    let spec = OrderSpec { names: vec!["192.0.2.7".to_owned(), "*.a.example".to_owned()], ..spec() };
    let expected = r#"[{"type":"ip","value":"192.0.2.7"},{"type":"dns","value":"*.a.example"}]"#;
    assert_eq!(spec.payload(None)["identifiers"].to_string(), expected);
}
