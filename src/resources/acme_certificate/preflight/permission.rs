//! Whether AWS would let the provider write the TXT records, as AWS itself tells when it is asked to try it in thought.

use std::collections::{BTreeMap, BTreeSet};

use crate::clients::aws::iam::Simulation;
use crate::domain::dns::ZoneId;
use crate::explain::Explanation;
use crate::resources::acme_certificate::zones::Zones;
use crate::retry::Budget;

use super::delegation::Place;

/// A warning for each zone at which something is denied. Who may not ask is told nothing.
pub async fn warnings(zones: &Zones, places: &[Place], budget: &Budget) -> Vec<Explanation> {
    let mut names: BTreeMap<&ZoneId, BTreeSet<String>> = BTreeMap::new();
    for place in places {
        names.entry(&place.zone.zone.id).or_default().insert(place.name.to_string());
    }
    if names.is_empty() {
        return Vec::new();
    }
    let waits = zones.settings.wait != "none";
    let mut told = Vec::new();
    for (zone, names) in names {
        let wish = Simulation { zone: zone.as_str(), names: &names, waits };
        match zones.aws.denied(&wish, budget).await {
            Ok(denied) if denied.actions.is_empty() => {}
            Ok(denied) => told.push(tell(zone, &denied.actions, &denied.who)),
            Err(error) => {
                tracing::debug!(%error, "permissions cannot be tried");
                return told;
            }
        }
    }
    told
}

fn tell(zone: &ZoneId, actions: &[String], who: &str) -> Explanation {
    let list = actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ");
    Explanation::new("BERTH-ACME-096", "AWS would not let the provider write the challenge records")
        .on(format!("zone {zone}, as {who}"))
        .said("IAM (simulated)", format!("denied: {}", actions.join(", ")))
        .next(format!(
            "allow {list}: `provider::berth::required_permissions([\"berth_acme_certificate\"])` gives the policy"
        ))
        .at("dns01")
}
