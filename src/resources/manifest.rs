//! `berth_manifest`: objects of any kind, declared by a text.

mod identity;
mod model;
mod planning;
mod rules;
mod taking_over;

use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Import, Limits, Meta, MoveSource, Plan, Resource, Result, View};

pub use model::Declared;

/// The application's name in claims.
const APPLICATION: &str = "manifest";

/// The note that the state is what an import has found: it names each object's namespace, where the text may leave them out.
const IMPORTED: &str = "imported";

/// The resource.
pub struct Manifest;

impl Resource<Berth> for Manifest {
    type Model = Declared;

    const NAME: &'static str = "berth_manifest";

    const META: Meta = Meta {
        import_id: "ID[,ID…]",
        limits: Limits::minutes(10),
        ..Meta::new(
            "Cluster",
            "Objects of any kind, declared by YAML or JSON documents. They are written by server-side apply: namespaces and \
             definitions of kinds first, what runs after what it needs, objects of defined kinds last, side by side within \
             each step. An object that leaves the text is deleted.\n\n\
             A plan needs neither the cluster nor the definition of a kind. What the API server, webhooks or controllers make of \
             a value is no change, and fields that the text does not name belong to others. `drift` lists what somebody has \
             changed of the fields that it names, also of what it declares empty (`rules: []`, `podSelector: {}`); the next \
             apply sets that back. Where another tool declares the same field with \
             another value, the apply is refused, and the message names both.\n\n\
             Each object bears the mark of its resource, so that no other resource, state or tool loses what it has: one that \
             exists already is refused unless `adopt` is set or it is imported. A `moved` block takes over a \
             `kubernetes_manifest` or a `kubectl_manifest`.\n\n\
             Content of Secrets is given as `secrets_yaml_wo`, which is not stored; in `yaml` it is refused.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::refine(cx, plan).await
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        bring_about(cx, None, model).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let content = model.content("Cannot read the manifest")?;
        let mut set = model.set();
        let is_there = set.refresh(cx, &content, "Cannot read the objects of the manifest").await?;
        model.absorb(set);
        Ok(is_there.then_some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        bring_about(cx, Some(prior), model).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        model.set().take_away(cx, "Cannot remove the objects of the manifest").await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        taking_over::imported(cx, id).await.map(Import)
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Declared>> {
        taking_over::moved(source)
    }
}

async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared) -> Result<()> {
    let what = "Cannot apply the manifest";
    // Read for the secrets in it as well: of a change that it refuses, the API server quotes both sides.
    drop(prior.map(|prior| prior.content(what)));
    let content = model.content(what)?;
    let (before, mut set) = (prior.map(Declared::set), model.set());
    let done = set.bring_about(cx, before.as_ref(), &content, what).await;
    cx.forget(IMPORTED);
    model.absorb(set);
    done
}
