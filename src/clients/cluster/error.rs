//! What can go wrong with a cluster, by what the caller can do about it.

mod answer;
mod unquoted;
mod words;

use std::fmt;

use crate::clients::http::HttpError;
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

impl Verb {
    /// Whether a request that may have been done already can be sent again: reads, declarations, deletions, and writes that
    /// hold only for the version that was read.
    pub fn may_be_repeated(self) -> bool {
        match self {
            Self::Get | Self::List | Self::Patch | Self::Update | Self::Delete => true,
            Self::Create | Self::Watch => false,
        }
    }
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
    /// Something that has to be mended first is in the way: trust, a name, a proxy.
    #[error("there is no way to the cluster")]
    NoWay {
        /// The API server's address.
        server: String,
        /// Where the way to the cluster is described.
        source_of_settings: Source,
        /// What is in the way.
        error: HttpError,
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
    /// The API server does not serve this kind: its definition is missing, or has no such version.
    #[error("the cluster knows no {kind} of {api_version}")]
    KindUnknown {
        /// Group and version.
        api_version: String,
        /// The kind.
        kind: String,
    },
    /// An object that is on its way out does not go.
    #[error("{object} does not go")]
    Lingering {
        /// The object.
        object: ObjectRef,
        /// What holds it.
        finalizers: Vec<String>,
        /// Whether the time is over, or the user interrupted.
        stopped: Stopped,
        /// What it says of that itself.
        words: String,
    },
    /// An object does not work, and waiting does not mend it.
    #[error("{object} has failed")]
    Failed {
        /// The object.
        object: ObjectRef,
        /// Its own words.
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
        /// The first of the other managers, if the API server names them.
        manager: Option<String>,
        /// All of them.
        managers: Vec<String>,
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
        matches!(self, Self::NotConfigured(_) | Self::BadSource { .. } | Self::Unreachable { .. } | Self::NoWay { .. })
    }

    /// The API server's words about an object that it does not take.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Invalid { words, .. } | Self::Refused { words, .. } | Self::Other { words, .. } => Some(words),
            _ => None,
        }
    }

    /// Whether nobody answered at the API server's address.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NoWay { .. })
    }

    /// Whether the connection broke, or none could be made at this moment.
    pub fn is_broken_connection(&self) -> bool {
        self.is_silence() && self.is_passing()
    }

    /// Whether the same question may well be answered a moment later: a broken connection, a server that is overloaded or
    /// changes its leader. In a wait that is "not yet".
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Other { status: Some(429 | 500..), .. } => true,
            Self::NoWay { error, .. } => !error.is_permanent(),
            _ => false,
        }
    }

    /// Whether the API server may have done what it was asked, since only its answer is missing.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Unreachable { .. })
    }

    /// Whether only a wait failed, and what is waited for may well come: interrupted, out of time, no answer.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Lingering { .. }) || self.is_passing()
    }

    /// Whether what failed is the wait alone, so that what is waited for was made.
    pub fn is_of_a_wait(&self) -> bool {
        self.may_pass() || matches!(self, Self::Stuck { .. } | Self::Failed { .. })
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
        matches!(
            self,
            Self::Stopped { stopped: Stopped::Interrupted, .. } | Self::Lingering { stopped: Stopped::Interrupted, .. }
        )
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
            Self::Unreachable { .. } | Self::NoWay { .. } => "BERTH-K8S-003",
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
            Self::KindUnknown { .. } => "BERTH-K8S-080",
            Self::Failed { .. } => "BERTH-K8S-086",
            Self::Lingering { .. } => "BERTH-K8S-091",
        }
    }
}
