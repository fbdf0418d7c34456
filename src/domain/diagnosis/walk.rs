//! One walk through a snapshot: what it notes, and how it ends.
#![expect(clippy::needless_pass_by_value, reason = "objects and texts are named alike where they are noted")]

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::report::{Evidence, Finding, Health, Link, LinkState, Report, Severity};
use super::snapshot::{Seen, Snapshot, text};

/// The group and version of cert-manager's own kinds.
pub const CERT_MANAGER: &str = "cert-manager.io/v1";

/// What is noted on the way.
pub struct Walk<'a> {
    /// What was seen.
    pub seen: &'a Snapshot,
    subject: String,
    findings: Vec<Finding>,
    chain: Vec<Link>,
    unread: Vec<String>,
}

impl<'a> Walk<'a> {
    pub fn new(seen: &'a Snapshot, subject: impl ToString) -> Self {
        Self { seen, subject: subject.to_string(), findings: Vec::new(), chain: Vec::new(), unread: Vec::new() }
    }

    /// Looks up what is to be diagnosed.
    ///
    /// # Errors
    /// How it is, as far as that can be told without it.
    pub fn subject(&mut self, object: &ObjectRef) -> Result<&'a Value, Health> {
        match self.get(object) {
            Seen::Found(found) => Ok(found),
            Seen::Absent => {
                self.link(0, object, LinkState::Absent, "");
                self.fails(Cause::ObjectMissing, object, vec![evidence(object, "metadata.name", "not found")], "");
                Err(Health::Failing)
            }
            Seen::Unread(_) | Seen::NotAsked => {
                self.link(0, object, LinkState::Unknown, "");
                Err(Health::Unknown)
            }
        }
    }

    /// Looks an object up; what could not be read is noted.
    pub fn get(&mut self, object: &ObjectRef) -> Seen<'a> {
        let seen = self.seen.get(object);
        if let Seen::Unread(why) = seen {
            self.unread(&format!("{object}: {why}"));
        }
        seen
    }

    /// Notes what could not be read.
    pub fn unread(&mut self, what: &str) {
        if !self.unread.iter().any(|it| it == what) {
            self.unread.push(what.to_owned());
        }
    }

    /// Notes an object on the way.
    pub fn link(&mut self, depth: usize, object: impl ToString, state: LinkState, words: impl Into<String>) {
        self.chain.push(Link { depth, object: object.to_string(), state, words: words.into() });
    }

    /// Notes a cause that keeps the subject from working.
    pub fn fails(&mut self, cause: Cause, subject: impl ToString, evidence: Vec<Evidence>, remedy: impl Into<String>) {
        self.finds(Severity::Failure, cause, subject, evidence, remedy);
    }

    /// Notes a cause.
    pub fn finds(
        &mut self,
        severity: Severity,
        cause: Cause,
        subject: impl ToString,
        evidence: Vec<Evidence>,
        remedy: impl Into<String>,
    ) {
        let remedy = remedy.into();
        let remedy = if remedy.is_empty() { cause.remedy().to_owned() } else { sentence(&remedy) };
        self.findings.push(Finding { cause, severity, subject: subject.to_string(), evidence, remedy });
    }

    /// Whether any cause of that weight was found.
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity == severity)
    }

    /// How much was found so far: a mark to tell what is found from here on.
    pub fn mark(&self) -> usize {
        self.findings.len()
    }

    /// What was found since.
    pub fn since(&self, mark: usize) -> &[Finding] {
        self.findings.get(mark..).unwrap_or_default()
    }

    /// Whether a cause that keeps the subject from working was found since.
    pub fn has_failed_since(&self, mark: usize) -> bool {
        self.since(mark).iter().any(|finding| finding.severity == Severity::Failure)
    }

    /// Whether a cause was found since.
    pub fn has_found_since(&self, mark: usize, cause: Cause) -> bool {
        self.since(mark).iter().any(|finding| finding.cause == cause)
    }

    /// Has all failures so far count as warnings: the subject works all the same.
    pub fn soften(&mut self) {
        for finding in &mut self.findings {
            finding.severity = finding.severity.max(Severity::Warning);
        }
    }

    /// Ends the walk. What could not be read is told whether the walk came by or not: it may have led elsewhere.
    pub fn report(self, health: Health) -> Report {
        let Self { seen, subject, findings, chain, mut unread } = self;
        unread.extend(seen.unread.iter().map(|(what, why)| format!("{what}: {why}")));
        unread.sort();
        unread.dedup();
        Report { subject, health, findings, chain, unread }.ranked()
    }

    /// Ends the walk of what does not work: by a cause, or with the confession that there is none to be seen.
    pub fn report_failing(mut self, is_young: bool) -> Report {
        if self.has(Severity::Failure) {
            return self.report(Health::Failing);
        }
        if self.has_found_since(0, Cause::Waiting) {
            return self.report(Health::Unknown);
        }
        let subject = self.subject.clone();
        if is_young {
            self.finds(Severity::Note, Cause::Waiting, subject, Vec::new(), "");
            return self.report(Health::Unknown);
        }
        let last = self.chain.iter().rev().find(|link| link.state != LinkState::Ok);
        let evidence = last.map(|link| evidence(&link.object, link.state.name(), &link.words)).into_iter().collect();
        self.fails(Cause::Unexplained, subject, evidence, "");
        self.report(Health::Failing)
    }
}

