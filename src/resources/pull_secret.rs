//! `berth_pull_secret`: logins to registries in namespaces, and service accounts that use them.

mod bindings;
mod digest;
mod identity;
mod list;
mod observing;
mod planning;
mod removing;
mod taking_over;
mod writing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clients::cluster::ClusterError;
use crate::domain::dockerconfig::{self, DockerConfig, Login};
use crate::domain::kubernetes::{DECLARATION, ObjectRef, annotations, is_ours};
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::owner::Owner;
use crate::provider::checks::{label, labels, registry_logins, subdomain, user_name};
use crate::provider::{Berth, Cx};
use crate::sdk::{
    Computed, Diagnostics, Import, Limits, Meta, Model, MoveSource, Plan, Resource, Result, Secret, Set, Timeouts,
    Value, View, check,
};

use bindings::Bindings;
use removing::Removing;

use super::tenancy;
use super::write_only::warn_of_write_only;

/// The application's name in labels.
const APPLICATION: &str = "pull-secret";

/// How many namespaces are worked on at the same time.
const AT_ONCE: usize = 8;

/// What could not be done, and in which namespace.
type Failures = Vec<(String, ClusterError)>;

/// Logins to registries in namespaces, and service accounts that use them.
pub struct PullSecret;

/// The pull secret's configuration and state.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// The name of the Secret in each namespace. Changing it makes new Secrets.
    #[attr(replace, check = subdomain())]
    pub name: String,
    /// The namespaces that get the Secret. They must exist.
    #[attr(check = label())]
    #[serde(with = "set")]
    pub namespaces: Option<Set<String>>,
    /// Labels: every namespace that bears all of them gets the Secret too; `{}` means every namespace of the cluster. They are
    /// looked up at each apply and refresh.
    #[attr(check = labels())]
    pub namespace_selector: Option<BTreeMap<String, String>>,
    /// The logins, by registry: `registry.example.com`, `registry.example.com:5000`, `registry.example.com/team`,
    /// `*.example.com`, `docker.io`. A scheme, the path `/v2/` and a last slash do not count. The kubelet compares the name
    /// with that of the image, letter by letter, so a login is written under each text that it may look for: also without
    /// the port 443, and in the capitals given.
    #[attr(check = check::at_least(1), check = registry_logins())]
    pub registries: BTreeMap<String, Entry>,
    /// The service accounts of each namespace that shall use the Secret. One that does not exist is waited for, up to a
    /// minute. What else they use stays. Default `["default"]`.
    #[attr(default = Value::set(vec![Value::from("default")]), check = subdomain())]
    #[serde(with = "some_set")]
    pub service_accounts: Set<String>,
    /// A fingerprint of the logins that changes when they do. Its key is random and lies in the Secrets: without the
    /// cluster no guess of a password can be checked by it.
    #[serde(skip)]
    pub digest: Computed<String>,
    /// The Secrets, as `NAMESPACE/NAME`.
    #[serde(skip)]
    pub secrets: Computed<Vec<String>>,
    /// The service accounts that use the Secret, as `NAMESPACE/ACCOUNT`.
    #[serde(skip)]
    pub bound: Computed<Vec<String>>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply; what a refresh
    /// finds, the next apply sets right.
    #[serde(skip)]
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    #[serde(skip)]
    pub timeouts: Option<Timeouts>,
}

/// A login to one registry.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// The user.
    #[attr(check = user_name())]
    pub username: String,
    /// The password or token. It reaches the cluster's Secrets and not the state. It may be left out for a login that the
    /// Secret has already, as after an import, as long as `username` and `password_wo_version` stay those that the Secret
    /// remembers: what is set stays.
    #[attr(write_only)]
    #[serde(skip)]
    pub password_wo: Option<Secret>,
    /// A number to change whenever `password_wo` changes.
    pub password_wo_version: Option<i64>,
}

impl Resource<Berth> for PullSecret {
    type Model = Declared;

