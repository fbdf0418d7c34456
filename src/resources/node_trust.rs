//! `berth_node_trust`: the nodes of a cluster trust a registry's certificate, without a restart.

mod apply;
mod identity;
mod list;
mod model;
mod observe;
mod rollout;

use crate::domain::kubernetes::{DECLARATION, annotations, is_ours};
use crate::domain::node_trust::{APPLICATION, daemon_set_ref};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::{tenancy, toleration};
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, Value, View};

pub use model::Declared;

/// Trust on the nodes.
pub struct NodeTrust;

impl Resource<Berth> for NodeTrust {
    type Model = Declared;

    const NAME: &'static str = "berth_node_trust";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME",
        limits: Limits::minutes(5),
        ..Meta::new(
            "Registry",
            "Trust on the nodes of a cluster: each node's container runtime trusts the certificates of a private registry, or \
             pulls from mirrors first, without a restart and without a hand on any node.\n\nA small Pod on each node writes \
             `certs.d/HOST/hosts.toml` and the certificates into the folder that containerd reads at each pull, and \
             `certs.d/HOST/*.crt` for CRI-O. It has no right in the cluster, sees nothing of the node but these folders, mends \
             what is changed there within half a minute, and follows a certificate that is exchanged. What somebody else wrote \
             is left alone, and told in `nodes`. An apply waits until each node has it; where that does not come about, a create \
             ends with a warning, since what was made stays, and a change with an error. A destroy takes away what was written, before the Pods go; nodes that cannot \
             be reached then keep it, and a warning names them.\n\nPods that wait for an image try again by themselves, after \
             up to five minutes.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        toleration::check(*config, "tolerations", found);
        let complaint =
            |what: String, next: &str, at: String| Explanation::new("BERTH-TRUST-001", what).next(next).at(at);
        let hosts = config.at("hosts").known().and_then(Value::members);
        let reads_mirrors =
            config.read::<Vec<String>>("runtimes").is_none_or(|them| them.iter().any(|it| it == "containerd"));
        for (name, host) in hosts.into_iter().flatten() {
            let (ca, mirrors) = (View::new(host).at("ca_pem"), View::new(host).at("mirrors"));
            if ca.is_null() && mirrors.is_null() {
                let what = format!("Nothing is said of the registry `{name}`");
                found.error(&complaint(what, "set ca_pem, mirrors or both", format!("hosts[\"{name}\"]")));
            }
            if mirrors.is_given() && !reads_mirrors {
                let what = format!("No runtime reads the mirrors of `{name}`");
                let next =
                    "leave them out, and set them in registries.conf of the nodes, which is where CRI-O reads them";
                found.error(&complaint(what, next, format!("hosts[\"{name}\"].mirrors")));
            }
        }
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let view = plan.planned();
        if let (Some(namespace), Some(name)) = (view.text("namespace"), view.text("name")) {
            let lead = daemon_set_ref(namespace, name);
            let model = Declared { name: name.to_owned(), namespace: namespace.to_owned(), ..Declared::default() };
            let claim = model.claim(cx.known_owner());
            tenancy::plan(cx, plan, std::slice::from_ref(&lead), "name");
            tenancy::look(cx, plan, &claim, &[lead], "name").await;
        }
        let drift = plan.prior().read::<Vec<String>>("drift").unwrap_or_default();
        if plan.is_create() || plan.is_change() || !drift.is_empty() {
            plan.leave_open(&["nodes", "drift"]);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot make the nodes trust what `{}/{}` declares", model.namespace, model.name);
        let made = apply::bring_about(cx, None, model, &what).await;
        let finished = tenancy::finish_own(cx, &model.claim(cx.known_owner()), &what, "name").await;
        made.and(finished)
    }

    async fn read(&self, cx: &Cx, model: Declared) -> Result<Option<Declared>> {
        observe::refreshed(cx, model).await
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot make the nodes trust what `{}/{}` declares now", model.namespace, model.name);
        apply::bring_about(cx, Some(prior), model, &what).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        apply::take_away(cx, &model).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the nodes' trust `{id}`");
        let Some((namespace, name)) = id.split_once('/') else {
            return Err(Explanation::new("BERTH-TRUST-004", what).next("write the id as NAMESPACE/NAME"));
        };
        let object = daemon_set_ref(namespace, name);
        let found = cx.provider().cluster()?.get(cx.budget(), &object).await.map_err(|error| error.explain(&what))?;
        let ours = found.filter(|found| is_ours(found, APPLICATION, name));
        ours.inspect(|found| tenancy::take_over(cx, found))
            .and_then(|found| serde_json::from_str(annotations(&found).get(DECLARATION)?.as_str()?).ok())
            .map(Import)
            .ok_or_else(|| {
                Explanation::new("BERTH-TRUST-002", what)
                    .on(format!("{object}, which does not exist, or was not made by `berth_node_trust`"))
                    .next("correct the id, or declare it without import: the next apply makes it")
            })
    }
}
