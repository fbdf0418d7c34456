//! What is collected for Pods and Deployments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::cluster::ClusterError;
use crate::domain::diagnosis::{Snapshot, newest_pods, pull_config, pulled_images};
use crate::domain::dockerconfig::{
    DockerConfig, LEGACY_SECRET_TYPE, Login, Match, SECRET_TYPE, compared_host, matches,
};
use crate::domain::kubernetes::ObjectRef;

use super::Gathering;
use super::objects::{Ask, all, warnings};
use super::registries::{RegistryQuestion, Tried};

/// How many registries are asked for the images of one Pod.
const MOST_REGISTRIES: usize = 4;

/// How many logins are tried at one registry: some lock a user out.
const MOST_LOGINS: usize = 4;

impl Gathering<'_> {
    /// All about a Pod.
    pub async fn pod(&mut self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let asks = [
            Ask::Get(ObjectRef::of_namespace(namespace)),
            Ask::Get(ObjectRef::pod(namespace, name)),
            warnings(namespace, Some(name)),
        ];
        self.ask(asks.into_iter().chain(self.search(namespace))).await?;
        let pods = self.found("Pod");
        self.around(&pods).await
    }

    /// All about a Deployment and its Pods.
    pub async fn deployment(&mut self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let own = Some(namespace);
        let deployment = ObjectRef::deployment(namespace, name);
        let asks = [
            Ask::Get(ObjectRef::of_namespace(namespace)),
            Ask::Get(deployment.clone()),
            all("apps/v1", "ReplicaSet", own).into(),
            all("v1", "Pod", own).into(),
            warnings(namespace, None),
        ];
        self.ask(asks.into_iter().chain(self.search(namespace))).await?;
        let found = self.seen.get(&deployment).found();
        let pods: Vec<Value> = found.into_iter().flat_map(|it| newest_pods(&self.seen, it)).cloned().collect();
        self.around(&pods).await
    }

    /// Accounts and pull secrets, one of which may have been meant.
    fn search(&self, namespace: &str) -> Vec<Ask> {
        let own = Some(namespace);
        let accounts = std::iter::once(all("v1", "ServiceAccount", own).into());
        let asks = accounts.chain(pull_secrets(own)).chain(pull_secrets(None));
        asks.filter(|_| self.world.searches).collect()
    }

    /// The further stages for Pods: what they name and what their accounts name, then what they have logged and the
    /// registries of images that failed.
    pub async fn around(&mut self, pods: &[Value]) -> Result<(), ClusterError> {
        self.ask(named_by(pods)).await?;
        let secrets: Vec<ObjectRef> = pods.iter().flat_map(|pod| pull_secrets_of(&self.seen, pod)).collect();
        self.ask(secrets.into_iter().map(Ask::Get)).await?;
        let questions = registry_questions(&self.seen, &self.secrets, pods);
        let mut beside =
            Gathering { world: self.world, budget: self.budget, seen: Snapshot::default(), secrets: Vec::new() };
        let (answers, ()) = futures_util::join!(self.registry_answers(questions), beside.read_logs(pods, None));
        self.seen.merge(answers);
        self.seen.merge(beside.seen);
        Ok(())
    }
}

/// The registries of images that could not be pulled, with the logins that the kubelet takes for them or could take.
fn registry_questions(seen: &Snapshot, secrets: &[Value], pods: &[Value]) -> Vec<RegistryQuestion> {
    let mut questions: BTreeMap<String, RegistryQuestion> = BTreeMap::new();
    for pod in pods {
        for (_, image) in pulled_images(pod) {
            let host = compared_host(&image);
            let question =
                questions.entry(host.clone()).or_insert_with(|| RegistryQuestion { host, logins: Vec::new() });
            for (place, login) in logins(seen, secrets, pod, &image) {
                question.takes(place, login);
            }
        }
    }
    questions.into_values().take(MOST_REGISTRIES).collect()
}

