//! The registry client against distribution itself, started on a port of its own.

use berth::clients::http::Network;
use berth::clients::oci::{Challenge, Oci, OciError};
use berth::domain::dockerconfig::Login;
use berth::domain::probe_image::ProbeImage;
use berth::secret::Secret;
use url::Url;

use crate::distribution::{Distribution, USER};

/// A registry without TLS, which may let clients delete.
fn registry(deleting: bool) -> Distribution {
    Distribution::start("  addr: '127.0.0.1:0'\n", &format!("  delete: {{ enabled: {deleting} }}\n"))
}

fn client(registry: &Distribution, password: Option<&str>) -> Oci {
    let login = password.map(|password| Login { username: USER.to_owned(), password: Secret::new(password) });
    let url = Url::parse(&format!("http://{}/", registry.place)).unwrap();
    Oci::new(&Network::default(), url, None, login).unwrap()
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn wants_a_login_and_takes_only_the_right_one() {
    let registry = registry(true);
    let answer = client(&registry, None).anonymous().await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenge, Some(Challenge::Basic { realm: "test".to_owned() }));
    assert_eq!(client(&registry, Some("correct horse")).log_in().await, Ok(()));
    let refused = client(&registry, Some("wrong")).log_in().await.unwrap_err();
    assert!(matches!(&refused, OciError::Unauthorized { words } if words.contains("UNAUTHORIZED")), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_image_comes_back_as_it_was_pushed_and_goes_when_deleted() {
    let registry = registry(true);
    let client = client(&registry, Some("correct horse"));
    let image = ProbeImage::new("1");
    client.push("team/check", "check", &image).await.unwrap();
    client.push("team/check", "check", &image).await.unwrap();
    let digest = &image.index().digest;
    assert_eq!(client.get("team/check", digest, "pull").await.unwrap().content, image.index().content);
    for blob in image.blobs() {
        assert_eq!(client.pull_blob("team/check", &blob.digest).await.unwrap(), blob.content);
    }
    client.delete_manifest("team/check", digest).await.unwrap();
    client.delete_manifest("team/check", digest).await.unwrap();
    let gone = client.get("team/check", digest, "pull").await.unwrap_err();
    assert!(matches!(gone, OciError::NotFound { .. }), "{gone:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_registry_that_does_not_delete_says_so() {
    let registry = registry(false);
    let client = client(&registry, Some("correct horse"));
    let image = ProbeImage::new("1");
    client.push("check", "check", &image).await.unwrap();
    let refused = client.delete_manifest("check", &image.index().digest).await.unwrap_err();
    assert!(matches!(refused, OciError::Unsupported { .. }), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn nobody_at_the_port_is_told_apart_from_a_wrong_login() {
    let registry = registry(true);
    let client = client(&registry, Some("correct horse"));
    drop(registry);
    let error = client.log_in().await.unwrap_err();
    assert!(matches!(error, OciError::Http(berth::clients::http::HttpError::Unreachable { .. })), "{error:?}");
}
