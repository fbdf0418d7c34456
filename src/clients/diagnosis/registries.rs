//! What registries answer, and what of one is in the cluster.

use futures_util::future::join_all;
use serde_json::Value;

use crate::clients::cluster::ClusterError;
use crate::clients::http::{Flaw, HttpError};
use crate::clients::oci::{Anonymous, Challenge, Oci, OciError};
use crate::domain::certificate::Facts;
use crate::domain::diagnosis::{LoginAnswer, LoginProbe, Presented, RegistryAnswer, Snapshot, newest_pods};
use crate::domain::dockerconfig::Login;
use crate::domain::kubernetes::{DECLARATION, ObjectRef, annotations, selects};
use crate::domain::registry_name::{base_url, without_port};
use crate::retry::Budget;

use super::certificates::load_balancers;
use super::objects::{Ask, all, warnings};
use super::world::{Question, name_answer};
use super::{Gathering, World, short};

/// A login to be tried.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    /// Where it stands: `NAMESPACE/NAME` of a Secret, and the key under `auths`. In several places it is tried once.
    pub places: Vec<(String, String)>,
    /// The login.
    pub login: Login,
}

/// A registry to be asked.
#[derive(Clone, Debug)]
pub(super) struct RegistryQuestion {
    /// Host and port as images name it.
    pub host: String,
    /// The logins to be tried.
    pub logins: Vec<Tried>,
}

impl Gathering<'_> {
    /// Asks registries side by side.
    pub async fn registry_answers(&self, questions: Vec<RegistryQuestion>) -> Snapshot {
        let asked = join_all(questions.into_iter().map(|question| asked(self.world, self.budget, question))).await;
        let mut all = Snapshot::default();
        for answer in asked {
            all.merge(answer);
        }
        all
    }

    /// All about a registry: its answers, and beside them what is in the cluster for its host.
    ///
    /// # Errors
    /// The cluster cannot be asked; what the registry answered is kept.
    pub async fn registry(&mut self, host: &str) -> Result<(), ClusterError> {
        let given = self.world.login.cloned();
        let logins =
            given.map(|login| Tried { places: vec![("the login that was given".to_owned(), host.to_owned())], login });
        let question = RegistryQuestion { host: host.to_owned(), logins: logins.into_iter().collect() };
        let mut beside =
            Gathering { world: self.world, budget: self.budget, seen: Snapshot::default(), secrets: Vec::new() };
        let first = [
            all("networking.k8s.io/v1", "Ingress", None).into(),
            all("networking.k8s.io/v1", "IngressClass", None).into(),
            all("apps/v1", "Deployment", None).labelled("app.kubernetes.io/name=registry").into(),
        ];
        let (answers, asked) = futures_util::join!(self.registry_answers(vec![question]), beside.ask(first));
        self.seen.merge(answers);
        let bare = without_port(host);
        beside.keep_only_of(host, bare);
        self.seen.merge(beside.seen);
        asked?;
        self.behind(bare).await
    }

    /// Forgets Ingresses and Deployments of other hosts.
    fn keep_only_of(&mut self, host: &str, bare: &str) {
        self.seen.objects.retain(|it| match it.get("kind").and_then(Value::as_str) {
            Some("Ingress") => hosts(it).iter().any(|own| own == bare),
            Some("Deployment") => declared_host(it).is_some_and(|own| own == host || own == bare),
            _ => true,
        });
    }

    /// The objects behind the Ingresses and Deployments that were found.
    async fn behind(&mut self, bare: &str) -> Result<(), ClusterError> {
        let ingresses = self.found("Ingress");
        let own = self.found("Deployment");
        let all_found = ingresses.iter().chain(&own);
        let mut namespaces: Vec<String> =
            all_found.filter_map(|it| it.pointer("/metadata/namespace")?.as_str().map(str::to_owned)).collect();
        namespaces.sort();
        namespaces.dedup();
        let mut asks: Vec<Ask> = Vec::new();
        for namespace in namespaces.iter().map(String::as_str) {
            let own = Some(namespace);
            asks.push(all("v1", "Service", own).into());
            asks.push(all("v1", "Pod", own).into());
            asks.push(warnings(namespace, None));
            asks.push(all("v1", "ServiceAccount", own).into());
            asks.push(all("apps/v1", "Deployment", own).into());
            asks.push(all("apps/v1", "ReplicaSet", own).into());
            asks.push(all("discovery.k8s.io/v1", "EndpointSlice", own).into());
        }
        asks.extend(ingresses.iter().flat_map(tls_secrets).map(Ask::Get));
        self.ask(asks).await?;
        self.keep_only_behind(&ingresses, &own);
        let deployments = self.found("Deployment");
        let pods: Vec<Value> = deployments.iter().flat_map(|it| newest_pods(&self.seen, it)).cloned().collect();
        self.around(&pods).await?;
        let hosts = ingresses.iter().flat_map(load_balancers).map(Question::Name);
        let answers = self.answers(hosts.chain([Question::Name(bare.to_owned())]).collect()).await;
        self.seen.merge(answers);
        Ok(())
    }

    /// Forgets Deployments and Pods that the Ingresses' Services do not lead to.
    fn keep_only_behind(&mut self, ingresses: &[Value], own: &[Value]) {
        let selectors: Vec<(String, Value)> = ingresses.iter().flat_map(|ingress| self.selectors(ingress)).collect();
        let is_behind = |deployment: &Value| {
            let uid = deployment.pointer("/metadata/uid");
            let namespace = deployment.pointer("/metadata/namespace").and_then(Value::as_str);
            let labels = deployment.pointer("/spec/template/metadata/labels");
            let taken = |selector: &Value| selects(Some(selector), labels);
            own.iter().any(|it| it.pointer("/metadata/uid") == uid)
                || selectors.iter().any(|(place, selector)| Some(place.as_str()) == namespace && taken(selector))
        };
        let kept: Vec<Value> = self.found("Deployment").into_iter().filter(|it| is_behind(it)).collect();
        self.seen.objects.retain(|it| match it.get("kind").and_then(Value::as_str) {
            Some("Deployment") => is_behind(it),
            Some("Pod" | "ReplicaSet") => kept.iter().any(|deployment| {
                deployment.pointer("/metadata/namespace") == it.pointer("/metadata/namespace")
                    && selects(deployment.pointer("/spec/selector/matchLabels"), it.pointer("/metadata/labels"))
            }),
            _ => true,
        });
    }

    /// The selectors of the Services that an Ingress leads to, with their namespace.
    fn selectors(&self, ingress: &Value) -> Vec<(String, Value)> {
        let namespace = ingress.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        let rules = ingress.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
        let paths = rules.filter_map(|rule| rule.pointer("/http/paths")?.as_array()).flatten();
        let names = paths.filter_map(|path| path.pointer("/backend/service/name")?.as_str());
        names
            .filter_map(|name| {
                let service = self.seen.get(&ObjectRef::core("Service", namespace, name)).found()?;
                Some((namespace.to_owned(), service.pointer("/spec/selector")?.clone()))
            })
            .collect()
    }
}

