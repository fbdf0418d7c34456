//! Diagnoses: what they ask, and that they do with less.

use super::{Life, VARIABLE};
use crate::kubectl::{Namespace, apply, kubectl, kubectl_ok};
use crate::sandbox::value;

/// A Certificate that waits for its name, and a registry behind an Ingress with all that one may have, which does not start.
const OBJECTS: &str = r#"
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own, namespace: NS}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: NS}
spec: {secretName: web-tls, dnsNames: [web.example], issuerRef: {name: own}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hub, namespace: NS}
spec:
  selector: {matchLabels: {hub: NS}}
  template:
    metadata: {labels: {hub: NS}}
    spec:
      terminationGracePeriodSeconds: 1
      imagePullSecrets: [{name: gone}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
      containers: [{name: hub, image: BUSYBOX, command: [sleep, "900"]}]
---
apiVersion: v1
kind: Service
metadata: {name: hub, namespace: NS}
spec: {selector: {hub: NS}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: hub, namespace: NS}
spec:
  ingressClassName: nobody
  tls: [{hosts: [HOST], secretName: gone}]
  rules: [{host: HOST, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: hub, port: {number: 80}}}}]}}]
"#;

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn diagnoses_ask_what_the_table_says() {
    let _in_use = crate::diagnosis::cert_manager_runs();
    let namespace = Namespace::new("narrow");
    let host = format!("hub.{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let objects =
        OBJECTS.replace("NS", &namespace.0).replace("HOST", &host).replace("BUSYBOX", &value("SANDBOX_BUSYBOX_IMAGE"));
    apply(&objects);
    kubectl_ok(&["-n", &namespace.0, "rollout", "status", "deployment", "hub", "--timeout=120s"]);
    let pods = kubectl(&[
        "-n",
        &namespace.0,
        "get",
        "pods",
        "-l",
        &format!("hub={}", namespace.0),
        "-o",
        "jsonpath={.items[0].metadata.name}",
    ]);
    let pod = String::from_utf8(pods.stdout).unwrap();
    let lives = [
        (
            "data.berth_certificate_diagnosis",
            format!(
                "data \"berth_certificate_diagnosis\" \"x\" {{\n namespace = \"{0}\"\n name = \"web\"\n}}\n",
                namespace.0
            ),
        ),
        (
            "data.berth_pod_diagnosis",
            format!(
                "data \"berth_pod_diagnosis\" \"x\" {{\n namespace = \"{0}\"\n name = \"{pod}\"\n}}\n",
                namespace.0
            ),
        ),
        (
            "data.berth_registry_diagnosis",
            format!("data \"berth_registry_diagnosis\" \"x\" {{\n host = \"{host}\"\n}}\n"),
        ),
    ];
    for (kind, configuration) in lives {
        Life {
            types: &[kind],
            attributes: &[],
            namespaces: &[&namespace.0, "cert-manager"],
            steps: &[format!("{VARIABLE}{configuration}")],
            imports: &[],
            rarely: &[],
            rarely_at_plan: &[],
        }
        .is_lived();
    }
}
