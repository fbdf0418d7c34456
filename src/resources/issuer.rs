//! `berth_issuer`: an Issuer or `ClusterIssuer` of cert-manager.

mod identity;
mod model;
mod rules;
mod spec;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::cert_manager::{self, API_VERSION, Declared, NOT_SEEN_READY, TO_TAKE_OVER};
use crate::resources::write_only::warn_of_write_only;
use crate::sdk::{Diagnostics, Import, Limits, Meta, Model as _, Plan, Resource, Result, View};

pub use model::IssuerModel;

/// The application's name in claims.
const APPLICATION: &str = "issuer";

/// The resource.
pub struct Issuer;

impl Resource<Berth> for Issuer {
    type Model = IssuerModel;

    const NAME: &'static str = "berth_issuer";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME, or NAME of a ClusterIssuer",
        limits: Limits::minutes(5),
        ..Meta::new(
            "Certificates",
            "An issuer of cert-manager: an Issuer of one namespace, or a ClusterIssuer for all. Its schema is compiled in, so that \
             a plan needs neither the cluster nor cert-manager; a field that the installed cert-manager lacks is told by name at \
             the apply.\n\n\
             It is waited for until cert-manager says that it is ready; what keeps it is told with the words of the issuer. The \
             key of an ACME account is made by cert-manager, in the Secret `acme.private_key_secret`, and stays there on a \
             destroy. Issuers of kinds that are not here (Vault, Venafi) can be declared by a `berth_manifest`.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        warn_of_write_only(&IssuerModel::attributes(), plan);
        let view = plan.planned();
        let namespace = view.at("namespace");
        let lead = view
            .text("name")
            .filter(|_| !namespace.is_unknown())
            .map(|name| model::object(namespace.known().and_then(crate::sdk::Value::as_str), name));
        if cert_manager::plan(cx, plan, APPLICATION, lead).await {
            plan.leave_open(&["ready", "account_uri", "drift"]);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut IssuerModel) -> Result<()> {
        bring_about(cx, None, model, "create").await
    }

    async fn read(&self, cx: &Cx, mut model: IssuerModel) -> Result<Option<IssuerModel>> {
        let what = format!("Cannot read the issuer `{}`", model.name);
        let drift = model.drift.get().cloned().unwrap_or_default();
        let secret = cert_manager::noted_secrets(cx).pop().or_else(|| model.binding_secret());
        let Some(seen) = declared(&model, &what).seen(cx, &drift, secret.as_ref()).await? else { return Ok(None) };
        model.fill(&seen.found);
        let is_given = seen.drift.iter().any(|it| it == TO_TAKE_OVER);
        let lost = if is_given { spec::lost(&seen.found) } else { Vec::new() };
        model.drift.set([seen.drift, lost].concat());
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &IssuerModel, model: &mut IssuerModel) -> Result<()> {
        bring_about(cx, Some(prior), model, "change").await
    }

    async fn delete(&self, cx: &Cx, model: IssuerModel) -> Result<()> {
        let what = format!("Cannot remove the issuer `{}`", model.name);
        let secrets: Vec<ObjectRef> = secrets(cx, Some(&model)).into_iter().collect();
        declared(&model, &what).remove(cx, &secrets).await.map(drop)
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<IssuerModel>> {
        let what = format!("Cannot import the issuer `{id}`");
        let (namespace, name) = match id.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, id),
        };
        if name.is_empty() || namespace.is_some_and(str::is_empty) || name.contains('/') {
            let next = "write the id as NAMESPACE/NAME, or as NAME for a ClusterIssuer";
            return Err(Explanation::new("BERTH-CM-003", what).next(next));
        }
        let (found, is_foreign) = cert_manager::imported(cx, &model::object(namespace, name), &what).await?;
        let mut model = spec::model_of(namespace, name, &found);
        model.fill(&found);
        model.drift.set(is_foreign.then(|| TO_TAKE_OVER.to_owned()).into_iter().collect::<Vec<_>>());
        Ok(Import(model))
    }
}

fn declared<'a>(model: &IssuerModel, what: &'a str) -> Declared<'a> {
    let lead = model::object(model.namespace.as_deref(), &model.name);
    Declared { application: APPLICATION, manifest: manifest(model, &lead), lead, secret: None, what }
}

fn manifest(model: &IssuerModel, object: &ObjectRef) -> Json {
    let labels = model.labels.clone().unwrap_or_default();
    let metadata = cert_manager::pruned(serde_json::json!({
        "name": object.name, "namespace": object.namespace, "labels": (!labels.is_empty()).then_some(labels),
    }));
    serde_json::json!({ "apiVersion": API_VERSION, "kind": object.kind, "metadata": metadata, "spec": spec::spec(model) })
}

/// The Secrets of an issuer's account that are ours, as far as the state knows.
fn secrets(cx: &Cx, model: Option<&IssuerModel>) -> BTreeSet<ObjectRef> {
    cert_manager::noted_secrets(cx).into_iter().chain(model.and_then(IssuerModel::binding_secret)).collect()
}

async fn bring_about(cx: &Cx, prior: Option<&IssuerModel>, model: &mut IssuerModel, verb: &str) -> Result<()> {
    let what = format!("Cannot {verb} the issuer `{}`", model.name);
    let mut declared = declared(model, &what);
    declared.secret = model.binding_manifest(&what)?;
    let is_given =
        prior.and_then(|prior| prior.drift.get()).is_some_and(|drift| drift.iter().any(|it| it == TO_TAKE_OVER));
    let mut former = secrets(cx, prior);
    former.retain(|former| Some(former) != model.binding_secret().as_ref());
    let stored = declared.place(cx, prior.is_none(), is_given).await?;
    model.fill(&stored);
    model.drift.set(Vec::new());
    for former in former {
        declared.forsake(cx, &former).await?;
    }
    if !model.wait {
        return Ok(());
    }
    match declared.ready(cx).await {
        Ok(found) => model.fill(&found),
        Err(failure) => {
            model.drift.set(vec![NOT_SEEN_READY.to_owned()]);
            if prior.is_some() {
                return Err(failure);
            }
            cx.tell_wait(Err(failure), "the issuer was made and nothing is removed; the next apply goes on waiting");
        }
    }
    Ok(())
}
