//! `berth_cert_manager`: cert-manager itself, from a release's manifest.

mod identity;
mod model;
mod moving;
mod observing;
mod planning;
mod release;
mod rollback;
mod source;
mod steps;
mod taking_over;
mod upgrading;
mod webhook;

use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, View};

pub use model::Declared;

/// The application's name in claims.
const APPLICATION: &str = "cert-manager";

/// The resource.
pub struct CertManager;

impl Resource<Berth> for CertManager {
    type Model = Declared;

    const NAME: &'static str = "berth_cert_manager";

    const META: Meta = Meta {
        import_id: "NAMESPACE",
        limits: Limits::minutes(15),
        ..Meta::new(
            "Certificates",
            "An installation of cert-manager, from the manifest of a release, upgraded by the manifest of another. It stands when the \
             cluster takes an Issuer, which is tried without storing one: a webhook that does not answer yet is waited for.\n\n\
             The plan of an upgrade names the changes between the two releases that hit objects of this cluster, and minor \
             releases that it leaps over. The apply notes beforehand which certificate each Certificate has, and tells afterwards \
             which were issued anew. What fails is rolled back: the programs, rights and webhooks of the former release are \
             declared again, also those of the tool that an installation is taken over from. Definitions are not, since the API \
             server may hold objects of the new form already.\n\n\
             A namespace that is there already, of another resource or another tool, is used as it stands: its labels stay, and \
             so does the namespace at a destroy. Let `depends_on` name the resource that makes it. With `adopt = true`, or \
             after an import, one that no resource of berth has made is taken over, too.\n\n\
             A destroy leaves the definitions, and with them all issuers and Certificates. An installation by kubectl or Helm is \
             taken over with `adopt = true` or by an import; of a Helm release, delete its Secrets `sh.helm.release.v1.*` then, so \
             that no `helm uninstall` takes it away.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        release::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::refine(cx, plan).await
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        upgrading::bring_about(cx, None, model, "Cannot install cert-manager").await
    }

    async fn read(&self, cx: &Cx, model: Declared) -> Result<Option<Declared>> {
        observing::refreshed(cx, model).await
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        upgrading::bring_about(cx, Some(prior), model, "Cannot change cert-manager").await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        model.set().take_away(cx, "Cannot remove cert-manager").await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        taking_over::imported(cx, id).await.map(Import)
    }
}
