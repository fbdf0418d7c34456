//! Questions to the world outside: DNS, addresses of challenges, directories of CAs.

use std::net::IpAddr;

use futures_util::future::join_all;
use serde_json::Value;

use crate::clients::dns::{Dns, DnsError};
use crate::clients::http::Network;
use crate::clients::http::visit::visit;
use crate::domain::diagnosis::{Answer, CaaAnswer, Directory, NameAnswer, Snapshot, TxtAnswer, Visited};
use crate::explain::chain;
use crate::retry::Budget;

use super::{Gathering, short};

/// How much of what should be a directory is read, in bytes: they have less than 2000.
const MOST_OF_DIRECTORY: usize = 64 * 1024;

/// One question.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// Which addresses a name has.
    Name(String),
    /// Which CAA records decide for it.
    Caa(String),
    /// What is there at the address of an http-01 challenge.
    Visit(VisitQuestion),
    /// What the zone's servers have at the name of a dns-01 challenge.
    Txt(TxtQuestion),
    /// What a CA says of itself.
    Directory(DirectoryQuestion),
}

/// An http-01 challenge.
#[derive(Clone, Debug)]
pub(super) struct VisitQuestion {
    /// The name.
    pub host: String,
    /// Where the answer should be.
    pub url: String,
    /// What it should be.
    pub expected: String,
}

/// A dns-01 challenge.
#[derive(Clone, Debug)]
pub(super) struct TxtQuestion {
    /// The domain, without `_acme-challenge`.
    pub domain: String,
    /// What should be there.
    pub value: String,
}

/// A CA.
#[derive(Clone, Debug)]
pub(super) struct DirectoryQuestion {
    /// Its directory.
    pub url: String,
    /// The roots to trust for it.
    pub ca_pem: Option<String>,
}

impl Gathering<'_> {
    /// Asks all questions side by side.
    pub async fn answers(&self, questions: Vec<Question>) -> Snapshot {
        let (dns, network, budget) = (self.world.dns, self.world.network, short(self.budget));
        let asked = join_all(questions.into_iter().map(|question| answer(dns, network, &budget, question))).await;
        let mut all = Snapshot::default();
        for answer in asked {
            all.merge(answer);
        }
        all
    }
}

async fn answer(dns: &Dns, network: &Network, budget: &Budget, question: Question) -> Snapshot {
    let mut seen = Snapshot::default();
    match question {
        Question::Name(name) => {
            let told = name_answer(dns, &name, budget).await;
            seen.names.insert(name, told);
        }
        Question::Caa(domain) => {
            let told = caa_answer(dns, &domain, budget).await;
            seen.caa.insert(domain, told);
        }
        Question::Visit(question) => {
            let told = visited(dns, &question, budget).await;
            seen.visits.insert(question.url, told);
        }
        Question::Txt(question) => {
            let told = txt_answer(dns, &question, budget).await;
            seen.txt.insert(question.domain, told);
        }
        Question::Directory(question) => {
            let told = directory(network, &question, budget).await;
            seen.directories.insert(question.url, told);
        }
    }
    seen
}

/// The addresses of a name, at its zone's servers and as this machine resolves it.
pub(super) async fn name_answer(dns: &Dns, name: &str, budget: &Budget) -> Answer<NameAnswer> {
    if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        let addresses = vec![address.to_string()];
        return Answer::Told(NameAnswer { own: addresses.clone(), resolved: addresses });
    }
    let (own, resolved) = futures_util::join!(dns.own_addresses(name, budget), dns.addresses(name, budget));
    let texts = |found: &[IpAddr]| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    let resolved = resolved.map(|it| texts(&it)).unwrap_or_default();
    match own {
        Ok(own) => Answer::Told(NameAnswer { own: texts(&own), resolved }),
        Err(DnsError::NoZone(_)) => Answer::Told(NameAnswer { own: Vec::new(), resolved }),
        Err(_) if !resolved.is_empty() => Answer::Told(NameAnswer { own: resolved.clone(), resolved }),
        Err(error) => Answer::Failed(error.to_string()),
    }
}

