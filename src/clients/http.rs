//! HTTPS with the roots that the user trusts, and a look at what a server presents.

pub mod visit;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;

use crate::digest::sha256_hex;
use crate::domain::certificate;
use crate::explain::chain;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many redirects of one request are followed.
const REDIRECTS: usize = 10;

const AGENT: &str = concat!("terraform-provider-berth/", env!("CARGO_PKG_VERSION"));

/// Why a server was not reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The text of trusted roots is no PEM file of certificates.
    #[error("the trusted roots are no PEM certificates: {fault}")]
    Roots {
        /// What is wrong with it.
        fault: String,
    },
    /// The name is not known to the resolver.
    #[error("the name `{host}` does not resolve: {fault}")]
    Name {
        /// The name.
        host: String,
        /// The resolver's words.
        fault: String,
    },
    /// The server's certificate is not trusted, has ended or is for another name.
    #[error("the certificate is not accepted: {fault}")]
    Certificate {
        /// Why.
        fault: String,
    },
    /// Nothing answers, or not in time.
    #[error("no answer: {fault}")]
    Unreachable {
        /// What happened.
        fault: String,
    },
}

/// A client that trusts the system's roots and those of `ca_pem`.
pub fn https(ca_pem: Option<&str>) -> Result<reqwest::Client, HttpError> {
    let roots_fault = |error: reqwest::Error| HttpError::Roots { fault: chain(&error) };
    let builder = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).user_agent(AGENT);
    let mut builder = builder.redirect(Policy::custom(follow));
    if let Some(pem) = ca_pem {
        let roots = roots(pem).map_err(|fault| HttpError::Roots { fault })?;
        builder = builder.tls_certs_merge(roots.certificates);
    }
    builder.build().map_err(roots_fault)
}

/// Roots that a client takes.
#[derive(Debug)]
pub struct Roots {
    /// The certificates.
    pub certificates: Vec<reqwest::Certificate>,
    /// Those that cannot be used, a clause each.
    pub unused: Vec<String>,
}

/// Reads a bundle of roots as people have it. One that TLS cannot use spoils none of the others, and is told.
///
/// # Errors
/// Why none can be used.
pub fn roots(pem: &str) -> Result<Roots, String> {
    let read = certificate::Roots::parse(pem).map_err(|error| error.to_string())?;
    let (mut certificates, mut unused) = (Vec::new(), read.unused);
    for der in read.ders {
        let tried = rustls::RootCertStore::empty().add(CertificateDer::from(der.as_slice()));
        match tried.map_err(|error| error.to_string()) {
            Ok(()) => certificates.extend(reqwest::Certificate::from_der(&der)),
            Err(error) => unused.push(format!("{}: {error}", sha256_hex(&der))),
        }
    }
    unused.iter().for_each(|why| tracing::warn!(why, "a trusted certificate cannot be used"));
    if certificates.is_empty() { Err(unused.join("; ")) } else { Ok(Roots { certificates, unused }) }
}

/// Follows redirects, but not from TLS to an address without: reqwest takes the login along where host and port stay.
fn follow(attempt: Attempt<'_>) -> Action {
    let was_safe = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if was_safe && attempt.url().scheme() != "https" {
        return attempt.error("it redirects to an address without TLS");
    }
    if attempt.previous().len() > REDIRECTS { attempt.error("it redirects too often") } else { attempt.follow() }
}

/// What became of a request that has no answer.
pub fn fault(error: &reqwest::Error) -> HttpError {
    match tls_fault(error) {
        Some(fault) => HttpError::Certificate { fault: fault.to_string() },
        None => HttpError::Unreachable { fault: chain(error) },
    }
}

/// The TLS error among the causes of an error; `io::Error` hides its own.
fn tls_fault<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::CertificateError> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(rustls::Error::InvalidCertificate(fault)) = current.downcast_ref() {
            return Some(fault);
        }
        let hidden = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = hidden.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| current.source());
    }
    None
}

/// The addresses of a name, as this machine resolves it.
pub async fn addresses(host: &str) -> Result<Vec<IpAddr>, HttpError> {
    let unknown = |fault: String| HttpError::Name { host: host.to_owned(), fault };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, 0)).await.map_err(|error| unknown(error.to_string()))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(addresses) }
}

/// The certificates that a server presents, leaf first, DER; whether they are trusted or not.
pub async fn presented_chain(host: &str, port: u16) -> Result<Vec<Vec<u8>>, HttpError> {
    let unreachable = |fault: String| HttpError::Unreachable { fault };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| unreachable(error.to_string()))?;
    let recorder = Arc::new(Recorder { provider: aws_lc_rs::default_provider().into(), seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unreachable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let handshake = async {
        let stream = TcpStream::connect((bare, port)).await?;
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    let done = tokio::time::timeout(CONNECT_TIMEOUT, handshake).await;
    done.map_err(|_| unreachable("the handshake takes too long".to_owned()))?
        .map_err(|error| unreachable(chain(&error)))?;
    Ok(std::mem::take(&mut *recorder.seen.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Keeps what it is shown and trusts nobody for anything: nothing is sent over such a connection.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = std::iter::once(end_entity).chain(intermediates).map(|der| der.to_vec()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = presented;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
