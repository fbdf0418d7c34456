//! `berth_certificate`: a Certificate of cert-manager.

mod identity;
mod model;
mod rules;
mod spec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::clients::cluster::{ClusterError, Removal};
use crate::domain::certificate::Chain;
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::cert_manager::{self, API_VERSION, Declared, NOT_SEEN_READY, Renewal, TO_TAKE_OVER};
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, View};

pub use model::CertificateModel;

/// The application's name in claims.
const APPLICATION: &str = "certificate";

/// What cert-manager finds out.
const FOUND: [&str; 7] = ["ready", "serial_number", "not_before", "not_after", "renewal_time", "revision", "drift"];

/// The resource.
pub struct Certificate;

impl Resource<Berth> for Certificate {
    type Model = CertificateModel;

    const NAME: &'static str = "berth_certificate";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME",
        limits: Limits::minutes(10),
        ..Meta::new(
            "Certificates",
            "A Certificate of cert-manager, which issues it into a Secret and renews it. Its schema is compiled in, so that a plan \
             needs neither the cluster nor cert-manager; a field that the installed cert-manager lacks is told by name at the \
             apply.\n\n\
             It is waited for until cert-manager says that it is ready. What keeps it is told from the top down: by the \
             Certificate, its issuer, its newest CertificateRequest, the Order and the Challenges. The key never reaches the \
             state. A certificate that berth itself orders from an ACME CA is a `berth_acme_certificate`.\n\n\
             The Secret stays on a destroy, as with cert-manager itself, unless `delete_secret_on_destroy` is set.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let view = plan.planned();
        let lead =
            view.text("namespace").zip(view.text("name")).map(|(namespace, name)| model::object(namespace, name));
        if cert_manager::plan(cx, plan, APPLICATION, lead).await {
            plan.leave_open(&FOUND);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut CertificateModel) -> Result<()> {
        bring_about(cx, None, model, "create").await
    }

    async fn read(&self, cx: &Cx, mut model: CertificateModel) -> Result<Option<CertificateModel>> {
        let what = format!("Cannot read the certificate `{}`", model.title());
        let drift = model.drift.get().cloned().unwrap_or_default();
        let Some(seen) = declared(&model, &what).seen(cx, &drift, None).await? else { return Ok(None) };
        fill(cx, &mut model, &seen.found, &what).await?;
        model.drift.set(seen.drift);
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &CertificateModel, model: &mut CertificateModel) -> Result<()> {
        bring_about(cx, Some(prior), model, "change").await
    }

    async fn delete(&self, cx: &Cx, model: CertificateModel) -> Result<()> {
        let what = format!("Cannot remove the certificate `{}`", model.title());
        let removal = declared(&model, &what).remove(cx, &[]).await?;
        // Of a Certificate that is somebody else's by now, the Secret is as well.
        if model.delete_secret_on_destroy && removal == Removal::Gone {
            remove_secret(cx, &model, &what).await?;
        }
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<CertificateModel>> {
        let what = format!("Cannot import the certificate `{id}`");
        let Some((namespace, name)) =
            id.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
        else {
            return Err(Explanation::new("BERTH-CM-003", what).next("write the id as NAMESPACE/NAME"));
        };
        let (found, is_foreign) = cert_manager::imported(cx, &model::object(namespace, name), &what).await?;
        let mut model = spec::model_of(namespace, name, &found);
        fill(cx, &mut model, &found, &what).await?;
        model.drift.set(is_foreign.then(|| TO_TAKE_OVER.to_owned()).into_iter().collect::<Vec<_>>());
        Ok(Import(model))
    }
}

fn declared<'a>(model: &CertificateModel, what: &'a str) -> Declared<'a> {
    let lead = model::object(&model.namespace, &model.name);
    let labels = model.labels.clone().filter(|labels| !labels.is_empty());
    let metadata =
        cert_manager::pruned(serde_json::json!({ "name": lead.name, "namespace": lead.namespace, "labels": labels }));
    let manifest = serde_json::json!({
        "apiVersion": API_VERSION, "kind": lead.kind, "metadata": metadata, "spec": spec::spec(model),
    });
    Declared { application: APPLICATION, manifest, lead, secret: None, what }
}