fn hosts(ingress: &Value) -> Vec<String> {
    let rules = ingress.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
    rules.filter_map(|rule| rule.get("host")?.as_str().map(str::to_owned)).collect()
}

fn tls_secrets(ingress: &Value) -> Vec<ObjectRef> {
    let namespace = ingress.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let all = ingress.pointer("/spec/tls").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| it.get("secretName")?.as_str()).map(|name| ObjectRef::secret(namespace, name)).collect()
}

/// The host of a registry that berth made.
fn declared_host(deployment: &Value) -> Option<String> {
    let declared =
        annotations(deployment).get(DECLARATION)?.as_str().and_then(|it| serde_json::from_str::<Value>(it).ok())?;
    declared.get("host")?.as_str().map(str::to_owned)
}

/// One registry: name, certificate, `/v2/` and logins.
async fn asked(world: &World<'_>, budget: &Budget, question: RegistryQuestion) -> Snapshot {
    let bare = without_port(&question.host).to_owned();
    let first = short(budget);
    let (name, answer) = futures_util::join!(name_answer(world.dns, &bare, &first), registry(world, budget, &question));
    let mut seen = Snapshot::default();
    seen.names.insert(bare, name);
    seen.registries.insert(question.host, answer);
    seen
}

/// Each step has its own: a slow one leaves the others theirs.
async fn registry(world: &World<'_>, budget: &Budget, question: &RegistryQuestion) -> RegistryAnswer {
    let failed = |fault: String| RegistryAnswer {
        unreached: Some("other".to_owned()),
        fault: Some(fault),
        ..RegistryAnswer::default()
    };
    let base = match base_url(&question.host) {
        Ok(base) => base,
        Err(why) => return failed(format!("the host {why}")),
    };
    let oci = match Oci::new(world.network, base.clone(), world.ca_pem, None) {
        Ok(oci) => oci,
        Err(error) => return failed(error.to_string()),
    };
    let first = short(budget);
    let (chain, anonymous) =
        futures_util::join!(first.run(world.network.presented_chain(&base)), first.run(oci.anonymous()));
    let certificate = chain.ok().and_then(Result::ok).and_then(|ders| presented(&ders));
    let mut answer = match anonymous {
        Ok(Ok(told)) => of_anonymous(&told),
        Ok(Err(OciError::Http(error))) => of_fault(&error),
        Ok(Err(error)) => failed(error.to_string()),
        Err(stopped) => RegistryAnswer {
            unreached: Some("connection".to_owned()),
            fault: Some(format!("no answer while we looked: {stopped}")),
            ..RegistryAnswer::default()
        },
    };
    answer.certificate = certificate;
    if let Some(realm) = answer.realm.clone() {
        answer.realm_fault = realm_fault(world, budget, &realm).await;
    }
    let tried = join_all(question.logins.iter().map(|tried| login(world, budget, question, tried))).await;
    answer.logins = tried.concat();
    answer
}

