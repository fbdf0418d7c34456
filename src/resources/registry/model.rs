//! The configuration and state of `berth_registry`.

mod checks;
mod gateway;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::provider::checks::{annotation_keys, host, image, label, labels, name_or_none, subdomain, user_name};
use crate::resources::toleration::Toleration;
use crate::sdk::{Computed, Model, Secret, Timeouts, check};

pub use gateway::{Gateway, milliseconds};

use checks::{cidr, htpasswd, password, quantity, resource_amounts, user_names, web_address};

/// The registry's configuration and state. Its serialized form, without secrets and computed values, is
/// kept beside the Deployment, so that a registry can be imported with all its settings.
#[derive(Clone, Debug, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// The registry's name, which is also that of its objects in the cluster. Changing it makes a new registry.
    #[attr(replace, check = label())]
    pub name: String,
    /// The namespace it runs in. Changing it makes a new registry.
    #[attr(replace, check = label())]
    pub namespace: String,
    /// Whether the namespace is made if it does not exist. One that was made goes with the registry if nothing
    /// else is left in it. Default `false`.
    #[attr(default = false)]
    pub create_namespace: bool,
    /// The name that clients know the registry by, such as `registry.example.com`. Needed for an Ingress and
    /// for a Gateway.
    #[attr(check = host())]
    pub host: Option<String>,
    /// The image of the registry. The major version that its tag begins with (`3`, `v2.8.3`) decides where the configuration
    /// lies: `/etc/docker/registry` before version 3, else `/etc/distribution`, so also for `latest`, other tags and an image
    /// that is named by a digest alone. Give a digest beside a tag. Default `registry:3`.
    #[attr(default = "registry:3", check = image())]
    pub image: String,
    /// How many Pods. More than one needs storage that they can share. Default `1`.
    #[attr(default = 1, check = check::range(0, 100))]
    pub replicas: i64,
    /// Where images lie: give exactly one.
    pub storage: Storage,
    /// Who may log in, by name. **Without `users` and `htpasswd`, everyone who reaches the registry may pull, push and
    /// delete**, and plans warn of that.
    #[attr(check = user_names())]
    pub users: Option<BTreeMap<String, User>>,
    /// Who may log in, as the text of a password file with bcrypt hashes, instead of `users`. It reaches the state.
    #[attr(sensitive, check = htpasswd())]
    #[serde(skip)]
    pub htpasswd: Option<String>,
    /// Whether everyone may come in without a login, on purpose. It changes nothing about the registry: without it, a plan
    /// warns of one that is open to more than the cluster. Absent, it is not.
    pub anonymous: Option<bool>,
    /// The certificate.
    pub tls: Option<Tls>,
    /// Whether clients come by TLS that something before the registry ends with a certificate of its own, such as a load
    /// balancer or the Ingress controller's default. It decides what `url` begins with. Default: what `tls`, `ingress.issuer`
    /// and the annotations of AWS's load balancers and of Traefik say.
    pub external_tls: Option<bool>,
    /// An Ingress through which clients come; it ends TLS.
    pub ingress: Option<Ingress>,
    /// A Gateway of the Gateway API through which clients come, by an `HTTPRoute` of the registry's name, instead of an Ingress. Its
    /// listener ends TLS, with a certificate that is the Gateway's: make it with a `berth_certificate` in the Gateway's
    /// namespace, or by cert-manager's annotation of the Gateway.
    pub gateway: Option<Gateway>,
    /// A port of the node that the registry answers on, instead of an Ingress or a Gateway. While Pods are exchanged the
    /// registry is away for some seconds, since two of them cannot hold the port.
    #[attr(check = check::range(1, 65_535))]
    pub host_port: Option<i64>,
    /// The Service.
    pub service: Option<Service>,
    /// The account that the Pods run as.
    pub service_account: Option<Account>,
    /// Whether clients may delete images. What they delete is no longer served; the room on the storage is given back only by
    /// distribution's `registry garbage-collect`, which must run while nobody pushes. With `proxy`, what was kept long
    /// enough is deleted in any case. Default `true`.
    #[attr(default = true)]
    pub delete_enabled: bool,
    /// A registry that this one caches; then nothing can be pushed.
    pub proxy: Option<Proxy>,
    /// Headers of each answer. `X-Content-Type-Options: nosniff` is among them unless set otherwise.
    pub headers: Option<BTreeMap<String, String>>,
    /// How much the registry logs: `error`, `warn`, `info` or `debug`. Default `info`.
    #[attr(default = "info", check = check::one_of(&["error", "warn", "info", "debug"]))]
    pub log_level: String,
    /// What its Pods ask for and may use.
    pub resources: Option<Resources>,
    /// Secrets with logins for `image`, in the registry's namespace: for its very first Pods, which a `berth_pull_secret` for
    /// its service account would come too late for.
    #[attr(check = subdomain())]
    pub image_pull_secrets: Option<Vec<String>>,
    /// Whom the Pods run as. Default: user and groups 1000.
    pub security_context: Option<SecurityContext>,
    /// Labels of the nodes that its Pods may run on, beside `kubernetes.io/os = "linux"`.
    #[attr(check = labels())]
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints of nodes that its Pods tolerate.
    pub tolerations: Option<Vec<Toleration>>,
    /// Any values: when one changes, the Pods are made anew, as `kubectl rollout restart` does it, for what the registry reads
    /// only when it starts and berth does not know of. Under Terraform the action `berth_registry_restart` does so at any time.
    pub restart_triggers: Option<BTreeMap<String, String>>,
    /// Whether an apply waits until the registry is ready: all its Pods run what is declared, a bucket has answered once, and
    /// a volume can be written to (seen by a command in a Pod, where the image has a shell and `pods/exec` is allowed). A
    /// create waits as well, for a while, for the Secret of `tls` with an Ingress, and for the address of a load balancer, or
    /// of an Ingress whose class gives one; what does not come is a warning. Where the Pods do not get ready on a create, the
    /// registry stays, a warning says why, and the next plan shows it as `drift`; an update ends with an error then. Let what needs a working registry depend on a
    /// `berth_registry_check`. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// The address that clients use, beginning with `https://` or `http://`: `host`, with the port if it is not the usual one.
    /// Without `host`, the name of the Service within the cluster. Images and logins are named without the scheme:
    /// `trimprefix(trimprefix(url, "https://"), "http://")`.
    #[serde(skip)]
    pub url: Computed<String>,
    /// The registry's configuration file, so that a plan shows what changes in it. It holds no secret: those reach the
    /// registry by its environment.
    #[serde(skip)]
    pub config_yaml: Computed<String>,
    /// The objects in the cluster, as `KIND NAMESPACE/NAME`.
    #[serde(skip)]
    pub objects: Computed<Vec<String>>,
    /// The digest of the registry's configuration file.
    #[serde(skip)]
    pub config_digest: Computed<String>,
    /// How many of its Pods are ready.
    #[serde(skip)]
    pub ready_replicas: Computed<i64>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply; what a refresh
    /// finds, the next apply sets right. A certificate that was renewed since the Pods started is among it: they
    /// serve the old one until they are exchanged. So are a change that has not reached all Pods, and storage that they
    /// cannot use. What the cluster itself changed on the way in (an admission webhook) is not.
    #[serde(skip)]
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    #[serde(skip)]
    pub timeouts: Option<Timeouts>,
}