/// Something that was seen, without a time.
pub fn evidence(object: impl ToString, field: &str, text: impl ToString) -> Evidence {
    Evidence { object: object.to_string(), field: field.to_owned(), text: one_line(&text.to_string()), time: None }
}

impl Evidence {
    /// With the time at which it was written.
    #[must_use]
    pub fn at(self, time: Option<&str>) -> Self {
        Self { time: time.map(str::to_owned), ..self }
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Words in one line.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A condition of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub status: String,
    pub reason: String,
    pub message: String,
    pub time: Option<String>,
}

/// The condition of that type.
pub fn condition(object: &Value, kind: &str) -> Option<Condition> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let found = conditions.iter().find(|it| it.get("type").and_then(Value::as_str) == Some(kind))?;
    let field = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = found.get("lastTransitionTime").and_then(Value::as_str).map(str::to_owned);
    Some(Condition { status: field("status"), reason: field("reason"), message: field("message"), time })
}

impl Condition {
    /// As evidence.
    pub fn evidence(&self, object: impl ToString, kind: &str) -> Evidence {
        let words =
            if self.reason.is_empty() { self.message.clone() } else { format!("{}: {}", self.reason, self.message) };
        evidence(object, &format!("status.conditions[{kind}]"), words).at(self.time.as_deref())
    }

    /// Whether it holds.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

/// Who an object was made for: the owner of that kind.
pub fn owner_uid<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|it| it.get("kind").and_then(Value::as_str) == Some(kind))?;
    owner.get("uid")?.as_str()
}

/// An object's uid.
pub fn uid(object: &Value) -> Option<&str> {
    text(object, "/metadata/uid")
}

/// How many seconds ago an object was made; `None` if either time cannot be read.
pub fn age(seen: &Snapshot, object: &Value) -> Option<i64> {
    since(seen, text(object, "/metadata/creationTimestamp")?)
}

/// How many seconds ago a moment was.
pub fn since(seen: &Snapshot, moment: &str) -> Option<i64> {
    let (now, then): (jiff::Timestamp, jiff::Timestamp) = (seen.now.parse().ok()?, moment.parse().ok()?);
    Some(now.duration_since(then).as_secs())
}

/// An object's reference, or an empty one.
pub fn reference(object: &Value) -> ObjectRef {
    ObjectRef::of(object).unwrap_or_else(|| ObjectRef::of_cluster("", "object", ""))
}
