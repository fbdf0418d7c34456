//! The words for what can go wrong with a cluster: on which object, who said what, what to do next.

use std::borrow::Cow;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::ObstacleKind;
use crate::retry::Stopped;

use super::{ClusterError, FieldFault, Verb};
use crate::clients::cluster::settings::NoSource;

/// How a further CA is trusted here.
const TRUST: &str = "set kubernetes.cluster_ca_certificate, or certificate-authority-data in the kubeconfig";

const REACH: &str = "check that the cluster is up and reachable from this machine, then apply again";

impl ClusterError {
    /// What it is about.
    pub(super) fn object(&self) -> String {
        match self {
            Self::NotConfigured(NoSource::Nothing) => "no cluster is named: kubernetes.config_path and \
                kubernetes.host are unset, and so are KUBE_CONFIG_PATH and KUBECONFIG"
                .to_owned(),
            Self::NotConfigured(NoSource::Both) => {
                "the provider block sets kubernetes.host and kubernetes.config_path".to_owned()
            }
            Self::NotConfigured(NoSource::LoginOnly(name)) => {
                format!(
                    "the provider block sets {name}, and kubernetes.config_path and kubernetes.host are unset or null"
                )
            }
            Self::BadSource { source_of_settings, .. } => source_of_settings.to_string(),
            Self::Unreachable { server, source_of_settings, .. } | Self::NoWay { server, source_of_settings, .. } => {
                format!("the API server {server}, from {source_of_settings}")
            }
            Self::Unauthorized { source_of_settings, .. } => format!("the credentials from {source_of_settings}"),
            Self::NamespaceMissing { namespace } => format!("the namespace `{namespace}`, which does not exist"),
            Self::NamespaceTerminating { namespace } => format!("the namespace `{namespace}`, which is being deleted"),
            Self::Foreign { object } => format!("{object}, which exists and was not made by this resource"),
            Self::Held { object, lead } => {
                let part = if *object == lead.to_string() { String::new() } else { format!(", as a part of {lead}") };
                format!(
                    "{object}, which exists already: berth made it for another resource of this configuration, or for another \
                     state{part}"
                )
            }
            Self::Forbidden { object, .. } | Self::NotFound { object, .. } => object.clone(),
            Self::Refused { object, refusal, .. } => format!("{object}, which {refusal} refuses"),
            Self::KindUnknown { api_version, kind } => format!("the kind {kind} of {api_version}"),
            Self::Lingering { object, finalizers, .. } => lingering_object(object, finalizers),
            Self::Failed { object, .. } => object.to_string(),
            Self::Immutable { object } => format!("{object}, which somebody has made immutable"),
            Self::Conflict { object, manager, fields, .. } => conflict_object(object, manager.as_deref(), fields),
            Self::Invalid { object, faults, .. } => invalid_object(object, faults),
            Self::Stopped { waiting_for, .. } => waiting_for.clone(),
            Self::Stuck { object, obstacle, log: Some(_) } if !obstacle.words.is_empty() => {
                format!("{object}: {obstacle} ({})", obstacle.words)
            }
            Self::Stuck { object, obstacle, .. } => format!("{object}: {obstacle}"),
            Self::Other { status: Some(code), .. } => format!("the API server, which answers with status {code}"),
            Self::Other { status: None, .. } => "the API server".to_owned(),
        }
    }

    /// Who said what.
    pub(super) fn said(&self) -> Option<(&'static str, Cow<'_, str>)> {
        let (who, words) = match self {
            Self::BadSource { fault, .. } => ("The attempt to use it", fault.as_str()),
            Self::NoWay { error, .. } => return Some(("The connection", error.to_string().into())),
            Self::Unreachable { fault, .. } => ("The connection", fault.as_str()),
            Self::Unauthorized { words, .. }
            | Self::Forbidden { words, .. }
            | Self::Refused { words, .. }
            | Self::NotFound { words, .. }
            | Self::Conflict { words, .. }
            | Self::Invalid { words, .. }
            | Self::Lingering { words, .. }
            | Self::Failed { words, .. }
            | Self::Other { words, .. } => ("The cluster", words.as_str()),
            Self::Stuck { obstacle, .. } if obstacle.kind == ObstacleKind::Volume => {
                ("The attempt to write", obstacle.words.as_str())
            }
            Self::Stuck { log: Some(log), .. } => ("The container's log", log.as_str()),
            Self::Stuck { obstacle, .. } => ("The cluster", obstacle.words.as_str()),
            Self::Stopped { last_seen, .. } => ("The cluster last", last_seen.as_deref()?),
            Self::NotConfigured(_)
            | Self::KindUnknown { .. }
            | Self::NamespaceMissing { .. }
            | Self::NamespaceTerminating { .. }
            | Self::Foreign { .. }
            | Self::Immutable { .. }
            | Self::Held { .. } => return None,
        };
        Some((who, Cow::Borrowed(words)))
    }

