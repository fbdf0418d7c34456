//! A token server for the registry (distribution's `auth.token`), with the certificate that both serve and trust.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use berth::clock::Clock;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::distribution::{PASSWORD, USER};

const SERVICE: &str = "the registry";

/// A certificate for 127.0.0.1 that signs itself, with its key, as files.
pub struct Certificate {
    folder: TempDir,
    leaf: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Certificate {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let made = Self { folder, leaf, key };
        std::fs::write(made.file(), made.pem()).unwrap();
        std::fs::write(made.key_file(), made.key.serialize_pem()).unwrap();
        made
    }

    pub fn pem(&self) -> String {
        self.leaf.pem()
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("tls.pem")
    }

    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("tls.key")
    }

    /// The part `http` of a registry's configuration, with TLS.
    pub fn http(&self) -> String {
        let (certificate, key) = (self.file().display().to_string(), self.key_file().display().to_string());
        format!("  addr: '127.0.0.1:0'\n  tls: {{ certificate: '{certificate}', key: '{key}' }}\n")
    }

    /// Signs a token (RFC 7515, ES256) that names this certificate.
    fn signed(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(self.leaf.der())] });
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(claims));
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der()).unwrap();
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// Starts a token server that gives [`USER`] all that is asked for, and others nothing. Its tokens hold for `lifetime`. It ends
/// with the test's process. Gives the part `auth` of a registry's configuration.
pub fn serve(certificate: &Arc<Certificate>, lifetime: Duration) -> String {
    let key = PrivatePkcs8KeyDer::from(certificate.key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![certificate.leaf.der().clone()];
    let tls = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key.into()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let realm = format!("https://{}/token", listener.local_addr().unwrap());
    let issuer = Arc::clone(certificate);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _closed = answer(client, &tls, &issuer, lifetime);
        }
    });
    format!(
        "  token:\n    realm: '{realm}'\n    service: '{SERVICE}'\n    issuer: tests\n    rootcertbundle: '{}'\n",
        certificate.file().display()
    )
}

fn answer(client: TcpStream, tls: &Arc<ServerConfig>, issuer: &Certificate, lifetime: Duration) -> Option<()> {
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).ok()?, client));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let login = format!("authorization: Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let (status, body) = if lines.iter().any(|line| line.eq_ignore_ascii_case(&login)) {
        let target = lines.first()?.split(' ').nth(1)?;
        ("200 OK", json!({ "token": issuer.signed(&claims(target, lifetime)), "expires_in": lifetime.as_secs() }))
    } else {
        ("401 Unauthorized", json!({ "errors": [{ "code": "UNAUTHORIZED", "message": "who are you" }] }))
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    write!(stream.get_mut(), "{head}Content-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    stream.get_mut().conn.send_close_notify();
    stream.get_mut().flush().ok()
}

/// What a token says (distribution, `docs/content/spec/auth/jwt.md`).
fn claims(target: &str, lifetime: Duration) -> Value {
    let asked = Url::parse("https://tokens.test").unwrap().join(target).unwrap();
    let service: HashMap<_, _> = asked.query_pairs().into_owned().collect();
    assert_eq!(service["service"], SERVICE);
    let scopes = asked.query_pairs().filter(|(name, _)| name == "scope").map(|(_, scope)| {
        let (kind, rest) = scope.split_once(':').unwrap();
        let (name, actions) = rest.rsplit_once(':').unwrap();
        json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() })
    });
    let access: Vec<_> = scopes.collect();
    let now = Clock::system().now().as_second();
    let end = now + i64::try_from(lifetime.as_secs()).unwrap() + 5;
    json!({
        "iss": "tests", "sub": USER, "aud": SERVICE, "jti": "1", "access": access,
        "iat": now, "nbf": now - 5, "exp": end,
    })
}
