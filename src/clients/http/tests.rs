use super::servers::{ForwardProxy, OK, TlsServer, tls_server};
use super::{HttpError, Network};

fn network(pairs: &[(&str, String)]) -> Network {
    Network::of(&pairs.iter().map(|(name, value)| (*name, value.as_str())).collect())
}

async fn got(network: &Network, server: &TlsServer) -> Result<u16, HttpError> {
    let url = format!("https://far.test:{}/", server.port);
    let answer = network.https(Some(&server.ca_pem)).unwrap().get(url).send().await;
    match answer {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) => Err(network.fault(&error).await),
    }
}

/// `ann:p@ss` as a header has it.
const LOGIN: &str = "Basic YW5uOnBAc3M=";

#[tokio::test]
async fn requests_and_looks_at_certificates_go_through_the_proxy_with_its_login() {
    let server = tls_server("far.test", OK).await;
    for (login, user) in [(None, ""), (Some(LOGIN), "ann:p%40ss@")] {
        let proxy = ForwardProxy::start(login, None).await;
        for scheme in ["", "http://"] {
            let network = network(&[("HTTPS_PROXY", format!("{scheme}{user}127.0.0.1:{}", proxy.port))]);
            assert_eq!(got(&network, &server).await, Ok(200));
            let place = format!("https://far.test:{}/", server.port).parse().unwrap();
            assert_eq!(network.presented_chain(&place).await.unwrap().len(), 1);
        }
        assert_eq!(proxy.seen(), vec![format!("far.test:{}", server.port); 4]);
    }
}

#[tokio::test]
async fn who_is_listed_is_reached_directly() {
    let server = tls_server("far.test", OK).await;
    let proxy = ForwardProxy::start(None, None).await;
    let exceptions = ("NO_PROXY", "a.test, far.test,".to_owned());
    let network = network(&[("HTTPS_PROXY", format!("127.0.0.1:{}", proxy.port)), exceptions]);
    let fault = got(&network, &server).await.unwrap_err();
    assert!(matches!(&fault, HttpError::Name { host, .. } if host == "far.test"), "{fault:?}");
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
async fn what_cannot_heal_is_told_apart_from_what_can() {
    let server = tls_server("far.test", OK).await;
    let through = |proxy: &ForwardProxy, login: &str| {
        network(&[("https_proxy", format!("http://{login}127.0.0.1:{}", proxy.port))])
    };
    let told = async |network: &Network, server: &TlsServer| {
        let fault = got(network, server).await.unwrap_err();
        (fault.is_permanent(), format!("{fault}; next: {}", fault.remedy("TRUST").unwrap_or_default()))
    };
    let wants = ForwardProxy::start(Some(LOGIN), None).await;
    let (permanent, words) = told(&through(&wants, ""), &server).await;
    assert!(permanent && words.contains("407: it wants a login, and none was given"), "{words}");
    let (permanent, words) = told(&through(&wants, "ann:hunter2-wrong@"), &server).await;
    assert!(permanent && words.contains("does not accept the login") && !words.contains("hunter2"), "{words}");
    assert!(
        words.contains(&format!("proxy http://127.0.0.1:{}, from the environment variable https_proxy", wants.port))
    );

    let forbids = ForwardProxy::start(None, Some("403 Not on my list")).await;
    let (permanent, words) = told(&through(&forbids, ""), &server).await;
    assert!(permanent && words.contains("answers 403 Not on my list; next: ask those who run the proxy"), "{words}");
    let busy = ForwardProxy::start(None, Some("503 Upstream is down")).await;
    assert!(!told(&through(&busy, ""), &server).await.0);

    let fine = ForwardProxy::start(None, None).await;
    let stranger = tls_server("other.test", OK).await;
    let untrusted = TlsServer { port: server.port, ca_pem: stranger.ca_pem.clone() };
    let (permanent, words) = told(&through(&fine, ""), &untrusted).await;
    assert!(permanent && words.contains("UnknownIssuer") && words.contains("TRUST"), "{words}");
    let (permanent, words) = told(&through(&fine, ""), &stranger).await;
    assert!(permanent && words.contains("not valid for name") && words.contains("made for this name"), "{words}");

    let nowhere = network(&[("HTTPS_PROXY", "http://no-such-name.invalid:3128".to_owned())]);
    let (permanent, words) = told(&nowhere, &server).await;
    assert!(permanent && words.contains("the name `no-such-name.invalid` does not resolve"), "{words}");
    let speaks_plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = network(&[("HTTPS_PROXY", format!("https://{}", speaks_plain.local_addr().unwrap()))]);
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let (mut stream, _) = speaks_plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let (permanent, words) = told(&plain, &server).await;
    assert!(permanent && words.contains("no TLS is spoken there"), "{words}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = network(&[("HTTPS_PROXY", closed.to_string())]);
    let (permanent, words) = told(&closed, &server).await;
    assert!(!permanent && words.contains("refused") && words.contains("through the proxy"), "{words}");
}
