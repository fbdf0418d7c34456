//! Our own look at the proofs of an order that died, while they still stand: what DNS or HTTP answers from here.

use std::time::Duration;

use futures_util::future::join_all;

use crate::clients::acme::error::{AcmeError, FailedAuthorization};
use crate::clients::dns::challenge_name;
use crate::domain::dns_persist;
use crate::retry::{Budget, Stopped};

use super::{Begun, Issuance, Journal, Publisher, Sight};

/// How long all looks together may take: the records wait for it before they are removed.
const PATIENCE: Duration = Duration::from_secs(3);

impl<P: Publisher, J: Journal> Issuance<'_, P, J> {
    /// The same failure, with what stands at the names that failed. An interrupt ends the look at once.
    pub(super) async fn looked_at(&self, error: AcmeError, begun: &Begun, budget: &Budget) -> AcmeError {
        let AcmeError::Validation { order, failures } = error else { return error };
        let budget = &budget.at_most(PATIENCE);
        let looks = failures.into_iter().map(|failure| async move {
            let seen = self.look(&failure, begun, budget).await;
            FailedAuthorization { seen, ..failure }
        });
        AcmeError::Validation { order, failures: join_all(looks).await }
    }

    /// What is to be seen of a name's proof; `None` if the user interrupted.
    async fn look(&self, failure: &FailedAuthorization, begun: &Begun, budget: &Budget) -> Option<String> {
        let domain = failure.identifier.strip_prefix("*.").unwrap_or(&failure.identifier);
        if let Some(file) = begun.files.iter().find(|file| file.domain == domain) {
            let sight = Sight::of(file, self.dns, budget).await;
            return is_wanted(budget).then(|| sight.tell(&file.content));
        }
        let records: Vec<_> = begun.waiting.iter().filter(|record| record.domain == domain).collect();
        let is_standing = begun.standing.iter().any(|challenge| challenge.domain == domain);
        let name = match records.first() {
            // From the beginning of its CNAMEs, as the CA goes.
            Some(_) => challenge_name(domain),
            None if is_standing => dns_persist::record_name(domain),
            None => return None,
        };
        let mut values: Vec<_> = records.iter().map(|record| record.value.clone()).collect();
        values.extend(self.standing_value(&begun.standing, domain));
        match self.dns.look_at_txt(&name, budget).await {
            Ok(look) => Some(look.tell(&values)),
            Err(error) => {
                tracing::debug!(%error, name, "no look at a record that failed");
                is_wanted(budget).then(|| format!("TXT {name}: {error}"))
            }
        }
    }
}

/// Whether anybody still waits for what is seen.
fn is_wanted(budget: &Budget) -> bool {
    budget.check() != Err(Stopped::Interrupted)
}
