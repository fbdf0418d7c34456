//! What can go wrong with a cluster, by what the caller can do about it.

mod answer;

use std::fmt;

use crate::domain::admission::Refusal;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::Obstacle;
use crate::explain::Explanation;
use crate::retry::Stopped;

use super::settings::{NoSource, Source};

pub(super) use answer::from_transport;

/// What was asked of the API server; named in errors about missing rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read many objects.
    List,
    /// Make an object.
    Create,
    /// Server-side apply.
    Patch,
    /// Write an object back.
    Update,
    /// Remove an object.
    Delete,
    /// Follow the changes of an object.
    Watch,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Patch => "patch",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Watch => "watch",
        })
    }
}

/// A field that the API server refuses, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's path: `.spec.replicas`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why an operation on a cluster failed. `Display` is a clause without the remote's words;
/// [`ClusterError::explain`] tells the whole story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The settings name no cluster.
    #[error("{0}")]
    NotConfigured(NoSource),
    /// The settings name one, but what they point at cannot be used: a file that does not exist, a
    /// context that is not there, a program that gives no credentials.
    #[error("the way to the cluster cannot be used")]
    BadSource {
        /// Where the way to the cluster is described.
        source_of_settings: Source,
        /// What is wrong with it.
        fault: String,
    },
    /// Nobody answers.
    #[error("the cluster does not answer")]
    Unreachable {
        /// The API server's address.
        server: String,
        /// Where the way to the cluster is described.
        source_of_settings: Source,
        /// What happened to the connection.
        fault: String,
    },
    /// The cluster does not know who asks.
    #[error("the cluster does not accept the credentials")]
    Unauthorized {
        /// Where the way to the cluster is described.
        source_of_settings: Source,
        /// The API server's words.
        words: String,
    },
    /// The cluster knows who asks, and does not allow it.
    #[error("{verb} of {object} is not allowed")]
    Forbidden {
        /// What was asked.
        verb: Verb,
        /// Of what.
        object: String,
        /// The API server's words; they name the identity used.
        words: String,
    },
    /// The right is there, and admission refuses the object: a quota, a policy.
    #[error("{refusal} refuses {object}")]
    Refused {
        /// The object.
        object: String,
        /// What refuses it.
        refusal: Refusal,
        /// The API server's words.
        words: String,
    },
    /// The namespace does not exist.
    #[error("the namespace `{namespace}` does not exist")]
    NamespaceMissing {
        /// Its name.
        namespace: String,
    },
    /// The namespace is being deleted and takes nothing new.
    #[error("the namespace `{namespace}` is being deleted")]
    NamespaceTerminating {
        /// Its name.
        namespace: String,
    },
    /// The object, or its kind, does not exist.
    #[error("{object} does not exist")]
    NotFound {
        /// The object.
        object: String,
        /// The API server's words.
        words: String,
    },
    /// An object of this name exists and is not ours.
    #[error("{object} exists and is not managed here")]
    Foreign {
        /// The object.
        object: String,
    },
    /// An object of this name was made by berth for another resource, here or in another state.
    #[error("{object} belongs to another resource")]
    Held {
        /// The object.
        object: String,
        /// The object that answers for it.
        lead: ObjectRef,
    },
    /// Another manager owns fields that we want to set, or someone wrote at the same time.
    #[error("{object} is changed by someone else as well")]
    Conflict {
        /// The object.
        object: String,
        /// The other manager, if the API server names it.
        manager: Option<String>,
        /// The fields in dispute.
        fields: Vec<String>,
        /// The API server's words.
        words: String,
    },
    /// The API server refuses the object's content.
    #[error("the cluster refuses {object}")]
    Invalid {
        /// The object.
        object: String,
        /// The fields at fault, if the API server names them.
        faults: Vec<FieldFault>,
        /// The API server's words.
        words: String,
    },
    /// Somebody has made a Secret or `ConfigMap` of ours immutable.
    #[error("{object} is immutable")]
    Immutable {
        /// The object.
        object: ObjectRef,
    },
    /// A Deployment does not get up.
    #[error("{object} does not get up: {obstacle}")]
    Stuck {
        /// The Deployment.
        object: String,
        /// What stands in the way.
        obstacle: Box<Obstacle>,
        /// The telling lines of the container's log, if there is one.
        log: Option<String>,
    },
    /// The time is over, or the user interrupted.
    #[error("{stopped} while waiting for {waiting_for}")]
    Stopped {
        /// Which of the two.
        stopped: Stopped,
        /// What was waited for.
        waiting_for: String,
        /// The last state seen.
        last_seen: Option<String>,
    },
    /// Anything else the API server answers.
    #[error("the cluster answers with an error")]
    Other {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// The words.
        words: String,
    },
}

