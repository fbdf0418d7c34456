//! What each type asks of a cluster. Acceptance tests run each under just these rules, record what it asks, and compare.
//!
//! An object that server-side apply makes needs `create` beside `patch` (Kubernetes: `endpoints/handlers/patch.go`,
//! `withAuthorization` for an apply that creates).

use Need::{Always, Attribute, Message, MessageOf};
use Place::{Cluster, Namespaced};

/// Whether a right is to be given in each namespace that the type's objects name, or in the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// By a Role in each of those namespaces.
    Namespaced,
    /// By a `ClusterRole`.
    Cluster,
}

/// When a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Whatever the configuration says.
    Always,
    /// If the configuration sets this attribute.
    Attribute(&'static str),
    /// Never: without it, causes of failures and some warnings are not told.
    Message,
    /// As [`Need::Message`], and only if the configuration sets this attribute.
    MessageOf(&'static str),
}

impl Need {
    /// The attribute that it is for.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Always | Message => None,
            Attribute(name) | MessageOf(name) => Some(name),
        }
    }

    /// Whether all works without it.
    pub fn is_optional(self) -> bool {
        matches!(self, Message | MessageOf(_))
    }
}

/// Verbs on one kind of objects.
#[derive(Debug)]
pub struct Rule {
    /// Where.
    pub place: Place,
    /// When.
    pub need: Need,
    /// The API group; empty for the core one.
    pub group: &'static str,
    /// The resource, in the plural, with its subresource: `pods/log`.
    pub resource: &'static str,
    /// What a refresh and a plan ask.
    pub plan: &'static [&'static str],
    /// What only an apply or a destroy asks beside that.
    pub apply: &'static [&'static str],
}

/// What one type asks.
#[derive(Debug)]
pub struct Entry {
    /// Its name; data sources begin with `data.`.
    pub name: &'static str,
    /// Nothing where it speaks to other remotes only.
    pub rules: &'static [Rule],
}

const CORE: &str = "";
const APPS: &str = "apps";
const NETWORKING: &str = "networking.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";

const fn rule(
    place: Place,
    need: Need,
    (group, resource): (&'static str, &'static str),
    plan: &'static [&'static str],
    apply: &'static [&'static str],
) -> Rule {
    Rule { place, need, group, resource, plan, apply }
}

/// What is asked about a namespace that berth makes and takes away. Whether anything is left in it is asked of every kind.
const OWN_NAMESPACE: &str = "create_namespace";
const NAMESPACES: (&str, &str) = (CORE, "namespaces");
const EVERYTHING: (&str, &str) = ("*", "*");

/// The objects that answer http-01 challenges.
const BY_POD: &str = "http01.ingress_class";
const BY_ENDPOINT: &str = "http01.endpoint";

