//! A challenge's file as the CA sees it: looked at once, or until it is there.

use std::time::Duration;

use tokio::time::Instant;

use crate::clients::dns::Dns;
use crate::clients::http::visit::{Visit, visit};
use crate::domain::http01_solver::PATH;
use crate::retry::{Budget, Pace, Stopped};

use super::HttpFile;

/// The pauses between looks.
const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(3));
/// How long a look may take; CAs give up after about that time (Let's Encrypt: ten seconds).
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a name is tried that nobody answers at: it may be out of reach from here only.
const SILENCE_PATIENCE: Duration = Duration::from_secs(20);
/// How long a wrong answer may stay: controllers and load balancers take up to minutes to learn of a new path.
const WRONG_PATIENCE: Duration = Duration::from_mins(3);

/// What was met with at the file's URL; or why nobody could be asked.
pub struct Sight {
    url: String,
    met: Result<Visit, String>,
}

/// How waiting for a file ended, other than that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Nobody answers here, as told; the CA may see more.
    Silent(String),
    /// Something else answers, as told.
    Wrong(String),
    /// The user interrupted.
    Interrupted,
}

impl Sight {
    /// Looks once, with names resolved as `dns` does.
    pub async fn of(file: &HttpFile, dns: &Dns, budget: &Budget) -> Self {
        let host = if file.domain.contains(':') { format!("[{}]", file.domain) } else { file.domain.clone() };
        Self::at(format!("http://{host}{PATH}{}", file.token), file, dns, budget).await
    }

    async fn at(url: String, file: &HttpFile, dns: &Dns, budget: &Budget) -> Self {
        let addresses = match file.domain.parse() {
            Ok(address) => Ok(vec![address]),
            Err(_) => dns.addresses(&file.domain, budget).await,
        };
        let met = match addresses {
            Ok(none) if none.is_empty() => Err("the name has no address (A or AAAA)".to_owned()),
            Ok(addresses) => Ok(visit(&url, &addresses, budget).await),
            Err(error) => Err(error.to_string()),
        };
        Self { url, met }
    }

    /// All of it in words, held against what the file should hold.
    pub fn tell(&self, expected: &str) -> String {
        let Self { url, met } = self;
        format!("{url}: {}", met.as_ref().map_or_else(Clone::clone, |visit| visit.tell(expected)))
    }

    fn is(&self, expected: &str) -> bool {
        self.met.as_ref().is_ok_and(|visit| visit.found(expected))
    }

    fn missed(&self, expected: &str) -> Missed {
        match &self.met {
            Ok(visit) if visit.is_answered() => Missed::Wrong(self.tell(expected)),
            _ => Missed::Silent(self.tell(expected)),
        }
    }
}

/// Looks until the file is there.
///
/// # Errors
/// It is not, after a patience that depends on whether anything answers at all.
pub async fn wait_for_file(file: &HttpFile, dns: &Dns, budget: &Budget) -> Result<(), Missed> {
    let look = || async { Sight::of(file, dns, &budget.at_most(LOOK_TIMEOUT)).await };
    wait_until_right(&file.content, look, budget).await
}

async fn wait_until_right<F>(content: &str, look: impl Fn() -> F, budget: &Budget) -> Result<(), Missed>
where
    F: Future<Output = Sight>,
{
    let begun = Instant::now();
    for pause in PACE.pauses() {
        let sight = look().await;
        if sight.is(content) {
            return Ok(());
        }
        let missed = sight.missed(content);
        tracing::debug!(?missed, "http-01 look");
        let patience = if matches!(missed, Missed::Wrong(_)) { WRONG_PATIENCE } else { SILENCE_PATIENCE };
        let is_over = begun.elapsed() >= patience;
        match budget.sleep(pause).await {
            Err(Stopped::Interrupted) => return Err(Missed::Interrupted),
            Ok(()) if !is_over => {}
            Ok(()) | Err(Stopped::Deadline) => return Err(missed),
        }
    }
    Err(Missed::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::clients::acme::Responders;
    use crate::clients::dns::DnsSettings;

    async fn wait_at(address: SocketAddr, content: &str, budget: &Budget) -> Result<(), Missed> {
        let (token, content) = ("token".to_owned(), content.to_owned());
        let file = HttpFile { domain: address.ip().to_string(), token, content };
        let dns = Dns::new(DnsSettings::default());
        // With a port of its own, since no test may have port 80.
        let look = || Sight::at(format!("http://{address}{PATH}token"), &file, &dns, budget);
        wait_until_right(&file.content, look, budget).await
    }

    #[tokio::test]
    async fn the_file_a_wrong_answer_a_silence_and_an_interrupt_are_told_apart() {
        let responder = Responders::default().at("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = responder.address;
        responder.put("token", "token.print\n");
        let budget = || Budget::uninterrupted(Duration::from_secs(1));
        assert_eq!(wait_at(address, "token.print", &budget()).await, Ok(()));
        let missed = wait_at(address, "token.other", &budget()).await.unwrap_err();
        assert!(matches!(&missed, Missed::Wrong(words) if words.contains("answers 200")), "{missed:?}");
        drop(responder);
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let missed = wait_at(address, "token.print", &budget()).await.unwrap_err();
        assert!(matches!(missed, Missed::Silent(_)), "{missed:?}");
        let stop = tokio_util::sync::CancellationToken::new();
        stop.cancel();
        let interrupted = Budget::new(Duration::from_secs(9), stop);
        assert_eq!(wait_at(address, "token.print", &interrupted).await, Err(Missed::Interrupted));
    }
}
