//! What is collected for Pods and Deployments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::cluster::ClusterError;
use crate::domain::diagnosis::{Snapshot, pull_config, pulled_images};
use crate::domain::dockerconfig::{
    DockerConfig, LEGACY_SECRET_TYPE, Login, Match, SECRET_TYPE, compared_name, matches,
};
use crate::domain::kubernetes::ObjectRef;

use super::Gathering;
use super::objects::{Ask, all};
use super::registries::{RegistryQuestion, Tried};

/// How many registries are asked for the images of one Pod.
const MOST_REGISTRIES: usize = 4;

/// How many logins are tried at one registry: some lock a user out.
const MOST_LOGINS: usize = 4;

impl Gathering<'_> {
    /// All about a Pod.
    pub async fn pod(&mut self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let own = Some(namespace);
        let asks = [
            Ask::Get(ObjectRef::of_namespace(namespace)),
            Ask::Get(ObjectRef::pod(namespace, name)),
            all("v1", "Event", own).with_fields(&format!("involvedObject.name={name}")).into(),
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
            all("v1", "Pod", own).into(),
            all("v1", "Event", own).into(),
        ];
        self.ask(asks.into_iter().chain(self.search(namespace))).await?;
        let found = self.seen.get(&deployment).found().cloned();
        let pods: Vec<Value> =
            self.found("Pod").into_iter().filter(|pod| found.as_ref().is_some_and(|it| selects(it, pod))).collect();
        self.around(&pods).await
    }

    /// Accounts and pull secrets, one of which may have been meant.
    fn search(&self, namespace: &str) -> Vec<Ask> {
        let own = Some(namespace);
        let accounts = std::iter::once(all("v1", "ServiceAccount", own).into());
        let asks = accounts.chain(pull_secrets(own)).chain(pull_secrets(None));
        asks.filter(|_| self.world.searches).collect()
    }

    /// The second stage for Pods: what they name, what they have logged, and the registries of images that failed.
    pub async fn around(&mut self, pods: &[Value]) -> Result<(), ClusterError> {
        let questions = self.registry_questions(pods);
        let mut beside =
            Gathering { world: self.world, budget: self.budget, seen: Snapshot::default(), secrets: Vec::new() };
        let cluster = async {
            beside.read_logs(pods, None).await;
            beside.ask(named_by(pods)).await
        };
        let (answers, asked) = futures_util::join!(self.registry_answers(questions), cluster);
        asked?;
        self.seen.merge(answers);
        self.seen.merge(beside.seen);
        Ok(())
    }

    /// The registries of images that could not be pulled, with the logins that the kubelet takes for them.
    fn registry_questions(&self, pods: &[Value]) -> Vec<RegistryQuestion> {
        let mut questions: BTreeMap<String, RegistryQuestion> = BTreeMap::new();
        for pod in pods {
            let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
            for (_, image) in pulled_images(pod) {
                let host = compared_name(&image).split('/').next().unwrap_or_default().to_owned();
                let question =
                    questions.entry(host.clone()).or_insert_with(|| RegistryQuestion { host, logins: Vec::new() });
                question.logins.extend(self.logins(namespace, &image));
            }
        }
        let mut questions: Vec<_> = questions.into_values().take(MOST_REGISTRIES).collect();
        for question in &mut questions {
            question.logins.truncate(MOST_LOGINS);
        }
        questions
    }

    /// The logins in the Secrets of a namespace that the kubelet takes for an image.
    fn logins(&self, namespace: &str, image: &str) -> Vec<Tried> {
        let here = self
            .secrets
            .iter()
            .filter(|it| it.pointer("/metadata/namespace").and_then(Value::as_str) == Some(namespace));
        let mut tried: Vec<Tried> = Vec::new();
        for secret in here {
            let name = secret.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let from = format!("{namespace}/{name}");
            for (key, login) in logins_of(secret).into_iter().filter(|(key, _)| matches(key, image) == Match::Takes) {
                if !tried.iter().any(|it| it.from == from && it.key == key) {
                    tried.push(Tried { from: from.clone(), key, login });
                }
            }
        }
        tried
    }
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

/// Whether a Deployment's selector takes a Pod.
pub(super) fn selects(deployment: &Value, pod: &Value) -> bool {
    let labels = deployment.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let own = pod.pointer("/metadata/labels");
    labels.is_some_and(|labels| labels.iter().all(|(name, value)| own.and_then(|own| own.get(name)) == Some(value)))
}

/// Secrets, claims and classes that Pods name.
fn named_by(pods: &[Value]) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    let mut has_claims = false;
    for pod in pods {
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        let names = |pointer: &str, part: &str| {
            let all = pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(|it| it.pointer(part)?.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let secrets = names("/spec/imagePullSecrets", "/name");
        asks.extend(secrets.iter().map(|name| Ask::Get(ObjectRef::secret(namespace, name))));
        let claims = names("/spec/volumes", "/persistentVolumeClaim/claimName");
        has_claims |= !claims.is_empty();
        asks.extend(claims.iter().map(|name| Ask::Get(ObjectRef::core("PersistentVolumeClaim", namespace, name))));
        asks.extend(claims.iter().map(|name| {
            all("v1", "Event", Some(namespace)).with_fields(&format!("involvedObject.name={name}")).into()
        }));
    }
    if has_claims {
        asks.push(all("storage.k8s.io/v1", "StorageClass", None).into());
    }
    asks
}
