//! What a user declares of an installation.

use serde_json::Value as Json;

use crate::domain::cert_manager::release;
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest;
use crate::provider::checks::label;
use crate::resources::objects::{Adoption, ApplySet, Kept, Namespaces};
use crate::sdk::{Check, Computed, Model, Timeouts, Value, check};

use super::{APPLICATION, source};

/// The attribute at which failures are told.
pub const MANIFEST: &str = "manifest";

/// What is left of it by a destroy: with the definitions, all issuers and Certificates would go.
const KEPT: &str = "CustomResourceDefinition";

const WHAT_IS_KEPT: &str = "nothing needs to be done: issuers and Certificates stay, and the next installation takes the definitions \
                            over. To be rid of them all, use `kubectl delete crd` with these names";

/// An installation's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// The manifest of a release, `cert-manager.yaml` as the project publishes it or as `helm template` writes it with its
    /// definitions: the path of a file, an address that begins with `https://`, or the text itself. A file is read in the plan,
    /// where it is there, and in the apply; one that has changed between the two is not applied, which Terraform calls an
    /// inconsistent plan: plan anew. What is at an address is
    /// fetched where something is to be done, and taken only if it has the digest of `manifest_sha256`; while it cannot be
    /// reached, a plan says so and leaves open what follows from it. Path and address keep the text out of the state.
    #[attr(check = manifest())]
    pub manifest: String,
    /// The manifests of releases that an upgrade passes on its way, in any order: one of each minor release between, as
    /// cert-manager advises. Those that lie between the release that runs and `manifest` are applied first, each until the
    /// cluster takes an Issuer; the others are left alone, so that they may stay here. Each is a path, a text, or an address
    /// with its digest: `https://HOST/FILE#sha256=DIGEST`.
    #[attr(check = step())]
    pub steps: Option<Vec<String>>,
    /// The digest of the manifest, SHA-256 in hexadecimal digits. Where it is given, a manifest of another one is refused; an
    /// address needs it.
    #[attr(optional, check = sha256())]
    pub manifest_sha256: Computed<String>,
    /// The version, `1.18.2`, with or without a `v`. Default: what the manifest says. Where it is given, a manifest of another
    /// version is refused.
    #[attr(optional, check = version(), equal = same_version)]
    pub version: Computed<String>,
    /// The namespace. Default: that of the manifest. With another one, everything in the manifest that lives there or points
    /// there follows. A change makes cert-manager there and takes it away here; Secrets that `ClusterIssuers` need are copied
    /// beforehand.
    #[attr(optional, check = label())]
    pub namespace: Computed<String>,
    /// Whether an installation is taken over that another tool made, with every object of the manifest that exists already.
    /// Default `false`.
    #[attr(default = false)]
    pub adopt: bool,
    /// Whether fields are taken that another manager owns with another value. Default `false`.
    #[attr(default = false)]
    pub force_conflicts: bool,
    /// Whether the apply waits until all programs are rolled out and the cluster takes an Issuer. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// The objects, in the order in which they are written: `apps/v1/Deployment/NAMESPACE/NAME`.
    pub objects: Computed<Vec<String>>,
    /// What differs in the cluster from what is declared, a sentence each. Empty after an apply; what a refresh finds, the next
    /// apply sets right.
    pub drift: Computed<Vec<String>>,
    /// The releases of `steps` that the last apply has passed, each as `VERSION@sha256:DIGEST`.
    pub passed: Computed<Vec<String>>,
    /// The steps of the last apply, in their order, and what came of each.
    pub phases: Computed<Vec<Phase>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// A step of an apply.
#[derive(Clone, Debug, Default, Model)]
pub struct Phase {
    /// Which: `certificates noted`, `secrets copied`, `objects`, `webhook`, `certificates compared`.
    pub name: String,
    /// What came of it.
    pub result: String,
}

fn manifest() -> Check {
    check::text("must be a path, an address with `https` or the text of a manifest", source::fits)
}

fn step() -> Check {
    check::text("must be a path, an address with its digest or the text of a manifest", |step| {
        source::fits(step)?;
        if source::is_address(step) && source::pinned(step).1.is_none() {
            return Err("is an address without a digest: write it as `https://HOST/FILE#sha256=DIGEST`".to_owned());
        }
        Ok(())
    })
}

fn sha256() -> Check {
    check::text("must be a SHA-256 of 64 hexadecimal digits", source::digest)
}

fn version() -> Check {
    check::text("must be a version, such as `1.18.2`", |text| match release::parsed(text) {
        Some(_) => Ok(()),
        None => Err(format!("is no version of three numbers: `{text}`")),
    })
}

fn same_version(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| value.as_str().and_then(release::parsed);
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

/// The argument that names the Secret of the webhook's own CA.
const NAMED_BY: &str = "--dynamic-serving-ca-secret-name=";

/// The Secret that a Deployment's program fills with a CA of its own.
fn made_by(deployment: &Json) -> Option<ObjectRef> {
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args")?.as_array()?;
    let name = arguments.iter().find_map(|argument| argument.as_str()?.strip_prefix(NAMED_BY))?;
    Some(ObjectRef::secret(deployment.pointer("/metadata/namespace")?.as_str()?, name))
}

/// The object that answers for all: an account, since it is among the last to go. A namespace may be somebody else's, and
/// definitions stay.
fn answering(objects: &[ObjectRef]) -> Option<&ObjectRef> {
    let goes = |object: &&ObjectRef| !["Namespace", KEPT].contains(&object.kind.as_str());
    let account = objects.iter().find(|object| object.kind == "ServiceAccount");
    account.or_else(|| objects.iter().find(goes)).or_else(|| objects.first())
}

impl Declared {
    /// The objects that the state has.
    pub fn inventory(&self) -> Vec<ObjectRef> {
        self.objects.get().into_iter().flatten().filter_map(|id| manifest::of_id(id)).collect()
    }

    /// Its objects, and how they are treated.
    pub fn set(&self) -> ApplySet {
        ApplySet {
            application: APPLICATION,
            whole: "cert-manager",
            attribute: MANIFEST,
            manager: FIELD_MANAGER.to_owned(),
            force: self.force_conflicts,
            adoption: Adoption::of(self.adopt),
            waits: self.wait,
            prunes_late: true,
            wishes: Vec::new(),
            kept: Kept { kinds: vec![KEPT.to_owned()], first: Vec::new(), advice: WHAT_IS_KEPT },
            residue: Some(made_by),
            lead: answering,
            namespaces: Namespaces::Shared,
            objects: self.inventory(),
            drift: self.drift.get().cloned().unwrap_or_default(),
        }
    }

    /// Notes what has become of them.
    pub fn absorb(&mut self, set: &ApplySet) {
        self.objects.set(set.objects.iter().map(manifest::id).collect::<Vec<_>>());
        self.drift.set(set.drift.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_for_all_is_neither_a_namespace_nor_a_definition() {
        let namespace = ObjectRef::of_namespace("a");
        let definition = ObjectRef::of_cluster("apiextensions.k8s.io/v1", KEPT, "issuers.cert-manager.io");
        let (account, program) = (ObjectRef::service_account("a", "cert-manager"), ObjectRef::deployment("a", "b"));
        let all = [namespace.clone(), definition.clone(), program.clone(), account.clone()];
        assert_eq!(answering(&all), Some(&account));
        assert_eq!(answering(&all[..3]), Some(&program));
        assert_eq!(answering(&all[..2]), Some(&namespace));
    }
}
