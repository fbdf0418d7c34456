//! One look at the TXT values of a name, for the story of a failure: short, and as complete as time allows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use futures_util::future::join_all;

use crate::domain::dns::RecordType;
use crate::retry::Budget;

use super::visible::{Wanted, Witness, ask};
use super::zone::stopped_while;
use super::{Answer, Check, Dns, DnsError, ServerAnswer};

/// What was found at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The name, and the CNAMEs from it on.
    pub chain: Vec<String>,
    /// What each server says of TXT at the chain's end.
    pub answers: Vec<ServerAnswer>,
}

impl Dns {
    /// The addresses of a name, IPv4 first, as the resolvers know them; empty if it has none.
    pub async fn addresses(&self, name: &str, budget: &Budget) -> Result<Vec<IpAddr>, DnsError> {
        let asked = budget.run(self.0.recursive.addresses(name)).await;
        asked.map_err(|stopped| stopped_while("asking for the addresses of", name, stopped))?
    }

    /// Looks once at the TXT values of a name, as a CA does: along its CNAMEs, at each of the zone's own servers; or at the
    /// resolvers, if those are what [`Check`] tells to ask. Servers that are slower than the budget count as silent.
    pub async fn look_at_txt(&self, name: &str, budget: &Budget) -> Result<Look, DnsError> {
        let dns = match self.check() {
            // Who waits for nothing wants to know all the same why it failed.
            Check::None => &self.checking(Check::Authoritative),
            Check::Authoritative | Check::Recursive => self,
        };
        let chain = dns.chain_from(name.to_owned(), budget).await?;
        let end = chain.last().map_or(name, String::as_str);
        let witnesses = match dns.check() {
            Check::Recursive => dns.recursive()?,
            Check::Authoritative | Check::None => dns.authoritative(end, budget).await?,
        };
        let wanted = Wanted { name: end, kind: RecordType::Txt, values: &[] };
        let answers = join_all(witnesses.iter().map(|witness| in_time(witness, wanted, budget))).await;
        Ok(Look { chain, answers })
    }
}

async fn in_time(witness: &Witness, wanted: Wanted<'_>, budget: &Budget) -> ServerAnswer {
    let silent = |_| {
        let answer = Answer::Silent("not while we looked".to_owned());
        ServerAnswer { server: witness.name.clone(), answer }
    };
    budget.run(ask(witness, &wanted)).await.unwrap_or_else(silent)
}

impl Look {
    /// Whether any server answered at all.
    pub fn is_answered(&self) -> bool {
        self.answers.iter().any(|one| !matches!(one.answer, Answer::Silent(_)))
    }

    /// Whether a server that answered does not have all these values; silence says nothing.
    pub fn lacks(&self, expected: &[String]) -> bool {
        let wanted = Wanted { name: "", kind: RecordType::Txt, values: expected };
        let lacks = |one: &ServerAnswer| !matches!(one.answer, Answer::Silent(_)) && !one.answer.has(&wanted);
        self.answers.iter().any(lacks)
    }

    /// What was found, held against the values that should be there.
    pub fn tell(&self, expected: &[String]) -> String {
        let place = format!("TXT {}", self.chain.join(" → "));
        let wanted = Wanted { name: "", kind: RecordType::Txt, values: expected };
        let (right, wrong): (Vec<_>, Vec<_>) = self.answers.iter().partition(|one| one.answer.has(&wanted));
        let names =
            |answers: &[&ServerAnswer]| answers.iter().map(|one| one.server.as_str()).collect::<Vec<_>>().join(", ");
        if self.answers.is_empty() {
            return format!("{place}: its zone names no server");
        }
        if wrong.is_empty() {
            return format!("{place}: every server has what was expected ({})", names(&right));
        }
        let mut groups: BTreeMap<String, Vec<&ServerAnswer>> = BTreeMap::new();
        for one in wrong {
            groups.entry(one.answer.to_string()).or_default().push(one);
        }
        let mut parts: Vec<_> =
            groups.iter().map(|(answer, servers)| format!("{}: {answer}", names(servers))).collect();
        if !right.is_empty() {
            parts.push(format!("{}: as expected", names(&right)));
        }
        format!("{place}: expected \"{}\"; {}", expected.join("\", \""), parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(answers: Vec<(&str, Answer)>) -> Look {
        let answers = answers.into_iter().map(|(server, answer)| ServerAnswer { server: server.to_owned(), answer });
        let chain = vec!["_acme-challenge.a.example".to_owned(), "a.challenges.example".to_owned()];
        Look { chain, answers: answers.collect() }
    }

    #[test]
    fn servers_that_disagree_are_told_apart() {
        let values = |all: &[&str]| Answer::Values(all.iter().map(|one| (*one).to_owned()).collect());
        let told = look(vec![
            ("ns1", values(&["other", "new"])),
            ("ns2", Answer::Nothing),
            ("ns3", Answer::Nothing),
            ("ns4", values(&["old"])),
        ]);
        let told = told.tell(&["new".to_owned()]);
        let expected = "TXT _acme-challenge.a.example → a.challenges.example: expected \"new\"; ns4: \"old\"; \
                        ns2, ns3: no such record; ns1: as expected";
        assert_eq!(told, expected);
    }

    #[test]
    fn servers_that_agree_are_told_together() {
        let right = Answer::Values(vec!["new".to_owned()]);
        let told = look(vec![("ns1", right.clone()), ("ns2", right)]).tell(&["new".to_owned()]);
        assert!(told.ends_with(": every server has what was expected (ns1, ns2)"), "{told}");
        assert!(look(vec![]).tell(&[]).ends_with("its zone names no server"));
    }

    #[test]
    fn a_server_that_is_silent_lacks_nothing() {
        let expected = ["new".to_owned()];
        let (right, silent) =
            (Answer::Values(vec!["new".to_owned()]), Answer::Silent("not while we looked".to_owned()));
        for (answers, is_answered, lacks) in [
            (vec![("ns1", right.clone()), ("ns2", silent.clone())], true, false),
            (vec![("ns1", right.clone()), ("ns2", Answer::Nothing)], true, true),
            (vec![("ns1", right), ("ns2", Answer::Refused("Query Refused".to_owned()))], true, true),
            (vec![("ns1", silent)], false, false),
            (vec![], false, false),
        ] {
            let look = look(answers);
            assert_eq!((look.is_answered(), look.lacks(&expected)), (is_answered, lacks), "{look:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_answers_costs_no_more_than_the_budget_and_an_interrupt_ends_the_look_at_once() {
        use std::time::Duration;
        use tokio_util::sync::CancellationToken;

        // It takes questions in and answers none.
        let mute = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = mute.local_addr().unwrap();
        let settings = super::super::DnsSettings { resolvers: vec![address], check: Check::Authoritative };
        let dns = Dns::with_server_port(settings, address.port());
        let started = std::time::Instant::now();
        let short = Budget::uninterrupted(Duration::from_millis(200));
        assert!(dns.look_at_txt("_acme-challenge.a.example", &short).await.is_err());
        let stop = CancellationToken::new();
        stop.cancel();
        let interrupted = Budget::new(Duration::from_mins(1), stop);
        assert!(dns.look_at_txt("_acme-challenge.a.example", &interrupted).await.is_err());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}
