//! What a CA may answer to an order, word by word.

use std::sync::Arc;

use super::super::key::AccountKey;
use super::super::scripted::{Scripted, broken, page, problem, reply, with_header};
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
    refused_by([answer]).await
}

async fn refused_by(answers: impl IntoIterator<Item = Reply>) -> AcmeError {
    ca(answers).0.new_order(&account(), &spec()).await.expect_err("the order is refused")
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
    let error = order.wait_until_ready(&budget).await.unwrap_err();
    let told = error.explain("Cannot issue");
    assert_eq!(told.code(), "BERTH-ACME-012");
    assert!(told.detail().contains("*.a.example: Incorrect TXT record \"old\" found (unauthorized)"), "{told}");
    assert!(error.order_is_lost());
}

#[tokio::test(start_paused = true)]
async fn the_cas_pace_is_kept_and_a_lost_answer_to_finalize_is_no_matter() {
    let lost = problem(403, "orderNotReady", "Order's status (\"processing\") is not acceptable for finalization");
    let processing = with_header(state("processing"), "retry-after", "7");
    let (ca, _) = ca([ready(), lost, processing, state("valid")]);
    let mut order = ca.new_order(&account(), &spec()).await.unwrap();
    let started = tokio::time::Instant::now();
    order.issue(b"csr", &minute()).await.unwrap();
    assert_eq!((order.status(), started.elapsed()), (Status::Valid, Duration::from_secs(7)));
}

/// An order in this status, with a certificate.
fn state(status: &str) -> Reply {
    let body = format!(
        r#"{{"status":"{status}","authorizations":[],"finalize":"https://ca/f/1","certificate":"https://ca/cert/1"}}"#
    );
    reply(200, "application/json", &body)
}

fn ready() -> Reply {
    with_header(state("ready"), "location", "https://ca/o/1")
}

fn minute() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

async fn issued(answers: impl IntoIterator<Item = Reply>) -> (Result<(), AcmeError>, Arc<Scripted>, Duration) {
    let (ca, script) = ca([ready()].into_iter().chain(answers));
    let mut order = ca.new_order(&account(), &spec()).await.unwrap();
    let started = tokio::time::Instant::now();
    let outcome = order.issue(b"csr", &minute()).await;
    (outcome, script, started.elapsed())
}

fn count(script: &Scripted, line: &str) -> usize {
    script.asked().iter().filter(|asked| *asked == line).count()
}