impl Default for Declared {
    fn default() -> Self {
        Self {
            name: String::new(),
            namespace: String::new(),
            create_namespace: false,
            host: None,
            image: "registry:3".to_owned(),
            replicas: 1,
            storage: Storage::default(),
            users: None,
            htpasswd: None,
            anonymous: None,
            tls: None,
            external_tls: None,
            ingress: None,
            gateway: None,
            host_port: None,
            service: None,
            service_account: None,
            delete_enabled: true,
            proxy: None,
            headers: None,
            log_level: "info".to_owned(),
            resources: None,
            image_pull_secrets: None,
            security_context: None,
            node_selector: None,
            tolerations: None,
            restart_triggers: None,
            wait: true,
            url: Computed::Unknown,
            config_yaml: Computed::Unknown,
            objects: Computed::Unknown,
            config_digest: Computed::Unknown,
            ready_replicas: Computed::Unknown,
            drift: Computed::Unknown,
            timeouts: None,
        }
    }
}

/// Where images lie.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// In a bucket.
    pub s3: Option<S3>,
    /// On a volume that is claimed for the registry. The claim outlives the registry unless
    /// `delete_on_destroy` says otherwise.
    pub volume: Option<Volume>,
    /// In the Pod, and gone with it: for caches and tests.
    pub ephemeral: Option<Ephemeral>,
}

