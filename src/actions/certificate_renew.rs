//! `berth_certificate_renew`: a Certificate of cert-manager issued anew, at once.

use crate::domain::kubernetes::ObjectRef;
use crate::provider::checks::{label, subdomain};
use crate::provider::{Berth, Cx};
use crate::resources::cert_manager::{API_VERSION, Renewal};
use crate::sdk::{Action, InvokeTimeouts, Limits, Meta, Model, Progress, Result};

/// The action.
pub struct CertificateRenew;

/// Which Certificate is issued anew.
#[derive(Clone, Debug, Model)]
pub struct Renew {
    /// The Certificate's name.
    #[attr(check = subdomain())]
    pub name: String,
    /// Its namespace.
    #[attr(check = label())]
    pub namespace: String,
    /// Whether to wait until it is issued. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// How long it may take.
    pub timeouts: Option<InvokeTimeouts>,
}

impl Action<Berth> for CertificateRenew {
    type Model = Renew;

    const NAME: &'static str = "berth_certificate_renew";

    const META: Meta = Meta {
        limits: Limits::minutes(10),
        ..Meta::new(
            "Certificates",
            "Has cert-manager issue a Certificate anew at once, as `cmctl renew` does, and waits until it is issued: after a key \
             was lost, or when what made the last issuance fail is mended, since cert-manager itself tries again only after an \
             hour and more. Any Certificate may be meant, whoever made it; one that is being issued is only waited for. The \
             certificate in the Secret stays until the new one is there. What the CA counts is counted: Let's Encrypt issues \
             five certificates for the same names a week.\n\nUnder OpenTofu, the argument `renew_triggers` of \
             `berth_certificate` does the same whenever one of its values changes. A `berth_acme_certificate` has that argument \
             too; it is no object that this action could name.",
        )
    };

    async fn invoke(&self, cx: &Cx, renew: Renew, progress: &Progress) -> Result<()> {
        let what = format!("Cannot renew the certificate `{}/{}`", renew.namespace, renew.name);
        let object = ObjectRef::namespaced(API_VERSION, "Certificate", &renew.namespace, &renew.name);
        let renewal = Renewal::ask(cx, object.clone(), &what).await?;
        progress.tell(format!("cert-manager issues {object} anew"));
        if !renew.wait {
            return Ok(());
        }
        let issued = renewal.wait(cx).await?;
        let until = issued.pointer("/status/notAfter").and_then(serde_json::Value::as_str);
        progress.tell(format!("It is issued, and valid until {}", until.unwrap_or("a moment that is not told")));
        Ok(())
    }
}
