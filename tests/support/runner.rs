//! An account of the cluster with just the rights that berth says its types need, and what it asked of the API server.

use std::{collections::BTreeSet, fs};

use berth::domain::cluster_permissions::{Permissions, PolicyRule, Rules};
use serde_json::{Value, json};

use crate::kubectl::{Namespace, kubectl, kubectl_ok};
use crate::workspace::Workspace;

const ACCOUNT: &str = "terraform";

/// One request, as RBAC judges it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The API group; empty for the core one.
    pub group: String,
    /// With its subresource.
    pub resource: String,
    pub verb: String,
    /// Whether it was about the objects of one namespace.
    pub in_namespace: bool,
    pub was_allowed: bool,
}

/// The account; its rights go with this value.
pub struct Runner {
    home: Namespace,
}

impl Runner {
    /// An account without any rights.
    pub fn new() -> Self {
        let home = Namespace::new("runner");
        kubectl_ok(&["-n", &home.0, "create", "serviceaccount", ACCOUNT]);
        Self { home }
    }

    /// Gives it what is needed in these namespaces and in the cluster, and with `messages` what only makes them better.
    pub fn may(self, given: &Permissions, namespaces: &[&str], messages: bool) -> Self {
        let rules = |rules: &Rules| {
            let optional = rules.optional.iter().filter(|_| messages);
            rules.rules.iter().chain(optional).map(rule).collect::<Vec<_>>()
        };
        for namespace in namespaces {
            self.bind("Role", Some(namespace), &rules(&given.namespaced));
        }
        self.bind("ClusterRole", None, &rules(&given.cluster));
        self
    }

    /// Gives it the rights for namespaces everywhere: for one that does not exist yet.
    pub fn may_everywhere(self, given: &Permissions) -> Self {
        let all = [&given.namespaced.rules, &given.namespaced.optional, &given.cluster.rules, &given.cluster.optional];
        self.bind("ClusterRole", None, &all.into_iter().flatten().map(rule).collect::<Vec<_>>());
        self
    }

    fn bind(&self, kind: &str, namespace: Option<&str>, rules: &[Value]) {
        let api = "rbac.authorization.k8s.io";
        let metadata = json!({ "name": self.home.0, "namespace": namespace });
        let version = format!("{api}/v1");
        let role = json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules });
        let subject = json!({ "kind": "ServiceAccount", "namespace": self.home.0, "name": ACCOUNT });
        let binding = json!({
            "apiVersion": version, "kind": format!("{kind}Binding"), "metadata": metadata,
            "subjects": [subject], "roleRef": { "apiGroup": api, "kind": kind, "name": self.home.0 },
        });
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [role, binding] });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rights.json");
        fs::write(&file, list.to_string()).unwrap();
        kubectl_ok(&["apply", "-f", file.to_str().unwrap()]);
    }

    /// A token of the account.
    pub fn token(&self) -> String {
        kubectl_ok(&["-n", &self.home.0, "create", "token", ACCOUNT]).trim().to_owned()
    }

    /// A kubeconfig with the account's token, in the workspace's folder.
    pub fn kubeconfig(&self, workspace: &Workspace) -> String {
        let token = self.token();
        let login = kubectl_ok(&["config", "view", "--raw", "--minify", "-o", "json"]);
        let mut login: Value = serde_json::from_str(&login).unwrap();
        login["users"][0]["user"] = json!({ "token": token });
        let file = workspace.write(&format!("{}.json", self.home.0), &login.to_string());
        file.to_str().unwrap().to_owned()
    }

    /// Has the workspace's runs log in as this account.
    pub fn in_workspace(&self, workspace: Workspace) -> Workspace {
        let file = self.kubeconfig(&workspace);
        workspace.env("KUBE_CONFIG_PATH", &file).env("KUBECONFIG", &file)
    }

    /// What it asked so far, by the API server's own log. What anybody may ask, such as which kinds there are, is left out.
    pub fn asked(&self) -> BTreeSet<Asked> {
        let log = fs::read_to_string(crate::sandbox::value("SANDBOX_AUDIT_LOG")).unwrap_or_default();
        let user = format!("system:serviceaccount:{}:{ACCOUNT}", self.home.0);
        let events = log.lines().filter(|line| line.contains(&user)).filter_map(|line| serde_json::from_str(line).ok());
        events.flat_map(|event: Value| asked(&event)).collect()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        for kind in ["clusterrolebinding", "clusterrole"] {
            kubectl(&["delete", kind, &self.home.0, "--ignore-not-found", "--wait=false"]);
        }
    }
}

fn rule(rule: &PolicyRule) -> Value {
    json!({ "apiGroups": [rule.group], "resources": rule.resources, "verbs": rule.verbs })
}

/// One event, as RBAC judges it: an apply that makes an object is asked for `patch` and for `create`.
fn asked(event: &Value) -> Vec<Asked> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let resource = text("/objectRef/resource");
    if resource.is_empty() {
        return Vec::new();
    }
    let subresource = text("/objectRef/subresource");
    let resource = if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
    let one = |verb: &str| Asked {
        group: text("/objectRef/apiGroup").to_owned(),
        resource: resource.clone(),
        verb: verb.to_owned(),
        in_namespace: !text("/objectRef/namespace").is_empty(),
        was_allowed: text("/annotations/authorization.k8s.io~1decision") != "forbid",
    };
    let made = text("/verb") == "patch" && event.pointer("/responseStatus/code") == Some(&json!(201));
    let created = made.then(|| one("create"));
    std::iter::once(one(text("/verb"))).chain(created).collect()
}