async fn caa_answer(dns: &Dns, domain: &str, budget: &Budget) -> Answer<CaaAnswer> {
    match dns.caa(domain, budget).await {
        Ok(None) => Answer::Told(CaaAnswer::default()),
        Ok(Some(set)) => {
            let records = set.records.into_iter().map(|it| (it.flags, it.tag, it.value)).collect();
            Answer::Told(CaaAnswer { at: set.at, records })
        }
        Err(error) => Answer::Failed(error.to_string()),
    }
}

async fn visited(dns: &Dns, question: &VisitQuestion, budget: &Budget) -> Visited {
    let addresses = dns.addresses(&question.host, budget).await.unwrap_or_default();
    if addresses.is_empty() {
        return Visited { is_right: false, is_answered: false, words: "the name has no address".to_owned() };
    }
    let visit = visit(&question.url, &addresses, budget).await;
    // The key is no secret: it is published there. But it helps nobody to read it.
    let words = visit.tell(&question.expected).replace(&question.expected, "KEY");
    Visited { is_right: visit.found(&question.expected), is_answered: visit.is_answered(), words }
}

async fn txt_answer(dns: &Dns, question: &TxtQuestion, budget: &Budget) -> Answer<TxtAnswer> {
    let name = crate::clients::dns::challenge_name(&question.domain);
    match dns.look_at_txt(&name, budget).await {
        Ok(look) => {
            let expected = std::slice::from_ref(&question.value);
            let words = look.tell(expected);
            if look.is_answered() {
                Answer::Told(TxtAnswer { is_right: !look.lacks(expected), words })
            } else {
                Answer::Failed(words)
            }
        }
        Err(error) => Answer::Failed(error.to_string()),
    }
}

async fn directory(network: &Network, question: &DirectoryQuestion, budget: &Budget) -> Answer<Directory> {
    match budget.run(fetched(network, question)).await {
        Ok(Ok(told)) => Answer::Told(told),
        Ok(Err(why)) => Answer::Failed(why),
        Err(stopped) => Answer::Failed(format!("no answer: {stopped}")),
    }
}

async fn fetched(network: &Network, question: &DirectoryQuestion) -> Result<Directory, String> {
    let client = network.https(question.ca_pem.as_deref()).map_err(|error| error.to_string())?;
    let answer = match client.get(&question.url).send().await {
        Ok(answer) => answer,
        Err(error) => return Err(network.fault(&error).await.to_string()),
    };
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let body = bounded(answer, MOST_OF_DIRECTORY).await.map_err(|why| format!("no ACME directory: {why}"))?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| format!("no ACME directory: {error}"))?;
    if body.get("newOrder").is_none() {
        return Err("no ACME directory: it has no `newOrder`".to_owned());
    }
    let identities = body.pointer("/meta/caaIdentities").and_then(Value::as_array).into_iter().flatten();
    Ok(Directory {
        caa_identities: identities.filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        external_account_required: body.pointer("/meta/externalAccountRequired").and_then(Value::as_bool) == Some(true),
    })
}

/// The body of an answer, if it has no more than so many bytes: whoever answers may send without end.
async fn bounded(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| chain(&error))? {
        body.extend_from_slice(&part);
        if body.len() > most {
            return Err(format!("the answer has more than {most} bytes"));
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> reqwest::Response {
        http::Response::new(body.to_owned()).into()
    }

    #[tokio::test]
    async fn no_more_of_an_answer_is_read_than_its_bound() {
        assert_eq!(bounded(answer("12345"), 5).await.unwrap(), b"12345");
        assert_eq!(bounded(answer("123456"), 5).await.unwrap_err(), "the answer has more than 5 bytes");
    }
}