impl RegistryQuestion {
    /// Has a login tried, once for all places where it stands.
    fn takes(&mut self, place: (String, String), login: Login) {
        if self.logins.iter().any(|it| it.places.contains(&place)) {
            return;
        }
        if let Some(same) = self.logins.iter_mut().find(|it| it.login == login) {
            same.places.push(place);
        } else if self.logins.len() < MOST_LOGINS {
            self.logins.push(Tried { places: vec![place], login });
        }
    }
}

/// The logins that the kubelet takes for an image of a Pod. If the Pod names none, also those that it could be given, the
/// nearest first: one that is refused is not to be recommended.
fn logins(seen: &Snapshot, secrets: &[Value], pod: &Value, image: &str) -> Vec<((String, String), Login)> {
    let namespace = ObjectRef::of(pod).and_then(|it| it.namespace);
    let (of_pod, named) = (secrets_of_pod(pod), pull_secrets_of(seen, pod));
    let all: Vec<(ObjectRef, &Value)> = secrets.iter().filter_map(|it| Some((ObjectRef::of(it)?, it))).collect();
    let of = |wanted: &dyn Fn(&ObjectRef) -> bool| -> Vec<((String, String), Login)> {
        all.iter()
            .filter(|(object, _)| wanted(object))
            .flat_map(|(object, secret)| taken(object, secret, image))
            .collect()
    };
    let bound = of(&|it| named.contains(it));
    if !of(&|it| of_pod.contains(it)).is_empty() {
        return bound;
    }
    let near = of(&|it| it.namespace == namespace);
    let far = if near.is_empty() { of(&|_| true) } else { Vec::new() };
    bound.into_iter().chain(near).chain(far).collect()
}

/// The logins in a Secret that the kubelet takes for an image, and where they stand.
fn taken(object: &ObjectRef, secret: &Value, image: &str) -> Vec<((String, String), Login)> {
    let from = format!("{}/{}", object.namespace.as_deref().unwrap_or_default(), object.name);
    let taken = logins_of(secret).into_iter().filter(|(key, _)| matches(key, image) == Match::Takes);
    taken.map(|(key, login)| ((from.clone(), key), login)).collect()
}

/// The pull secrets that a Pod names itself.
fn secrets_of_pod(pod: &Value) -> Vec<ObjectRef> {
    let namespace = ObjectRef::of(pod).and_then(|it| it.namespace).unwrap_or_default();
    let names = names(pod, "/spec/imagePullSecrets", "/name");
    names.iter().map(|name| ObjectRef::secret(&namespace, name)).collect()
}

/// The pull secrets that a Pod names, and those that its service account names.
fn pull_secrets_of(seen: &Snapshot, pod: &Value) -> Vec<ObjectRef> {
    let Some(object) = ObjectRef::of(pod) else { return Vec::new() };
    let namespace = object.namespace.unwrap_or_default();
    let account = seen.get(&account_of(&namespace, pod)).found();
    let of_account = account.into_iter().flat_map(|it| names(it, "/imagePullSecrets", "/name"));
    let of_account = of_account.map(|name| ObjectRef::secret(&namespace, &name));
    secrets_of_pod(pod).into_iter().chain(of_account).collect()
}

/// The service account that a Pod runs as.
fn account_of(namespace: &str, pod: &Value) -> ObjectRef {
    let name = pod.pointer("/spec/serviceAccountName").and_then(Value::as_str).unwrap_or("default");
    ObjectRef::service_account(namespace, name)
}

/// The texts at a place of each element of a list.
fn names(object: &Value, list: &str, place: &str) -> Vec<String> {
    let all = object.pointer(list).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| it.pointer(place)?.as_str().map(str::to_owned)).collect()
}

fn logins_of(secret: &Value) -> Vec<(String, Login)> {
    let config = pull_config(secret);
    let logins = config.iter().flat_map(DockerConfig::logins);
    logins.map(|(key, login)| (key.to_owned(), login.clone())).collect()
}

