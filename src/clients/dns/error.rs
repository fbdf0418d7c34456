//! What can go wrong with names, by what one can do about it, and how it is told.

use std::fmt::Write as _;

use crate::domain::dns::RecordType;
use crate::explain::Explanation;
use crate::retry::Stopped;

use super::visible::{Answer, ServerAnswer};

/// A failure of name resolution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// A resolver's address that cannot be read.
    #[error("`{0}` is no resolver address")]
    Resolver(String),
    /// The system's resolver configuration cannot be read.
    #[error("the system's resolver configuration cannot be read: {0}")]
    System(String),
    /// The resolvers gave no answer.
    #[error("no answer about {name}: {why}")]
    NoAnswer {
        /// What was asked.
        name: String,
        /// Why.
        why: String,
    },
    /// No zone holds the name.
    #[error("no zone found for {0}")]
    NoZone(String),
    /// A CNAME chain that loops or is too long.
    #[error("the CNAME chain does not end: {}", .0.join(" → "))]
    CnameLoop(Vec<String>),
    /// The record was not seen on all servers in time.
    #[error("the {kind} record at {name} is not visible everywhere")]
    NotVisible {
        /// Where it should stand.
        name: String,
        /// Its type.
        kind: RecordType,
        /// The values it should have.
        expected: Vec<String>,
        /// What each server answered last.
        answers: Vec<ServerAnswer>,
        /// Time over, or interrupt.
        stopped: Stopped,
    },
    /// The time is over, or the user interrupted.
    #[error("{stopped} while {doing}")]
    Stopped {
        /// What was under way.
        doing: String,
        /// Time over, or interrupt.
        stopped: Stopped,
    },
}

impl DnsError {
    /// Tells the failure in four parts; `what` is the headline.
    pub fn explain(&self, what: impl Into<String>) -> Explanation {
        match self {
            Self::Resolver(text) => Explanation::new("BERTH-DNS-001", what)
                .on(format!("`{text}`"))
                .next("give each resolver as `ip` or `ip:port`, such as `9.9.9.9` or `[2620:fe::fe]:53`")
                .at("dns.resolvers"),
            Self::System(why) => Explanation::new("BERTH-DNS-002", what)
                .said("the system", why)
                .next("set `dns = { resolvers = [\"…\"] }` in the provider block"),
            Self::NoAnswer { name, why } => Explanation::new("BERTH-DNS-003", what)
                .on(name)
                .said("the resolvers", why)
                .next("check `dns.resolvers` and that this machine may ask them; in a network that lets no DNS out set `dns.check = \"recursive\"` with your own resolvers, or `\"none\"`; then apply again"),
            Self::NoZone(name) => Explanation::new("BERTH-DNS-004", what)
                .on(name)
                .said("the resolvers", "no name server is named for it or for any domain above it")
                .next("check the spelling, and that the zone is delegated from its parent; for a private zone set `dns.resolvers` to servers that know it"),
            Self::CnameLoop(chain) => Explanation::new("BERTH-DNS-005", what)
                .on(chain.join(" → "))
                .next("make the chain end at a name that has no CNAME, within eight steps"),
            Self::NotVisible { name, kind, expected, answers, stopped } => Explanation::new("BERTH-DNS-006", what)
                .on(format!("{kind} {name}, expected {}", quoted(expected)))
                .said(match stopped { Stopped::Deadline => "each server, when the time was over,", Stopped::Interrupted => "each server, when the run was interrupted," }, list(answers))
                .next(advice(answers, *stopped)),
            Self::Stopped { doing, stopped } => Explanation::new("BERTH-DNS-007", what)
                .said("the provider", format!("{stopped} while {doing}"))
                .next("apply again"),
        }
    }
}

impl DnsError {
    /// [`DnsError::explain`] for a record that stays, seen or not: it is not written for one order only.
    pub fn explain_record(&self, what: impl Into<String>) -> Explanation {
        match self {
            Self::NotVisible { answers, stopped, .. } => self.explain(what).next(advice_of_record(answers, *stopped)),
            _ => self.explain(what),
        }
    }

    /// [`DnsError::explain`] for challenge records that the user publishes: they are not ours, and were not removed.
    pub fn explain_published(&self, what: impl Into<String>) -> Explanation {
        match self {
            Self::NotVisible { answers, stopped, .. } => {
                self.explain(what).next(advice_of_published(answers, *stopped))
            }
            _ => self.explain(what),
        }
    }
}

fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(" and ")
}

