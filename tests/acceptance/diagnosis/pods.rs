//! Failures of Pods.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::kubectl::kubectl_ok;
use crate::sandbox::value;

use super::hub::{Hub, PASSWORD, WRONG};
use super::stage::{Scene, Stage};

fn pod(image: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: $NS}}\nspec:\n  terminationGracePeriodSeconds: 1\n  {more}\n  \
         containers: [{{name: web, image: {image:?}}}]\n"
    )
}

/// A registry that is run by hand.
fn registry(more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: $NS}}\nspec:\n  terminationGracePeriodSeconds: 1\n  containers:\n  - name: registry\n    image: {}\n{more}",
        value("SANDBOX_REGISTRY_IMAGE")
    )
}

fn secret(namespace: &str, key: &str, password: &str) -> String {
    let auth = STANDARD.encode(format!("ann:{password}"));
    let config = json!({ "auths": { key: { "username": "ann", "password": password, "auth": auth } } }).to_string();
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: pull, namespace: {namespace}}}\ntype: kubernetes.io/dockerconfigjson\n\
         data: {{.dockerconfigjson: {}}}\n",
        STANDARD.encode(config)
    )
}

const NAMED: &str = "imagePullSecrets: [{name: pull}]";

/// A registry whose bucket does not exist.
const S3: &str = "    env:\n    - {name: OTEL_TRACES_EXPORTER, value: none}\n    - {name: REGISTRY_STORAGE, value: s3}\n    - {name: REGISTRY_STORAGE_S3_BUCKET, value: no-such-bucket}\n    \
              - {name: REGISTRY_STORAGE_S3_REGION, value: us-east-1}\n    - {name: REGISTRY_STORAGE_S3_REGIONENDPOINT, value: \"S3-URL\"}\n    \
              - {name: REGISTRY_STORAGE_S3_FORCEPATHSTYLE, value: \"true\"}\n    - {name: REGISTRY_STORAGE_S3_SECURE, value: \"false\"}\n    \
              - {name: REGISTRY_STORAGE_S3_ACCESSKEY, value: key}\n    - {name: REGISTRY_STORAGE_S3_SECRETKEY, value: secret}\n    \
              - {name: REGISTRY_HEALTH_STORAGEDRIVER_ENABLED, value: \"true\"}\n    - {name: REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL, value: 2s}\n";

/// A registry whose configuration cannot be read.
const BROKEN: &str = "    args: [serve, /config/config.yml]\n    volumeMounts: [{name: config, mountPath: /config}]\n  volumes: [{name: config, configMap: {name: config}}]\n\
                  ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config, namespace: $NS}\ndata: {config.yml: \"version: [\"}\n";

pub fn scenes(stage: &Stage, hub: &Hub) -> Vec<Scene> {
    let scene = |name: &str, cause: &'static str, objects: String| Scene {
        name: name.to_owned(),
        cause,
        subject: format!("pod {}/web", stage.namespace(name)),
        objects,
        records: Vec::new(),
    };
    let host = &hub.host;
    let image = format!("{host}/team/app:1");
    let right = |namespace: &str| secret(namespace, host, PASSWORD);
    let s3 = S3.replace("S3-URL", &value("SANDBOX_S3_ENDPOINT"));
    vec![
        scene("missing", "pull-secret-missing", pod(&image, "imagePullSecrets: [{name: gone}]")),
        scene("wrong-password", "registry-login-refused", secret("$NS", host, WRONG) + &pod(&image, NAMED)),
        scene(
            "wrong-key",
            "pull-secret-key-form",
            secret("$NS", &format!("https://{host}:443/v2"), PASSWORD) + &pod(&image, NAMED),
        ),
        scene("elsewhere", "pull-secret-elsewhere", right(&stage.namespace("unbound")) + &pod(&image, NAMED)),
        scene("unbound", "pull-secret-not-bound", right("$NS") + &pod(&image, "")),
        scene("wrong-unbound", "registry-login-refused", secret("$NS", host, WRONG) + &pod(&image, "")),
        scene(
            "one-of-two",
            "pull-secret-not-bound",
            right("$NS") + &secret("$NS", host, WRONG).replace("name: pull", "name: wrong") + &pod(&image, ""),
        ),
        scene("late", "pull-secret-bound-late", right("$NS") + &pod(&image, "")),
        scene("foreign-ca", "node-trust", pod(&format!("{}/app:1", hub.foreign), "")),
        scene("absent", "image-missing", right("$NS") + &pod(&image, NAMED)),
        scene("no-name", "name-not-found", pod(&format!("{}/app:1", stage.host("nowhere")), "")),
        scene("closed", "node-connection", pod("127.0.0.9:1/app:1", "")),
        scene("no-config", "registry-config-missing", registry("    args: [serve, /nowhere.yml]\n")),
        scene("bad-config", "registry-config-broken", registry(BROKEN)),
        scene("no-bucket", "bucket-missing", registry(&s3)),
        scene("no-node", "unschedulable", pod(&value("SANDBOX_BUSYBOX_IMAGE"), "nodeSelector: {no: where}")),
        scene(
            "no-class",
            "volume-unbound",
            registry("  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n") + CLAIM,
        ),
        scene(
            "no-secret",
            "config-missing",
            registry("    env: [{name: A, valueFrom: {secretKeyRef: {name: gone, key: a}}}]\n"),
        ),
        scene("bad-name", "image-name", pod("Not/A/Name", "")),
        scene(
            "ends",
            "crash-loop",
            pod(&value("SANDBOX_BUSYBOX_IMAGE"), "")
                .replace("image: ", "command: [/bin/sh, -c, \"echo fatal: no sea; exit 3\"], image: "),
        ),
    ]
}

const CLAIM: &str = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: $NS}\n\
                     spec: {storageClassName: no-such-class, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n";

/// Binds a pull secret when its Pod is there already.
pub fn bind_late(stage: &Stage) {
    let patch = json!({ "imagePullSecrets": [{ "name": "pull" }] }).to_string();
    kubectl_ok(&["-n", &stage.namespace("late"), "patch", "serviceaccount", "default", "--type=merge", "-p", &patch]);
}
