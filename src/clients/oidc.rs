//! An OIDC issuer as IAM wants to know it: the certificate authority that vouches for the server that hands out its keys.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::http::{HttpError, Network};
use crate::digest::sha1_hex;
use crate::retry::Budget;

/// How long asking for the discovery document may take.
const DISCOVERY: Duration = Duration::from_secs(10);
/// How long the whole may take: two requests to servers that may not be reachable from here.
const PATIENCE: Duration = Duration::from_secs(25);

/// The part of the discovery document that tells where the keys lie
/// (<https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>).
#[derive(Debug, Deserialize)]
struct Discovery {
    jwks_uri: String,
}

/// The thumbprint of an issuer by AWS's rule: SHA-1 of the last certificate that the server of its `jwks_uri` presents,
/// 40 lower-case hexadecimal digits
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html>).
///
/// Where the discovery document cannot be had, for instance since this machine does not trust the issuer's certificate,
/// the issuer's own server counts: the keys usually lie there.
///
/// # Errors
/// No server answers.
pub async fn thumbprint(network: &Network, budget: &Budget, issuer: &Url) -> Result<String, HttpError> {
    let unreachable = |fault: &str| HttpError::Unreachable { fault: fault.to_owned() };
    let patience = budget.at_most(PATIENCE);
    let found = patience.run(async {
        let keys = keys_url(network, issuer).await.unwrap_or_else(|| issuer.clone());
        let chain = network.presented_chain(&keys).await?;
        chain.last().map(|top| sha1_hex(top)).ok_or_else(|| unreachable("the server presents no certificate"))
    });
    found.await.unwrap_or_else(|stopped| Err(unreachable(&stopped.to_string())))
}

/// Where the issuer's keys lie; none if it does not say so over a connection that this machine trusts.
async fn keys_url(network: &Network, issuer: &Url) -> Option<Url> {
    let address = format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'));
    let request = network.https(None).ok()?.get(address).timeout(DISCOVERY);
    let answer = request.send().await.and_then(reqwest::Response::error_for_status);
    let document = match answer {
        Ok(answer) => answer.json::<Discovery>().await,
        Err(error) => Err(error),
    };
    let document = document.inspect_err(|error| tracing::debug!(%issuer, %error, "no discovery document")).ok()?;
    Url::parse(&document.jwks_uri).ok().filter(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
    use tokio::net::TcpListener;

    use super::*;

    /// An authority and a server's certificate that comes from it, both DER, with the server's key.
    fn chain() -> (Vec<CertificateDer<'static>>, PrivatePkcs8KeyDer<'static>) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        (vec![leaf.der().clone(), authority.der().clone()], key)
    }

    #[tokio::test]
    async fn the_last_certificate_of_an_issuer_without_discovery_counts() {
        let (chain, key) = chain();
        let last = sha1_hex(chain.last().unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key.into()).unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Url::parse(&format!("https://{}/id/A", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(acceptor.accept(stream).await);
            }
        });
        let budget = Budget::uninterrupted(Duration::from_mins(1));
        assert_eq!(thumbprint(&Network::default(), &budget, &issuer).await, Ok(last));
    }

    #[tokio::test]
    async fn an_issuer_that_does_not_answer_is_told() {
        let budget = Budget::uninterrupted(Duration::from_mins(1));
        let issuer = Url::parse("https://127.0.0.1:1/id/A").unwrap();
        assert!(matches!(thumbprint(&Network::default(), &budget, &issuer).await, Err(HttpError::Unreachable { .. })));
    }
}
