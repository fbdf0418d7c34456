//! A release as its manifest declares it: the objects, its version, and the controller that does the work.

use semver::Version;
use serde_json::Value;

use super::placement::Move;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, Item, Mistake};

/// What is wrong with a text that should be a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read, or declares something twice.
    Text(Mistake),
    /// It has no controller of cert-manager.
    NoController,
    /// It has no definitions.
    NoDefinitions,
    /// Neither the controller's label nor its image tells a version.
    NoVersion,
}

/// What tells a controller, whatever registry its image comes from.
const IMAGE: &str = "cert-manager-controller";

/// The definition that stands for all.
const DEFINITION: &str = "issuers.cert-manager.io";

/// The label that names a release's version.
const VERSION: &str = "app.kubernetes.io/version";

/// What its parts are called by the label `app.kubernetes.io/name`.
const PARTS: [&str; 3] = ["cert-manager", "cainjector", "webhook"];

/// A release.
#[derive(Clone, Debug)]
pub struct Release {
    items: Vec<Item>,
    /// Its version.
    pub version: Version,
    /// The controller's Deployment.
    pub controller: ObjectRef,
    /// The account that the controller runs under.
    pub account: String,
}

impl Release {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is no release of cert-manager.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut items = manifest::items(text).map_err(Fault::Text)?;
        items.retain(|item| !is_hook(&item.object));
        manifest::distinct(&items, "default").map_err(Fault::Text)?;
        let controller = items.iter().find(|item| is_controller(&item.object)).ok_or(Fault::NoController)?;
        if !items.iter().any(|item| item.object.pointer("/metadata/name").is_some_and(|name| name == DEFINITION)) {
            return Err(Fault::NoDefinitions);
        }
        let version = version_of(&controller.object).ok_or(Fault::NoVersion)?;
        let account = account_of(&controller.object).to_owned();
        let reference = controller.reference();
        let namespace = reference.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let controller = ObjectRef { namespace: Some(namespace), ..reference };
        Ok(Self { items, version, controller, account })
    }

    /// The namespace that its controller runs in.
    pub fn namespace(&self) -> &str {
        self.controller.namespace.as_deref().unwrap_or("default")
    }

    /// The objects that are declared.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The same release in another namespace, with all that points into its own.
    #[must_use]
    pub fn moved_to(mut self, namespace: &str) -> Self {
        let former = self.namespace().to_owned();
        if former == namespace {
            return self;
        }
        let placement = Move { from: &former, to: namespace };
        for item in &mut self.items {
            placement.apply(&mut item.object);
        }
        self.controller.namespace = Some(namespace.to_owned());
        self
    }
}

/// Whether an object is for Helm alone, to be run at a moment of a release: `helm template` prints it as any other.
fn is_hook(object: &Value) -> bool {
    object.pointer("/metadata/annotations").is_some_and(|annotations| annotations.get("helm.sh/hook").is_some())
}

/// Whether an object is the Deployment of cert-manager's controller.
pub fn is_controller(object: &Value) -> bool {
    if object.get("kind").and_then(Value::as_str) != Some("Deployment") {
        return false;
    }
    let label = |name: &str| object.pointer("/metadata/labels").and_then(|labels| labels.get(name)?.as_str());
    let is_labelled = label("app.kubernetes.io/component") == Some("controller")
        && [label("app.kubernetes.io/name"), label("app")].contains(&Some("cert-manager"));
    is_labelled || image_of(object).is_some_and(|image| name_of(image).ends_with(IMAGE))
}

/// The version that a controller's Deployment tells: by its label, or else by the tag of its image.
pub fn version_of(controller: &Value) -> Option<Version> {
    let label = controller.pointer("/metadata/labels").and_then(|labels| labels.get(VERSION)?.as_str());
    let image = image_of(controller).map(|image| image.split('@').next().unwrap_or(image));
    let tag = image.and_then(|image| Some(name_and_tag(image).split_once(':')?.1));
    [label, tag].into_iter().flatten().find_map(parsed)
}

/// The version that an object says it is of, if it is a part of cert-manager.
pub fn version_of_part(object: &Value) -> Option<Version> {
    let label = |name: &str| object.pointer("/metadata/labels").and_then(|labels| labels.get(name)?.as_str());
    let is_part = label("app.kubernetes.io/name").is_some_and(|name| PARTS.contains(&name));
    label(VERSION).filter(|_| is_part).and_then(parsed)
}

