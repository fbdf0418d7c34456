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
                .next("check `dns.resolvers` and that this machine may ask them; in a network that lets no DNS out set `dns.check = \"recursive\"` with your own resolvers, or `\"none\"`"),
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
                .next(advice(answers)),
            Self::Stopped { doing, stopped } => Explanation::new("BERTH-DNS-007", what)
                .said("the provider", format!("{stopped} while {doing}"))
                .next("apply again"),
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

/// The next step, by what the servers answered.
fn advice(answers: &[ServerAnswer]) -> &'static str {
    let all = |test: fn(&Answer) -> bool| !answers.is_empty() && answers.iter().all(|answer| test(&answer.answer));
    if all(|answer| matches!(answer, Answer::Silent(_))) {
        "no server answered: this machine may not be allowed to ask port 53; set `dns.check = \"recursive\"` (or `\"none\"`) in the provider block. The record was removed again"
    } else if all(|answer| matches!(answer, Answer::Refused(_))) {
        "the servers refuse to speak for this name: the delegation in the parent zone points at servers that do not hold the zone. Compare the parent's NS records with the zone's own. The record was removed again"
    } else {
        "check that `dns01.zone_id` is the zone that the world sees (not a private twin of the same name), that the parent's NS records name its servers, and that nothing else removes the record. It was removed again; apply again after the repair"
    }
}
