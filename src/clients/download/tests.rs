use std::time::Duration;

use super::super::http::servers::{ForwardProxy, TlsServer, tls_server};
use super::*;

const TEXT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nkind:";
const BYTES: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n\u{80}";
const GONE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const ENDLESS: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
const PLAIN: &str =
    "HTTP/1.1 302 Found\r\nlocation: http://files.test/a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A way on which every name leads to this machine.
async fn way() -> Network {
    let proxy = ForwardProxy::start(None, None).await;
    Network::of(&[("HTTPS_PROXY", format!("127.0.0.1:{}", proxy.port).as_str())].into_iter().collect())
}

async fn fetched(server: &TlsServer, sha256: &str) -> Result<Arc<str>, DownloadError> {
    let (network, url) = (way().await, format!("https://files.test:{}/a.yaml", server.port));
    let client = network.https(Some(&server.ca_pem)).unwrap();
    let budget = Budget::uninterrupted(Duration::from_millis(1500));
    Downloads::default().text_by(&client, &network, (&budget, Patience::SHORT), (&url, sha256)).await
}

#[tokio::test]
async fn the_text_of_the_digest_is_taken_and_no_other() {
    let (server, digest) = (tls_server("files.test", TEXT).await, sha256_hex(b"kind:"));
    assert_eq!(fetched(&server, &digest).await.as_deref(), Ok("kind:"));
    let other = "0".repeat(64);
    assert_eq!(fetched(&server, &other).await, Err(DownloadError::Other { found: digest }));
    let bytes = tls_server("files.test", BYTES).await;
    assert!(fetched(&bytes, &sha256_hex("\u{80}".as_bytes())).await.is_ok());
}

#[tokio::test]
async fn what_was_fetched_is_known_without_asking_again() {
    let downloads = Downloads::default();
    downloads.known().insert("00".to_owned(), "kind:".into());
    let nowhere = Network::of(&[("HTTPS_PROXY", "127.0.0.1:1")].into_iter().collect());
    let budget = Budget::uninterrupted(Duration::from_secs(1));
    let known = downloads.text(&nowhere, (&budget, Patience::SHORT), ("https://files.test/a.yaml", "00")).await;
    assert_eq!(known.as_deref(), Ok("kind:"));
}

#[tokio::test]
async fn answers_without_the_text_are_told_apart_by_whether_they_may_pass() {
    let digest = sha256_hex(b"kind:");
    for (answer, passes) in [(GONE, false), (BUSY, true)] {
        let error = fetched(&tls_server("files.test", answer).await, &digest).await.unwrap_err();
        assert!(matches!(error, DownloadError::Refused(_)) && error.is_passing() == passes, "{error}");
    }
    let plain = fetched(&tls_server("files.test", PLAIN).await, &digest).await.unwrap_err();
    assert!(plain.to_string().contains("without TLS"), "{plain}");
    let torn =
        fetched(&tls_server("files.test", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nkind").await, &digest).await;
    assert!(matches!(torn, Err(DownloadError::NoAnswer(_))), "{torn:?}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_told_with_the_remedy() {
    let (server, network) = (tls_server("files.test", TEXT).await, way().await);
    let (url, budget) =
        (format!("https://files.test:{}/a", server.port), Budget::uninterrupted(Duration::from_secs(2)));
    let error = Downloads::default().text(&network, (&budget, Patience::SHORT), (&url, "00")).await.unwrap_err();
    assert!(matches!(error, DownloadError::NoAnswer(HttpError::Certificate { .. })), "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("SSL_CERT_FILE")) && error.is_passing());
}

#[tokio::test]
async fn a_text_without_end_is_given_up() {
    let text: &'static str = Box::leak((ENDLESS.to_owned() + &"a".repeat(LIMIT + 1)).into_boxed_str());
    let server = tls_server("files.test", text).await;
    assert_eq!(fetched(&server, "00").await, Err(DownloadError::TooLarge));
}
