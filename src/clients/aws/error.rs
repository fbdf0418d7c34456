//! What can go wrong at AWS, sorted by what a caller can do about it.

mod silence;
mod sort;

use std::time::Duration;

use super::login::Lack;
use crate::explain::Explanation;
use crate::retry::Stopped;
pub use silence::Silence;
pub(super) use sort::failure;

/// The step where what stands in the way may be the object that is being replaced: it is in this state, and no import helps.
pub const OF_A_REPLACEMENT: &str = "if it is being replaced with create_before_destroy (its own, or that of a resource \
                                    which depends on it), take that away";

/// Why AWS did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AwsError {
    /// Something of this name is there already: import it, or choose another name.
    #[error("{0}")]
    AlreadyExists(Box<Reply>),
    /// The object is not there.
    #[error("{0}")]
    NotFound(Box<Reply>),
    /// A permission is missing: grant `action`.
    #[error("{reply}")]
    AccessDenied {
        /// The permission, such as `iam:CreateRole`.
        action: String,
        /// What AWS said.
        reply: Box<Reply>,
    },
    /// Too many requests: wait.
    #[error("{0}")]
    Throttled(Box<Reply>),
    /// The server failed, or the object is being changed: try again.
    #[error("{0}")]
    Busy(Box<Reply>),
    /// The request is wrong: change it.
    #[error("{0}")]
    Invalid(Box<Reply>),
    /// A quota is used up.
    #[error("{0}")]
    Limit(Box<Reply>),
    /// Something else still uses the object.
    #[error("{0}")]
    Conflict(Box<Reply>),
    /// There are no credentials, or AWS does not take them.
    #[error("no usable credentials: {0}")]
    Credentials(Lack),
    /// No answer.
    #[error("{0}")]
    Unreachable(Box<Silence>),
    /// The caller's time was over, or the user interrupted.
    #[error("{why}")]
    Stopped {
        /// Which of the two.
        why: Stopped,
        /// What the last attempt met.
        last: Option<Box<Self>>,
    },
    /// Anything else.
    #[error("{0}")]
    Other(Box<Reply>),
}

/// An answer of AWS that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} refused {operation}: {message} ({code})")]
pub struct Reply {
    /// The service, such as `iam`.
    pub service: &'static str,
    /// The operation, such as `CreateRole`.
    pub operation: &'static str,
    /// AWS's code, such as `EntityAlreadyExists`.
    pub code: String,
    /// AWS's words.
    pub message: String,
    /// What AWS's support asks for.
    pub request_id: Option<String>,
    /// The HTTP status; 0 when there was none.
    pub status: u16,
    /// Earlier attempts at the same call whose answer was lost: they may have taken effect.
    pub lost_answers: u32,
    /// How often the same was asked, if more than once because it might have passed.
    pub repeats: Option<Repeats>,
}

/// Requests that were all answered the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    /// How many there were.
    pub times: u32,
    /// From the first to the last.
    pub over: Duration,
}

impl Reply {
    /// An answer that we cannot use, in our words.
    pub(super) fn ours(service: &'static str, operation: &'static str, message: &str) -> Box<Self> {
        let (code, message) = ("Unusable".to_owned(), message.to_owned());
        Box::new(Self {
            service,
            operation,
            code,
            message,
            request_id: None,
            status: 0,
            lost_answers: 0,
            repeats: None,
        })
    }

    fn quoted(&self) -> String {
        let id = self.request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        let repeats = self.repeats.map(|Repeats { times, over }| {
            format!(", and the same to all {times} requests in {:.1} s", over.as_secs_f64())
        });
        format!("{} ({}{id}){}", self.message, self.code, repeats.unwrap_or_default())
    }

    fn who(&self) -> String {
        format!("AWS ({}:{})", self.service, self.operation)
    }
}

/// What helps against an error, without the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// Fewer requests.
    SlowDown,
    /// The same again.
    TryAgain,
    /// Nothing.
    None,
}