    /// One concrete step.
    pub fn next_step(&self) -> String {
        let step = match self {
            Self::NotConfigured(NoSource::Nothing) => {
                "set kubernetes.config_path or kubernetes.host in the provider block, or KUBE_CONFIG_PATH"
            }
            Self::NotConfigured(NoSource::Both) => "keep one of the two",
            Self::NotConfigured(NoSource::LoginOnly(_)) => {
                "say which cluster it is for: set kubernetes.host, or kubernetes.config_path or KUBE_CONFIG_PATH"
            }
            Self::BadSource { .. } => "correct the path, the context or the credentials it names, then apply again",
            Self::NoWay { error, .. } => return error.remedy(TRUST).unwrap_or_else(|| REACH.to_owned()),
            Self::Unreachable { .. } => REACH,
            Self::Unauthorized { .. } => "log in again, or correct the token, the certificate or the exec program",
            Self::Forbidden { verb, words, .. } => return grant_step(*verb, words),
            Self::Refused { refusal, .. } => refusal.remedy(),
            Self::NamespaceMissing { namespace } => {
                return format!(
                    "create the namespace `{namespace}` first, or correct its name; a registry and the key of an ACME account \
                     make theirs with `create_namespace = true`"
                );
            }
            Self::NamespaceTerminating { namespace } => {
                return format!(
                    "apply again when the namespace is gone or made anew; `kubectl describe namespace {namespace}` tells what \
                     holds it"
                );
            }
            Self::NotFound { .. } => "create it first, or correct its name",
            Self::KindUnknown { .. } => {
                "install what defines it (its CustomResourceDefinition with this version), or correct apiVersion and kind"
            }
            Self::Lingering { object, finalizers, .. } => return linger_step(object, finalizers),
            Self::Failed { object, .. } => return failed_step(object),
            Self::Foreign { .. } => "import it, remove it, or choose another name; it was left as it is",
            Self::Held { lead, .. } => return release_step(lead),
            Self::Immutable { object } => {
                return format!("remove it with `kubectl {}` and apply again: it is made anew", removal(object));
            }
            Self::Conflict { .. } => {
                "apply again; if it stays, let one of the two manage these fields: remove them here, or make the other give \
                 them up"
            }
            Self::Invalid { faults, words, .. } if is_fixed(faults, words) => {
                "this cannot change in an object that exists: remove the object with `kubectl delete`, if it may be made anew, and \
                 apply again, or give it another name"
            }
            Self::Invalid { .. } => "correct the value that the cluster names",
            Self::Stuck { obstacle, .. } => {
                return format!("{}, then apply again; images in a bucket or on a volume stay", obstacle.kind.remedy());
            }
            Self::Stopped { stopped: Stopped::Deadline, .. } => {
                "apply again to go on waiting, or allow more time in `timeouts`"
            }
            Self::Stopped { stopped: Stopped::Interrupted, .. } => "apply again to go on from here",
            Self::Other { .. } => "apply again; if it stays, the API server's log tells more",
        };
        step.to_owned()
    }

    /// The provider attribute that is to blame, if one is.
    pub fn provider_attribute(&self) -> Option<&'static str> {
        match self {
            Self::NotConfigured(NoSource::Both) => Some("kubernetes.config_path"),
            Self::NotConfigured(NoSource::LoginOnly(name)) => Some(name),
            Self::BadSource { source_of_settings, .. }
            | Self::Unreachable { source_of_settings, .. }
            | Self::NoWay { source_of_settings, .. }
            | Self::Unauthorized { source_of_settings, .. } => source_of_settings.attribute(),
            _ => None,
        }
    }
}

