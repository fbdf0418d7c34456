//! A distribution registry in a cluster: what it shall be, and the objects that make it so.

pub mod certificate;
pub mod config;
pub mod exposure;
mod gateway;
mod ingress;
mod names;
mod url;
mod variables;
pub mod workload;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest::sha256_hex;
use crate::secret::Secret;

use super::htpasswd::Htpasswd;
use super::image::ImageReference;
use super::kubernetes::{ObjectRef, Toleration, owner_labels};

pub use gateway::{Admission, GATEWAY_API, Gateway, RouteState, admission, route_ref, route_state};
pub use ingress::{Flavour, Ingress};
pub use names::{claim_ref, config_name, credentials_ref, ingress_ref, removable, selector, users_ref};

/// The application's name in labels.
pub const APPLICATION: &str = "registry";

/// The port that the container listens on.
pub const PORT: u16 = 5000;

/// The annotation of a Pod that changes with the configuration file.
pub const CONFIG_DIGEST: &str = "berth/config-digest";

/// The annotation of a Pod that changes with the users and their passwords.
pub const USERS_DIGEST: &str = "berth/users-digest";

/// The annotation of a Pod that changes with the credentials for the storage and the upstream.
pub const CREDENTIALS_DIGEST: &str = "berth/credentials-digest";

/// The annotation of a Pod that changes with the certificate: distribution reads it only when it
/// starts (`registry/registry.go`, `ListenAndServe`).
pub const CERTIFICATE_DIGEST: &str = "berth/certificate-digest";

/// The annotation of a Pod that changes with the identity that its account gives it: a cloud's webhook puts that into a
/// Pod when it is made (EKS: "Configure Pods to use a Kubernetes service account").
pub const IDENTITY_DIGEST: &str = "berth/identity-digest";

/// The annotation of Pods that changes to have them made anew.
pub const RESTART_DIGEST: &str = "berth/restart-digest";

/// Annotations of a service account by which a cloud gives its Pods an identity.
const IDENTITY_PREFIXES: [&str; 3] = ["eks.amazonaws.com/", "iam.gke.io/", "azure.workload.identity/"];

/// The key of the password file in its Secret.
pub const HTPASSWD_KEY: &str = "htpasswd";

/// The key of the secret that replicas share, and the variable it reaches them by.
pub const HTTP_SECRET_KEY: &str = "REGISTRY_HTTP_SECRET";

/// What a registry shall be.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Its name, and that of its objects.
    pub name: String,
    /// Where it lives.
    pub namespace: String,
    /// The name that clients know it by.
    pub host: Option<String>,
    /// The program.
    pub image: ImageReference,
    /// How many Pods.
    pub replicas: i32,
    /// Where images lie.
    pub storage: Storage,
    /// Whether clients must log in.
    pub has_users: bool,
    /// The Secret with the certificate.
    pub tls_secret: Option<String>,
    /// Whether something before it ends TLS; `None` if that is to be told from the rest.
    pub external_tls: Option<bool>,
    /// How clients reach it.
    pub exposure: Exposure,
    /// Its Service.
    pub service: Service,
    /// The account it runs as.
    pub account: Account,
    /// Whether clients may delete.
    pub delete_enabled: bool,
    /// The registry that it caches.
    pub proxy: Option<Proxy>,
    /// Headers of each answer.
    pub headers: BTreeMap<String, String>,
    /// `error`, `warn`, `info` or `debug`.
    pub log_level: String,
    /// What its Pods may use.
    pub resources: Resources,
    /// Labels of the nodes that it may run on.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that it tolerates.
    pub tolerations: Vec<Toleration>,
    /// Secrets with logins for its own image.
    pub image_pull_secrets: Vec<String>,
    /// Whom its Pods run as.
    pub user: User,
    /// Whatever should have changed before its Pods are made anew.
    pub restart_triggers: BTreeMap<String, String>,
    /// What was declared, as JSON without secrets.
    pub declaration: String,
}

/// Where images lie.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In a bucket.
    S3(S3),
    /// On a volume that is claimed for it.
    Volume(Volume),
    /// In the Pod; gone with it.
    Ephemeral {
        /// How large it may grow.
        size_limit: Option<String>,
    },
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3 {
    /// The bucket's name.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// The address of an S3 that is not AWS's.
    pub endpoint: Option<String>,
    /// The access key, if the Pod's own identity does not do.
    pub access_key: Option<String>,
    /// Whether objects are encrypted by the server.
    pub encrypt: bool,
    /// Whether TLS is used.
    pub secure: bool,
    /// Whether clients are sent to the bucket for layers.
    pub redirect: bool,
    /// The folder within the bucket.
    pub root_directory: Option<String>,
}

/// A claimed volume.
#[derive(Clone, Debug)]
pub struct Volume {
    /// How much: `10Gi`.
    pub size: String,
    /// The storage class; the cluster's default if none.
    pub storage_class: Option<String>,
    /// `ReadWriteOnce`, `ReadWriteMany`, …
    pub access_modes: Vec<String>,
}

/// How clients reach the registry.
#[derive(Clone, Debug)]
pub enum Exposure {
    /// By its Service alone.
    Service,
    /// By a port of the node.
    HostPort(u16),
    /// Through an Ingress, which ends TLS.
    Ingress(Ingress),
    /// Through a Gateway, whose listener ends TLS.
    Gateway(Gateway),
}

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    pub r#type: String,
    /// Its port; chosen by TLS if none.
    pub port: Option<u16>,
    /// Its port on the nodes.
    pub node_port: Option<u16>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Which controller makes its load balancer.
    pub load_balancer_class: Option<String>,
    /// The addresses that its load balancer admits.
    pub source_ranges: Vec<String>,
}