fn list(answers: &[ServerAnswer]) -> String {
    let mut text = String::new();
    for (index, answer) in answers.iter().enumerate() {
        let gap = if index == 0 { "" } else { "; " };
        let _infallible = write!(text, "{gap}{}: {}", answer.server, answer.answer);
    }
    if text.is_empty() { "nothing was asked yet".to_owned() } else { text }
}

fn all(answers: &[ServerAnswer], test: fn(&Answer) -> bool) -> bool {
    !answers.is_empty() && answers.iter().all(|answer| test(&answer.answer))
}

/// The next step for a record that stays, by what the servers answered.
fn advice_of_record(answers: &[ServerAnswer], stopped: Stopped) -> &'static str {
    if stopped == Stopped::Interrupted {
        "nothing, if the servers show it by now; the record is written"
    } else if all(answers, |answer| matches!(answer, Answer::Silent(_))) {
        "no server answered: this machine may not be allowed to ask port 53; set `wait = \"insync\"`, or `dns.check = \"recursive\"` (or `\"none\"`) in the provider block. The record is written"
    } else if all(answers, |answer| matches!(answer, Answer::Refused(_))) {
        "the servers refuse to speak for this name: the delegation in the parent zone points at servers that do not hold the zone. Compare the parent's NS records with the zone's own. The record is written"
    } else {
        "check that the zone is the one that the world sees (not a private twin of the same name), and that the parent's NS records name its servers. The record is written"
    }
}

/// The next step for a challenge's record that the user publishes, by what the servers answered.
fn advice_of_published(answers: &[ServerAnswer], stopped: Stopped) -> &'static str {
    if stopped == Stopped::Interrupted {
        "apply again: the order is gone on with. The records are as you published them"
    } else if all(answers, |answer| matches!(answer, Answer::Silent(_))) {
        "no server answered: this machine may not be allowed to ask port 53; set `dns.check = \"recursive\"` (or `\"none\"`) in the provider block. The records are as you published them"
    } else {
        "publish all `txt_records` of the `berth_acme_order` where the world sees them, and let the certificate depend on the resource that does (`depends_on`); then apply again: the order is gone on with"
    }
}

/// The next step for a challenge's record, by what the servers answered.
fn advice(answers: &[ServerAnswer], stopped: Stopped) -> &'static str {
    if stopped == Stopped::Interrupted {
        "apply again: the order is gone on with. The record was removed again"
    } else if all(answers, |answer| matches!(answer, Answer::Silent(_))) {
        "no server answered: this machine may not be allowed to ask port 53; set `dns.check = \"recursive\"` (or `\"none\"`) in the provider block. The record was removed again"
    } else if all(answers, |answer| matches!(answer, Answer::Refused(_))) {
        "the servers refuse to speak for this name: the delegation in the parent zone points at servers that do not hold the zone. Compare the parent's NS records with the zone's own. The record was removed again"
    } else {
        "check that `dns01.zone_id` is the zone that the world sees (not a private twin of the same name), that the parent's NS records name its servers, and that nothing else removes the record. It was removed again; apply again after the repair"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unseen(stopped: Stopped, answer: Answer) -> DnsError {
        let answers = vec![ServerAnswer { server: "ns1.example".to_owned(), answer }];
        let (name, kind) = ("www.example".to_owned(), RecordType::A);
        DnsError::NotVisible { name, kind, expected: vec!["192.0.2.1".to_owned()], answers, stopped }
    }

    #[test]
    fn a_record_that_stays_is_not_said_to_be_removed_and_a_challenge_is() {
        for stopped in [Stopped::Deadline, Stopped::Interrupted] {
            for answer in [Answer::Silent("timeout".to_owned()), Answer::Refused("REFUSED".to_owned()), Answer::Nothing]
            {
                let error = unseen(stopped, answer);
                let (challenge, record) = (error.explain("x").detail(), error.explain_record("x").detail());
                assert!(challenge.contains("removed again"), "{challenge}");
                assert!(record.contains("is written") && !record.contains("removed"), "{record}");
                assert!(!record.contains("dns01"), "{record}");
                let published = error.explain_published("x").detail();
                assert!(!published.contains("removed") && !published.contains("dns01"), "{published}");
            }
        }
    }

    #[test]
    fn an_interrupted_wait_blames_no_delegation() {
        let told = unseen(Stopped::Interrupted, Answer::Nothing).explain("x").detail();
        assert!(told.contains("apply again") && !told.contains("zone"), "{told}");
    }
}
