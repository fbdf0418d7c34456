//! The types that keep objects in the cluster, each as one resource that can be declared under any address.

use rcgen::KeyPair;

use crate::kubectl::{Namespace, kubectl, object};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// A password that must never show.
const PASSWORD: &str = "a quiet harbour at night";

/// A type under test.
pub struct Subject {
    pub r#type: &'static str,
    /// What the configuration holds beside the resource.
    head: String,
    /// The arguments of the resource.
    body: String,
    /// What must stand while the resource is in a state: kind, name, and what is compared beside its existence.
    objects: Vec<(&'static str, &'static str)>,
    pub namespace: Namespace,
    /// How its first object is imported.
    pub import_id: String,
    key: String,
}

impl Subject {
    /// The configuration with the resource under these labels.
    pub fn declared(&self, labels: &[&str]) -> String {
        labels.iter().fold(self.head.clone(), |text, label| text + &self.block(label, ""))
    }

    /// The configuration with the resource once, and more in its block.
    pub fn with(&self, label: &str, more: &str) -> String {
        self.head.clone() + &self.block(label, more)
    }

    fn block(&self, label: &str, more: &str) -> String {
        format!("resource \"{}\" \"{label}\" {{\n{}\n{more}\n}}\n", self.r#type, self.body)
    }

    pub fn address(&self, label: &str) -> String {
        format!("{}.{label}", self.r#type)
    }

    /// A workspace for a configuration of this subject.
    pub fn workspace(&self, cli: &Cli, configuration: &str) -> Workspace {
        let workspace = Workspace::on(cli, configuration).secret("password", PASSWORD);
        workspace.write("account.pem", &self.key);
        workspace
    }

    /// Which of its objects are not there, or are on their way out.
    pub fn missing(&self) -> Vec<String> {
        let is_there = |kind: &str, name: &str| {
            object(&self.namespace.0, kind, name).is_some_and(|found| found["metadata"]["deletionTimestamp"].is_null())
        };
        self.objects
            .iter()
            .filter(|(kind, name)| !is_there(kind, name))
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect()
    }

    #[track_caller]
    pub fn stands(&self, after: &str) {
        let missing = self.missing();
        assert!(missing.is_empty(), "{} {after}: lost {missing:?}", self.r#type);
    }

    #[track_caller]
    pub fn is_gone(&self, after: &str) {
        let there = self.objects.len() - self.missing().len();
        assert_eq!(there, 0, "{} {after}: something is left", self.r#type);
    }
}

/// Every type, each in a namespace of its own.
pub fn all() -> Vec<Subject> {
    vec![
        registry(),
        pull_secret(),
        certificate(),
        account(),
        manifest(),
        issuer(),
        cm_certificate(),
        backup(),
        node_trust(),
    ]
}

fn subject(r#type: &'static str, body: impl Fn(&str) -> String, objects: &[(&'static str, &'static str)]) -> Subject {
    let namespace = Namespace::new("owner");
    let (directory, trust) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    let head = format!(
        "provider \"berth\" {{\n  acme = {{ directory_url = \"{directory}\", ca_file = \"{trust}\" }}\n}}\n\
         variable \"password\" {{\n  type      = string\n  ephemeral = true\n}}\n"
    );
    let (body, objects) = (body(&namespace.0), objects.to_vec());
    let import_id = format!("{}/{}", namespace.0, objects[0].1);
    Subject { r#type, head, body, objects, namespace, import_id, key: KeyPair::generate().unwrap().serialize_pem() }
}

pub fn registry() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  name      = \"ship\"\n  namespace = \"{namespace}\"\n  \
             storage   = {{ volume = {{ size = \"16Mi\", delete_on_destroy = true }} }}\n  \
             users     = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}"
        )
    };
    let objects = [
        ("deployment", "ship"),
        ("service", "ship"),
        ("serviceaccount", "ship"),
        ("configmap", "ship-config"),
        ("secret", "ship-users"),
        ("secret", "ship-credentials"),
        ("pvc", "ship-data"),
    ];
    subject("berth_registry", body, &objects)
}

pub fn node_trust() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  name      = \"trust\"\n  namespace = \"{namespace}\"\n  \
             hosts     = {{ \"{namespace}.test\" = {{ mirrors = [\"https://mirror.test\"] }} }}\n  {}",
            crate::node_trust::node()
        )
    };
    subject("berth_node_trust", body, &[("daemonset", "trust"), ("configmap", "trust-files")])
}

