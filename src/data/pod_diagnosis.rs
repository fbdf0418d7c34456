//! `berth_pod_diagnosis`: why a Pod does not run.

use crate::clients::diagnosis::Subject;
use crate::data::diagnosis::{Outcome, fill};
use crate::provider::{Berth, Cx};
use crate::sdk::{Data, Meta, Model, ReadTimeouts, Result};

/// The data source.
pub struct PodDiagnosis;

/// What is asked and answered.
#[derive(Clone, Debug, Model)]
pub struct PodDiagnosisModel {
    /// The namespace.
    pub namespace: String,
    /// The Pod.
    pub name: String,
    /// What was found.
    #[attr(flatten)]
    pub outcome: Outcome,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for PodDiagnosis {
    type Model = PodDiagnosisModel;

    const NAME: &'static str = "berth_pod_diagnosis";

    const META: Meta = Meta::new(
        "Diagnosis",
        "Why a Pod does not run. Of an image that the node cannot pull it tells which key of which pull secret the kubelet \
         takes and why none of the others, whether a fitting Secret is missing, in another namespace, not bound or bound too \
         late, and tries the logins at the registry. Of containers that end it tells the last words. The causes are a closed \
         list with stable codes. That it fails is an answer, not an error; what may not be read is told in `unread`.\n\n\
         `terraform-provider-berth diagnose pod NAMESPACE/NAME` shows the same in a terminal.",
    );

    async fn read(&self, cx: &Cx, model: &mut PodDiagnosisModel) -> Result<()> {
        let what = format!("Cannot diagnose the Pod `{}/{}`", model.namespace, model.name);
        let subject = Subject::Pod { namespace: model.namespace.clone(), name: model.name.clone() };
        fill(cx, &subject, None, &mut model.outcome, &what).await
    }
}