/// Whether what is refused is the change, since the field is set once for all (apimachinery, `ValidateImmutableField`, and the
/// words of single kinds).
pub(super) fn is_fixed(faults: &[FieldFault], words: &str) -> bool {
    let said = [
        "immutable",
        "Forbidden: updates to",
        "may not change once set",
        "may not be changed",
        "cannot be changed",
        "cannot change roleRef",
        "updates may not change fields other than",
        "field can not be less than",
    ];
    let is_said = |text: &str| said.iter().any(|it| text.contains(it));
    is_said(words) || faults.iter().any(|fault| is_said(&fault.message))
}

/// What helps an object that has failed for good.
fn failed_step(object: &ObjectRef) -> String {
    if object.kind == "Job" {
        return format!(
            "see the log of its Pods and mend the cause; a Job that has failed does not run again: remove it with \
             `kubectl {}` and apply again, which makes it anew",
            removal(object)
        );
    }
    format!(
        "see `kubectl {}` and the log of its Pods, mend the cause, then apply again; nothing was removed",
        described(object)
    )
}

/// The right that is missing. The API server names it best: an apply that makes an object is a `patch`, and lacks `create`.
fn grant_step(verb: Verb, words: &str) -> String {
    let right = if words.contains("\" cannot ") {
        "grant the identity in these words the right that they name".to_owned()
    } else {
        format!("grant the identity the verb \"{verb}\" on this kind of object")
    };
    format!("{right}; `provider::berth::required_kubernetes_permissions` gives all rules that its types need")
}

/// Finalizers name who has to act before an object goes.
fn linger_step(object: &ObjectRef, finalizers: &[String]) -> String {
    if finalizers.is_empty() {
        return "apply again to go on waiting, or allow more time in `timeouts`".to_owned();
    }
    format!(
        "see that what serves these finalizers runs in the cluster, and apply again; if it is gone for good, take them off with \
         `kubectl patch {}{} --type=merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'`: what it would have tidied up is left then",
        of_kind(object),
        in_namespace(object)
    )
}

fn lingering_object(object: &ObjectRef, finalizers: &[String]) -> String {
    if finalizers.is_empty() {
        return format!("{object}, which is being deleted");
    }
    format!("{object}, which is being deleted and is held by the finalizers {}", finalizers.join(", "))
}

/// `describe secret NAME --namespace NAMESPACE`
fn described(object: &ObjectRef) -> String {
    format!("describe {}{}", of_kind(object), in_namespace(object))
}

/// `secret NAME`; kinds of others with their group, since two groups may have the same.
fn of_kind(object: &ObjectRef) -> String {
    let kind = object.kind.to_ascii_lowercase();
    let group =
        if object.group().contains('.') { format!(".{}.{}", object.version(), object.group()) } else { String::new() };
    format!("{kind}{group} {}", object.name)
}

fn in_namespace(object: &ObjectRef) -> String {
    object.namespace.as_ref().map(|namespace| format!(" --namespace {namespace}")).unwrap_or_default()
}

/// `delete secret NAME --namespace NAMESPACE`
fn removal(object: &ObjectRef) -> String {
    format!("delete {}{}", of_kind(object), in_namespace(object))
}

/// The ways to an object that another resource holds.
fn release_step(lead: &ObjectRef) -> String {
    let (lead, namespace) = (of_kind(lead), in_namespace(lead));
    format!(
        "if the resource was renamed, say so in a `moved` block; if it is being replaced with create_before_destroy (its own, or \
         that of a resource which depends on it), take that away: two objects cannot have one name; if another one holds it, \
         choose another name, or take it out of that one and apply that first (`-target`); if no state knows it (a run was \
         killed), import it, or set it free, with all that was made together with it, by \
         `kubectl annotate {lead}{namespace} berth/owner-`, and apply again. It was left as it is"
    )
}

fn conflict_object(object: &str, manager: Option<&str>, fields: &[String]) -> String {
    let fields = if fields.is_empty() { String::new() } else { format!(", fields {}", fields.join(", ")) };
    let manager = manager.map_or_else(String::new, |manager| format!(", managed by `{manager}`"));
    format!("{object}{fields}{manager}")
}

fn invalid_object(object: &str, faults: &[FieldFault]) -> String {
    let faults: Vec<String> = faults.iter().map(|fault| fault.field.clone()).filter(|it| !it.is_empty()).collect();
    if faults.is_empty() { object.to_owned() } else { format!("{object}, fields {}", faults.join(", ")) }
}