const REGISTRY: &[Rule] = &[
    rule(Namespaced, Always, NAMESPACES, &[], &["get"]),
    rule(Namespaced, Always, (APPS, "deployments"), &["get"], &["create", "patch", "update", "delete"]),
    rule(Namespaced, Always, (CORE, "services"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (CORE, "configmaps"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (CORE, "secrets"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (CORE, "serviceaccounts"), &["get"], &["create", "patch", "update", "delete"]),
    rule(Namespaced, Always, (CORE, "persistentvolumeclaims"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (NETWORKING, "ingresses"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Attribute("gateway"), (GATEWAY, "httproutes"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, MessageOf("gateway"), (GATEWAY, "httproutes"), &[], &["watch"]),
    rule(Namespaced, MessageOf("gateway"), (GATEWAY, "gateways"), &["get"], &[]),
    rule(Namespaced, Always, (CORE, "pods"), &[], &["list"]),
    rule(Namespaced, Message, (CORE, "pods"), &["list"], &["get"]),
    rule(Namespaced, Message, (APPS, "replicasets"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "pods/log"), &["get"], &[]),
    // Whether a volume can be written to: the API asks `get` of a websocket, newer ones `create` as well.
    rule(Namespaced, Message, (CORE, "pods/exec"), &[], &["get", "create"]),
    rule(Namespaced, Message, (CORE, "events"), &["list"], &[]),
    // What a plan of a registry looks at that is still to be made, or to be changed.
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Cluster, Message, (CORE, "pods"), &["list"], &[]),
    rule(Cluster, Message, (CORE, "nodes"), &["list"], &[]),
    rule(Cluster, Message, (APPS, "deployments"), &["list"], &[]),
    rule(Cluster, Message, ("storage.k8s.io", "storageclasses"), &["get", "list"], &[]),
    rule(Cluster, Message, (NETWORKING, "ingressclasses"), &["get", "list"], &[]),
    // Whether Ingresses of the class have addresses.
    rule(Cluster, Message, (NETWORKING, "ingresses"), &[], &["list"]),
    rule(Cluster, Message, ("cert-manager.io", "clusterissuers"), &["get"], &[]),
    rule(Cluster, Attribute(OWN_NAMESPACE), NAMESPACES, &["get"], &["create", "delete"]),
    rule(Cluster, Attribute(OWN_NAMESPACE), EVERYTHING, &[], &["list"]),
];

const PULL_SECRET: &[Rule] = &[
    rule(Namespaced, Always, (CORE, "secrets"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (CORE, "serviceaccounts"), &["get"], &["update"]),
    // Where an account is not there yet.
    rule(Namespaced, Always, NAMESPACES, &[], &["get"]),
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Cluster, Attribute("namespace_selector"), NAMESPACES, &["list"], &[]),
];

/// Where the Pods are; without `namespaces`, the same in a `ClusterRole`.
const MIRROR: &[Rule] = &[rule(Namespaced, Attribute("pods"), (CORE, "pods"), &["list"], &[])];

/// Whatever kinds stand in the text; narrow it to those. Kinds that are in no namespace need the same in a `ClusterRole`.
const MANIFEST: &[Rule] = &[
    rule(Namespaced, Always, EVERYTHING, &["get"], &["watch", "create", "patch", "update", "delete"]),
    // What keeps Pods, and whether a namespace of the text may go: without the right it stays.
    rule(Namespaced, Message, EVERYTHING, &[], &["list"]),
];

/// What a release declares, be it in one namespace or for the whole cluster. Its roles are granted only by who has all that is
/// in them, or may grant more than he has.
const INSTALLATION: &[Rule] = &[
    rule(Cluster, Always, EVERYTHING, &["get"], CHANGES),
    // What an upgrade would hit, which certificates there are, and whether the namespace may go.
    rule(Cluster, Message, EVERYTHING, &["list"], &[]),
    rule(Cluster, Always, (RBAC, "clusterroles"), &[], &["escalate", "bind"]),
    rule(Cluster, Always, (RBAC, "roles"), &[], &["escalate", "bind"]),
];

const RBAC: &str = "rbac.authorization.k8s.io";
const CERT_MANAGER: &str = "cert-manager.io";
const CERT_MANAGER_ACME: &str = "acme.cert-manager.io";
const CHANGES: &[&str] = &["watch", "create", "patch", "update", "delete"];

/// Either an Issuer or a `ClusterIssuer`, whose name says which.
const ISSUER: &[Rule] = &[
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Always, (CERT_MANAGER, "issuers"), &["get"], CHANGES),
    rule(Cluster, Always, (CERT_MANAGER, "clusterissuers"), &["get"], CHANGES),
    rule(
        Namespaced,
        Attribute("acme.external_account_binding"),
        (CORE, "secrets"),
        &["get"],
        &["create", "patch", "delete"],
    ),
];

/// Of all namespaces, or of those that it names: the lists are of the whole cluster. A restore makes what it holds.
const BACKUP: &[Rule] = &[
    rule(Cluster, Always, (CERT_MANAGER, "clusterissuers"), &[], &["list"]),
    rule(Cluster, Always, (CERT_MANAGER, "issuers"), &[], &["list"]),
    rule(Cluster, Always, (CERT_MANAGER, "certificates"), &[], &["list"]),
    rule(Cluster, Always, (CORE, "secrets"), &[], &["get"]),
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    // Whether those that are named exist.
    rule(Cluster, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Always, (CORE, "secrets"), &["get"], &["create", "patch", "update", "delete"]),
    rule(Cluster, Attribute("restore"), (CORE, "secrets"), &[], &["create", "update"]),
    rule(Cluster, Attribute("restore"), (CERT_MANAGER, "clusterissuers"), &[], &["get", "create", "update"]),
    rule(Cluster, Attribute("restore"), (CERT_MANAGER, "issuers"), &[], &["get", "create", "update"]),
    rule(Cluster, Attribute("restore"), (CERT_MANAGER, "certificates"), &[], &["get", "create", "update"]),
];

const CERTIFICATE_STATUS: (&str, &str) = (CERT_MANAGER, "certificates/status");

const RENEWAL: &[Rule] = &[
    rule(Namespaced, Always, (CERT_MANAGER, "certificates"), &[], &["get", "watch"]),
    rule(Namespaced, Always, CERTIFICATE_STATUS, &[], &["update"]),
    // What keeps it.
    rule(Namespaced, Message, (CERT_MANAGER, "certificaterequests"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "orders"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "challenges"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER, "issuers"), &[], &["get"]),
    rule(Cluster, Message, (CERT_MANAGER, "clusterissuers"), &[], &["get"]),
];

const CM_CERTIFICATE: &[Rule] = &[
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Always, (CERT_MANAGER, "certificates"), &["get"], CHANGES),
    rule(Namespaced, Attribute("renew_triggers"), CERTIFICATE_STATUS, &[], &["update"]),
    // The serial number.
    rule(Namespaced, Message, (CORE, "secrets"), &["get"], &[]),
    rule(Namespaced, Attribute("delete_secret_on_destroy"), (CORE, "secrets"), &[], &["get", "delete"]),
    // What keeps it.
    rule(Namespaced, Message, (CERT_MANAGER, "certificaterequests"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "orders"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "challenges"), &[], &["list"]),
    rule(Namespaced, Message, (CERT_MANAGER, "issuers"), &[], &["get"]),
    rule(Cluster, Message, (CERT_MANAGER, "clusterissuers"), &[], &["get"]),
];

const POD_IDENTITY: &[Rule] = &[
    rule(Namespaced, Attribute("replaces_irsa"), (CORE, "serviceaccounts"), &["get"], &["update"]),
    rule(Namespaced, Attribute("replaces_irsa"), (CORE, "pods"), &[], &["create"]),
];

const ACCOUNT: &[Rule] = &[
    rule(Namespaced, Always, (CORE, "secrets"), &["get"], &["create", "update", "delete"]),
    rule(Namespaced, Always, (CORE, "configmaps"), &[], &["delete"]),
    rule(Cluster, Attribute(OWN_NAMESPACE), NAMESPACES, &[], &["get", "create", "delete"]),
    rule(Cluster, Attribute(OWN_NAMESPACE), EVERYTHING, &[], &["list"]),
];

const CERTIFICATE: &[Rule] = &[
    rule(Namespaced, Always, (CORE, "secrets"), &["get"], &["create", "update", "delete"]),
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Message, (CORE, "configmaps"), &["get"], &["create", "patch"]),
    rule(Cluster, MessageOf(BY_POD), (NETWORKING, "ingressclasses"), &["get"], &[]),
    rule(Cluster, MessageOf(BY_ENDPOINT), (NETWORKING, "ingressclasses"), &["get"], &[]),
    rule(Namespaced, Attribute(BY_POD), (CORE, "pods"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute(BY_POD), (CORE, "services"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute(BY_POD), (NETWORKING, "ingresses"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute(BY_ENDPOINT), (CORE, "services"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute(BY_ENDPOINT), (NETWORKING, "ingresses"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute(BY_ENDPOINT), ("discovery.k8s.io", "endpointslices"), &[], &["get", "create", "delete"]),
    rule(Namespaced, MessageOf(BY_POD), (CORE, "pods"), &[], &["list"]),
    rule(Namespaced, MessageOf(BY_POD), (CORE, "events"), &[], &["list"]),
    rule(Namespaced, MessageOf(BY_POD), (CORE, "pods/log"), &[], &["get"]),
];

const CHECK: &[Rule] = &[
    rule(Namespaced, Attribute("in_cluster"), (CORE, "pods"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Attribute("in_cluster"), (CORE, "serviceaccounts"), &[], &["get"]),
    rule(Namespaced, Attribute("in_cluster"), NAMESPACES, &[], &["get"]),
    rule(Namespaced, MessageOf("in_cluster"), (CORE, "pods"), &[], &["list"]),
    rule(Namespaced, MessageOf("in_cluster"), NAMESPACES, &["get"], &[]),
    rule(Namespaced, MessageOf("in_cluster"), (CORE, "serviceaccounts"), &["get"], &[]),
];

const ROLE: &[Rule] =
    &[rule(Namespaced, Attribute("annotate_service_accounts"), (CORE, "serviceaccounts"), &["get"], &["update"])];

const ADDRESS: &[Rule] = &[
    rule(Namespaced, Always, (NETWORKING, "ingresses"), &["get", "watch"], &[]),
    rule(Namespaced, Always, (GATEWAY, "gateways"), &["get", "watch"], &[]),
    rule(Namespaced, Always, (CORE, "services"), &["get", "watch"], &[]),
];

const NODE_TRUST: &[Rule] = &[
    rule(Namespaced, Always, NAMESPACES, &[], &["get"]),
    rule(Namespaced, Always, (APPS, "daemonsets"), &["get"], &["create", "patch", "update", "delete"]),
    rule(Namespaced, Always, (CORE, "configmaps"), &["get"], &["create", "patch", "delete"]),
    rule(Namespaced, Always, (CORE, "pods"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "pods/log"), &["get"], &[]),
];

const PULL_CHECK: &[Rule] = &[
    rule(Namespaced, Always, (CORE, "pods"), &[], &["get", "create", "delete"]),
    rule(Namespaced, Always, (CORE, "serviceaccounts"), &[], &["get"]),
    rule(Namespaced, Always, NAMESPACES, &[], &["get"]),
    rule(Namespaced, Message, (CORE, "pods"), &[], &["list"]),
];

const RESTART: &[Rule] = &[
    rule(Namespaced, Always, (APPS, "deployments"), &[], &["get", "patch"]),
    rule(Namespaced, Always, (CORE, "pods"), &[], &["list"]),
    rule(Namespaced, Message, (APPS, "replicasets"), &[], &["list"]),
    rule(Namespaced, Message, (CORE, "pods/log"), &[], &["get"]),
    rule(Namespaced, Message, (CORE, "events"), &[], &["list"]),
];

/// Of all namespaces; a listing of one namespace needs the right there only.
const LIST_CERTIFICATES: &[Rule] = &[rule(Cluster, Always, (CORE, "secrets"), &["get", "list"], &[])];
const LIST_PULL_SECRETS: &[Rule] = &[
    rule(Cluster, Always, (CORE, "secrets"), &["get", "list"], &[]),
    rule(Cluster, Always, (CORE, "serviceaccounts"), &["get"], &[]),
];
const LIST_NODE_TRUSTS: &[Rule] = &[rule(Cluster, Always, (APPS, "daemonsets"), &["get", "list"], &[])];
const LIST_REGISTRIES: &[Rule] = &[rule(Cluster, Always, (APPS, "deployments"), &["get", "list"], &[])];

const DISCOVERY: &str = "discovery.k8s.io";

/// A diagnosis tells what it may not read, and goes on: only the subject itself is needed.
const CERTIFICATE_DIAGNOSIS: &[Rule] = &[
    rule(Namespaced, Always, (CERT_MANAGER, "certificates"), &["get", "list"], &[]),
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Message, (CERT_MANAGER, "certificaterequests"), &["list"], &[]),
    rule(Namespaced, Message, (CERT_MANAGER, "issuers"), &["list"], &[]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "orders"), &["list"], &[]),
    rule(Namespaced, Message, (CERT_MANAGER_ACME, "challenges"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "pods"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "services"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "secrets"), &["get"], &[]),
    rule(Namespaced, Message, (CORE, "events"), &["list"], &[]),
    rule(Namespaced, Message, (NETWORKING, "ingresses"), &["list"], &[]),
    rule(Namespaced, Message, (DISCOVERY, "endpointslices"), &["list"], &[]),
    // The log of cert-manager's controller, in its own namespace.
    rule(Namespaced, Message, (CORE, "pods/log"), &["get"], &[]),
    rule(Cluster, Message, (CERT_MANAGER, "clusterissuers"), &["list"], &[]),
    rule(Cluster, Message, (CERT_MANAGER_ACME, "challenges"), &["list"], &[]),
    rule(Cluster, Message, (NETWORKING, "ingressclasses"), &["list"], &[]),
    rule(Cluster, Message, ("apiextensions.k8s.io", "customresourcedefinitions"), &["get"], &[]),
    rule(Cluster, Message, ("admissionregistration.k8s.io", "validatingwebhookconfigurations"), &["list"], &[]),
    rule(Cluster, Message, (APPS, "deployments"), &["list"], &[]),
    rule(Cluster, Message, (CORE, "pods"), &["list"], &[]),
];

const POD_DIAGNOSIS: &[Rule] = &[
    rule(Namespaced, Always, (CORE, "pods"), &["get"], &[]),
    rule(Namespaced, Message, NAMESPACES, &["get"], &[]),
    rule(Namespaced, Message, (CORE, "pods/log"), &["get"], &[]),
    rule(Namespaced, Message, (CORE, "events"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "serviceaccounts"), &["list"], &[]),
    // The pull secrets, whose logins are tried.
    rule(Namespaced, Message, (CORE, "secrets"), &["get", "list"], &[]),
    rule(Namespaced, Message, (CORE, "persistentvolumeclaims"), &["get"], &[]),
    rule(Cluster, Message, (CORE, "secrets"), &["list"], &[]),
    rule(Cluster, Message, ("storage.k8s.io", "storageclasses"), &["list"], &[]),
];

const REGISTRY_DIAGNOSIS: &[Rule] = &[
    rule(Cluster, Message, (NETWORKING, "ingresses"), &["list"], &[]),
    rule(Cluster, Message, (NETWORKING, "ingressclasses"), &["list"], &[]),
    rule(Cluster, Message, (APPS, "deployments"), &["list"], &[]),
    rule(Namespaced, Message, (APPS, "deployments"), &["list"], &[]),
    rule(Namespaced, Message, (APPS, "replicasets"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "services"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "pods"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "pods/log"), &["get"], &[]),
    rule(Namespaced, Message, (CORE, "events"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "serviceaccounts"), &["list"], &[]),
    rule(Namespaced, Message, (CORE, "secrets"), &["get"], &[]),
    rule(Namespaced, Message, (CORE, "persistentvolumeclaims"), &["get"], &[]),
    rule(Namespaced, Message, (DISCOVERY, "endpointslices"), &["list"], &[]),
    rule(Cluster, Message, ("storage.k8s.io", "storageclasses"), &["list"], &[]),
];

const fn entry(name: &'static str, rules: &'static [Rule]) -> Entry {
    Entry { name, rules }
}

/// Every type of the catalogue; `tests/catalogue.rs` names those that are missing.
pub static ENTRIES: &[Entry] = &[
    entry("berth_acme_account", ACCOUNT),
    entry("berth_acme_certificate", CERTIFICATE),
    entry("berth_acme_order", &[]),
    entry("berth_artifact", &[]),
    entry("berth_cert_manager", INSTALLATION),
    entry("berth_cert_manager_backup", BACKUP),
    entry("berth_certificate", CM_CERTIFICATE),
    entry("berth_chart", &[]),
    entry("berth_dns_record", &[]),
    entry("berth_dns_records", &[]),
    entry("berth_dns01_delegation", &[]),
    entry("berth_dns01_record", &[]),
    entry("berth_irsa_role", ROLE),
    entry("berth_issuer", ISSUER),
    entry("berth_manifest", MANIFEST),
    entry("berth_image", &[]),
    entry("berth_image_mirror", MIRROR),
    entry("berth_node_trust", NODE_TRUST),
    entry("berth_oidc_provider", &[]),
    entry("berth_pod_identity", POD_IDENTITY),
    entry("berth_pull_secret", PULL_SECRET),
    entry("berth_registry", REGISTRY),
    entry("berth_registry_check", CHECK),
    entry("data.berth_catalog", &[]),
    entry("data.berth_image", &[]),
    entry("data.berth_repository_tags", &[]),
    entry("data.berth_certificate_diagnosis", CERTIFICATE_DIAGNOSIS),
    entry("data.berth_eks_cluster", &[]),
    entry("data.berth_dns_lookup", &[]),
    entry("data.berth_hosted_zone", &[]),
    entry("data.berth_ingress_address", ADDRESS),
    entry("data.berth_pod_diagnosis", POD_DIAGNOSIS),
    entry("data.berth_registry_diagnosis", REGISTRY_DIAGNOSIS),
    entry("data.berth_workload_policy", &[]),
    entry("ephemeral.berth_docker_config", &[]),
    entry("ephemeral.berth_htpasswd", &[]),
    entry("ephemeral.berth_registry_token", &[]),
    entry("list.berth_acme_certificate", LIST_CERTIFICATES),
    entry("list.berth_dns_record", &[]),
    entry("list.berth_irsa_role", &[]),
    entry("list.berth_node_trust", LIST_NODE_TRUSTS),
    entry("list.berth_oidc_provider", &[]),
    entry("list.berth_pod_identity", &[]),
    entry("list.berth_pull_secret", LIST_PULL_SECRETS),
    entry("list.berth_registry", LIST_REGISTRIES),
    entry("action.berth_certificate_renew", RENEWAL),
    entry("action.berth_image_pull_check", PULL_CHECK),
    entry("action.berth_registry_check", CHECK),
    entry("action.berth_registry_restart", RESTART),
];
