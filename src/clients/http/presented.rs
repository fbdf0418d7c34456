//! A look at the certificates that a server presents, trusted or not.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use url::Url;

use super::network::built;
use super::{HttpError, Network};

impl Network {
    /// The certificates that a server presents, leaf first, DER; whether they are trusted or not. The handshake is broken off
    /// there, on the way that all requests to it go, so nothing is sent over it.
    pub async fn presented_chain(&self, server: &Url) -> Result<Vec<Vec<u8>>, HttpError> {
        self.proxy(server)?;
        let recorder = Arc::new(Recorder { provider: aws_lc_rs::default_provider().into(), seen: Mutex::default() });
        let config = ClientConfig::builder_with_provider(recorder.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Unreachable { fault: error.to_string() })?
            .dangerous()
            .with_custom_certificate_verifier(recorder.clone())
            .with_no_client_auth();
        let client = built(self.builder().tls_backend_preconfigured(config))?;
        let asked = client.head(server.clone()).send().await;
        let seen = std::mem::take(&mut *recorder.seen.lock().unwrap_or_else(PoisonError::into_inner));
        match asked {
            Err(error) if seen.is_empty() => Err(self.fault(&error).await),
            _ => Ok(seen),
        }
    }
}

/// Keeps what it is shown and trusts nobody.
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
        Err(CertificateError::ApplicationVerificationFailure.into())
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
