//! A visit to an address of the web as a CA pays it (RFC 8555 §8.3): plain HTTP, redirects followed, all of it told.

use std::net::{IpAddr, SocketAddr};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use crate::retry::{Budget, Stopped};

use super::AGENT;
use super::fault;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 4;
/// How much of an answer is read: a key authorization has less than 150 bytes.
const MAX_BODY: usize = 1024;
/// How much of an answer that is not the expected one is shown, in characters.
const SHOWN: usize = 120;

/// What a visit met with, from the first address to where the redirects ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    steps: Vec<Step>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    url: String,
    /// Who answered, or who was asked.
    address: String,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Answer { status: u16, body: String },
    Redirect { status: u16, to: String },
    Failed(String),
}

impl Outcome {
    fn is_file(&self, expected: &str) -> bool {
        matches!(self, Self::Answer { status: 200, body } if body.trim_end() == expected)
    }
}

/// Fetches a URL from these addresses of its host; those of other hosts, to which redirects lead, are this machine's to find.
/// No proxy is used, as the CA uses none. Certificates behind redirects are not looked at, as CAs do not.
pub async fn visit(url: &str, addresses: &[IpAddr], budget: &Budget) -> Visit {
    let mut visit = Visit::default();
    let mut next = Some(url.to_owned());
    while let Some(url) = next.take() {
        let (address, outcome) = match budget.run(request(&url, addresses)).await {
            Ok(told) => told,
            Err(Stopped::Deadline) => (listed(addresses), Outcome::Failed("no answer while we looked".to_owned())),
            Err(Stopped::Interrupted) => (listed(addresses), Outcome::Failed("interrupted".to_owned())),
        };
        if let Outcome::Redirect { to, .. } = &outcome
            && visit.steps.len() < MAX_REDIRECTS
        {
            next = Some(to.clone());
        }
        visit.steps.push(Step { url, address, outcome });
    }
    visit
}

async fn request(url: &str, addresses: &[IpAddr]) -> (String, Outcome) {
    let failed = |error: &reqwest::Error| (listed(addresses), Outcome::Failed(fault(error, None, None).to_string()));
    let Ok(place) = Url::parse(url) else {
        return (String::new(), Outcome::Failed("this is no URL".to_owned()));
    };
    let host = place.host_str().unwrap_or_default().to_owned();
    let targets: Vec<_> = addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
    let client = Client::builder()
        .user_agent(AGENT)
        .no_proxy()
        .redirect(Policy::none())
        .tls_danger_accept_invalid_certs(true)
        .resolve_to_addrs(&host, &targets)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return failed(&error),
    };
    match client.get(place.clone()).send().await {
        Ok(response) => {
            let address = response.remote_addr().map_or_else(|| listed(addresses), |address| address.ip().to_string());
            (address, answered(&place, response).await)
        }
        Err(error) => failed(&error),
    }
}

async fn answered(place: &Url, mut response: Response) -> Outcome {
    let status = response.status();
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    if let Some(to) = location.filter(|_| status.is_redirection()) {
        let to = place.join(to).map_or_else(|_| to.to_owned(), |url| url.to_string());
        return Outcome::Redirect { status: status.as_u16(), to };
    }
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() >= MAX_BODY {
            body.truncate(MAX_BODY);
            break;
        }
    }
    Outcome::Answer { status: status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() }
}

fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Visit {
    /// Whether the expected file was met with in the end. RFC 8555 §8.3: blanks at the end do not matter.
    pub fn found(&self, expected: &str) -> bool {
        self.steps.last().is_some_and(|step| step.outcome.is_file(expected))
    }

    /// Whether anybody answered in the end.
    pub fn is_answered(&self) -> bool {
        self.steps.last().is_some_and(|step| !matches!(step.outcome, Outcome::Failed(_)))
    }

    /// What was met with, held against what the file should hold.
    pub fn tell(&self, expected: &str) -> String {
        let told = self.steps.iter().enumerate().map(|(index, step)| {
            let words = match &step.outcome {
                Outcome::Failed(why) => format!("{}: {why}", step.address),
                Outcome::Redirect { status, to } => format!("{} answers {status}, a redirect to {to}", step.address),
                outcome if outcome.is_file(expected) => {
                    format!("{} answers 200 with what was expected", step.address)
                }
                Outcome::Answer { status, body } => {
                    format!("{} answers {status} with {}, not \"{expected}\"", step.address, beginning(body))
                }
            };
            if index == 0 { words } else { format!("{} at {words}", step.url) }
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// The first characters of an answer, in one line that a terminal can show.
fn beginning(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "nothing".to_owned();
    }
    let shown: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    let more = if line.chars().count() > SHOWN { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives these answers in turn and then none; the URL of a file at it.
    async fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://a.example:{}/file", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut part = [0; 4096];
                let _read = stream.read(&mut part).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
            drop(listener);
        });
        url
    }

    fn answer(head: &str, body: &str) -> String {
        format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    async fn told(answers: Vec<String>) -> String {
        let url = server(answers).await;
        let budget = Budget::uninterrupted(Duration::from_secs(2));
        visit(&url, &["127.0.0.1".parse().unwrap()], &budget).await.tell("token.print")
    }

    #[tokio::test]
    async fn the_expected_file_and_any_other_are_told_apart() {
        assert_eq!(
            told(vec![answer("200 OK", "token.print\r\n")]).await,
            "127.0.0.1 answers 200 with what was expected"
        );
        let page = answer("404 Not Found", "<html>\n<b>no</b>\u{1b}[1m");
        assert_eq!(told(vec![page]).await, "127.0.0.1 answers 404 with \"<html> <b>no</b>[1m\", not \"token.print\"");
    }

    #[tokio::test]
    async fn redirects_are_followed_and_told() {
        let moved = answer("301 Moved\r\nlocation: /other", "");
        let told = told(vec![moved, answer("200 OK", "")]).await;
        assert!(told.starts_with("127.0.0.1 answers 301, a redirect to http://a.example:"), "{told}");
        assert!(told.ends_with("/other at 127.0.0.1 answers 200 with nothing, not \"token.print\""), "{told}");
    }

    #[tokio::test]
    async fn silence_and_refusal_are_told_in_time() {
        let url = server(vec![]).await;
        let budget = Budget::uninterrupted(Duration::from_millis(200));
        let address = ["127.0.0.1".parse().unwrap()];
        let told = visit(&url, &address, &budget).await.tell("x");
        assert_eq!(told, "127.0.0.1: no answer while we looked");
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let budget = Budget::uninterrupted(Duration::from_secs(2));
        let told = visit(&format!("http://a.example:{}/", free.port()), &address, &budget).await.tell("x");
        assert!(told.contains("127.0.0.1: no answer") && told.contains("refused"), "{told}");
    }
}
