//! What answers http-01 challenges in a cluster: one small server for all files of an order, and the Ingress that leads to it.
//!
//! The files stand in the Pod's annotations, which the kubelet lays into the Pod as a volume: no `ConfigMap` is needed, and
//! nothing has to exist before the Pod.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::digest::sha256_hex;

use super::kubernetes::{ObjectRef, Toleration, owner_labels};

/// The application's name in labels.
pub const APPLICATION: &str = "acme-solver";
/// What runs if the user names no image: its `httpd` is all that is needed.
pub const DEFAULT_IMAGE: &str = "docker.io/library/busybox:1.37";
/// What the path of a challenge's file begins with (RFC 8555 §8.3).
pub const PATH: &str = "/.well-known/acme-challenge/";

/// The port of the Pod: above 1024, since nobody there is root.
const PORT: u16 = 8080;
/// Where the files lie in the Pod.
const FOLDER: &str = "/challenges";
/// The user and group of the Pod: nobody.
const USER: u32 = 65534;

/// What the solver's objects are called, and which of them there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The namespace of all of them.
    pub namespace: String,
    /// The name of all of them.
    pub name: String,
    /// Whether a Pod serves; else an endpoint outside.
    pub has_pod: bool,
}

impl Site {
    /// The site for a certificate, which `certificate` names: always the same one, so that what a killed run left there is
    /// found again.
    pub fn new(namespace: &str, certificate: &str, has_pod: bool) -> Self {
        let digest = sha256_hex(certificate.as_bytes());
        let name = format!("berth-acme-{}", digest.get(..12).unwrap_or_default());
        Self { namespace: namespace.to_owned(), name, has_pod }
    }

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, place) = text.split_once(' ')?;
        let (namespace, name) = place.split_once('/')?;
        Some(Self { namespace: namespace.to_owned(), name: name.to_owned(), has_pod: kind == "Pod" })
    }

    /// The server, if it is a Pod.
    pub fn pod(&self) -> Option<ObjectRef> {
        self.has_pod.then(|| ObjectRef::pod(&self.namespace, &self.name))
    }

    /// All objects, those that visitors meet first before those behind them.
    pub fn objects(&self) -> Vec<ObjectRef> {
        let Self { namespace, name, .. } = self;
        let server = self
            .pod()
            .unwrap_or_else(|| ObjectRef::namespaced("discovery.k8s.io/v1", "EndpointSlice", namespace, name));
        let ingress = ObjectRef::namespaced("networking.k8s.io/v1", "Ingress", namespace, name);
        vec![ingress, ObjectRef::core("Service", namespace, name), server]
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.has_pod { "Pod" } else { "EndpointSlice" };
        write!(f, "{kind} {}/{}", self.namespace, self.name)
    }
}

/// A file that the CA asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The host of its URL; `None` for an IP address, which no Ingress has a rule for.
    pub host: Option<String>,
    /// The last part of its path.
    pub token: String,
    /// What it holds.
    pub content: String,
}

/// Who answers.
#[derive(Clone, Debug)]
pub enum Server {
    /// A Pod.
    Pod {
        /// An image that has `httpd` of busybox.
        image: String,
        /// Labels of the nodes that it may run on.
        node_selector: BTreeMap<String, String>,
        /// Taints of nodes that it tolerates.
        tolerations: Vec<Toleration>,
    },
    /// Somebody whom the cluster reaches at this address.
    Endpoint(SocketAddr),
}

/// A solver as it shall be.
#[derive(Clone, Debug)]
pub struct Solver {
    /// Where.
    pub site: Site,
    /// The class of its Ingress.
    pub ingress_class: String,
    /// How the Ingress compares paths: `Exact`, `Prefix` or `ImplementationSpecific`.
    pub path_type: String,
    /// Annotations of the Ingress, which win over ours.
    pub ingress_annotations: BTreeMap<String, String>,
    /// `ClusterIP` or `NodePort`.
    pub service_type: String,
    /// Labels of all objects, beside ours.
    pub labels: BTreeMap<String, String>,
    /// Who answers.
    pub server: Server,
    /// The files; not empty.
    pub files: Vec<File>,
}

impl Solver {
    /// Everything that is to be made, in no order.
    pub fn manifests(&self) -> Vec<Value> {
        let server = match &self.server {
            Server::Pod { image, node_selector, tolerations } => self.pod(image, node_selector, tolerations),
            Server::Endpoint(address) => self.endpoint(*address),
        };
        vec![server, self.service(), self.ingress()]
    }