impl ClusterError {
    /// Whether the cluster was not asked at all, so that nothing is known of what it holds.
    pub fn is_unanswered(&self) -> bool {
        matches!(self, Self::NotConfigured(_) | Self::BadSource { .. } | Self::Unreachable { .. })
    }

    /// Whether the same question may well be answered a moment later: a broken connection, a server that is overloaded or
    /// changes its leader. In a wait that is "not yet".
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Other { status: Some(429 | 500..), .. })
    }

    /// Whether only a wait failed, and what is waited for may well come: interrupted, out of time, no answer.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Stopped { .. }) || self.is_passing()
    }

    /// What happened, as a clause with the remote's words.
    pub fn told(&self) -> String {
        match self.said() {
            Some((_, words)) if !words.is_empty() => format!("{self}: {words}"),
            _ => self.to_string(),
        }
    }

    /// Whether the object, its kind or its namespace is gone.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::NamespaceMissing { .. })
    }

    /// Whether the user interrupted.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Stopped { stopped: Stopped::Interrupted, .. })
    }

    /// The four-part message for `what` failed (`Cannot create the registry "apps/registry"`).
    pub fn explain(&self, what: impl Into<String>) -> Explanation {
        let mut explanation = Explanation::new(self.code(), what).on(self.object()).next(self.next_step());
        if let Some((who, words)) = self.said().filter(|(_, words)| !words.is_empty()) {
            explanation = explanation.said(who, words);
        }
        if self.is_unanswered() { explanation.unanswered() } else { explanation }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => "BERTH-K8S-001",
            Self::BadSource { .. } => "BERTH-K8S-002",
            Self::Unreachable { .. } => "BERTH-K8S-003",
            Self::Unauthorized { .. } => "BERTH-K8S-004",
            Self::Forbidden { .. } => "BERTH-K8S-005",
            Self::NamespaceMissing { .. } => "BERTH-K8S-006",
            Self::NamespaceTerminating { .. } => "BERTH-K8S-007",
            Self::NotFound { .. } => "BERTH-K8S-008",
            Self::Foreign { .. } => "BERTH-K8S-009",
            Self::Conflict { .. } => "BERTH-K8S-010",
            Self::Invalid { .. } => "BERTH-K8S-011",
            Self::Stopped { .. } => "BERTH-K8S-012",
            Self::Other { .. } => "BERTH-K8S-013",
            Self::Stuck { .. } => "BERTH-K8S-014",
            Self::Held { .. } => "BERTH-K8S-015",
            Self::Immutable { .. } => "BERTH-K8S-071",
            Self::Refused { .. } => "BERTH-K8S-019",
        }
    }

    /// What it is about.
    fn object(&self) -> String {
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
            Self::Unreachable { server, source_of_settings, .. } => {
                format!("the API server {server}, from {source_of_settings}")
            }
            Self::Unauthorized { source_of_settings, .. } => format!("the credentials from {source_of_settings}"),
            Self::NamespaceMissing { namespace } => format!("the namespace `{namespace}`, which does not exist"),
            Self::NamespaceTerminating { namespace } => format!("the namespace `{namespace}`, which is being deleted"),
            Self::Foreign { object } => format!("{object}, which exists and was not made by this resource"),
            Self::Held { object, .. } => format!(
                "{object}, which exists already: berth made it for another resource of this configuration, or for another state"
            ),
            Self::Forbidden { object, .. } | Self::NotFound { object, .. } => object.clone(),
            Self::Refused { object, refusal, .. } => format!("{object}, which {refusal} refuses"),
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
    fn said(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::BadSource { fault, .. } => Some(("The attempt to use it", fault)),
            Self::Unreachable { fault, .. } => Some(("The connection", fault)),
            Self::Unauthorized { words, .. }
            | Self::Forbidden { words, .. }
            | Self::Refused { words, .. }
            | Self::NotFound { words, .. }
            | Self::Conflict { words, .. }
            | Self::Invalid { words, .. }
            | Self::Other { words, .. } => Some(("The cluster", words)),
            Self::Stuck { log: Some(log), .. } => Some(("The container's log", log)),
            Self::Stuck { obstacle, .. } => Some(("The cluster", &obstacle.words)),
            Self::Stopped { last_seen, .. } => last_seen.as_deref().map(|seen| ("The cluster last", seen)),
            Self::NotConfigured(_)
            | Self::NamespaceMissing { .. }
            | Self::NamespaceTerminating { .. }
            | Self::Foreign { .. }
            | Self::Immutable { .. }
            | Self::Held { .. } => None,
        }
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
            Self::Unreachable { .. } => {
                "check that the cluster is up and reachable from this machine, then apply again"
            }
            Self::Unauthorized { .. } => "log in again, or correct the token, the certificate or the exec program",
            Self::Forbidden { verb, words, .. } => return grant_step(*verb, words),
            Self::Refused { refusal, .. } => refusal.remedy(),
            Self::NamespaceMissing { namespace } => {
                return format!(
                    "create the namespace `{namespace}` first, correct its name, or set `create_namespace = true` where the \
                     type has that"
                );
            }
            Self::NamespaceTerminating { .. } => "apply again when the namespace is gone or made anew",
            Self::NotFound { .. } => "create it first, or correct its name",
            Self::Foreign { .. } => "import it, remove it, or choose another name; it was left as it is",
            Self::Held { lead, .. } => return release_step(lead),
            Self::Immutable { object } => {
                return format!("remove it with `kubectl {}` and apply again: it is made anew", removal(object));
            }
            Self::Conflict { .. } => {
                "apply again; if it stays, let one of the two manage these fields: remove them here, or make the other give \
                 them up"
            }
            Self::Invalid { .. } => "correct the value that the cluster names",
            Self::Stuck { obstacle, .. } => {
                return format!("{}, then apply again; what was made stays as it is", obstacle.kind.remedy());
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
            | Self::Unauthorized { source_of_settings, .. } => source_of_settings.attribute(),
            _ => None,
        }
    }
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

/// `delete secret NAME --namespace NAMESPACE`
fn removal(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_ref().map(|namespace| format!(" --namespace {namespace}")).unwrap_or_default();
    format!("delete {} {}{namespace}", object.kind.to_ascii_lowercase(), object.name)
}

/// The ways to an object that another resource holds.
fn release_step(lead: &ObjectRef) -> String {
    let namespace = lead.namespace.as_deref().unwrap_or_default();
    let (kind, name) = (lead.kind.to_ascii_lowercase(), &lead.name);
    format!(
        "if the resource was renamed, say so in a `moved` block; if it is being replaced with create_before_destroy (its own, or \
         that of a resource which depends on it), take that away: two objects cannot have one name; if another one holds it, \
         choose another name or remove that one; if no state knows it (a run was killed), import it, or set it free with `kubectl annotate {kind} {name} \
         --namespace {namespace} berth/owner-` and apply again. It was left as it is"
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
