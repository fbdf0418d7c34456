//! The client against servers that lead elsewhere.

mod manners;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::domain::oci::{Manifest, OCI_MANIFEST, digest_of};
use crate::domain::probe_image::ProbeImage;
use crate::retry::Budget;
use crate::secret::Secret;

/// What a server was asked: the request's line, and its `Authorization`.
pub(super) type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server that answers each request by its line, with connections closed after each.
pub(super) async fn server(answer: impl Fn(&str) -> String + Send + 'static) -> (Url, Asked) {
    server_by(move |line, _| answer(line)).await
}

/// A server that answers each request by its line and its `Authorization`.
async fn server_by(answer: impl Fn(&str, Option<&str>) -> String + Send + 'static) -> (Url, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let asked = Asked::default();
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let (mut head, mut length) = (Vec::new(), 0);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                let line = line.trim().to_owned();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                head.push(line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            let Some(first) = head.first().cloned() else { continue };
            let login = head
                .iter()
                .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization")));
            let login = login.map(|(_, value)| value.to_owned());
            let text = answer(&first, login.as_deref());
            seen.lock().unwrap().push((first, login));
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (url, asked)
}

/// What was asked, each by its method and path, without the first question.
pub(super) fn lines(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let lines = asked.iter().map(|(line, _)| line.trim_end_matches(" HTTP/1.1").to_owned());
    lines.filter(|line| line != "GET /v2/").collect()
}

pub(super) fn reply(head: &str) -> String {
    format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
}

pub(super) fn reply_with(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

pub(super) fn client(base: Url) -> Oci {
    let login = Login { username: "ann".to_owned(), password: Secret::new("correct horse battery") };
    Oci::new(&Network::default(), base, None, Some(login)).unwrap()
}

async fn push_one(registry: &Oci) -> Result<(), OciError> {
    let image = ProbeImage::new("1");
    registry.push_blob("a", image.blobs().first().unwrap()).await
}

/// A registry that wants `challenge` and has uploads go on at `location`.
async fn leading_to(challenge: &'static str, location: String) -> (Url, Asked) {
    server(move |line| match line.split(' ').next() {
        Some("GET") => reply(&format!("401 Unauthorized\r\nwww-authenticate: {challenge}")),
        Some("POST") => reply(&format!("202 Accepted\r\nlocation: {location}")),
        _ => reply("201 Created"),
    })
    .await
}

#[tokio::test]
async fn the_login_goes_to_the_registry_itself_and_to_nobody_that_it_names() {
    let (elsewhere, theirs) = server(|_| reply("201 Created")).await;
    let (base, ours) = leading_to("Basic realm=\"r\"", format!("{elsewhere}upload?signed=1")).await;
    push_one(&client(base)).await.unwrap();
    let logins = |asked: &Asked| asked.lock().unwrap().iter().filter(|(_, login)| login.is_some()).count();
    assert_eq!(theirs.lock().unwrap().len(), 1);
    assert_eq!((logins(&ours), logins(&theirs)), (1, 0));

    let (base, ours) = leading_to("Basic realm=\"r\"", "/v2/a/upload".to_owned()).await;
    push_one(&client(base)).await.unwrap();
    assert_eq!(logins(&ours), 2, "both requests of the upload are the registry's own");
}

#[tokio::test]
async fn an_open_registry_is_known_by_its_header_or_its_empty_object() {
    const HEADER: &str = "docker-distribution-api-version: registry/2.0\r\n";
    for (header, body, is_registry) in
        [(HEADER, "", true), ("", "{}\n", true), ("", "{\"a\":1}", false), ("", "<html></html>", false)]
    {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}");
        let (base, _) = server(move |_| answer.clone()).await;
        let told = client(base).anonymous().await.unwrap();
        assert_eq!((told.status, told.is_registry), (200, is_registry), "{header}{body}");
    }
}

#[test]
fn an_origin_is_the_same_with_and_without_its_usual_port() {
    let origin = |url: &str| Url::parse(url).unwrap().origin();
    assert_eq!(origin("https://registry.test:443/a"), origin("https://REGISTRY.test/b"));
    for other in ["https://registry.test:5000/", "http://registry.test/", "https://a.registry.test/"] {
        assert_ne!(origin("https://registry.test/"), origin(other));
    }
}

#[tokio::test]
async fn nothing_goes_from_tls_to_an_address_without() {
    let registry = client(Url::parse("https://registry.test/").unwrap());
    for url in ["http://registry.test/v2/a/upload?state=s", "http://elsewhere.test/", "ftp://registry.test/"] {
        let url = Url::parse(url).unwrap();
        let refused = registry.authorized(Method::PUT, url.clone(), &[], |request| request).await;
        assert!(matches!(refused, Err(OciError::Downgrade { .. })), "{url}");
    }
    let refused = registry.token("http://auth.test/token", None, &[]).await.unwrap_err();
    assert_eq!(refused, OciError::Downgrade { url: "http://auth.test/token".to_owned() });
}

#[tokio::test]
async fn what_a_manifest_names_has_the_content_of_its_digest() {
    let (base, _) = server(|_| reply_with("200 OK", r#"{"manifests":[]}"#)).await;
    let registry = client(base);
    let named = local::descriptor("m", "latest".to_owned(), 1);
    let error = registry.get_named("a", &named).await.unwrap_err();
    assert!(matches!(error, OciError::Digest { wanted, .. } if wanted == "latest"));
    let named = local::descriptor("m", digest_of(br#"{"manifests":[]}"#), 1);
    assert_eq!(registry.get_named("a", &named).await.unwrap().digest, named.digest);
}

#[tokio::test]
async fn a_tag_that_somebody_puts_on_another_image_meanwhile_is_left() {
    let other = digest_of(b"other");
    let looks = AtomicU32::new(0);
    let occupied = format!("200 OK\r\ndocker-content-digest: {other}");
    let (base, asked) = server(move |line| match line.split(' ').next() {
        Some("HEAD") if line.contains("/manifests/1 ") && looks.fetch_add(1, Ordering::Relaxed) > 0 => reply(&occupied),
        Some("HEAD") => reply("404 Not Found"),
        Some("GET") => reply("200 OK"),
        _ => reply("201 Created"),
    })
    .await;
    let image = Image { top: Manifest::new(OCI_MANIFEST, "{}".into()), children: Vec::new(), blobs: Vec::new() };
    let (content, budget) = (Content::Local(Arc::default()), Budget::uninterrupted(Duration::from_mins(1)));
    let pushed = client(base).push_image(&budget, ("a", "1"), (&image, &content), Moving::Refused).await.unwrap();
    assert_eq!(pushed, Pushed::Occupied(other));
    assert!(asked.lock().unwrap().iter().all(|(line, _)| !line.starts_with("PUT")));
}

#[tokio::test]
async fn a_registry_that_says_nothing_is_not_waited_for_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = client(Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap());
    let _silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let mut login = std::pin::pin!(registry.log_in());
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut login).await.is_err(), "it is asked");
    tokio::time::pause();
    tokio::time::advance(ANSWER).await;
    tokio::time::resume();
    let ended = tokio::time::timeout(Duration::from_secs(5), login).await.expect("it is given up");
    assert!(ended.unwrap_err().is_passing());
}

#[tokio::test]
async fn waiting_for_ones_turn_to_send_ends_with_the_budget() {
    let registry = client(Url::parse("http://127.0.0.1:9/").unwrap());
    let _others = registry.slots.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
    let (blob, budget) = (local::descriptor("l", digest_of(b""), 0), Budget::uninterrupted(Duration::from_millis(50)));
    let wish = upload::Wish { repository: "a", blob: &blob, from: None };
    let content = Content::Local(Arc::default());
    let ended = registry.in_turn(&budget, wish, &content);
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await.expect("it ends");
    assert!(matches!(ended, Err(Unfinished::Stopped(..))));
}

#[tokio::test]
async fn who_may_not_read_where_a_blob_is_may_still_send_it() {
    let granted = |line: &str| !line.contains("secret");
    let (tokens, _) = server(move |line| match line {
        line if granted(line) => reply_with("200 OK", r#"{"token":"one for here"}"#),
        _ => reply("403 Forbidden"),
    })
    .await;
    let (base, asked) = server(move |line| match line.split(' ').next() {
        Some("GET") => reply(&format!("401 Unauthorized\r\nwww-authenticate: Bearer realm=\"{tokens}\"")),
        Some("POST") => reply("202 Accepted\r\nlocation: /upload"),
        Some("HEAD") => reply("404 Not Found"),
        _ => reply("201 Created"),
    })
    .await;
    let blob = local::descriptor("l", digest_of(b"content"), 7);
    let places = Places::from([(blob.digest.clone(), Place::Bytes("content".into()))]);
    let wish = upload::Wish { repository: "a", blob: &blob, from: Some("secret") };
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    let sent = client(base).upload(&budget, &wish, &Content::Local(Arc::new(places))).await;
    assert_eq!(sent.unwrap(), 7);
    assert!(asked.lock().unwrap().iter().any(|(line, _)| line.starts_with("PUT /upload")));
}

#[tokio::test]
async fn what_was_taken_away_from_under_a_tag_is_sent_again() {
    let (child, top) = (Manifest::new(OCI_MANIFEST, "{}".into()), Manifest::new(OCI_MANIFEST, "[]".into()));
    let (kept, lost) = (digest_of(b"kept"), digest_of(b"content"));
    let (is_lost, tagged) = ([child.digest.clone(), lost.clone()], top.digest.clone());
    let (base, asked) = server(move |line| match line.split(' ').next() {
        Some("HEAD") if is_lost.iter().any(|digest| line.contains(digest.as_str())) => reply("404 Not Found"),
        Some("POST") => reply("202 Accepted\r\nlocation: /upload"),
        Some("PUT") => reply("201 Created"),
        _ => reply(&format!("200 OK\r\ndocker-content-digest: {tagged}")),
    })
    .await;
    let blobs = vec![local::descriptor("l", kept, 4), local::descriptor("l", lost.clone(), 7)];
    let places = Places::from([(lost, Place::Bytes("content".into()))]);
    let named = format!("PUT /v2/a/manifests/{}", child.digest);
    let image = Image { top, children: vec![child], blobs };
    let (content, budget) = (Content::Local(Arc::new(places)), Budget::uninterrupted(Duration::from_mins(1)));
    let pushed = client(base).push_image(&budget, ("a", "1"), (&image, &content), Moving::Refused).await.unwrap();
    assert_eq!(pushed, Pushed::Sent(7));
    let asked = asked.lock().unwrap();
    let sent: Vec<&str> = asked.iter().map(|(line, _)| line.as_str()).filter(|line| line.starts_with('P')).collect();
    assert_eq!(sent.len(), 3, "one blob and the child: {sent:?}");
    assert!(sent.iter().any(|line| line.starts_with(&named)));
}

#[tokio::test]
async fn a_404_that_is_no_registrys_says_nothing_of_a_tag() {
    for (body, is_registry) in [("404 page not found\n", false), (r#"{"errors":[]}"#, true)] {
        let (base, _) = server(|_| reply_with("404 Not Found", body)).await;
        let seen = client(base).head("a", "1", "pull").await;
        match seen {
            Ok(seen) => assert!(is_registry && seen.is_none(), "{body}"),
            Err(error) => {
                assert!(!is_registry && error.is_passing() && error.to_string().contains(body.trim()), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn why_a_look_is_denied_is_told_in_the_registrys_words() {
    let words = r#"{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}"#;
    let (base, _) = server(move |line| match line {
        line if line.starts_with("HEAD") => reply("403 Forbidden"),
        line if line.contains("/manifests/") => reply_with("403 Forbidden", words),
        _ => reply("200 OK"),
    })
    .await;
    let error = client(base).head("a", "1", "pull").await.unwrap_err();
    assert_eq!(error, OciError::Denied { words: "DENIED Your authorization token has expired.".to_owned() });
}
