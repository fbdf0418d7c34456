//! Servers for tests: one that speaks TLS, and a forward proxy.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A server with a certificate for one name, from a CA of its own.
pub(in crate::clients) struct TlsServer {
    pub(in crate::clients) port: u16,
    pub(in crate::clients) ca_pem: String,
}

/// Serves the same answer to every request.
pub(in crate::clients) async fn tls_server(name: &str, answer: &'static str) -> TlsServer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, format!("the CA of {name}"));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 8192];
            if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _closed = stream.shutdown().await;
            }
        }
    });
    TlsServer { port, ca_pem: authority.pem() }
}

/// An answer of this status and text.
pub(in crate::clients) const OK: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

/// A forward proxy for `CONNECT`. Every name leads to this machine, so names need not exist.
pub(in crate::clients) struct ForwardProxy {
    pub(in crate::clients) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// Lets through whoever gives this login, in base64; anyone, if there is none. With `refusal` nobody.
    pub(in crate::clients) async fn start(login: Option<&'static str>, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, seen) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<String>>>::default());
        let noted = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, login, refusal, noted.clone()));
            }
        });
        Self { port, seen }
    }

    /// The targets that were asked for.
    pub(in crate::clients) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    login: Option<&'static str>,
    refusal: Option<&'static str>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let mut stream = BufReader::new(stream);
    let (mut first, mut authorized) = (String::new(), login.is_none());
    stream.read_line(&mut first).await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 || line.trim().is_empty() {
            break;
        }
        let given = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
        authorized |= given.is_some_and(|(_, value)| Some(value.trim()) == login);
    }
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let port: u16 = target.rsplit(':').next().unwrap().parse().unwrap_or(80);
    seen.lock().unwrap().push(target);
    let answer = refusal.unwrap_or(if authorized { "200 OK" } else { "407 Proxy Authentication Required" });
    stream.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
    if answer.starts_with("200") {
        let mut onward = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _done = copy_bidirectional(&mut stream, &mut onward).await;
    }
}
