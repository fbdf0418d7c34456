//! `berth_registry_diagnosis`: why a registry does not serve.

use crate::clients::diagnosis::Subject;
use crate::data::diagnosis::{Outcome, fill, unreadable};
use crate::domain::registry_name::RegistryName;
use crate::provider::checks::registry_host;
use crate::provider::{Berth, Cx};
use crate::sdk::{Data, Meta, Model, ReadTimeouts, Result};

/// The data source.
pub struct RegistryDiagnosis;

/// What is asked and answered.
#[derive(Clone, Debug, Model)]
pub struct RegistryDiagnosisModel {
    /// The registry: `HOST` or `HOST:PORT`.
    #[attr(check = registry_host())]
    pub host: String,
    /// Certificates to trust beside the system's and those of the provider's `registries`, PEM.
    pub ca_pem: Option<String>,
    /// What was found.
    #[attr(flatten)]
    pub outcome: Outcome,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for RegistryDiagnosis {
    type Model = RegistryDiagnosisModel;

    const NAME: &'static str = "berth_registry_diagnosis";

    const META: Meta = Meta::new(
        "Diagnosis",
        "Why a registry does not serve: asks DNS, the port, the certificate and `/v2/` as its clients do, tries the login of \
         the provider's `registries` if there is one, and looks at the Ingress for the host, its class, its Service, and the \
         Pods behind, with their last words. The causes are a closed list with stable codes. That it fails is an answer, not \
         an error; what may not be read, a whole cluster too, is told in `unread`.\n\n\
         `terraform-provider-berth diagnose registry HOST` shows the same in a terminal.",
    );

    async fn read(&self, cx: &Cx, model: &mut RegistryDiagnosisModel) -> Result<()> {
        let what = format!("Cannot diagnose the registry `{}`", model.host);
        let Ok(name) = RegistryName::parse(&model.host) else {
            return Err(unreadable(what, "write the host as `HOST` or `HOST:PORT`", "host"));
        };
        let subject = Subject::Registry { host: name.authority() };
        fill(cx, &subject, model.ca_pem.as_deref(), &mut model.outcome, &what).await
    }
}
