//! Records of one map that cannot stand beside each other.

use std::collections::BTreeMap;

use super::model::path;
use super::{keys, wrong};
use crate::domain::dns::DnsName;
use crate::domain::dns::clash::Footing;
use crate::resources::dns_record::checks;
use crate::sdk::{Diagnostics, Explanation, View};

/// Keys whose records cannot stand beside each other.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    let zone = config.text("zone").and_then(|zone| DnsName::parse(zone).ok());
    let keys = keys(config.at("records"));
    let footing = |key: &String| Some((key.clone(), checks::footing(config, &path(key), zone.as_ref())?));
    for problem in among(keys.iter().filter_map(footing)) {
        found.error(&problem);
    }
}

/// An error for each record that cannot stand beside an earlier one.
pub fn among(records: impl Iterator<Item = (String, Footing)>) -> Vec<Explanation> {
    let mut of_name: BTreeMap<DnsName, Vec<(String, Footing)>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, footing) in records {
        let earlier = of_name.entry(footing.key.name.clone()).or_default();
        let clash = |(other, theirs): &(String, Footing)| Some((other.clone(), theirs.clash(&footing)?));
        if let Some((other, clash)) = earlier.iter().find_map(clash) {
            problems.push(wrong(&format!("The keys `{other}` and `{key}` {clash}"), &format!("{}name", path(&key))));
        }
        earlier.push((key, footing));
    }
    problems
}