/// A version with or without its `v`.
pub fn parsed(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

fn account_of(controller: &Value) -> &str {
    controller.pointer("/spec/template/spec/serviceAccountName").and_then(Value::as_str).unwrap_or("default")
}

fn image_of(deployment: &Value) -> Option<&str> {
    deployment.pointer("/spec/template/spec/containers/0/image")?.as_str()
}

fn name_and_tag(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

fn name_of(image: &str) -> &str {
    name_and_tag(image).split([':', '@']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: issuers.cert-manager.io}
---
apiVersion: v1
kind: Namespace
metadata: {name: cert-manager}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: leaderelection, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: leaderelection}
subjects: [{kind: ServiceAccount, name: cert-manager, namespace: cert-manager}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cert-manager-webhook, namespace: cert-manager, labels: {app.kubernetes.io/component: webhook, app: webhook}}
spec: {template: {spec: {containers: [{name: w, image: "quay.io/jetstack/cert-manager-webhook:v1.11.5"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cert-manager, namespace: cert-manager, labels: {app: cert-manager}}
spec:
  template:
    spec:
      serviceAccountName: cert-manager
      containers:
      - {name: c, image: "mirror.example:5000/jetstack/cert-manager-controller:v1.11.5@sha256:00", args: [--leader-election-namespace=kube-system, "--cluster-resource-namespace=cert-manager"]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w, annotations: {cert-manager.io/inject-ca-from-secret: cert-manager/cert-manager-webhook-ca}}
webhooks: [{name: webhook.cert-manager.io, clientConfig: {service: {name: w, namespace: cert-manager}}}]
"#;

    #[test]
    fn a_release_tells_its_version_and_its_controller() {
        let release = Release::read(RELEASE).unwrap();
        assert_eq!(release.version, Version::new(1, 11, 5));
        assert_eq!(release.controller, ObjectRef::deployment("cert-manager", "cert-manager"));
        assert_eq!((release.namespace(), release.account.as_str()), ("cert-manager", "cert-manager"));
    }

    #[test]
    fn a_label_tells_the_version_of_an_image_without_one() {
        let object = serde_json::json!({ "kind": "Deployment",
            "metadata": { "labels": { "app.kubernetes.io/version": "v1.18.2" } },
            "spec": { "template": { "spec": { "containers": [{ "image": "x/cert-manager-controller@sha256:00" }] } } } });
        assert!(is_controller(&object));
        assert_eq!(version_of(&object), Some(Version::new(1, 18, 2)));
    }

    #[test]
    fn what_is_no_release_is_told() {
        let fault = |text: &str| Release::read(text).err();
        assert_eq!(fault("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}"), Some(Fault::NoController));
        assert!(matches!(fault("a: ["), Some(Fault::Text(_))));
        let without = RELEASE.replace("issuers.cert-manager.io", "others.example.com");
        assert_eq!(fault(&without), Some(Fault::NoDefinitions));
        let untold = RELEASE.replace(":v1.11.5@", "@");
        assert_eq!(fault(&untold), Some(Fault::NoVersion));
    }

    #[test]
    fn what_helm_alone_runs_is_left_out() {
        let hook = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: check, namespace: a, annotations: {helm.sh/hook: post-install}}\n";
        let release = Release::read(&format!("{RELEASE}{hook}")).unwrap();
        assert_eq!(release.items().len(), Release::read(RELEASE).unwrap().items().len());
    }

    #[test]
    fn moved_it_is_the_same_release_with_nothing_pointing_back() {
        let moved = Release::read(RELEASE).unwrap().moved_to("tls");
        assert_eq!(moved.namespace(), "tls");
        let texts: Vec<String> = moved.items().iter().map(|item| item.object.to_string()).collect();
        let all = texts.join("\n");
        assert!(
            !all.contains("\"namespace\":\"cert-manager\"") && !all.contains("cert-manager/cert-manager-webhook-ca"),
            "{all}"
        );
        assert!(
            !all.contains("-namespace=cert-manager") && all.contains("--leader-election-namespace=kube-system"),
            "{all}"
        );
        assert!(all.contains("\"namespace\":\"kube-system\"") && all.contains("\"name\":\"tls\""), "{all}");
        let back = moved.moved_to("cert-manager");
        assert_eq!(back.items(), Release::read(RELEASE).unwrap().items());
    }
}