#[tokio::test(start_paused = true)]
async fn an_order_that_stays_ready_for_a_while_after_finalize_is_waited_for() {
    for after in [["ready", "pending", "processing"], ["pending", "ready", "ready"]] {
        let (outcome, script, _) = issued(after.map(state).into_iter().chain([state("valid")])).await;
        outcome.unwrap();
        assert_eq!(count(&script, "POST https://ca/f/1"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_finalize_ends_tells_why() {
    let dead = r#"{"status":"invalid","authorizations":[],"finalize":"https://ca/f/1",
        "error":{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids"}}"#;
    let (outcome, ..) = issued([reply(200, "application/json", dead)]).await;
    let error = outcome.unwrap_err();
    assert!(error.order_is_lost());
    let told = error.explain("Cannot issue");
    assert_eq!(told.code(), "BERTH-ACME-013");
    assert!(told.detail().contains("CAA forbids"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_ca_does_not_find_fit_is_no_fault_of_the_account() {
    let refusal = problem(403, "unauthorized", "CSR does not specify same identifiers as Order");
    let (outcome, ..) = issued([refusal, state("ready")]).await;
    let told = outcome.unwrap_err().explain("Cannot issue");
    assert_eq!(told.code(), "BERTH-ACME-015");
    assert!(told.detail().contains("same identifiers") && told.detail().contains("csr_pem"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_ready_at_every_server_of_the_ca_is_finalized_again() {
    let lags = || [problem(403, "orderNotReady", "not ready"), state("ready")];
    let (outcome, script, _) = issued(lags().into_iter().chain(lags()).chain([state("valid")])).await;
    outcome.unwrap();
    assert_eq!(count(&script, "POST https://ca/f/1"), 3);
    let (outcome, script, elapsed) = issued((0..9).flat_map(|_| lags())).await;
    assert!(outcome.unwrap_err().to_string().contains("not ready"));
    assert_eq!(count(&script, "POST https://ca/f/1"), FINALIZE_ATTEMPTS);
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_a_day_or_of_nothing_is_no_pause_to_keep() {
    for (asked, least, most) in [("86400", 30, 31), ("0", 1, 2), ("Sat, 21 Nov 2020 05:00:00 GMT", 1, 2)] {
        let processing = with_header(state("processing"), "retry-after", asked);
        let (outcome, _, elapsed) = issued([processing, state("valid")]).await;
        outcome.unwrap();
        assert!((least..most).contains(&elapsed.as_secs()), "{asked}: {elapsed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ca_in_trouble_gets_few_orders_and_its_words_are_told() {
    let failing = || problem(500, "serverInternal", "the database is away");
    let spent = || problem(400, "badNonce", "JWS has an invalid anti-replay nonce");
    let with_spent_nonces = vec![failing(), spent(), failing(), spent(), failing(), failing()];
    for answers in [vec![failing(), failing(), failing(), failing()], with_spent_nonces] {
        let (ca, script) = ca(answers);
        let started = tokio::time::Instant::now();
        let told = ca.new_order(&account(), &spec()).await.unwrap_err().explain("Cannot issue");
        assert_eq!(told.code(), "BERTH-ACME-018");
        assert!(told.detail().contains("the database is away"), "{told}");
        assert!(count(&script, "POST https://ca/order") <= 6, "{:?}", script.asked());
        assert!(started.elapsed() >= Duration::from_secs(3), "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn every_try_has_a_nonce_of_its_own_whatever_the_status_of_the_refusal() {
    let nonce = |reply: Reply, nonce: &'static str| with_header(reply, "replay-nonce", nonce);
    let answers = [
        nonce(problem(503, "serverInternal", "busy"), "n1"),
        nonce(problem(403, "badNonce", "old"), "n2"),
        nonce(problem(406, "badNonce", "old"), "n3"),
        accepted(),
    ];
    let (ca, script) = ca(answers);
    ca.new_order(&account(), &spec()).await.unwrap();
    assert_eq!(script.nonces(), ["nonce", "n1", "n2", "n3"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_the_ca_says_to_replaces_the_order_is_made_without_it() {
    let refusals = || {
        [
            vec![problem(403, "unauthorized", "another account's certificate")],
            vec![problem(409, "alreadyReplaced", "twice")],
            vec![problem(400, "malformed", "no name in common")],
            vec![problem(404, "malformed", "no such certificate")],
            vec![problem(500, "serverInternal", "no order for it"), problem(500, "serverInternal", "no order for it")],
            vec![page(), problem(500, "serverInternal", "no order for it")],
            vec![problem(500, "serverInternal", "no order for it"), broken(), reply(200, "text/plain", ""), page()],
        ]
    };
    for refusal in refusals() {
        let (ca, script) = ca(refusal.into_iter().chain([accepted()]));
        let spec = OrderSpec { replaces: Some("aki.serial".to_owned()), ..spec() };
        let order = ca.new_order(&account(), &spec).await.unwrap();
        assert!(!order.is_replacement());
        let sent: Vec<_> = script.payloads().iter().map(|payload| payload.get("replaces").is_some()).collect();
        assert_eq!((sent.first(), sent.last()), (Some(&true), Some(&false)), "{sent:?}");
    }
    for refusal in [problem(429, "rateLimited", "wait"), problem(400, "rejectedIdentifier", "policy")] {
        let (ca, script) = ca([refusal]);
        let spec = OrderSpec { replaces: Some("aki.serial".to_owned()), ..spec() };
        ca.new_order(&account(), &spec).await.unwrap_err();
        assert_eq!(count(&script, "POST https://ca/order"), 1);
    }
}

/// What the CA grants to renewals (RFC 9773 §5) is not given up for a network that fails.
#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_keeps_what_is_replaced() {
    let nonce = || reply(200, "text/plain", "");
    let (ca, script) = ca([broken(), nonce(), broken(), nonce(), broken(), nonce(), accepted()]);
    let spec = OrderSpec { replaces: Some("aki.serial".to_owned()), ..spec() };
    ca.new_order(&account(), &spec).await.unwrap();
    assert!(script.payloads().iter().all(|payload| payload.get("replaces").is_some()), "{:?}", script.payloads());
    assert_eq!(count(&script, "POST https://ca/order"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_page_for_an_order_is_told_as_a_page() {
    let error = refused_by([page(), page(), page()]).await;
    assert!(error.to_string().contains("with a web page"), "{error}");
}

/// An order's certificate whose CA names two others, of which the first cannot be had.
async fn offered(first_alternate: Vec<Reply>, wanted: &str) -> Result<Offered, AcmeError> {
    let chain = |root: &str| {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, root);
        let pem = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
        reply(200, "application/pem-certificate-chain", &pem)
    };
    let first =
        with_header(chain("First"), "link", "<https://ca/c/2>;rel=\"alternate\", <https://ca/c/3>;rel=\"alternate\"");
    let valid = r#"{"status":"valid","authorizations":[],"finalize":"https://ca/f/1","certificate":"https://ca/c/1"}"#;
    let valid = with_header(reply(201, "application/json", valid), "location", "https://ca/o/1");
    let answers = [valid, first].into_iter().chain(first_alternate).chain([chain("Third")]);
    let order = ca(answers).0.new_order(&account(), &spec()).await.unwrap();
    order.certificate(Some(wanted)).await
}

#[tokio::test(start_paused = true)]
async fn a_chain_beside_the_certificate_that_cannot_be_had_costs_nothing() {
    let lost = || vec![problem(404, "malformed", "no such certificate")];
    let broken = || vec![reply(200, "application/pem-certificate-chain", "-----END CERTIFICATE-----")];
    for first in [lost, broken] {
        let found = offered(first(), "Third").await.unwrap();
        assert_eq!((found.chain.root_name.as_str(), found.other_roots.len()), ("Third", 0));
        let found = offered(first(), "Another").await.unwrap();
        assert_eq!(found.chain.root_name, "First");
        assert_eq!(found.other_roots, ["First", "one that cannot be fetched from https://ca/c/2", "Third"]);
    }
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
