//! Certificates of the provider `vancluever/acme` become ours, without being issued again.

use serde_json::Value as Json;

use crate::domain::certificate::Chain;
use crate::explain::Explanation;
use crate::sdk::{Result, Secret};

use super::model::Certificate;

/// The certificate of an `acme_certificate`. What it is for and of what kind its key is, the certificate itself tells,
/// whichever spelling the state has. What else was asked of the CA is left open, so that the new configuration may say it
/// without a new certificate.
///
/// The key is handed on, for the first apply to put into the Secret and out of the state, unless `private_key_in_state` keeps
/// it there. It cannot be left out at once: Terraform asks for this with the old state and without the configuration
/// (`MoveResourceState`), and that state is the only place that has the key. What else holds it there, such as
/// `certificate_p12`, goes with the move.
pub fn certificate(state: &Json) -> Result<Certificate> {
    let text = |name: &str| state.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let pem = format!("{}{}", text("certificate_pem").unwrap_or_default(), text("issuer_pem").unwrap_or_default());
    let chain = Chain::parse(&pem).map_err(|error| {
        Explanation::new("BERTH-ACME-062", "Cannot take over the certificate of an `acme_certificate`")
            .said("the state", error.to_string())
            .next("declare a new `berth_acme_certificate`, and forget the old one with a `removed` block")
    })?;
    let key = text("private_key_pem").map(Secret::new);
    let mut model = Certificate {
        must_staple: state.get("must_staple").and_then(Json::as_bool).unwrap_or_default(),
        private_key_in_state: key.is_some(),
        ..Certificate::existing(&chain)
    };
    model.private_key_pem.set(key);
    Ok(model)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_certificate_tells_itself_what_it_is() {
        for key_type in ["P384", "EC384"] {
            let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
            let own = CertificateParams::new(["a.example".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
            let state = json!({
                "certificate_pem": own, "issuer_pem": "", "private_key_pem": key.serialize_pem(), "key_type": key_type,
                "common_name": "a.example", "must_staple": false, "profile": "", "min_days_remaining": 30,
            });
            let model = certificate(&state).unwrap();
            assert_eq!((model.key_type.as_str(), model.names()), ("ecdsa-p384", vec!["a.example".to_owned()]));
            assert_eq!((model.common_name.clone(), model.directory_url.get()), (None, None));
            assert_eq!(model.private_key_pem.get().unwrap().expose(), key.serialize_pem());
        }
    }

    #[test]
    fn a_state_without_a_certificate_is_told() {
        assert_eq!(certificate(&json!({})).unwrap_err().code(), "BERTH-ACME-062");
    }
}
