//! Whether names that are proved by files have an address at all.

use futures_util::future::join_all;

use crate::clients::acme::Method;
use crate::clients::dns::{Check, Dns};
use crate::explain::Explanation;
use crate::retry::Budget;

use super::subject::Subject;

/// A warning for each name without an address.
pub async fn warnings(dns: &Dns, subject: &Subject, budget: &Budget) -> Vec<Explanation> {
    if dns.check() != Check::Authoritative {
        return Vec::new();
    }
    let domains = subject.domains(Method::Http01);
    let looks = domains.into_iter().map(|domain| async move {
        let found = dns.own_addresses(domain, budget).await;
        let found = found.inspect_err(|error| tracing::debug!(%error, domain, "no look at addresses")).ok()?;
        let told = || {
            Explanation::new("BERTH-ACME-097", format!("`{domain}` has no address, and is to be proved by a file"))
                .said("DNS", "neither A nor AAAA records")
                .next("make a record that leads to where the file is served. If this apply makes it, let what proves the name depend on it (`depends_on`)")
                .at("dns_names")
        };
        found.is_empty().then(told)
    });
    join_all(looks).await.into_iter().flatten().collect()
}