    const NAME: &'static str = "berth_pull_secret";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME",
        limits: Limits::minutes(5),
        ..Meta::new(
            "Registry",
            "Logins to registries as a `kubernetes.io/dockerconfigjson` Secret in namespaces, and service accounts that \
             use it.\n\nA Secret that another tool made can be imported, or moved from a `kubernetes_secret_v1`: the next \
             apply takes it over.\n\nService accounts are changed by one element of their `imagePullSecrets`: what others put there \
             stays, and a destroy takes only that element off. No service account is ever made or deleted. A \
             `kubernetes_service_account_v1` with pull secrets of its own needs `ignore_changes = [image_pull_secret]`, or it \
             takes that element off again.\n\nPods get the pull secrets of their account when they are made: those that were \
             there before must be made anew.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let complaint = |what: &str, next: &str, at: &str| Explanation::new("BERTH-PULL-001", what).next(next).at(at);
        if config.at("namespaces").is_null() && config.at("namespace_selector").is_null() {
            let what = "`namespaces` or `namespace_selector` must be given";
            found.error(&complaint(what, "name the namespaces that shall get the Secret", "namespaces"));
        }
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::refuse_logins_without_password(plan)?;
        let (name, namespaces) = (plan.planned().text("name"), plan.planned().read::<Vec<String>>("namespaces"));
        if let (Some(name), Some(namespaces)) = (name, namespaces) {
            let objects: Vec<_> = namespaces.iter().map(|namespace| ObjectRef::secret(namespace, name)).collect();
            let instance = name.to_owned();
            tenancy::plan(cx, plan, &objects, "name");
            if let Some(lead) = objects.first().cloned() {
                let claim = Claim::intended(APPLICATION, &instance, cx.known_owner(), lead);
                tenancy::look(cx, plan, &claim, &objects, "name").await;
            }
        }
        warn_of_write_only(&Declared::attributes(), plan);
        planning::warn_of_all_namespaces(plan);
        let drifted = planning::has_drifted(cx, plan);
        if plan.is_create() || plan.is_change() || drifted {
            plan.set("drift", Value::List(Vec::new()));
            plan.leave_open(&["digest", "secrets", "bound"]);
            planning::foresee(plan);
            planning::warn_of_what_is_missing(cx, plan).await;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let made = writing::bring_about(cx, None, model, "Cannot create the pull secret").await;
        if !cx.has_existing() {
            release(cx, model);
        }
        made
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let what = format!("Cannot read the pull secret `{}`", model.name);
        let cluster = cx.provider().cluster()?;
        let seen = observing::observe(cx, cluster, &model).await.map_err(|error| error.explain(what))?;
        // A selector that matches nothing needs no Secret, and accounts that we bound are left to unbind.
        if seen.secrets.is_empty() && seen.is_wanted && Bindings::recall(cx, Some(&model)).0.is_empty() {
            return Ok(None);
        }
        model.drift.set(seen.drift);
        model.bound.set(seen.bound);
        model.secrets.set(seen.secrets);
        // One without a key, of an earlier berth, must not stay in the state.
        if model.digest.get().is_none() || seen.digest.is_none() {
            model.digest.set(seen.digest);
        }
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        writing::bring_about(cx, Some(prior), model, "Cannot change the pull secret").await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = format!("Cannot remove the pull secret `{}`", model.name);
        let cluster = cx.provider().cluster()?;
        let mut bindings = Bindings::recall(cx, Some(&model));
        let places = bindings.places(model.places());
        let claim = model.claim(tenancy::recovered(cx, &model.objects(), &what).await?, &places);
        let mut failures = Failures::new();
        let (name, claim) = (model.name.as_str(), &claim);
        Removing { cx, cluster, name, claim, bindings: &mut bindings, failures: &mut failures }.remove(&places).await;
        bindings.remember(cx);
        writing::told(failures, &what, places.len())?;
        release(cx, &model);
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the pull secret `{id}`");
        let Some((namespace, name)) = id.split_once('/') else {
            return Err(Explanation::new("BERTH-PULL-002", what).next("write the id as NAMESPACE/NAME"));
        };
        let object = ObjectRef::secret(namespace, name);
        let found = cx.provider().cluster()?.get(cx.budget(), &object).await.map_err(|error| error.explain(&what))?;
        let missing = || {
            Explanation::new("BERTH-PULL-002", what.clone())
                .on(format!("{object}, which does not exist"))
                .next("correct the id, or declare it without import: the next apply makes it")
        };
        let secret = found.ok_or_else(missing)?;
        if !is_ours(&secret, APPLICATION, name) {
            return taking_over::imported(cx, &object, &secret, &what).await.map(Import);
        }
        tenancy::take_over(cx, &secret);
        let declaration =
            annotations(&secret).get(DECLARATION).and_then(|text| serde_json::from_str(text.as_str()?).ok());
        let Some(mut declared): Option<Declared> = declaration else {
            return taking_over::imported(cx, &object, &secret, &what).await.map(Import);
        };
        declared.digest.set(digest::of(&secret));
        cx.remember(taking_over::IMPORTED, &true);
        Ok(Import(declared))
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<Declared>> {
        taking_over::moved(source)
    }
}

/// Gives up what the run holds of this pull secret.
fn release(cx: &Cx, model: &Declared) {
    for object in model.objects() {
        tenancy::release(cx, &object);
    }
}

impl Declared {
    /// What a pull secret of this name claims as its own; the Secret of the first namespace answers for all.
    fn claim(&self, owner: Option<Owner>, namespaces: &[String]) -> Claim {
        let lead = ObjectRef::secret(namespaces.first().map_or("", String::as_str), &self.name);
        Claim::intended(APPLICATION, &self.name, owner, lead)
    }

    /// The Secrets, where the state says that they are.
    fn objects(&self) -> Vec<ObjectRef> {
        self.places().iter().map(|namespace| ObjectRef::secret(namespace, &self.name)).collect()
    }

    /// The logins, if each has its password.
    /// The file with the logins; a password that is not given is the one that `kept` has for the same user. Else the host of
    /// the first login without a password.
    fn docker_config(
        &self,
        kept: &DockerConfig,
    ) -> std::result::Result<std::result::Result<DockerConfig, String>, dockerconfig::Fault> {
        let mut logins = Vec::new();
        for (host, entry) in &self.registries {
            let password = match &entry.password_wo {
                Some(password) => Some(password.clone()),
                None => kept.password_of(host, &entry.username)?,
            };
            let Some(password) = password else { return Ok(Err(host.clone())) };
            logins.push((host.clone(), Login { username: entry.username.clone(), password }));
        }
        DockerConfig::new(logins).map(Ok)
    }

    /// Where the state says that Secrets are: the namespaces of `secrets`, or else those declared.
    fn places(&self) -> Vec<String> {
        match self.secrets.get() {
            Some(secrets) => secrets.iter().filter_map(|secret| Some(secret.split_once('/')?.0.to_owned())).collect(),
            None => self.namespaces.iter().flat_map(|namespaces| namespaces.0.clone()).collect(),
        }
    }
}

/// An optional set as serde sees it.
mod set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::sdk::Set;

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub fn serialize<S: Serializer>(set: &Option<Set<String>>, serializer: S) -> Result<S::Ok, S::Error> {
        set.as_ref().map(|set| &set.0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Set<String>>, D::Error> {
        Ok(Option::<Vec<String>>::deserialize(deserializer)?.map(Set))
    }
}

/// A set as serde sees it.
mod some_set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::sdk::Set;

    pub fn serialize<S: Serializer>(set: &Set<String>, serializer: S) -> Result<S::Ok, S::Error> {
        set.0.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Set<String>, D::Error> {
        Vec::<String>::deserialize(deserializer).map(Set)
    }
}