/// The variants that hold an answer of AWS.
macro_rules! with_reply {
    ($reply:ident) => {
        Self::AlreadyExists($reply)
            | Self::NotFound($reply)
            | Self::AccessDenied { reply: $reply, .. }
            | Self::Throttled($reply)
            | Self::Busy($reply)
            | Self::Invalid($reply)
            | Self::Limit($reply)
            | Self::Conflict($reply)
            | Self::Other($reply)
    };
}

impl AwsError {
    pub(super) fn cure(&self) -> Cure {
        match self {
            Self::Throttled(_) => Cure::SlowDown,
            Self::Busy(_) => Cure::TryAgain,
            Self::Unreachable(silence) if !silence.is_permanent() => Cure::TryAgain,
            _ => Cure::None,
        }
    }

    pub(super) fn after_lost_answers(mut self, lost: u32) -> Self {
        if let Some(reply) = self.reply_mut() {
            reply.lost_answers += lost;
        }
        self
    }

    /// Whether an object that "already exists" (or is "already gone") may be the effect of an earlier attempt of
    /// the same call, whose answer was lost.
    pub fn may_be_our_own(&self) -> bool {
        self.reply().is_some_and(|reply| reply.lost_answers > 0)
    }

    /// Whether AWS did not answer, or not yet, rather than refuse: the same may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Busy(_) | Self::Unreachable(_) | Self::Stopped { .. })
    }

    /// Tells how often and how long the same was asked, where that was more than once.
    pub(super) fn after_repeats(mut self, times: u32, over: Duration) -> Self {
        if let Some(reply) = self.reply_mut() {
            reply.repeats = Some(Repeats { times, over }).filter(|_| times > 1);
        }
        self
    }

    /// What AWS said, if it said something.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            with_reply!(reply) => Some(reply),
            Self::Stopped { last, .. } => last.as_ref().and_then(|last| last.reply()),
            Self::Credentials(_) | Self::Unreachable(_) => None,
        }
    }

    fn reply_mut(&mut self) -> Option<&mut Reply> {
        match self {
            with_reply!(reply) => Some(reply),
            Self::Stopped { .. } | Self::Credentials(_) | Self::Unreachable(_) => None,
        }
    }

    /// Whether AWS's code is this one.
    pub fn has_code(&self, code: &str) -> bool {
        self.reply().is_some_and(|reply| reply.code == code)
    }

    /// The stable code of the message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credentials(_) => "BERTH-AWS-001",
            Self::AccessDenied { .. } => "BERTH-AWS-002",
            Self::Throttled(_) => "BERTH-AWS-003",
            Self::Unreachable(_) => "BERTH-AWS-004",
            Self::AlreadyExists(_) => "BERTH-AWS-005",
            Self::NotFound(_) => "BERTH-AWS-006",
            Self::Invalid(_) => "BERTH-AWS-007",
            Self::Limit(_) => "BERTH-AWS-008",
            Self::Conflict(_) => "BERTH-AWS-009",
            Self::Stopped { .. } => "BERTH-AWS-010",
            Self::Busy(_) => "BERTH-AWS-011",
            Self::Other(_) => "BERTH-AWS-012",
        }
    }

    /// The message in four parts: `what` failed (`Cannot create the role "x"`), on which `object`.
    pub fn explain(&self, what: impl Into<String>, object: &str) -> Explanation {
        let explanation = Explanation::new(self.code(), what).on(object).next(self.next_step());
        match self {
            Self::Credentials(lack) => explanation.said("The search for AWS credentials", &lack.cause),
            Self::Unreachable(silence) => explanation.said(silence.who(), silence.cause()).unanswered(),
            Self::Stopped { last: Some(last), .. } => match (last.reply(), last.as_ref()) {
                (Some(reply), _) => explanation.said(format!("{}, at the last attempt,", reply.who()), reply.quoted()),
                (None, last) => explanation.said("The last attempt", last.to_string()),
            },
            _ => match self.reply() {
                Some(reply) => explanation.said(reply.who(), reply.quoted()),
                None => explanation,
            },
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::AlreadyExists(_) => "import the existing object, or choose another name",
            Self::NotFound(_) => "check the name or id; if the object was removed, apply again to make it anew",
            Self::AccessDenied { action, .. } => return grant(action, None),
            Self::Throttled(_) => "apply again later; fewer requests at once help (terraform's -parallelism)",
            Self::Busy(_) => "apply again; AWS's health page tells of known disturbances",
            Self::Invalid(_) => "change the value that AWS names and apply again",
            Self::Limit(_) => "remove what is no longer needed, or ask AWS to raise the quota",
            Self::Conflict(_) => "remove what still uses the object and apply again",
            Self::Credentials(lack) => return lack.next.clone(),
            Self::Unreachable(silence) => return silence.next_step(),
            Self::Stopped { why: Stopped::Deadline, .. } => {
                "give the operation more time in `timeouts`, and apply again"
            }
            Self::Stopped { why: Stopped::Interrupted, .. } => "apply again to go on from here",
            Self::Other(_) => "see AWS's documentation of the code, and apply again",
        }
        .to_owned()
    }
}