/// A bucket.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct S3 {
    /// The bucket's name. It is not made and never emptied by this resource.
    #[attr(check = check::length(1, 255))]
    pub bucket: String,
    /// The bucket's region; for a storage that is not AWS's, any name that it has, such as `us-east-1`.
    #[attr(check = check::length(1, 255))]
    pub region: String,
    /// The address of an S3 that is not AWS's, such as `http://s3.storage.svc:9000`. Paths are then used instead of
    /// host names.
    #[attr(check = web_address())]
    pub endpoint: Option<String>,
    /// The access key. Absent, the Pods use their own identity, such as the role of their service account.
    pub access_key: Option<String>,
    /// The secret key. It reaches the cluster's Secret and not the state.
    #[attr(write_only)]
    #[serde(skip)]
    pub secret_key_wo: Option<Secret>,
    /// A number to change whenever `secret_key_wo` changes.
    pub secret_key_wo_version: Option<i64>,
    /// Whether the bucket's server encrypts what is stored. Default `false`.
    #[attr(default = false)]
    pub encrypt: bool,
    /// Whether TLS is used. Default: unless the endpoint begins with `http://`.
    pub secure: Option<bool>,
    /// Whether clients are sent to the bucket for layers; they must be able to reach it. Default: only without
    /// `endpoint`.
    pub redirect: Option<bool>,
    /// The folder within the bucket.
    pub root_directory: Option<String>,
}

/// A claimed volume.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// How large, such as `10Gi`. It can grow where the storage class allows it, and never shrink.
    #[attr(check = quantity())]
    pub size: String,
    /// The storage class; `""` asks for a volume that was made by hand. Default: the cluster's, and for a claim that exists
    /// the one it has. A claim cannot change it.
    #[attr(check = name_or_none())]
    pub storage_class: Option<String>,
    /// How the volume may be mounted. More than one replica needs `ReadWriteMany`. Default `["ReadWriteOnce"]`.
    #[attr(check = check::one_of(&["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]))]
    pub access_modes: Option<Vec<String>>,
    /// Whether a destroy removes the claim, and with it the images. Default `false`.
    #[attr(default = false)]
    pub delete_on_destroy: bool,
}

/// Storage that goes with the Pod.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Ephemeral {
    /// How large it may grow, such as `5Gi`; a Pod that exceeds it is ended. Default: no limit.
    #[attr(check = quantity())]
    pub size_limit: Option<String>,
}

/// Someone who may log in.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// The password, at most 72 bytes: bcrypt hashes no more. It reaches the cluster as a hash, and not the state. It may be
    /// left out for a user that the registry has already, as after an import, as long as `password_wo_version` stays the one in
    /// the state: what is set stays.
    #[attr(write_only, check = password())]
    #[serde(skip)]
    pub password_wo: Option<Secret>,
    /// A number to change whenever `password_wo` changes.
    pub password_wo_version: Option<i64>,
}

/// A certificate.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// The Secret with the certificate (`tls.crt`) and its key (`tls.key`), in the registry's namespace. Without an
    /// Ingress it must exist before the registry is made.
    #[attr(check = subdomain())]
    pub secret_name: String,
    /// Any text that changes with the certificate, such as its serial number: the Pods are then exchanged in the same
    /// apply. The registry reads its certificate only when it starts.
    pub revision: Option<String>,
}

