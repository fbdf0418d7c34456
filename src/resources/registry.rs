//! `berth_registry`: a private container registry in the cluster.

mod apply;
mod declared;
mod deviations;
mod leftovers;
mod look;
mod model;
mod observe;
mod ready;
mod remove;
mod volume;

use crate::domain::htpasswd::Htpasswd;
use crate::domain::image::ImageReference;
use crate::domain::kubernetes::{DECLARATION, ObjectRef, annotations, is_ours};
use crate::domain::registry::APPLICATION;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::tenancy;
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, Seen, Value, View};

pub use apply::entry;
pub use model::{Declared, Toleration};

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
             Deployment, Service and Ingress.\n\nPasswords reach the cluster as bcrypt hashes and never the state. What \
             someone changes in the cluster is found by a refresh and set right by the next apply. A claimed volume \
             outlives the registry unless `storage.volume.delete_on_destroy` is set; a bucket always does.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        validate_storage(*config, found);
        validate_exposure(*config, found);
        validate_users(*config, found);
        validate_identity(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let view = plan.planned();
        if let (Some(namespace), Some(name)) = (view.text("namespace"), view.text("name")) {
            let lead = ObjectRef::deployment(namespace, name);
            tenancy::plan(cx, plan, &[lead], "name");
        }
        if let Some(registry) = plan.model::<Declared>().and_then(|model| model.registry().ok()) {
            plan.set("url", Value::from(registry.url()));
            plan.set("config_digest", Value::from(registry.config_digest()));
        }
        let drifted = matches!(plan.prior().at("drift"), Seen::Known(value)
            if value.elements().is_some_and(|elements| !elements.is_empty()));
        if plan.is_create() || plan.is_change() || drifted {
            plan.leave_open(&["ready_replicas", "drift"]);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot create the registry `{}/{}`", model.namespace, model.name);
        let made = apply::bring_about(cx, None, model, &what).await;
        apply::finish(cx, model).await;
        made
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
            .inspect(|deployment| tenancy::take_over(cx, deployment))
            .and_then(|deployment| serde_json::from_str(annotations(&deployment).get(DECLARATION)?.as_str()?).ok());
        declaration.map(Import).ok_or_else(|| {
            Explanation::new("BERTH-REG-001", what)
                .on(object.to_string())
                .next("there is no registry of this name that berth made: check the id, or declare it without import")
        })
    }
}

fn complaint(what: &str, next: &str, at: &str) -> Explanation {
    Explanation::new("BERTH-REG-002", what).next(next).at(at)
}

/// Exactly one storage, and one that the replicas can share.
fn validate_storage(config: View<'_>, found: &mut Diagnostics) {
    let kinds = ["storage.s3", "storage.volume", "storage.ephemeral"];
    let seen: Vec<Seen<'_>> = kinds.iter().map(|kind| config.at(kind)).collect();
    let known = seen.iter().filter(|it| matches!(it, Seen::Known(_))).count();
    let unknown = seen.iter().any(|it| it.is_unknown());
    if known > 1 || (known == 0 && !unknown) {
        let next = "give one of s3 = { … }, volume = { … } and ephemeral = {}";
        found.error(&complaint("`storage` must name exactly one kind of storage", next, "storage"));
    }
    if config.integer("replicas").unwrap_or(1) <= 1 {
        return;
    }
    let modes: Option<Vec<String>> = config.read("storage.volume.access_modes");
    let shared = modes.is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteMany"));
    let volume = matches!(config.at("storage.volume"), Seen::Known(_));
    let modes_unknown = config.at("storage.volume.access_modes").is_unknown();
    if (volume && !shared && !modes_unknown) || matches!(config.at("storage.ephemeral"), Seen::Known(_)) {
        let next = "set replicas = 1, or use a bucket or a volume with access_modes = [\"ReadWriteMany\"]";
        found.error(&complaint("`replicas` above 1 needs storage that they can share", next, "replicas"));
    }
}

/// One way in, and a name for it.
fn validate_exposure(config: View<'_>, found: &mut Diagnostics) {
    if config.at("ingress").is_given() && config.at("host_port").is_given() {
        let next = "keep one of the two: clients come through an Ingress, or to a port of the node";
        found.error(&complaint("`ingress` and `host_port` exclude each other", next, "host_port"));
    }
    if config.at("ingress").is_given() && config.at("host").is_null() {
        let next = "set host to the name that clients use, such as registry.example.com";
        found.error(&complaint("`host` is needed for an Ingress", next, "host"));
    }
}

/// Users by one way, each with a password.
fn validate_users(config: View<'_>, found: &mut Diagnostics) {
    if config.at("users").is_given() && config.at("htpasswd").is_given() {
        let next = "keep one of the two";
        found.error(&complaint("`users` and `htpasswd` exclude each other", next, "htpasswd"));
    }
    let file = config.text("htpasswd").and_then(|text| Htpasswd::parse(text).ok()).unwrap_or_default();
    let slow: Vec<&str> = file.slow_users().collect();
    if !slow.is_empty() {
        let what = format!("Each request of {} will take long", slow.join(", "));
        let next = "hash the passwords with a lower cost, such as 10: the registry checks them at each request";
        found.warning(&complaint(&what, next, "htpasswd"));
    }
    let users = config.at("users").known().and_then(Value::members);
    for (name, user) in users.into_iter().flatten() {
        if View::new(user).at("password_wo").is_null() {
            let at = format!("users[\"{name}\"]");
            found.error(&complaint(&format!("The user `{name}` has no password"), "set password_wo", &at));
        }
    }
}

fn one_alone(one: Seen<'_>, other: Seen<'_>) -> bool {
    (one.is_given() && other.is_null()) || (one.is_null() && other.is_given())
}

/// The keys of a bucket belong together, and the second major version knows no other identity.
fn validate_identity(config: View<'_>, found: &mut Diagnostics) {
    let (access, secret) = (config.at("storage.s3.access_key"), config.at("storage.s3.secret_key_wo"));
    if matches!(config.at("storage.s3"), Seen::Known(_)) && one_alone(access, secret) {
        let next = "set access_key and secret_key_wo, or neither: then the Pods use their own identity";
        found.error(&complaint("`access_key` and `secret_key_wo` belong together", next, "storage.s3.access_key"));
    }
    let image = config.text("image").and_then(|image| image.parse::<ImageReference>().ok());
    let role = View::new(config.at("service_account.annotations").known().unwrap_or(&Value::Null));
    let by_role = role.value().members().is_some_and(|it| it.contains_key("eks.amazonaws.com/role-arn"));
    if by_role && access.is_null() && image.and_then(|image| image.major_version()).is_some_and(|major| major < 3) {
        let next = "use registry:3, or give the bucket's access_key and secret_key_wo";
        let what = "Registries before version 3 do not know the role of a service account";
        found.error(&complaint(what, next, "image"));
    }
}