async fn bring_about(
    cx: &Cx,
    prior: Option<&CertificateModel>,
    model: &mut CertificateModel,
    verb: &str,
) -> Result<()> {
    let what = format!("Cannot {verb} the certificate `{}`", model.title());
    let declared = declared(model, &what);
    let is_given =
        prior.and_then(|prior| prior.drift.get()).is_some_and(|drift| drift.iter().any(|it| it == TO_TAKE_OVER));
    let stored = declared.place(cx, prior.is_none(), is_given).await?;
    model.drift.set(Vec::new());
    fill(cx, model, &stored, &what).await?;
    if let Some(prior) = prior {
        renew(cx, prior, model, &declared).await?;
    }
    if !model.wait {
        return Ok(());
    }
    match declared.ready(cx).await {
        Ok(found) => fill(cx, model, &found, &what).await,
        Err(failure) => {
            model.drift.set(vec![NOT_SEEN_READY.to_owned()]);
            if prior.is_some() {
                return Err(failure);
            }
            cx.tell_wait(
                Err(failure),
                "the Certificate was made and nothing is removed; the next apply goes on waiting",
            );
            Ok(())
        }
    }
}

/// Has it issued anew if the values that stand for that have changed. What fails is done again by the next apply.
async fn renew(cx: &Cx, prior: &CertificateModel, model: &mut CertificateModel, declared: &Declared<'_>) -> Result<()> {
    let both = prior.renew_triggers.as_ref().zip(model.renew_triggers.as_ref());
    if both.is_none_or(|(before, now)| before == now) {
        return Ok(());
    }
    let renewed = async {
        let renewal = Renewal::ask(cx, declared.lead.clone(), declared.what).await?;
        if model.wait { renewal.wait(cx).await.map(drop) } else { Ok(()) }
    };
    let renewed = renewed.await;
    if renewed.is_err() {
        model.renew_triggers.clone_from(&prior.renew_triggers);
    }
    renewed
}

/// Takes over what cert-manager says, and the serial number of what lies in the Secret.
async fn fill(cx: &Cx, model: &mut CertificateModel, found: &Json, what: &str) -> Result<()> {
    model.fill(found);
    let secret = ObjectRef::secret(&model.namespace, &model.secret_name);
    let stored = cx.provider().cluster()?.get(cx.budget(), &secret).await;
    // Without the right to read Secrets all else works.
    let stored = match stored {
        Err(ClusterError::Forbidden { .. }) => None,
        stored => stored.map_err(|error| error.explain(what))?,
    };
    model.serial_number.set(stored.as_ref().and_then(serial_number));
    Ok(())
}

fn serial_number(secret: &Json) -> Option<String> {
    let text = secret.pointer("/data/tls.crt")?.as_str()?;
    let pem = STANDARD.decode(text).ok()?;
    Some(Chain::parse(std::str::from_utf8(&pem).ok()?).ok()?.facts.serial_number)
}

/// Removes the Secret if it is this Certificate's.
async fn remove_secret(cx: &Cx, model: &CertificateModel, what: &str) -> Result<()> {
    let (cluster, told) = (cx.provider().cluster()?, |error: ClusterError| error.explain(what));
    let object = ObjectRef::secret(&model.namespace, &model.secret_name);
    let Some(found) = cluster.metadata(cx.budget(), &object).await.map_err(told)? else { return Ok(()) };
    let annotations = found.pointer("/metadata/annotations");
    let of = annotations.and_then(|it| it.get("cert-manager.io/certificate-name")).and_then(Json::as_str);
    if of == Some(model.name.as_str()) {
        let uid = found.pointer("/metadata/uid").and_then(Json::as_str);
        cluster.delete(cx.budget(), &object, uid).await.map_err(told)?;
    }
    Ok(())
}
