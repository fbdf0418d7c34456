//! What a diagnosis says.

use serde::{Deserialize, Serialize};

use super::cause::Cause;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It keeps the subject from working.
    Failure,
    /// It does not yet, or not by itself.
    Warning,
    /// Something to know.
    Note,
}

impl Severity {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something that was seen, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The object, or the question to the world: `Challenge apps/web-1`, `DNS hub.example`.
    pub object: String,
    /// The field, or the part of the answer.
    pub field: String,
    /// What stood there.
    pub text: String,
    /// When it was written, if that is known, RFC 3339.
    pub time: Option<String>,
}

/// One cause, with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The cause.
    #[serde(serialize_with = "as_code")]
    pub cause: Cause,
    /// Its weight.
    pub severity: Severity,
    /// The object that it holds for.
    pub subject: String,
    /// What was seen, the most telling first.
    pub evidence: Vec<Evidence>,
    /// What can be done about it here.
    pub remedy: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_code<S: serde::Serializer>(cause: &Cause, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(cause.code())
}

/// How an object on the way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// As it should be.
    Ok,
    /// On its way.
    Waiting,
    /// In trouble.
    Failing,
    /// It does not exist.
    Absent,
    /// It could not be looked at.
    Unknown,
}

impl LinkState {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Failing => "failing",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

/// An object on the way from the subject to the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// How deep below the subject.
    pub depth: usize,
    /// The object.
    pub object: String,
    /// How it is.
    pub state: LinkState,
    /// What it says of itself.
    pub words: String,
}

/// Whether the subject works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It does.
    Healthy,
    /// It does not.
    Failing,
    /// It is on its way, or what would tell could not be read.
    Unknown,
}

impl Health {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        }
    }
}

/// The outcome of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was looked at.
    pub subject: String,
    /// Whether it works.
    pub health: Health,
    /// The causes, the one to begin with first.
    pub findings: Vec<Finding>,
    /// The objects on the way.
    pub chain: Vec<Link>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

impl Report {
    /// Ranks the findings: by weight, then by what must be mended first, which is the order of the causes. Each cause is told
    /// once for a subject.
    pub(super) fn ranked(mut self) -> Self {
        self.findings.sort_by_key(|finding| (finding.severity, finding.cause));
        let mut told = Vec::new();
        self.findings.retain(|finding| {
            let place = (finding.cause, finding.subject.clone());
            let is_new = !told.contains(&place);
            told.push(place);
            is_new
        });
        self
    }

    /// The finding to begin with.
    pub fn first(&self) -> Option<&Finding> {
        self.findings.first()
    }
}
