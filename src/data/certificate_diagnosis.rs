//! `berth_certificate_diagnosis`: why a Certificate of cert-manager is not ready.

use crate::clients::diagnosis::Subject;
use crate::data::diagnosis::{Outcome, fill, unreadable};
use crate::provider::{Berth, Cx};
use crate::sdk::{Data, Diagnostics, Meta, Model, ReadTimeouts, Result, Seen, View};

/// The data source.
pub struct CertificateDiagnosis;

/// What is asked and answered.
#[derive(Clone, Debug, Model)]
pub struct CertificateDiagnosisModel {
    /// The namespace.
    pub namespace: String,
    /// The Certificate. Name it, or the Secret that it writes.
    pub name: Option<String>,
    /// The Secret that the Certificate writes, in place of `name`.
    pub secret_name: Option<String>,
    /// What was found.
    #[attr(flatten)]
    pub outcome: Outcome,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for CertificateDiagnosis {
    type Model = CertificateDiagnosisModel;

    const NAME: &'static str = "berth_certificate_diagnosis";

    const META: Meta = Meta::new(
        "Diagnosis",
        "Why a Certificate of cert-manager is not ready: walks from it by CertificateRequest, Order and Challenge down to the \
         solver's Pod, asks whether issuer, webhook and controller work, and then the world outside: the name's addresses, \
         what answers at them, TXT and CAA records at the zone's own servers, the CA's directory. The causes are a closed list \
         with stable codes. That it fails is an answer, not an error; what may not be read is told in `unread`.\n\n\
         `terraform-provider-berth diagnose certificate NAMESPACE/NAME` shows the same in a terminal.",
    );

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let what = || "Cannot tell which Certificate is meant".to_owned();
        match (config.at("name"), config.at("secret_name")) {
            (Seen::Known(_), Seen::Known(_)) => {
                found.error(&unreadable(what(), "set `name` or `secret_name`, not both", "secret_name"));
            }
            (Seen::Null, Seen::Null) => found.error(&unreadable(what(), "set `name`, or `secret_name`", "name")),
            // What is not known yet may be absent in the end.
            _ => {}
        }
    }

    async fn read(&self, cx: &Cx, model: &mut CertificateDiagnosisModel) -> Result<()> {
        let namespace = model.namespace.clone();
        let subject = match (&model.name, &model.secret_name) {
            (Some(name), _) => Subject::Certificate { namespace, name: name.clone() },
            (None, Some(secret)) => Subject::CertificateOfSecret { namespace, secret: secret.clone() },
            (None, None) => {
                let what = "Cannot tell which Certificate is meant".to_owned();
                return Err(unreadable(what, "set `name`, or `secret_name`", "name"));
            }
        };
        let name = model.name.as_ref().or(model.secret_name.as_ref()).cloned().unwrap_or_default();
        let what = format!("Cannot diagnose the certificate `{}/{name}`", model.namespace);
        fill(cx, &subject, None, &mut model.outcome, &what).await
    }
}