pub fn pull_secret() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  name       = \"pull\"\n  namespaces = [\"{namespace}\"]\n  \
             registries = {{ \"r.sandbox.test\" = {{ username = \"ann\", password_wo = var.password }} }}"
        )
    };
    subject("berth_pull_secret", body, &[("secret", "pull")])
}

pub fn certificate() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  account_key       = {{ file = \"account.pem\" }}\n  dns_names         = [\"{namespace}.{}\"]\n  \
             kubernetes_secret = {{ namespace = \"{namespace}\", name = \"web-tls\" }}\n  revoke_on_destroy = true\n  \
             dns01             = {{ zone_id = \"{}\" }}",
            value("SANDBOX_ZONE_NAME"),
            value("SANDBOX_ZONE_ID")
        )
    };
    let mut subject = subject("berth_acme_certificate", body, &[("secret", "web-tls")]);
    subject.head += "resource \"berth_acme_account\" \"of_file\" {\n  terms_of_service_agreed = true\n  \
                     account_key = { file = \"account.pem\" }\n}\n";
    subject.body += "\n  account_url = berth_acme_account.of_file.account_url";
    subject
}

pub fn account() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  terms_of_service_agreed = true\n  deactivate_on_destroy   = true\n  account_key = {{\n    \
             generate          = true\n    kubernetes_secret = {{ namespace = \"{namespace}\", name = \"acme\" }}\n  }}"
        )
    };
    subject("berth_acme_account", body, &[("secret", "acme")])
}

pub fn manifest() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  namespace       = \"{namespace}\"\n  yaml            = <<-YAML\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: ship}}\n    \
             data: {{a: b}}\n    ---\n    apiVersion: v1\n    kind: Service\n    metadata: {{name: ship}}\n    spec: {{ports: [{{port: 80}}]}}\n  YAML\n  \
             secrets_yaml_wo = yamlencode({{ apiVersion = \"v1\", kind = \"Secret\", metadata = {{ name = \"ship\" }}, stringData = {{ p = var.password }} }})\n  \
             secrets_yaml_wo_version = 1"
        )
    };
    let mut subject =
        subject("berth_manifest", body, &[("configmap", "ship"), ("service", "ship"), ("secret", "ship")]);
    let id = |kind: &str| format!("v1/{kind}/{}/ship", subject.namespace.0);
    subject.import_id = ["ConfigMap", "Secret", "Service"].map(id).join(",");
    subject
}

pub fn issuer() -> Subject {
    let body =
        |namespace: &str| format!("  name        = \"ship\"\n  namespace   = \"{namespace}\"\n  self_signed = {{}}");
    subject("berth_issuer", body, &[("issuer", "ship")])
}

/// A certificate of cert-manager that nobody issues.
pub fn cm_certificate() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  name        = \"ship\"\n  namespace   = \"{namespace}\"\n  secret_name = \"ship-tls\"\n  dns_names   = [\"a.test\"]\n  \
             issuer      = {{ name = \"nobody\" }}\n  wait        = false"
        )
    };
    subject("berth_certificate", body, &[("certificate", "ship")])
}

pub fn backup() -> Subject {
    let body = |namespace: &str| {
        format!(
            "  secret     = {{ namespace = \"{namespace}\", name = \"kept\" }}\n  namespaces = [\"{namespace}\"]\n  \
             include    = [\"certificates\"]"
        )
    };
    subject("berth_cert_manager_backup", body, &[("secret", "kept")])
}

/// Whether a service account uses a pull secret.
pub fn uses(namespace: &str, account: &str, secret: &str) -> bool {
    let path = "jsonpath={.imagePullSecrets[*].name}";
    let output = kubectl(&["-n", namespace, "get", "serviceaccount", account, "-o", path]);
    String::from_utf8_lossy(&output.stdout).split_whitespace().any(|name| name == secret)
}
