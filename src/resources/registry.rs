//! `berth_registry`: a private container registry in the cluster.

mod account;
mod address;
mod apply;
mod arrival;
mod blame;
mod declared;
mod identity;
mod leftovers;
mod list;
mod look;
mod model;
mod observe;
mod openness;
mod planning;
mod ready;
mod remove;
mod rules;
mod volume;

use crate::domain::kubernetes::{DECLARATION, ObjectRef, annotations, is_ours};
use crate::domain::ownership::Claim;
use crate::domain::registry::APPLICATION;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::tenancy;
use crate::resources::write_only::warn_of_write_only;
use crate::sdk::{Diagnostics, Import, Limits, Meta, Model as _, Plan, Resource, Result, View};

/// The note that an import has found all but the passwords.
const IMPORTED: &str = "imported";

pub use model::Declared;

/// A private container registry in the cluster.
pub struct Registry;

impl Resource<Berth> for Registry {
    type Model = Declared;

    const NAME: &'static str = "berth_registry";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME",
        limits: Limits::minutes(10),
        ..Meta::new(
            "Registry",
            "A private container registry (distribution) in the cluster: its configuration, users, storage, \
             Deployment, Service and Ingress.\n\n~> **Without `users` and `htpasswd` everyone who reaches the registry may \
             pull, push and delete.** A plan warns of a registry that is open by an Ingress, a port of the nodes or a load \
             balancer and has neither, and of an Ingress without TLS to which users send their passwords.\n\nPasswords reach the cluster as bcrypt hashes and never the state. What \
             someone changes in the cluster is found by a refresh and set right by the next apply. A claimed volume \
             outlives the registry unless `storage.volume.delete_on_destroy` is set; a bucket always does. An import finds \
             everything but passwords, and the next apply sets those.\n\n## What is made\n\n\
             | object | its name | what for |\n|---|---|---|\n\
             | Deployment, Service | `name` | the Pods (container `registry`, port 5000) and the way to them (port \
             `registry`: 443 if the registry serves TLS itself, else 5000) |\n\
             | ConfigMap | `name`-config | the configuration file |\n\
             | Secret | `name`-credentials | what the Pods share, and the logins to bucket and upstream |\n\
             | Secret | `name`-users | the password file, where there are users |\n\
             | PersistentVolumeClaim | `name`-data | the volume, with `storage.volume` |\n\
             | Ingress | `name` | with `ingress`; an issuer fills the Secret `name`-tls |\n\
             | ServiceAccount | `service_account.name`, or `name` | unless it exists |\n\n\
             All bear the labels `app.kubernetes.io/name=registry`, `app.kubernetes.io/instance=NAME` and \
             `app.kubernetes.io/managed-by=berth`, and so do the Pods: select them by these in a NetworkPolicy, a backup or a \
             monitor. `objects` lists them in the plan.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let view = plan.planned();
        if let (Some(namespace), Some(name)) = (view.text("namespace"), view.text("name")) {
            let lead = ObjectRef::deployment(namespace, name);
            let claim = Claim::intended(APPLICATION, name, cx.known_owner(), lead.clone());
            tenancy::plan(cx, plan, std::slice::from_ref(&lead), "name");
            tenancy::look(cx, plan, &claim, &[lead], "name").await;
        }
        planning::refuse_users_without_password(plan)?;
        planning::refuse_claim(cx, plan).await?;
        planning::refuse_load_balancer_class(plan)?;
        let known = planning::fill(plan);
        openness::warn(plan);
        warn_of_write_only(&Declared::attributes(), plan);
        let drifted = planning::has_drifted(cx, plan);
        if plan.is_create() || plan.is_change() || drifted {
            plan.leave_open(&["ready_replicas", "drift"]);
        }
        if let Some((model, registry)) = known.filter(|_| plan.is_create() || plan.is_change()) {
            look::note_planned(cx, &model);
            look::preview(cx, plan, &model, &registry).await;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot create the registry `{}/{}`", model.namespace, model.name);
        let made = apply::bring_about(cx, None, model, &what).await;
        let finished = tenancy::finish_own(cx, &model.claim(cx.known_owner()), &what, "name").await;
        made.and(finished)?;
        if apply::is_contended(cx, model).await {
            // Another state was at it as well, and has been refused since: what it wrote in between is set right.
            let prior = model.clone();
            if let Err(failure) = apply::bring_about(cx, Some(&prior), model, &what).await {
                cx.warn(&failure);
            }
        }
        Ok(())
    }

    async fn read(&self, cx: &Cx, model: Declared) -> Result<Option<Declared>> {
        observe::refreshed(cx, model).await
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot change the registry `{}/{}`", model.namespace, model.name);
        apply::bring_about(cx, Some(prior), model, &what).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        remove::take_away(cx, &model).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the registry `{id}`");
        let Some((namespace, name)) = id.split_once('/') else {
            return Err(Explanation::new("BERTH-REG-001", what).next("write the id as NAMESPACE/NAME"));
        };
        let object = ObjectRef::deployment(namespace, name);
        let found = cx.provider().cluster()?.get(cx.budget(), &object).await.map_err(|error| error.explain(&what))?;
        let declaration = found
            .filter(|deployment| is_ours(deployment, APPLICATION, name))
            .inspect(|deployment| {
                tenancy::take_over(cx, deployment);
                cx.remember(IMPORTED, &true);
            })
            .and_then(|deployment| serde_json::from_str(annotations(&deployment).get(DECLARATION)?.as_str()?).ok());
        declaration.map(Import).ok_or_else(|| {
            Explanation::new("BERTH-REG-001", what)
                .on(object.to_string())
                .next("there is no registry of this name that berth made: check the id, or declare it without import")
        })
    }
}
