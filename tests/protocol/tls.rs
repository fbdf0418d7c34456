//! Who is let in: the host whose certificate came in the environment, and nobody else.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::host::{Host, Identity, Plugin, channel, schema};

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn the_host_with_its_p521_ca_certificate_is_let_in_and_http2_is_chosen() {
    let host = Host::new();
    let plugin = host.start().await;
    let stream = plugin.handshake(Some(&host.identity), &[b"h2"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let channel = channel(Box::new(stream)).await;
    assert!(schema(&channel).await.provider.is_some());
}

#[tokio::test]
async fn every_other_client_is_refused_and_the_host_is_served_after_it() {
    let host = Host::new();
    let plugin = host.start().await;
    let stranger = Identity::new();
    let thief = Identity::new().with_certificate_of(&host.identity);
    assert!(is_refused(&plugin, Some(&stranger)).await, "another certificate");
    assert!(is_refused(&plugin, Some(&thief)).await, "the host's certificate without its key");
    assert!(is_refused(&plugin, None).await, "no certificate");
    assert!(plugin.handshake(Some(&host.identity), &[b"http/1.1"]).await.is_err(), "another protocol");
    assert!(plaintext_is_refused(&plugin).await, "no TLS");
    drop(plugin.reach().await);
    let channel = plugin.connect(&host.identity).await;
    assert!(schema(&channel).await.provider.is_some());
}

#[tokio::test]
async fn a_host_that_switched_tls_off_is_served_in_plaintext() {
    let host = Host::new().without_env("PLUGIN_CLIENT_CERT");
    let plugin = host.start().await;
    assert_eq!(plugin.fields()[5], "");
    let channel = channel(plugin.reach().await).await;
    assert!(schema(&channel).await.provider.is_some());
    plugin.shut_down(channel).await;
}

/// Whether the server hangs up on the client instead of speaking HTTP/2 with it.
async fn is_refused(plugin: &Plugin, identity: Option<&Identity>) -> bool {
    let spoken: io::Result<usize> = async {
        let mut stream = plugin.handshake(identity, &[b"h2"]).await?;
        stream.write_all(HTTP2_PREFACE).await?;
        stream.read(&mut [0; 64]).await
    }
    .await;
    !matches!(spoken, Ok(1..))
}

async fn plaintext_is_refused(plugin: &Plugin) -> bool {
    let mut stream = plugin.reach().await;
    let mut answer = Vec::new();
    let spoken = async {
        stream.write_all(HTTP2_PREFACE).await?;
        stream.read_to_end(&mut answer).await
    }
    .await;
    // At most a TLS alert (content type 21) comes back.
    spoken.is_err() || answer.is_empty() || answer[0] == 21
}
