//! The objects that run the registry: configuration, secrets, volume, Deployment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::digest::sha256_hex;
use crate::domain::htpasswd::Htpasswd;
use crate::domain::kubernetes::{DECLARATION, ObjectRef, Toleration};
use crate::secret::Secret;

use super::{
    CERTIFICATE_DIGEST, CONFIG_DIGEST, CREDENTIALS_DIGEST, Exposure, HTPASSWD_KEY, IDENTITY_DIGEST, PORT,
    RESTART_DIGEST, Registry, Secrets, Storage, USERS_DIGEST, User, claim_ref, config, config_name, credentials_ref,
    users_ref, variables,
};

/// The label of nodes that run Linux, as images of registries do.
const SYSTEM: &str = "kubernetes.io/os";

/// The container's name.
pub const CONTAINER: &str = "registry";

pub(super) fn metadata(registry: &Registry, name: &str) -> Value {
    json!({ "name": name, "namespace": registry.namespace, "labels": registry.labels() })
}

/// The configuration file.
pub fn config_map(registry: &Registry) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(registry, &config_name(&registry.name)),
        "data": { "config.yml": config::text(registry) },
    })
}

/// The users, as a password file.
pub fn users(registry: &Registry, users: &Htpasswd) -> Value {
    secret(
        registry,
        &users_ref(&registry.namespace, &registry.name),
        &[(HTPASSWD_KEY, Secret::new(users.text()).expose())],
    )
}

/// What the container's environment overrides in the file: nothing of it may be read there.
pub fn credentials(registry: &Registry, secrets: &Secrets) -> Value {
    let variables = variables::variables(registry, secrets);
    let entries: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    secret(registry, &credentials_ref(&registry.namespace, &registry.name), &entries)
}

fn secret(registry: &Registry, object: &ObjectRef, entries: &[(&str, &str)]) -> Value {
    let data: Map<String, Value> =
        entries.iter().map(|(name, value)| ((*name).to_owned(), json!(STANDARD.encode(value)))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": metadata(registry, &object.name),
        "data": data,
    })
}

/// A digest of a Secret's content, to be compared with the Pods' annotation.
pub fn content_digest(secret: &Value) -> String {
    let data = secret.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut entries: Vec<String> = data.iter().map(|(name, value)| format!("{name}={value}")).collect();
    entries.sort();
    sha256_hex(entries.join("\n").as_bytes())
}

/// The claim of the volume, if there is one.
pub fn claim(registry: &Registry) -> Option<Value> {
    let Storage::Volume(volume) = &registry.storage else { return None };
    let mut spec = json!({
        "accessModes": volume.access_modes,
        "resources": { "requests": { "storage": volume.size } },
    });
    if let (Some(class), Some(spec)) = (&volume.storage_class, spec.as_object_mut()) {
        spec.insert("storageClassName".to_owned(), json!(class));
    }
    Some(json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(registry, &claim_ref(&registry.namespace, &registry.name).name),
        "spec": spec,
    }))
}

/// The service account, as one of our own.
pub fn account(registry: &Registry) -> Value {
    let mut metadata = metadata(registry, registry.account_name());
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("annotations".to_owned(), json!(registry.account.annotations));
    }
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
}

/// The Deployment, its Pods marked with digests of everything that they read only when they start.
pub fn deployment(registry: &Registry, secrets: &Secrets) -> Value {
    let mut marks = json!({
        CONFIG_DIGEST: registry.config_digest(),
        CREDENTIALS_DIGEST: content_digest(&credentials(registry, secrets)),
    });
    if let Some(marks) = marks.as_object_mut() {
        marks.extend(registry.identity_digest().map(|digest| (IDENTITY_DIGEST.to_owned(), json!(digest))));
        marks.extend(registry.restart_digest().map(|digest| (RESTART_DIGEST.to_owned(), json!(digest))));
        if registry.has_users {
            let digest = content_digest(&users(registry, &secrets.users));
            marks.insert(USERS_DIGEST.to_owned(), json!(digest));
        }
        if let Some(digest) = secrets.certificate_digest.as_ref().filter(|_| registry.serves_tls()) {
            marks.insert(CERTIFICATE_DIGEST.to_owned(), json!(digest));
        }
    }
    deployment_marked(registry, &marks)
}

/// The Deployment with the marks given: as found, for telling drift of the rest.
pub fn deployment_marked(registry: &Registry, marks: &Value) -> Value {
    let mut metadata = metadata(registry, &registry.name);
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("annotations".to_owned(), json!({ DECLARATION: registry.declaration }));
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": registry.replicas,
            "revisionHistoryLimit": 3,
            "strategy": strategy(registry),
            "selector": { "matchLabels": registry.labels() },
            "template": {
                "metadata": { "labels": registry.labels(), "annotations": marks },
                "spec": pod(registry),
            },
        },
    })
}