/// All pull secrets, of a namespace or of the cluster.
fn pull_secrets(namespace: Option<&str>) -> impl Iterator<Item = Ask> {
    let of_type = move |kind| all("v1", "Secret", namespace).with_fields(&format!("type={kind}")).whole().into();
    [SECRET_TYPE, LEGACY_SECRET_TYPE].into_iter().map(of_type)
}

/// Accounts, Secrets, claims and classes that Pods name.
fn named_by(pods: &[Value]) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    let mut has_claims = false;
    for pod in pods {
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        if !pulled_images(pod).is_empty() {
            asks.push(Ask::Get(account_of(namespace, pod)));
        }
        let secrets = names(pod, "/spec/imagePullSecrets", "/name");
        asks.extend(secrets.iter().map(|name| Ask::Get(ObjectRef::secret(namespace, name))));
        let claims = names(pod, "/spec/volumes", "/persistentVolumeClaim/claimName");
        has_claims |= !claims.is_empty();
        for name in &claims {
            asks.push(Ask::Get(ObjectRef::core("PersistentVolumeClaim", namespace, name)));
            asks.push(warnings(namespace, Some(name)));
        }
    }
    if has_claims {
        asks.push(all("storage.k8s.io/v1", "StorageClass", None).into());
    }
    asks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, secrets: &[&str]) -> Value {
        let secrets: Vec<Value> = secrets.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "namespace": "apps", "name": name },
            "spec": { "imagePullSecrets": secrets, "containers": [{ "name": "web", "image": "hub.test/app:1" }] },
            "status": { "containerStatuses": [{ "name": "web", "state": { "waiting": { "reason": "ErrImagePull" } } }] },
        })
    }

    fn secret_in(namespace: &str, name: &str, password: &str) -> Value {
        use base64::Engine as _;
        let file = json!({ "auths": { "hub.test": { "username": "ann", "password": password } } }).to_string();
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE, "metadata": { "namespace": namespace, "name": name },
            "data": { ".dockerconfigjson": base64::engine::general_purpose::STANDARD.encode(file) },
        })
    }

    /// The places of the logins that are tried, a login a text.
    fn tried(questions: &[RegistryQuestion]) -> Vec<String> {
        let places = |it: &Tried| it.places.iter().map(|(from, _)| from.as_str()).collect::<Vec<_>>().join(" ");
        questions.iter().flat_map(|it| &it.logins).map(places).collect()
    }

    fn account() -> Snapshot {
        let mut seen = Snapshot::default();
        seen.add(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "namespace": "apps", "name": "default" },
            "imagePullSecrets": [{ "name": "of-account" }],
        }));
        seen
    }

    #[test]
    fn where_the_pod_names_a_login_only_its_own_and_its_accounts_are_tried_and_each_once() {
        let secret = |name: &&str| secret_in("apps", name, name);
        let secrets: Vec<Value> = ["another", "of-account", "of-pod"].iter().map(secret).collect();
        let pods = [pod("one", &["of-pod"]), pod("two", &["of-pod"])];
        let questions = registry_questions(&account(), &secrets, &pods);
        assert_eq!(
            (questions.len(), tried(&questions)),
            (1, vec!["apps/of-account".to_owned(), "apps/of-pod".to_owned()])
        );
    }

    #[test]
    fn a_login_that_a_pod_could_be_given_is_tried_and_its_copies_not_again() {
        let near = ["another", "of-account", "copy"]
            .map(|name| secret_in("apps", name, name.strip_prefix("copy").map_or(name, |_| "another")));
        let far = ["x", "y"].map(|namespace| secret_in(namespace, "pull", "p"));
        let all: Vec<Value> = near.iter().chain(&far).cloned().collect();
        assert_eq!(
            tried(&registry_questions(&account(), &all, &[pod("one", &["gone"])])),
            ["apps/of-account", "apps/another apps/copy"]
        );
        assert_eq!(tried(&registry_questions(&account(), &far, &[pod("one", &[])])), ["x/pull y/pull"]);
    }
}
