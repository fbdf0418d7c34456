//! What is collected for Certificates and issuers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::clients::cluster::ClusterError;
use crate::domain::diagnosis::Snapshot;
use crate::domain::kubernetes::ObjectRef;

use super::Gathering;
use super::objects::{Ask, all, pointers, warnings, with};
use super::world::{DirectoryQuestion, Question, TxtQuestion, VisitQuestion};

const CERT_MANAGER: &str = "cert-manager.io/v1";
const ACME: &str = "acme.cert-manager.io/v1";
const SOLVER: &str = "acme.cert-manager.io/http01-solver=true";

/// How many names of a Certificate the world is asked about.
const MOST_NAMES: usize = 10;

/// How many lines of the controller's log are read.
const LOG_LINES: i64 = 400;

/// How many of them are kept.
const MOST_LINES: usize = 40;

impl Gathering<'_> {
    /// The Certificate that writes a Secret, by the Secret's own word or the Certificates'.
    pub async fn certificate_of_secret(
        &mut self,
        namespace: &str,
        secret: &str,
    ) -> Result<Option<String>, ClusterError> {
        let asks =
            [all(CERT_MANAGER, "Certificate", Some(namespace)).into(), Ask::Get(ObjectRef::secret(namespace, secret))];
        self.ask(asks).await?;
        let by_name = with(&self.seen, "Certificate", "/spec/secretName", secret).next();
        let name = by_name.and_then(|it| it.pointer("/metadata/name")?.as_str());
        Ok(name.map(str::to_owned))
    }

    /// All about a Certificate.
    pub async fn certificate(&mut self, namespace: &str, name: &str) -> Result<(), ClusterError> {
        let own = Some(namespace);
        let mut asks = installation();
        asks.extend([
            Ask::Get(ObjectRef::of_namespace(namespace)),
            Ask::Get(ObjectRef::namespaced(CERT_MANAGER, "Certificate", namespace, name)),
            all(CERT_MANAGER, "Certificate", own).into(),
            all(CERT_MANAGER, "CertificateRequest", own).into(),
            all(CERT_MANAGER, "Issuer", own).into(),
            all(CERT_MANAGER, "ClusterIssuer", None).into(),
            all(ACME, "Order", own).into(),
            all(ACME, "Challenge", own).into(),
            // One for the same name may be anywhere, if that may be seen.
            all(ACME, "Challenge", None).into(),
            all("v1", "Pod", own).labelled(SOLVER).into(),
            all("v1", "Service", own).labelled(SOLVER).into(),
            all("networking.k8s.io/v1", "Ingress", own).labelled(SOLVER).into(),
            all("networking.k8s.io/v1", "IngressClass", None).into(),
            all("discovery.k8s.io/v1", "EndpointSlice", own).into(),
            warnings(namespace, None),
        ]);
        self.ask(asks).await?;
        let certificates: Vec<Value> = with(&self.seen, "Certificate", "/metadata/name", name).cloned().collect();
        let secrets = pointers(&certificates, "/spec/secretName");
        let mut asks: Vec<Ask> = secrets.iter().map(|secret| Ask::Get(ObjectRef::secret(namespace, secret))).collect();
        asks.extend(webhook_endpoints(&self.seen));
        let controllers: Vec<Value> =
            with(&self.seen, "Pod", "/metadata/labels/app", "cert-manager").cloned().collect();
        let questions = self.questions(namespace, &certificates);
        self.ask_both(asks, questions, &controllers).await?;
        self.keep_lines_about(namespace);
        Ok(())
    }

    /// Forgets what the controller logged of other namespaces.
    fn keep_lines_about(&mut self, namespace: &str) {
        for lines in self.seen.logs.values_mut() {
            lines.retain(|line| line.contains(namespace));
            let first = lines.len().saturating_sub(MOST_LINES);
            lines.drain(..first);
        }
    }

    /// All about an issuer.
    pub async fn issuer(&mut self, namespace: Option<&str>, name: &str) -> Result<(), ClusterError> {
        let mut asks = installation();
        asks.extend(namespace.map(|namespace| Ask::Get(ObjectRef::of_namespace(namespace))));
        asks.push(Ask::Get(match namespace {
            Some(namespace) => ObjectRef::namespaced(CERT_MANAGER, "Issuer", namespace, name),
            None => ObjectRef::of_cluster(CERT_MANAGER, "ClusterIssuer", name),
        }));
        self.ask(asks).await?;
        let directories = self.directories();
        let asks = webhook_endpoints(&self.seen);
        self.ask_both(asks, directories, &[]).await
    }

    /// The cluster's second stage and the world, side by side.
    async fn ask_both(
        &mut self,
        asks: Vec<Ask>,
        questions: Vec<Question>,
        controllers: &[Value],
    ) -> Result<(), ClusterError> {
        let world = self.answers(questions);
        let mut beside =
            Gathering { world: self.world, budget: self.budget, seen: Snapshot::default(), secrets: Vec::new() };
        let cluster = async {
            beside.read_logs(controllers, Some(LOG_LINES)).await;
            beside.ask(asks).await
        };
        let (answers, asked) = futures_util::join!(world, cluster);
        asked?;
        self.seen.merge(answers);
        self.seen.merge(beside.seen);
        Ok(())
    }

    fn directories(&self) -> Vec<Question> {
        let issuers = self.seen.all("Issuer", None).chain(self.seen.all("ClusterIssuer", None));
        issuers.filter_map(directory).map(Question::Directory).collect()
    }

    /// What the world is asked about a Certificate.
    fn questions(&self, namespace: &str, certificates: &[Value]) -> Vec<Question> {
        let domains = domains(certificates);
        let mut questions: Vec<Question> = domains.iter().cloned().map(Question::Name).collect();
        questions.extend(domains.iter().cloned().map(Question::Caa));
        questions.extend(
            certificates.iter().filter_map(|it| self.issuer_of(it)).filter_map(directory).map(Question::Directory),
        );
        let challenges = self.seen.all("Challenge", Some(namespace));
        let own = challenges.filter(|it| {
            it.pointer("/spec/dnsName")
                .and_then(Value::as_str)
                .is_some_and(|name| domains.iter().any(|own| own == name))
        });
        questions.extend(own.filter_map(challenge));
        let hosts = self.seen.all("Ingress", Some(namespace)).flat_map(load_balancers);
        questions.extend(hosts.map(Question::Name));
        questions
    }

    fn issuer_of<'a>(&'a self, certificate: &'a Value) -> Option<&'a Value> {
        let name = certificate.pointer("/spec/issuerRef/name")?.as_str()?;
        let kind = certificate.pointer("/spec/issuerRef/kind").and_then(Value::as_str).unwrap_or("Issuer");
        let kind = if kind == "ClusterIssuer" { "ClusterIssuer" } else { "Issuer" };
        let namespace = certificate.pointer("/metadata/namespace");
        with(&self.seen, kind, "/metadata/name", name)
            .find(|it| kind == "ClusterIssuer" || it.pointer("/metadata/namespace") == namespace)
    }
}

