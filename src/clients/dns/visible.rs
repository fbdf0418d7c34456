//! Waiting until a record's values are to be seen on every server that the world may ask.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{RData, RecordType as WireType};

use crate::domain::dns::RecordType;
use crate::domain::dns::value::same_value;
use crate::retry::{Budget, Pace, Stopped};

use super::resolve::{Trouble, direct, lookup};
use super::{Check, Dns, DnsError};

/// The pauses between rounds of questions.
const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(5));
/// A server that was silent in this many rounds is not waited for, as long as another one answers.
const PATIENCE_ROUNDS: usize = 4;

/// What one server said about the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The server: its name, and its address when that is known.
    pub server: String,
    /// Its answer.
    pub answer: Answer,
}

/// An answer about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The values at the name.
    Values(Vec<String>),
    /// The name or the type does not exist there.
    Nothing,
    /// An error code, such as `Query Refused`.
    Refused(String),
    /// No answer.
    Silent(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => write!(f, "\"{}\"", values.join("\", \"")),
            Self::Nothing => f.write_str("no such record"),
            Self::Refused(code) => write!(f, "{code}"),
            Self::Silent(why) => write!(f, "no answer ({why})"),
        }
    }
}

impl Answer {
    pub(super) fn has(&self, wanted: &Wanted<'_>) -> bool {
        let Self::Values(seen) = self else { return false };
        wanted.values.iter().all(|value| seen.iter().any(|there| same_value(wanted.kind, there, value)))
    }
}

/// What is to be seen.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub name: &'a str,
    pub kind: RecordType,
    pub values: &'a [String],
}

/// A server with the addresses to try, and whether to ask it for recursion.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub name: String,
    addresses: Vec<SocketAddr>,
    recursion: bool,
}

impl Dns {
    /// Waits until all TXT values are to be seen at the name, on every server that [`Check`] tells to ask.
    pub async fn wait_for_txt(&self, name: &str, values: &[String], budget: &Budget) -> Result<(), DnsError> {
        self.wait_for(name, RecordType::Txt, values, budget).await
    }

    /// Waits until all values of a type (TXT as plain text) are to be seen at the name, on every server that
    /// [`Check`] tells to ask.
    pub async fn wait_for(
        &self,
        name: &str,
        kind: RecordType,
        values: &[String],
        budget: &Budget,
    ) -> Result<(), DnsError> {
        let wanted = Wanted { name, kind, values };
        let witnesses = match self.check() {
            Check::None => return Ok(()),
            Check::Authoritative => self.authoritative(name, budget).await?,
            Check::Recursive => self.recursive()?,
        };
        let mut answers = Vec::new();
        for (round, pause) in PACE.pauses().enumerate() {
            match budget.run(ask_all(&witnesses, &wanted)).await {
                Ok(heard) => answers = heard,
                Err(stopped) => return Err(not_visible(&wanted, answers, stopped)),
            }
            if are_content(&answers, &wanted, round) {
                return Ok(());
            }
            tracing::debug!(name, %kind, round, ?answers, "waiting for a record");
            if let Err(stopped) = budget.sleep(pause).await {
                return Err(not_visible(&wanted, answers, stopped));
            }
        }
        Err(not_visible(&wanted, answers, Stopped::Deadline))
    }

    pub(super) async fn authoritative(&self, name: &str, budget: &Budget) -> Result<Vec<Witness>, DnsError> {
        let zone = self.challenge_zone(name, budget).await?;
        let port = self.0.server_port;
        let witness = |server: &super::NameServer| Witness {
            name: server.name.clone(),
            addresses: server.addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect(),
            recursion: false,
        };
        Ok(zone.servers.iter().map(witness).collect())
    }

    pub(super) fn recursive(&self) -> Result<Vec<Witness>, DnsError> {
        let servers = self.0.recursive.servers()?;
        let witness = |address: SocketAddr| Witness {
            name: format!("resolver {}", address.ip()),
            addresses: vec![address],
            recursion: true,
        };
        Ok(servers.into_iter().map(witness).collect())
    }
}

fn not_visible(wanted: &Wanted<'_>, answers: Vec<ServerAnswer>, stopped: Stopped) -> DnsError {
    let (name, expected) = (wanted.name.to_owned(), wanted.values.to_vec());
    DnsError::NotVisible { name, kind: wanted.kind, expected, answers, stopped }
}

/// Whether the record counts as seen: every server that answers has it, at least one does, and the silent ones
/// had their time.
fn are_content(answers: &[ServerAnswer], wanted: &Wanted<'_>, round: usize) -> bool {
    let (silent, heard): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| matches!(answer.answer, Answer::Silent(_)));
    let all_have_it = !heard.is_empty() && heard.iter().all(|answer| answer.answer.has(wanted));
    all_have_it && (silent.is_empty() || round + 1 >= PATIENCE_ROUNDS)
}