/// Whom Pods run as; the cluster chooses what is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The user.
    pub user: Option<i64>,
    /// Its group.
    pub group: Option<i64>,
    /// The group of volumes.
    pub volume_group: Option<i64>,
}

impl User {
    /// Any but root will do.
    pub const USUAL: i64 = 1000;
}

/// A service account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name; the registry's own if none.
    pub name: Option<String>,
    /// Its annotations: `eks.amazonaws.com/role-arn`.
    pub annotations: BTreeMap<String, String>,
}

/// A registry that is cached.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its address.
    pub remote_url: String,
    /// Whom to log in as.
    pub username: Option<String>,
}

/// What Pods ask for and may use, by resource (`cpu`, `memory`).
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// What is set aside.
    pub requests: BTreeMap<String, String>,
    /// What is allowed at most.
    pub limits: BTreeMap<String, String>,
}

/// What is secret about a registry; it reaches the cluster's Secrets and nothing else.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// What replicas sign upload sessions with; the same on all of them.
    pub http_secret: Secret,
    /// The bucket's secret key.
    pub s3_secret_key: Option<Secret>,
    /// The password for the registry that is cached.
    pub proxy_password: Option<Secret>,
    /// Who may log in.
    pub users: Htpasswd,
    /// A digest of the certificate that the Pods shall serve.
    pub certificate_digest: Option<String>,
}

impl Registry {
    /// The labels of all its objects.
    pub fn labels(&self) -> Value {
        owner_labels(APPLICATION, &self.name)
    }

    /// The selector of its Pods as a query.
    pub fn selector(&self) -> String {
        selector(&self.name)
    }

    /// What its Pods are marked with to be made anew; none where nothing is to do that.
    pub fn restart_digest(&self) -> Option<String> {
        let told = || self.restart_triggers.iter().map(|(name, value)| format!("{}:{name}={value}\n", name.len()));
        (!self.restart_triggers.is_empty()).then(|| sha256_hex(told().collect::<String>().as_bytes()))
    }

    /// Whether its Pods serve TLS themselves; behind an Ingress or a Gateway they do not.
    pub fn serves_tls(&self) -> bool {
        self.tls_secret.is_some() && !matches!(self.exposure, Exposure::Ingress(_) | Exposure::Gateway(_))
    }

    /// The name of the account its Pods run as.
    pub fn account_name(&self) -> &str {
        self.account.name.as_deref().unwrap_or(&self.name)
    }

    /// The digest of the identity that its account gives its Pods, if it gives them one.
    pub fn identity_digest(&self) -> Option<String> {
        let gives_identity = |name: &str| IDENTITY_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let given: BTreeMap<_, _> = self.account.annotations.iter().filter(|(name, _)| gives_identity(name)).collect();
        (!given.is_empty()).then(|| sha256_hex(serde_json::json!(given).to_string().as_bytes()))
    }

    /// Its configuration file.
    pub fn config_yaml(&self) -> String {
        config::text(self)
    }

    /// The digest of its configuration file.
    pub fn config_digest(&self) -> String {
        sha256_hex(config::text(self).as_bytes())
    }

    /// The port of its Service.
    pub fn service_port(&self) -> u16 {
        self.service.port.unwrap_or(if self.serves_tls() { 443 } else { PORT })
    }

    /// Its Deployment.
    pub fn deployment_ref(&self) -> ObjectRef {
        ObjectRef::deployment(&self.namespace, &self.name)
    }

    /// Every object that it is made of but the service account, in the order in which they are to be made.
    pub fn objects(&self, secrets: &Secrets) -> Vec<Value> {
        let mut objects = vec![workload::config_map(self), workload::credentials(self, secrets)];
        objects.extend(self.has_users.then(|| workload::users(self, &secrets.users)));
        objects.extend(workload::claim(self));
        objects.push(exposure::service(self));
        objects.push(workload::deployment(self, secrets));
        objects.extend(exposure::way_in(self));
        objects
    }

    /// Where its objects are.
    pub fn object_refs(&self) -> Vec<ObjectRef> {
        let (namespace, name) = (self.namespace.as_str(), self.name.as_str());
        let mut objects = vec![
            self.deployment_ref(),
            ObjectRef::core("Service", namespace, name),
            ObjectRef::core("ConfigMap", namespace, &config_name(name)),
            credentials_ref(namespace, name),
        ];
        objects.extend(self.has_users.then(|| users_ref(namespace, name)));
        objects.extend(matches!(self.storage, Storage::Volume(_)).then(|| claim_ref(namespace, name)));
        objects.extend(self.way_in_ref());
        objects.push(ObjectRef::service_account(namespace, self.account_name()));
        objects
    }

    /// What clients come through, if it is an object of its own.
    pub fn way_in_ref(&self) -> Option<ObjectRef> {
        match &self.exposure {
            Exposure::Ingress(_) => Some(ingress_ref(&self.namespace, &self.name)),
            Exposure::Gateway(_) => Some(route_ref(&self.namespace, &self.name)),
            Exposure::Service | Exposure::HostPort(_) => None,
        }
    }

    /// The objects whose content holds no secret, as they should be found; for telling drift.
    pub fn visible_objects(&self) -> Vec<Value> {
        let mut objects = vec![workload::config_map(self)];
        objects.extend(workload::claim(self));
        objects.push(exposure::service(self));
        objects.extend(exposure::way_in(self));
        objects
    }
}

/// A host's name as clients and the cluster compare it.
pub fn host_name(text: &str) -> String {
    let name = text.trim();
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
pub(crate) mod tests;
