//! Mistakes of a Certificate that can be told without a cluster.

use std::time::Duration;

use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Seen, Value, View, parse_duration};

/// One of these must be given.
const NAMES: [&str; 5] = ["dns_names", "ip_addresses", "uris", "email_addresses", "common_name"];

/// What cert-manager takes at least, and what it renews by where nothing is said. Source: cert-manager's API reference.
const SHORTEST: Duration = Duration::from_hours(1);
const SHORTEST_RENEWAL: Duration = Duration::from_mins(5);
const USUAL: Duration = Duration::from_hours(2160);

/// Tests what is known of a configuration.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    let complaint = |what: &str, at: &str, next: &str| Explanation::new("BERTH-CM-004", what).next(next).at(at);
    let is_empty = |name: &&str| match config.at(name) {
        Seen::Null => true,
        Seen::Known(value) => value.elements().is_some_and(<[Value]>::is_empty),
        Seen::Unknown => false,
    };
    if NAMES.iter().all(is_empty) {
        let next = "give `dns_names`, or another of `ip_addresses`, `uris`, `email_addresses` and `common_name`";
        found.error(&complaint("The certificate is for no name", "dns_names", next));
    }
    durations(config, found);
    key(config, found);
}

fn durations(config: View<'_>, found: &mut Diagnostics) {
    let complaint = |what: String, at: &str, next: &str| Explanation::new("BERTH-CM-004", what).next(next).at(at);
    let read = |name: &str| config.text(name).and_then(parse_duration);
    let (valid, before) = (read("duration"), read("renew_before"));
    if valid.is_some_and(|valid| valid < SHORTEST) {
        found.error(&complaint(
            "cert-manager takes no duration under an hour".to_owned(),
            "duration",
            "give `1h` or more",
        ));
    }
    if before.is_some_and(|before| before < SHORTEST_RENEWAL) {
        let what = "cert-manager renews no later than five minutes before the end".to_owned();
        found.error(&complaint(what, "renew_before", "give `5m` or more"));
    }
    // Without a duration it is 90 days, where nothing unknown may come in between.
    let valid = if config.at("duration").is_null() { Some(USUAL) } else { valid };
    if let (Some(valid), Some(before)) = (valid, before)
        && before >= valid
    {
        let what = "The certificate would be renewed before it begins".to_owned();
        found.error(&complaint(what, "renew_before", "give less than `duration`, which is `2160h` if absent"));
    }
}

fn key(config: View<'_>, found: &mut Diagnostics) {
    let (Some(size), kind) = (config.integer("private_key.size"), config.at("private_key.algorithm")) else { return };
    let sizes: &[i64] = match kind {
        Seen::Unknown => return,
        Seen::Null => &[2048, 4096, 8192],
        Seen::Known(kind) => match kind.as_str() {
            Some("ECDSA") => &[256, 384, 521],
            Some("Ed25519") => return,
            _ => &[2048, 4096, 8192],
        },
    };
    // RSA keys of other sizes are taken as well, between the first and the last.
    let is_rsa = sizes.first() == Some(&2048);
    let is_fit = if is_rsa { (2048..=8192).contains(&size) } else { sizes.contains(&size) };
    if !is_fit {
        let names: Vec<String> = sizes.iter().map(i64::to_string).collect();
        let told = Explanation::new("BERTH-CM-004", format!("A key of this kind has no size of {size}"))
            .next(format!("give one of {}", names.join(", ")))
            .at("private_key.size");
        found.error(&told);
    }
}