/// Absence as an answer, not an error.
pub(super) fn present<T>(result: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match result {
        Err(AwsError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Removing what is gone is success.
pub(super) fn absent<T>(result: Result<T, AwsError>) -> Result<(), AwsError> {
    present(result).map(|_| ())
}

/// The advice to grant a permission.
pub(super) fn grant(action: &str, identity: Option<&str>) -> String {
    let who = identity.unwrap_or("the identity that runs the provider");
    format!(
        "grant `{action}` to {who} (its policies, permissions boundary and service control policies), and apply again"
    )
}

#[cfg(test)]
mod tests {
    use super::sort::sort;
    use super::*;

    fn reply(code: &str, status: u16) -> Reply {
        Reply { code: code.into(), status, ..*Reply::ours("iam", "CreateRole", "User: arn:x is not authorized") }
    }

    #[test]
    fn sorts_codes_by_what_can_be_done() {
        assert!(matches!(sort(Box::new(reply("EntityAlreadyExists", 409))), AwsError::AlreadyExists(_)));
        assert_eq!(sort(Box::new(reply("PriorRequestNotComplete", 400))).cure(), Cure::SlowDown);
        assert_eq!(sort(Box::new(reply("HTTP 503", 503))).cure(), Cure::TryAgain);
        assert_eq!(sort(Box::new(reply("Whatever", 400))).cure(), Cure::None);
        assert!(matches!(sort(Box::new(reply("ExpiredToken", 403))), AwsError::Credentials(_)));
    }

    #[test]
    fn a_missing_permission_is_named() {
        let mut denied = reply("AccessDenied", 403);
        denied.request_id = Some("r-1".into());
        let text = sort(Box::new(denied)).explain("Cannot create the role `x`", "role x").to_string();
        assert_eq!(
            text,
            "Cannot create the role `x`\n\nObject: role x\n\n\
             AWS (iam:CreateRole) said: User: arn:x is not authorized (AccessDenied, request r-1)\n\n\
             Next: grant `iam:CreateRole` to the identity that runs the provider (its policies, permissions boundary and \
             service control policies), and apply again\n\nCode: BERTH-AWS-002"
        );
    }

    #[test]
    fn a_stop_tells_the_last_thing_seen() {
        let last = AwsError::Throttled(Box::new(reply("Throttling", 400)));
        let stopped = AwsError::Stopped { why: Stopped::Deadline, last: Some(Box::new(last)) };
        let text = stopped.explain("Cannot read", "role x").detail();
        assert!(text.contains("at the last attempt, said: User: arn:x") && text.contains("BERTH-AWS-010"), "{text}");
    }
}