/// The names of Certificates that are asked about, a wildcard's without its star.
fn domains(certificates: &[Value]) -> Vec<String> {
    let names = certificates.iter().flat_map(|it| texts(it, "/spec/dnsNames"));
    let mut domains: Vec<String> = names.map(|name| name.trim_start_matches("*.").to_owned()).collect();
    domains.sort();
    domains.dedup();
    domains.truncate(MOST_NAMES);
    domains
}

/// What tells whether cert-manager is there.
fn installation() -> Vec<Ask> {
    vec![
        Ask::Get(ObjectRef::of_cluster(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "certificates.cert-manager.io",
        )),
        all("apps/v1", "Deployment", None).labelled("app=cert-manager").whole().into(),
        all("v1", "Pod", None).labelled("app=cert-manager").into(),
        all("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", None).into(),
    ]
}

/// The endpoints in the namespaces of cert-manager's webhooks.
fn webhook_endpoints(seen: &Snapshot) -> Vec<Ask> {
    let hooks =
        seen.all("ValidatingWebhookConfiguration", None).filter_map(|it| it.get("webhooks")?.as_array()).flatten();
    let own = hooks.filter(|hook| hook.get("name").and_then(Value::as_str) == Some("webhook.cert-manager.io"));
    let mut namespaces: Vec<&str> =
        own.filter_map(|hook| hook.pointer("/clientConfig/service/namespace")?.as_str()).collect();
    namespaces.dedup();
    namespaces
        .into_iter()
        .map(|namespace| all("discovery.k8s.io/v1", "EndpointSlice", Some(namespace)).into())
        .collect()
}

/// The texts of a list.
pub(super) fn texts(object: &Value, pointer: &str) -> Vec<String> {
    let all = object.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

/// The names of the load balancers that serve an Ingress.
pub(super) fn load_balancers(ingress: &Value) -> Vec<String> {
    let points = ingress.pointer("/status/loadBalancer/ingress").and_then(Value::as_array).into_iter().flatten();
    points.filter_map(|point| point.get("hostname")?.as_str().map(str::to_owned)).collect()
}

fn directory(issuer: &Value) -> Option<DirectoryQuestion> {
    let url = issuer.pointer("/spec/acme/server")?.as_str()?.to_owned();
    let bundle = issuer.pointer("/spec/acme/caBundle").and_then(Value::as_str);
    let ca_pem = bundle.and_then(|it| String::from_utf8(STANDARD.decode(it).ok()?).ok());
    Some(DirectoryQuestion { url, ca_pem })
}

/// What the world is asked about a challenge.
fn challenge(found: &Value) -> Option<Question> {
    let part = |pointer: &str| found.pointer(pointer)?.as_str().map(str::to_owned);
    let (name, key) = (part("/spec/dnsName")?, part("/spec/key")?);
    match part("/spec/type")?.as_str() {
        "DNS-01" => Some(Question::Txt(TxtQuestion { domain: name, value: key })),
        "HTTP-01" => {
            let url = format!("http://{name}/.well-known/acme-challenge/{}", part("/spec/token")?);
            Some(Question::Visit(VisitQuestion { host: name, url, expected: key }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_and_its_wildcard_are_asked_about_once() {
        let certificate = json!({ "spec": { "dnsNames": ["hub.test", "*.hub.test", "a.test"] } });
        assert_eq!(domains(&[certificate]), ["a.test", "hub.test"]);
    }
}