    fn metadata(&self) -> Map<String, Value> {
        let theirs = self.labels.iter().map(|(name, value)| (name.clone(), json!(value)));
        let mut labels: Map<_, _> = theirs.collect();
        labels.extend(self.mark().as_object().cloned().unwrap_or_default());
        let Site { namespace, name, .. } = &self.site;
        let parts = [("name", json!(name)), ("namespace", json!(namespace)), ("labels", Value::Object(labels))];
        parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
    }

    fn annotated(&self, annotations: impl IntoIterator<Item = (String, String)>) -> Value {
        let mut metadata = self.metadata();
        let annotations: BTreeMap<String, String> = annotations.into_iter().collect();
        metadata.insert("annotations".to_owned(), json!(annotations));
        Value::Object(metadata)
    }

    fn mark(&self) -> Value {
        owner_labels(APPLICATION, &self.site.name)
    }

    fn pod(&self, image: &str, node_selector: &BTreeMap<String, String>, tolerations: &[Toleration]) -> Value {
        let texts = self.files.iter().enumerate().map(|(index, file)| (annotation(index), file.content.clone()));
        let items: Vec<_> = self.files.iter().enumerate().map(|(index, file)| volume_item(index, file)).collect();
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": self.annotated(texts),
            "spec": {
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 0,
                "nodeSelector": node_selector,
                "tolerations": tolerations.iter().map(Toleration::manifest).collect::<Vec<_>>(),
                "securityContext": {
                    "runAsNonRoot": true,
                    "runAsUser": USER,
                    "runAsGroup": USER,
                    "seccompProfile": { "type": "RuntimeDefault" },
                },
                "containers": [self.container(image)],
                "volumes": [{ "name": "files", "downwardAPI": { "items": items } }],
            },
        })
    }

    fn container(&self, image: &str) -> Value {
        let first = self.files.first().map_or_else(String::new, |file| format!("{PATH}{}", file.token));
        json!({
            "name": "httpd",
            "image": image,
            "command": ["httpd", "-f", "-p", PORT.to_string(), "-h", FOLDER],
            "ports": [{ "name": "http", "containerPort": PORT, "protocol": "TCP" }],
            "readinessProbe": { "httpGet": { "path": first, "port": "http" }, "periodSeconds": 1 },
            // Limits too: some quotas want them of every Pod.
            "resources": {
                "requests": { "cpu": "10m", "memory": "8Mi" },
                "limits": { "cpu": "100m", "memory": "32Mi" },
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            },
            "volumeMounts": [{ "name": "files", "mountPath": FOLDER, "readOnly": true }],
        })
    }

    fn endpoint(&self, address: SocketAddr) -> Value {
        let mut metadata = self.metadata();
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.insert("kubernetes.io/service-name".to_owned(), json!(self.site.name));
            // Else the control plane takes it for one of its own (Kubernetes: EndpointSlices, "Management").
            labels.insert("endpointslice.kubernetes.io/managed-by".to_owned(), json!("berth"));
        }
        json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": if address.is_ipv4() { "IPv4" } else { "IPv6" },
            "endpoints": [{ "addresses": [address.ip().to_string()], "conditions": { "ready": true } }],
            "ports": [{ "name": "http", "port": address.port(), "protocol": "TCP" }],
        })
    }

    fn service(&self) -> Value {
        let port = json!({ "name": "http", "port": 80, "targetPort": "http", "protocol": "TCP" });
        let spec = match &self.server {
            Server::Pod { .. } => json!({ "type": self.service_type, "ports": [port], "selector": self.mark() }),
            Server::Endpoint(_) => json!({ "type": self.service_type, "ports": [port] }),
        };
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": self.metadata(), "spec": spec })
    }

    fn ingress(&self) -> Value {
        let mut hosts: BTreeMap<Option<&str>, Vec<Value>> = BTreeMap::new();
        for file in &self.files {
            let backend = json!({ "service": { "name": self.site.name, "port": { "name": "http" } } });
            let path =
                json!({ "path": format!("{PATH}{}", file.token), "pathType": self.path_type, "backend": backend });
            hosts.entry(file.host.as_deref()).or_default().push(path);
        }
        let rules = hosts.into_iter().map(|(host, paths)| match host {
            Some(host) => json!({ "host": host, "http": { "paths": paths } }),
            None => json!({ "http": { "paths": paths } }),
        });
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": self.annotated(self.annotations()),
            "spec": { "ingressClassName": self.ingress_class, "rules": rules.collect::<Vec<_>>() },
        })
    }

    /// What keeps others away from the Ingress; the user's own annotations win.
    fn annotations(&self) -> BTreeMap<String, String> {
        let ours = [
            // The file is asked for without TLS, by whoever the CA sends (ingress-nginx: Annotations).
            ("nginx.ingress.kubernetes.io/ssl-redirect", "false"),
            ("nginx.ingress.kubernetes.io/whitelist-source-range", "0.0.0.0/0,::/0"),
            // ExternalDNS leaves alone what names another controller, and so makes and removes no records for it. Since 0.22
            // it reads the second name only.
            ("external-dns.alpha.kubernetes.io/controller", "berth"),
            ("external-dns.kubernetes.io/controller", "berth"),
        ];
        let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
        ours.into_iter().chain(self.ingress_annotations.clone()).collect()
    }
}