/// An Ingress.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// The Ingress class. Default: the cluster's.
    #[attr(check = name_or_none())]
    pub class: Option<String>,
    /// Whose annotations are set, so that large layers get through: `nginx` (ingress-nginx, which is maintained no longer),
    /// `traefik`, `alb` or `none`. Traefik ends a request after 60 seconds, also the push of a large layer, and no annotation
    /// changes that: set `respondingTimeouts.readTimeout` of its entry point to `0` or more. Default: by the name of the class.
    #[attr(check = check::one_of(&["nginx", "traefik", "alb", "none"]))]
    pub flavour: Option<String>,
    /// The `ClusterIssuer` of cert-manager that shall make the certificate.
    #[attr(check = name_or_none())]
    pub issuer: Option<String>,
    /// Further annotations. They win over those that the flavour sets.
    #[attr(check = annotation_keys())]
    pub annotations: Option<BTreeMap<String, String>>,
    /// The largest request, for ingress-nginx, such as `512m`. Default `0`, which is no limit.
    #[attr(default = "0")]
    pub body_size: String,
}

/// A Service.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`. Default `ClusterIP`.
    #[attr(default = "ClusterIP", check = check::one_of(&["ClusterIP", "NodePort", "LoadBalancer"]))]
    pub r#type: String,
    /// Its port. Default: `443` if the registry serves TLS itself, else `5000`.
    #[attr(check = check::range(1, 65_535))]
    pub port: Option<i64>,
    /// Its port on the nodes, for `NodePort` and `LoadBalancer`; in most clusters between 30000 and 32767. Default: chosen by
    /// the cluster.
    #[attr(check = check::range(1, 65_535))]
    pub node_port: Option<i64>,
    /// Annotations, such as those that tell a cloud what load balancer to make.
    #[attr(check = annotation_keys())]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Which controller makes the load balancer, such as `service.k8s.aws/nlb`. A Service cannot change it. Default: the
    /// cluster's.
    pub load_balancer_class: Option<String>,
    /// The addresses that the load balancer admits, as CIDR blocks. Default: all.
    #[attr(check = cidr())]
    pub load_balancer_source_ranges: Option<Vec<String>>,
}

/// Whom the Pods run as.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct SecurityContext {
    /// The user's number, not 0. Default `1000`.
    #[attr(check = check::range(1, 2_147_483_647))]
    pub run_as_user: Option<i64>,
    /// The group's number. Default `1000`.
    #[attr(check = check::range(0, 2_147_483_647))]
    pub run_as_group: Option<i64>,
    /// The group that a volume is given to. Default `1000`.
    #[attr(check = check::range(0, 2_147_483_647))]
    pub fs_group: Option<i64>,
    /// Whether the cluster chooses what is not given here, as `OpenShift` does for each namespace. Default `false`.
    #[attr(default = false)]
    pub by_cluster: bool,
}

/// A service account.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Its name. One that exists is used, and only gets the annotations; one that does not is made, and goes with the
    /// registry. Default: the registry's name.
    #[attr(check = subdomain())]
    pub name: Option<String>,
    /// Its annotations, such as `eks.amazonaws.com/role-arn`. Pods get a cloud's role when they are made, so another role
    /// (`eks.amazonaws.com/`, `iam.gke.io/`, `azure.workload.identity/`) exchanges them.
    #[attr(check = annotation_keys())]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A registry that is cached.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Proxy {
    /// Its address, such as `https://registry-1.docker.io`. Its certificate must be one of a public CA: the registry trusts those
    /// that its image brings, and takes no further one.
    #[attr(check = web_address())]
    pub remote_url: String,
    /// Whom to log in as.
    #[attr(check = user_name())]
    pub username: Option<String>,
    /// The password. It reaches the cluster's Secret and not the state.
    #[attr(write_only)]
    #[serde(skip)]
    pub password_wo: Option<Secret>,
    /// A number to change whenever `password_wo` changes.
    pub password_wo_version: Option<i64>,
}

/// What Pods ask for and may use.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// What is set aside for each Pod, such as `{ cpu = "50m", memory = "64Mi" }`.
    #[attr(check = resource_amounts())]
    pub requests: Option<BTreeMap<String, String>>,
    /// What each Pod may use at most.
    #[attr(check = resource_amounts())]
    pub limits: Option<BTreeMap<String, String>>,
}