async fn ask_all(witnesses: &[Witness], wanted: &Wanted<'_>) -> Vec<ServerAnswer> {
    futures_util::future::join_all(witnesses.iter().map(|witness| ask(witness, wanted))).await
}

/// Asks a server by its addresses in turn, until one answers.
pub(super) async fn ask(witness: &Witness, wanted: &Wanted<'_>) -> ServerAnswer {
    let mut last = Answer::Silent("it has no address".to_owned());
    for address in &witness.addresses {
        last = ask_address(*address, witness.recursion, wanted).await;
        if !matches!(last, Answer::Silent(_)) {
            return ServerAnswer { server: format!("{} ({})", witness.name, address.ip()), answer: last };
        }
    }
    ServerAnswer { server: witness.name.clone(), answer: last }
}

async fn ask_address(address: SocketAddr, recursion: bool, wanted: &Wanted<'_>) -> Answer {
    let resolver = match direct(address, recursion) {
        Ok(resolver) => resolver,
        Err(error) => return Answer::Silent(error.to_string()),
    };
    let Ok(kind) = wanted.kind.as_str().parse::<WireType>() else {
        return Answer::Silent(format!("{} records cannot be asked for", wanted.kind));
    };
    match lookup(&resolver, wanted.name, kind).await {
        Ok(records) => Answer::Values(records.iter().map(value_of).collect()),
        Err(Trouble::Nothing(_)) => Answer::Nothing,
        Err(Trouble::Code(code)) => Answer::Refused(code),
        Err(Trouble::Silent(why)) => Answer::Silent(why),
    }
}

/// TXT as plain text, the rest as zone files have it.
pub(super) fn value_of(record: &RData) -> String {
    let RData::TXT(txt) = record else { return record.to_string() };
    let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(answer: Answer) -> ServerAnswer {
        ServerAnswer { server: "ns".to_owned(), answer }
    }

    #[test]
    fn a_record_counts_when_every_server_that_answers_has_every_value() {
        let expected = ["one".to_owned(), "two".to_owned()];
        let wanted = Wanted { name: "a.example", kind: RecordType::Txt, values: &expected };
        let both = || says(Answer::Values(vec!["two".to_owned(), "one".to_owned(), "old".to_owned()]));
        let half = || says(Answer::Values(vec!["one".to_owned()]));
        let silent = || says(Answer::Silent("timeout".to_owned()));
        let cases = [
            ("all have it", vec![both(), both()], 0, true),
            ("one has half", vec![both(), half()], 9, false),
            ("one has nothing", vec![both(), says(Answer::Nothing)], 9, false),
            ("one refuses", vec![both(), says(Answer::Refused("Refused".to_owned()))], 9, false),
            ("a silent one is waited for", vec![both(), silent()], 0, false),
            ("but not for ever", vec![both(), silent()], 3, true),
            ("silence alone never counts", vec![silent()], 99, false),
            ("nobody asked", vec![], 0, false),
        ];
        for (name, answers, round, expected_result) in cases {
            assert_eq!(are_content(&answers, &wanted, round), expected_result, "{name}");
        }
    }

    #[test]
    fn spelling_does_not_matter_to_what_is_seen() {
        let cases = [
            (RecordType::Cname, "Host.example", "host.example."),
            (RecordType::Aaaa, "2001:DB8::1", "2001:db8::1"),
            (RecordType::Mx, "10 mail.example", "10 mail.example."),
        ];
        for (kind, written, seen) in cases {
            let values = [written.to_owned()];
            let wanted = Wanted { name: "a.example", kind, values: &values };
            assert!(Answer::Values(vec![seen.to_owned()]).has(&wanted), "{kind}");
            assert!(!Answer::Values(vec!["192.0.2.1".to_owned()]).has(&wanted), "{kind}");
        }
    }

    #[test]
    fn the_message_names_what_each_server_answered() {
        let answers = vec![
            ServerAnswer { server: "ns1.example (192.0.2.1)".to_owned(), answer: Answer::Nothing },
            ServerAnswer { server: "ns2.example".to_owned(), answer: Answer::Values(vec!["old".to_owned()]) },
        ];
        let expected = ["new".to_owned()];
        let wanted = Wanted { name: "_acme-challenge.a.example", kind: RecordType::Txt, values: &expected };
        let error = not_visible(&wanted, answers, Stopped::Deadline);
        let told = error.explain("Cannot issue the certificate for `a.example`");
        assert_eq!(told.code(), "BERTH-DNS-006");
        let detail = told.detail();
        assert!(detail.contains("TXT _acme-challenge.a.example, expected \"new\""), "{detail}");
        assert!(detail.contains("ns1.example (192.0.2.1): no such record; ns2.example: \"old\""), "{detail}");
    }
}