/// The annotation that holds a file. Tokens may begin with what no annotation's name does, so files are counted.
fn annotation(index: usize) -> String {
    format!("berth/challenge-{index}")
}

fn volume_item(index: usize, file: &File) -> Value {
    let path = format!("{}{}", PATH.trim_start_matches('/'), file.token);
    json!({ "path": path, "fieldRef": { "fieldPath": format!("metadata.annotations['{}']", annotation(index)) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(host: Option<&str>, token: &str) -> File {
        File { host: host.map(str::to_owned), token: token.to_owned(), content: format!("{token}.print") }
    }

    fn solver(server: Server) -> Solver {
        let has_pod = matches!(server, Server::Pod { .. });
        Solver {
            site: Site::new("apps", "apps/web-tls", has_pod),
            ingress_class: "nginx".to_owned(),
            path_type: "Exact".to_owned(),
            ingress_annotations: BTreeMap::new(),
            service_type: "ClusterIP".to_owned(),
            labels: BTreeMap::from([
                ("team".to_owned(), "a".to_owned()),
                (super::super::kubernetes::APPLICATION.to_owned(), "x".to_owned()),
            ]),
            server,
            files: vec![file(Some("a.example"), "-one"), file(Some("b.example"), "two"), file(None, "three")],
        }
    }

    fn pod() -> Server {
        Server::Pod { image: "busybox:1".to_owned(), node_selector: BTreeMap::new(), tolerations: Vec::new() }
    }

    #[test]
    fn a_site_is_always_the_same_for_a_certificate_and_survives_being_written_down() {
        let site = Site::new("apps", "apps/web-tls", true);
        assert_eq!(site, Site::new("apps", "apps/web-tls", true));
        assert_ne!(site.name, Site::new("apps", "apps/other-tls", true).name);
        for site in [site.clone(), Site { has_pod: false, ..site }] {
            assert_eq!(Site::parse(&site.to_string()), Some(site));
        }
        assert_eq!(Site::parse("nonsense"), None);
    }

    #[test]
    fn every_object_is_at_the_site_and_bears_our_mark_whatever_labels_the_user_sets() {
        for server in [pod(), Server::Endpoint("192.0.2.1:8080".parse().unwrap())] {
            let solver = solver(server);
            let mut made: Vec<_> = solver.manifests().iter().map(|one| ObjectRef::of(one).unwrap()).collect();
            made.sort();
            let mut known = solver.site.objects();
            known.sort();
            assert_eq!(made, known);
            for manifest in solver.manifests() {
                assert!(super::super::kubernetes::is_ours(&manifest, APPLICATION, &solver.site.name), "{manifest}");
                assert_eq!(manifest["metadata"]["labels"]["team"], "a");
            }
        }
    }

    #[test]
    fn each_name_leads_to_its_own_file_and_addresses_share_a_rule_without_a_host() {
        let manifests = solver(pod()).manifests();
        let rules = &manifests[2]["spec"]["rules"];
        let hosts: Vec<_> = rules.as_array().unwrap().iter().map(|rule| rule["host"].as_str()).collect();
        assert_eq!(hosts, [None, Some("a.example"), Some("b.example")]);
        assert_eq!(rules[1]["http"]["paths"][0]["path"], "/.well-known/acme-challenge/-one");
        let items = &manifests[0]["spec"]["volumes"][0]["downwardAPI"]["items"];
        assert_eq!(items[0]["path"], ".well-known/acme-challenge/-one");
        assert_eq!(items[0]["fieldRef"]["fieldPath"], "metadata.annotations['berth/challenge-0']");
        assert_eq!(manifests[0]["metadata"]["annotations"]["berth/challenge-0"], "-one.print");
    }

    #[test]
    fn an_endpoint_outside_needs_no_pod() {
        let manifests = solver(Server::Endpoint("[2001:db8::1]:8080".parse().unwrap())).manifests();
        assert_eq!(manifests[0]["addressType"], "IPv6");
        assert_eq!(manifests[0]["ports"][0]["port"], 8080);
        assert_eq!(manifests[1]["spec"].get("selector"), None);
    }
}