/// A port of the node and a volume for one node cannot be held by two Pods at once.
fn strategy(registry: &Registry) -> Value {
    let single = match &registry.storage {
        Storage::Volume(volume) => !volume.access_modes.iter().any(|mode| mode == "ReadWriteMany"),
        Storage::S3(_) | Storage::Ephemeral { .. } => false,
    };
    if single || matches!(registry.exposure, Exposure::HostPort(_)) {
        return json!({ "type": "Recreate" });
    }
    json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } })
}

fn pod(registry: &Registry) -> Value {
    let tolerations: Vec<Value> = registry.tolerations.iter().map(Toleration::manifest).collect();
    let logins: Vec<Value> = registry.image_pull_secrets.iter().map(|name| json!({ "name": name })).collect();
    let mut nodes = registry.node_selector.clone();
    nodes.entry(SYSTEM.to_owned()).or_insert_with(|| "linux".to_owned());
    without_nulls(json!({
        "serviceAccountName": registry.account_name(),
        // The Service's variables would begin with REGISTRY_ and be taken for settings.
        "enableServiceLinks": false,
        "securityContext": security(registry),
        "nodeSelector": nodes,
        "tolerations": tolerations,
        "imagePullSecrets": (!logins.is_empty()).then_some(logins),
        "containers": [container(registry)],
        "volumes": volumes(registry),
    }))
}

fn security(registry: &Registry) -> Value {
    let User { user, group, volume_group } = registry.user;
    without_nulls(json!({
        "runAsNonRoot": true,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": volume_group,
        // Else each start changes the owner of every file of the volume.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": { "type": "RuntimeDefault" },
    }))
}

fn container(registry: &Registry) -> Value {
    let scheme = if registry.serves_tls() { "HTTPS" } else { "HTTP" };
    let mut port = json!({ "name": "registry", "containerPort": PORT, "protocol": "TCP" });
    if let (Exposure::HostPort(number), Some(port)) = (&registry.exposure, port.as_object_mut()) {
        port.insert("hostPort".to_owned(), json!(number));
    }
    json!({
        "name": CONTAINER,
        "image": registry.image.to_string(),
        "args": ["serve", config::path(registry)],
        "env": [{ "name": "OTEL_TRACES_EXPORTER", "value": "none" }],
        "envFrom": [{ "secretRef": { "name": credentials_ref(&registry.namespace, &registry.name).name } }],
        "ports": [port],
        "resources": { "requests": registry.resources.requests, "limits": registry.resources.limits },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "readinessProbe": {
            "httpGet": { "path": "/", "port": "registry", "scheme": scheme },
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        // Storage that fails is no reason to start the program again.
        "livenessProbe": { "tcpSocket": { "port": "registry" }, "periodSeconds": 10, "failureThreshold": 6 },
        "volumeMounts": mounts(registry),
    })
}

fn mounts(registry: &Registry) -> Vec<Value> {
    let mut mounts = vec![json!({ "name": "config", "mountPath": config::path(registry), "subPath": "config.yml" })];
    if !matches!(registry.storage, Storage::S3(_)) {
        mounts.push(json!({ "name": "data", "mountPath": config::DATA_PATH }));
    }
    if registry.has_users {
        mounts.push(json!({ "name": "users", "mountPath": config::USERS_PATH, "readOnly": true }));
    }
    if registry.serves_tls() {
        mounts.push(json!({ "name": "tls", "mountPath": config::TLS_PATH, "readOnly": true }));
    }
    mounts
}

fn volumes(registry: &Registry) -> Vec<Value> {
    let mut volumes = vec![json!({ "name": "config", "configMap": { "name": config_name(&registry.name) } })];
    match &registry.storage {
        Storage::S3(_) => {}
        Storage::Volume(_) => {
            let claim = claim_ref(&registry.namespace, &registry.name).name;
            volumes.push(json!({ "name": "data", "persistentVolumeClaim": { "claimName": claim } }));
        }
        Storage::Ephemeral { size_limit } => {
            let folder = without_nulls(json!({ "sizeLimit": size_limit }));
            volumes.push(json!({ "name": "data", "emptyDir": folder }));
        }
    }
    if registry.has_users {
        let name = users_ref(&registry.namespace, &registry.name).name;
        volumes.push(json!({ "name": "users", "secret": { "secretName": name } }));
    }
    if let Some(name) = registry.tls_secret.as_ref().filter(|_| registry.serves_tls()) {
        volumes.push(json!({ "name": "tls", "secret": { "secretName": name } }));
    }
    volumes
}

fn without_nulls(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    object
}
