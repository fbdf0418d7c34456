//! The objects that keep the files on the nodes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::kubernetes::{DECLARATION, ObjectRef, Toleration, owner_labels, owner_selector};

use super::{APPLICATION, NodeTrust, Runtime};

/// The container's name.
pub const CONTAINER: &str = "keep";

/// The annotation of Pods that changes with the files.
const DIGEST: &str = "berth/trust-digest";

/// The `DaemonSet`, which answers for all.
pub fn daemon_set_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::namespaced("apps/v1", "DaemonSet", namespace, name)
}

/// The `ConfigMap` with the files.
pub fn config_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::core("ConfigMap", namespace, &format!("{name}-files"))
}

/// The selector of the Pods as a query.
pub fn selector(name: &str) -> String {
    owner_selector(APPLICATION, name)
}

/// The files.
pub fn config_map(trust: &NodeTrust) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": config_ref(&trust.namespace, &trust.name).name,
            "namespace": trust.namespace,
            "labels": owner_labels(APPLICATION, &trust.name),
        },
        "data": trust.files(),
    })
}

/// The folders of the nodes that the Pods of a `DaemonSet` write to.
pub fn places(set: &Value) -> BTreeMap<Runtime, String> {
    let volumes = set.pointer("/spec/template/spec/volumes").and_then(Value::as_array);
    let place = |volume: &Value| {
        let runtime = Runtime::parse(volume.get("name")?.as_str()?)?;
        Some((runtime, volume.pointer("/hostPath/path")?.as_str()?.to_owned()))
    };
    volumes.into_iter().flatten().filter_map(place).collect()
}

/// A Pod on each node: all nodes at once, without a right in the cluster, and with no more of the node than the folders.
pub fn daemon_set(trust: &NodeTrust) -> Value {
    let labels = owner_labels(APPLICATION, &trust.name);
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": trust.name,
            "namespace": trust.namespace,
            "labels": labels,
            "annotations": { DECLARATION: trust.declaration },
        },
        "spec": {
            "selector": { "matchLabels": labels },
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "100%" } },
            "template": {
                "metadata": { "labels": labels, "annotations": { DIGEST: trust.digest() } },
                "spec": pod(trust),
            },
        },
    })
}

fn pod(trust: &NodeTrust) -> Value {
    let mut selector = trust.node_selector.clone();
    selector.entry("kubernetes.io/os".to_owned()).or_insert_with(|| "linux".to_owned());
    let logins: Vec<Value> = trust.image_pull_secrets.iter().map(|name| json!({ "name": name })).collect();
    let mut pod = json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 5,
        "nodeSelector": selector,
        "tolerations": trust.tolerations.iter().map(Toleration::manifest).collect::<Vec<_>>(),
        "containers": [container(trust)],
        "volumes": volumes(trust),
    });
    if let (false, Some(pod)) = (logins.is_empty(), pod.as_object_mut()) {
        pod.insert("imagePullSecrets".to_owned(), json!(logins));
    }
    pod
}

fn container(trust: &NodeTrust) -> Value {
    let file = trust.config_file.rsplit('/').next().unwrap_or_default();
    let config = if reads_config(trust) { format!("/config/{file}") } else { String::new() };
    let variables = [
        ("OWNER", trust.owner.as_str()),
        ("FILES", "/files"),
        ("PLAN", "/files/plan"),
        ("HOST", "/host"),
        ("STATUS", "/status"),
        ("CONFIG", config.as_str()),
        ("CONFIG_SHOWN", trust.config_file.as_str()),
    ];
    let variables: Vec<Value> = variables.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "name": CONTAINER,
        "image": trust.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "/files/keep.sh"],
        "env": variables,
        "readinessProbe": {
            "exec": { "command": ["/bin/sh", "-c", "test -f /status/ready || { cat /status/why; false; }"] },
            "periodSeconds": 2,
            "failureThreshold": 1,
        },
        "resources": { "requests": { "cpu": "1m", "memory": "8Mi" }, "limits": { "memory": "32Mi" } },
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"], "add": ["DAC_OVERRIDE"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "volumeMounts": mounts(trust),
    })
}

fn reads_config(trust: &NodeTrust) -> bool {
    trust.runtimes.contains_key(&Runtime::Containerd) && !trust.config_file.is_empty()
}

fn mounts(trust: &NodeTrust) -> Vec<Value> {
    let mut mounts = vec![
        json!({ "name": "files", "mountPath": "/files", "readOnly": true }),
        json!({ "name": "status", "mountPath": "/status" }),
    ];
    let folders = trust.runtimes.keys().map(|runtime| runtime.name());
    mounts.extend(folders.map(|name| json!({ "name": name, "mountPath": format!("/host/{name}") })));
    if reads_config(trust) {
        // By its folder: where there is no such file, a mount of it would make a folder of its name.
        mounts.push(json!({ "name": "config", "mountPath": "/config", "readOnly": true }));
    }
    mounts
}

fn volumes(trust: &NodeTrust) -> Vec<Value> {
    let on_node = |name: &str, path: &str, kind: &str| {
        let mut volume = Map::new();
        volume.insert("name".to_owned(), json!(name));
        volume.insert("hostPath".to_owned(), json!({ "path": path, "type": kind }));
        Value::Object(volume)
    };
    let mut volumes = vec![
        json!({ "name": "files", "configMap": { "name": config_ref(&trust.namespace, &trust.name).name } }),
        json!({ "name": "status", "emptyDir": { "sizeLimit": "1Mi" } }),
    ];
    volumes.extend(trust.runtimes.iter().map(|(runtime, path)| on_node(runtime.name(), path, "DirectoryOrCreate")));
    if reads_config(trust) {
        let folder = trust.config_file.rsplit_once('/').map_or("/", |(folder, _)| folder);
        volumes.push(on_node("config", folder, "DirectoryOrCreate"));
    }
    volumes
}