fn presented(ders: &[Vec<u8>]) -> Option<Presented> {
    let facts = Facts::from_der(ders.first()?).ok()?;
    let is_placeholder = is_placeholder(&facts.subject);
    Some(Presented {
        issuer: facts.issuer.clone(),
        subject: facts.subject.clone(),
        names: facts.names(),
        not_before: facts.not_before.to_string(),
        not_after: facts.not_after.to_string(),
        is_placeholder,
    })
}

/// What Ingress controllers show in place of a certificate that they do not have.
fn is_placeholder(subject: &str) -> bool {
    ["TRAEFIK DEFAULT CERT", "Kubernetes Ingress Controller Fake Certificate"]
        .iter()
        .any(|known| subject.contains(known))
}

fn of_anonymous(told: &Anonymous) -> RegistryAnswer {
    let realm = match &told.challenge {
        Some(Challenge::Bearer { realm, .. }) => Some(realm.clone()),
        Some(Challenge::Basic { .. }) | None => None,
    };
    RegistryAnswer { status: Some(told.status), is_registry: told.is_registry, realm, ..RegistryAnswer::default() }
}

fn of_fault(error: &HttpError) -> RegistryAnswer {
    let (unreached, flaw) = match error {
        HttpError::Name { .. } => (Some("name"), None),
        HttpError::Certificate { flaw, .. } => (
            None,
            Some(match flaw {
                Flaw::Name => "name",
                Flaw::Issuer => "issuer",
                Flaw::Time => "time",
                Flaw::Other => "other",
            }),
        ),
        HttpError::NotTls { .. } => (Some("tls"), None),
        HttpError::Unreachable { .. } => (Some("connection"), None),
        _ => (Some("other"), None),
    };
    RegistryAnswer {
        unreached: unreached.map(str::to_owned),
        flaw: flaw.map(str::to_owned),
        fault: Some(error.to_string()),
        ..RegistryAnswer::default()
    }
}

/// Why nothing answers at the realm; what it answers does not matter.
async fn realm_fault(world: &World<'_>, budget: &Budget, realm: &str) -> Option<String> {
    let client = world.network.https(world.ca_pem).ok()?;
    match short(budget).run(client.get(realm).send()).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(world.network.fault(&error).await.to_string()),
        Err(stopped) => Some(format!("no answer while we looked: {stopped}")),
    }
}

async fn login(world: &World<'_>, budget: &Budget, question: &RegistryQuestion, tried: &Tried) -> Vec<LoginProbe> {
    let (answer, words) = match base_url(&question.host) {
        Err(why) => (LoginAnswer::Untried, format!("the host {why}")),
        Ok(base) => match Oci::new(world.network, base, world.ca_pem, Some(tried.login.clone())) {
            Err(error) => (LoginAnswer::Untried, error.to_string()),
            Ok(oci) => logged_in(short(budget).run(oci.log_in()).await.map_err(|stopped| stopped.to_string())),
        },
    };
    let username = &tried.login.username;
    let probe = |(from, key): &(String, String)| LoginProbe {
        from: from.clone(),
        key: key.clone(),
        username: username.clone(),
        answer,
        words: words.clone(),
    };
    tried.places.iter().map(probe).collect()
}

fn logged_in(tried: Result<Result<(), OciError>, String>) -> (LoginAnswer, String) {
    match tried {
        Ok(Ok(())) => (LoginAnswer::Accepted, String::new()),
        Ok(Err(OciError::Unauthorized { words })) => (LoginAnswer::Refused, words),
        Ok(Err(OciError::Denied { words })) => (LoginAnswer::Denied, words),
        Ok(Err(error)) => (LoginAnswer::Untried, error.to_string()),
        Err(stopped) => (LoginAnswer::Untried, stopped),
    }
}
