//! Waiting until changed records are known everywhere, and what ExternalDNS says of them.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::place::explained;
use crate::clients::aws::Aws;
use crate::clients::aws::route53::ChangeId;
use crate::domain::dns::external_dns::{foreign_mark, mark_names};
use crate::domain::dns::value::for_people;
use crate::domain::dns::{RecordSet, ZoneId};
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// Records that are looked for at once.
const AT_ONCE: usize = 8;

/// What is so after a create whose wait failed.
pub const AFTERWARDS: &str = "what was written is in the state and stays; the next apply does not wait for it again";

/// Waits as long as the user wants to (`none`, `insync`, `authoritative`); the records are in state already.
pub async fn wait(cx: &Cx, aws: &Aws, wish: &str, changes: &[ChangeId], sets: &[RecordSet], what: &str) -> Result<()> {
    if wish == "none" {
        return Ok(());
    }
    let route53 = aws.route53().await;
    let waits = changes.iter().map(|change| route53.wait_in_sync(cx.budget(), Some(change)));
    if let Err(error) = try_join_all(waits).await {
        return Err(explained(aws, &error, what, "the changed records").await);
    }
    if wish == "authoritative" {
        for some in sets.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|set| see(cx, set))).await?;
        }
    }
    Ok(())
}

/// Waits until the values are to be seen; those under a routing policy depend on who asks, and an alias has none.
async fn see(cx: &Cx, set: &RecordSet) -> Result<()> {
    if set.values().is_empty() || set.routing.is_some() {
        return Ok(());
    }
    let (name, kind) = (set.key.name.as_str(), set.key.kind);
    let values: Vec<_> = set.values().iter().map(|value| for_people(kind, value)).collect();
    let seen = cx.provider().dns()?.wait_for(name, kind, &values, cx.budget()).await;
    seen.map_err(|error| error.explain_record(format!("Cannot see the {kind} record `{name}`")))
}

/// Warns of records that an ExternalDNS keeps, as far as the zone is known without asking.
pub async fn warn_of_external_dns(cx: &Cx, aws: &Aws, zone: &ZoneId, sets: &[RecordSet], our_owner: Option<&str>) {
    let names: BTreeSet<_> = sets.iter().flat_map(|set| mark_names(&set.key)).collect();
    let live = aws.route53().await.at_hand(zone, &names);
    for set in sets {
        let Some(mark) = foreign_mark(&set.key, &live, our_owner) else { continue };
        let asked = mark.resource.map(|resource| format!(", for {resource}")).unwrap_or_default();
        cx.warn(
            &Explanation::new("BERTH-ROUTE53-025", format!("ExternalDNS keeps `{}` too", set.key))
                .on(format!("zone {zone}"))
                .said(format!("The TXT record `{}`", mark.name), format!("its owner is `{}`{asked}", mark.owner))
                .next(
                    "declare the name in one place only: take it from ExternalDNS (its annotation, host or \
                     `--domain-filter`), and remove that TXT record; or remove it here",
                ),
        );
    }
}
