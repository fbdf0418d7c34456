//! Mutual TLS with exactly one client: the host whose certificate came in the environment.
//!
//! Terraform's client certificate is a self-signed ECDSA P-521 certificate marked as a CA. Verifiers of a web PKI refuse
//! a CA in a leaf's place, and the `ring` back end offers no P-521 signatures, in which case Go sends no certificate at
//! all. So: `aws-lc-rs`, and a verifier that compares the certificate byte for byte.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime},
    server::{
        NoServerSessionStorage,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    version::TLS13,
};

/// The name hosts verify the server's certificate for.
const SERVER_NAME: &str = "localhost";
/// Hosts since Terraform 1.13 refuse a connection on which HTTP/2 was not chosen by ALPN.
const ALPN: &[u8] = b"h2";

/// Why no server side of TLS can be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The server's key or certificate cannot be made.
    #[error("cannot make the server's certificate")]
    Mint(#[from] rcgen::Error),
    /// rustls refuses what it was given.
    #[error("cannot set up TLS")]
    Setup(#[from] Error),
}

/// The server side of TLS for the life of one process.
pub struct ServerTls {
    /// What connections are accepted with.
    pub config: Arc<ServerConfig>,
    /// The certificate the host is told to trust.
    pub certificate: CertificateDer<'static>,
}

impl ServerTls {
    /// Mints a certificate and admits `client` alone.
    pub fn for_client(client: CertificateDer<'static>) -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = CertificateParams::new([SERVER_NAME.to_owned()])?.self_signed(&key)?.der().clone();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient { client, algorithms: provider.signature_verification_algorithms };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], private_key(&key))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        // A host makes one connection: there is nothing to resume.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), certificate })
    }
}

/// Makes `aws-lc-rs` the process's choice, for clients that ask for "the default" of rustls.
pub fn install_crypto() {
    // An error says that another one was installed before, which only a test's process does.
    let _ = CryptoProvider::install_default(aws_lc_rs::default_provider());
}

fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// Admits the one certificate it holds, from a client that proves to have its key.
#[derive(Debug)]
struct PinnedClient {
    client: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if end_entity.as_ref() != self.client.as_ref() {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
