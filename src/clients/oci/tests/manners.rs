//! Registries that have manners of their own.

use std::sync::OnceLock;

use futures_util::future::join_all;

use super::*;
use crate::clients::oci::upload::Wish;
use crate::domain::oci::Descriptor;

const ABSENT: &str = "404 Not Found\r\ndocker-distribution-api-version: registry/2.0";

#[tokio::test]
async fn requests_that_are_refused_at_the_same_time_all_log_in() {
    let basic = "401 Unauthorized\r\nwww-authenticate: Basic realm=\"r\"";
    let (base, _) = server_by(move |line, login| match (line.split(' ').next(), login) {
        (Some("GET" | "HEAD"), _) => reply("200 OK"),
        (_, None) => reply(basic),
        (Some("POST"), _) => reply("202 Accepted\r\nlocation: /upload"),
        _ => reply("201 Created"),
    })
    .await;
    let registry = client(base);
    let images = ["1", "2", "3"].map(ProbeImage::new);
    let pushes = images.iter().map(|image| registry.push_blob("a", image.blobs().first().unwrap()));
    for pushed in join_all(pushes).await {
        pushed.unwrap();
    }
}

#[tokio::test]
async fn requests_whose_token_is_refused_at_the_same_time_all_go_on_with_another() {
    let (count, here) = (AtomicU32::new(0), Arc::new(OnceLock::<Url>::new()));
    let place = here.clone();
    let (base, _) = server_by(move |line, login| match (line.split(' ').nth(1), login) {
        (Some(path), _) if path.starts_with("/token") => {
            reply_with("200 OK", &format!("{{\"token\":\"t{}\"}}", count.fetch_add(1, Ordering::Relaxed)))
        }
        (_, None | Some("Bearer t0")) => {
            let realm = place.get().unwrap().join("token").unwrap();
            reply(&format!("401 Unauthorized\r\nwww-authenticate: Bearer realm=\"{realm}\""))
        }
        _ => reply(ABSENT),
    })
    .await;
    here.set(base.clone()).unwrap();
    let registry = client(base);
    // The first token is in hand before the requests begin.
    registry.token_for(here.get().unwrap().join("token").unwrap().as_str(), None, &[scope("a", "pull")]).await.unwrap();
    for seen in join_all(["1", "2", "3"].map(|tag| registry.head("a", tag, "pull"))).await {
        assert_eq!(seen, Ok(None));
    }
}

#[tokio::test]
async fn a_registry_that_lets_read_and_asks_for_a_login_beside_that_is_shown_it() {
    let (base, asked) = server(|line| match line {
        line if line.starts_with("GET /v2/ ") => reply("200 OK\r\nwww-authenticate: Basic realm=\"r\""),
        _ => reply(ABSENT),
    })
    .await;
    let registry = client(base);
    assert_eq!(registry.head("a", "1", "pull").await, Ok(None));
    assert!(asked.lock().unwrap().iter().any(|(line, login)| line.starts_with("HEAD") && login.is_some()));
}

/// A blob that is large enough to be asked for, of which nothing is ever read.
fn large() -> Descriptor {
    local::descriptor("l", digest_of(b"large"), 1 << 20)
}

#[tokio::test]
async fn a_blob_that_is_there_is_not_sent_to_who_mounts_nothing() {
    let (base, asked) = server(|line| match line.split(' ').next() {
        Some("POST") => reply("202 Accepted\r\nlocation: /upload"),
        Some("DELETE") => reply("204 No Content"),
        _ => reply("200 OK"),
    })
    .await;
    let (registry, blob) = (client(base), large());
    let wish = Wish { repository: "a", blob: &blob, from: None };
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    let sent = registry.upload(&budget, &wish, &Content::Local(Arc::default())).await.unwrap();
    assert_eq!(sent, 0);
    let methods: Vec<String> = lines(&asked).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["POST", "HEAD", "DELETE"]);
}

#[tokio::test]
async fn who_may_push_may_delete_where_no_token_is_given_for_deletions() {
    let (base, asked) = server(|line| match line.split(' ').nth(1) {
        Some(path) if path.starts_with("/token") && path.contains("delete") => reply("400 Bad Request"),
        Some(path) if path.starts_with("/token") => reply_with("200 OK", "{\"token\":\"t\"}"),
        _ => reply("202 Accepted"),
    })
    .await;
    let realm = base.join("token").unwrap().to_string();
    let registry = client(base);
    *registry.manner.lock().unwrap() = Manner::Told(Challenge::Bearer { realm, service: None });
    registry.delete_manifest("a", "1").await.unwrap();
    assert_eq!(lines(&asked).last().unwrap(), "DELETE /v2/a/manifests/1");
}

#[tokio::test]
async fn a_tag_that_may_not_be_looked_at_is_absent_to_who_may_move_it() {
    let (base, _) = server(|line| match line.split(' ').next() {
        Some("GET" | "HEAD") if line.contains("/manifests/") => reply("403 Forbidden"),
        Some("POST") => reply("202 Accepted\r\nlocation: /upload"),
        Some("PUT") => reply("201 Created"),
        _ => reply("200 OK"),
    })
    .await;
    let top = Manifest::new(OCI_MANIFEST, r#"{"schemaVersion":2,"config":{"mediaType":"a/b"}}"#.into());
    let image = Image { top, children: Vec::new(), blobs: Vec::new() };
    let (registry, budget) = (client(base), Budget::uninterrupted(Duration::from_mins(1)));
    let content = Content::Local(Arc::default());
    let push = |moving| registry.push_image(&budget, ("a", "1"), (&image, &content), moving);
    assert!(matches!(push(Moving::Allowed).await, Ok(Pushed::Sent(0))));
    assert!(push(Moving::Refused).await.is_err(), "whose it is cannot be told");
}
