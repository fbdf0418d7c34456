//! How many certificates a CA still lets an account have: what was issued lately, held against the CA's limits.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a CA allows within a time. Each limit is a bucket that fills up again evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Certificates for the very same names; at least 1.
    pub per_names: u32,
    /// Certificates with names below one registered domain; at least 1.
    pub per_domain: u32,
    /// The time in which an empty bucket is full again.
    pub window: SignedDuration,
}

impl Limits {
    /// The known limits of a directory: those of Let's Encrypt (letsencrypt.org/docs/rate-limits, "New Certificates per
    /// Registered Domain" and "per Exact Set of Identifiers"). Its staging environment and other CAs have none that matter
    /// or that are known.
    pub fn of_directory(url: &str) -> Option<Self> {
        let is_lets_encrypt = url.starts_with("https://acme-v02.api.letsencrypt.org/");
        let window = SignedDuration::from_hours(7 * 24);
        is_lets_encrypt.then_some(Self { per_names: 5, per_domain: 50, window })
    }
}

/// What a certificate is to the CA's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Names that had none before: counts everywhere.
    New,
    /// The same names again: counts for the names only.
    Renewal,
    /// Named to the CA as the successor of another one (RFC 9773 §5): exempt.
    Replacement,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// When.
    pub at: Timestamp,
    /// Its names, as `certificate_name::canonical` has them.
    pub names: Vec<String>,
    /// What it was to the limits.
    pub kind: Kind,
}

/// What is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Certificates for exactly these names.
    Names,
    /// Certificates below this registered domain.
    Domain(String),
}

/// A limit that is about to be reached, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strain {
    /// What is limited.
    pub subject: Subject,
    /// How many there may be.
    pub limit: u32,
    /// Whether the wanted certificate is the last one for now, not one too many.
    pub is_last: bool,
    /// When the next one can be had: the wanted one itself, or one more if that is the last.
    pub next: Timestamp,
}

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The names, as `certificate_name::canonical` has them.
    pub names: &'a [String],
    /// What it is to the limits.
    pub kind: Kind,
}

/// The limits that a certificate strains, given what was issued and what else is wanted at the same time, before it.
pub fn strains(
    limits: Limits,
    issued: &[Issuance],
    wanted: Wanted<'_>,
    beside: &[Vec<String>],
    now: Timestamp,
) -> Vec<Strain> {
    let mut subjects = Vec::new();
    if wanted.kind != Kind::Replacement {
        subjects.push(Subject::Names);
    }
    if wanted.kind == Kind::New {
        subjects.extend(registered_domains(wanted.names).into_iter().map(Subject::Domain));
    }
    let strain = |subject: Subject| {
        let limit = if subject == Subject::Names { limits.per_names } else { limits.per_domain };
        let counted = issued.iter().filter(|one| subject.counts(&one.names, one.kind, wanted.names));
        let mut bucket = Bucket::new(limit, limits.window);
        counted.for_each(|one| bucket.take(one.at));
        beside.iter().filter(|names| subject.counts(names, Kind::New, wanted.names)).for_each(|_| bucket.take(now));
        let left = bucket.left(now);
        if left == 1 {
            bucket.take(now);
        }
        (left <= 1).then(|| Strain { is_last: left == 1, next: bucket.next(), subject, limit })
    };
    subjects.into_iter().filter_map(strain).collect()
}

impl Subject {
    /// Whether a certificate takes from this limit of a certificate for `own` names.
    fn counts(&self, names: &[String], kind: Kind, own: &[String]) -> bool {
        match self {
            Self::Names => kind != Kind::Replacement && names == own,
            Self::Domain(domain) => kind == Kind::New && registered_domains(names).contains(domain),
        }
    }
}

/// The domains that names are registered under, by the Public Suffix List: `example.co.uk` of `*.a.example.co.uk`.
/// Addresses have none.
pub fn registered_domains(names: &[String]) -> BTreeSet<String> {
    let domains = names.iter().filter(|name| name.parse::<std::net::IpAddr>().is_err());
    domains.filter_map(|name| psl::domain_str(name.trim_start_matches("*."))).map(str::to_owned).collect()
}

/// A token bucket, as the moment at which it will be full (the generic cell rate algorithm).
struct Bucket {
    interval: SignedDuration,
    window: SignedDuration,
    full_at: Timestamp,
}

impl Bucket {
    fn new(limit: u32, window: SignedDuration) -> Self {
        let interval = window / i32::try_from(limit.max(1)).unwrap_or(i32::MAX);
        Self { interval, window, full_at: Timestamp::MIN }
    }

    fn take(&mut self, at: Timestamp) {
        let from = self.full_at.max(at);
        self.full_at = from.checked_add(self.interval).unwrap_or(from);
    }

    /// Whole tokens at a moment; none for what was taken in excess.
    fn left(&self, now: Timestamp) -> i64 {
        let missing = self.full_at.max(now).duration_since(now);
        let there = self.window - missing;
        if there < SignedDuration::ZERO { 0 } else { whole(there, self.interval) }
    }

    /// When there is a token.
    fn next(&self) -> Timestamp {
        self.full_at.checked_sub(self.window - self.interval).unwrap_or(self.full_at)
    }
}

fn whole(span: SignedDuration, unit: SignedDuration) -> i64 {
    // A second of grace, since the interval was rounded down.
    let (span, unit) = (span.as_secs() + 1, unit.as_secs().max(1));
    span / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    fn issued(when: &str, all: &[&str], kind: Kind) -> Issuance {
        Issuance { at: at(when), names: names(all), kind }
    }

    fn lets_encrypt() -> Limits {
        Limits::of_directory("https://acme-v02.api.letsencrypt.org/directory").unwrap()
    }

    fn of_names(issued: &[Issuance], kind: Kind) -> Vec<(bool, String)> {
        let own = names(&["a.example.com"]);
        let all = strains(lets_encrypt(), issued, Wanted { names: &own, kind }, &[], at(NOW));
        let own = all.into_iter().filter(|strain| strain.subject == Subject::Names);
        own.map(|strain| (strain.is_last, strain.next.to_string())).collect()
    }

    #[test]
    fn only_lets_encrypt_has_known_limits() {
        assert_eq!(Limits::of_directory("https://acme-staging-v02.api.letsencrypt.org/directory"), None);
        assert_eq!((lets_encrypt().per_names, lets_encrypt().per_domain), (5, 50));
    }

    #[test]
    fn the_fifth_certificate_for_the_same_names_is_the_last_and_the_sixth_too_many() {
        let one = |hour: &str| issued(&format!("2026-11-21T{hour}:00:00Z"), &["a.example.com"], Kind::New);
        let all: Vec<_> = ["07", "08", "09", "10", "11"].into_iter().map(one).collect();
        assert_eq!(of_names(&all[..3], Kind::Renewal), []);
        // Five taken within hours: the next token comes 33.6 hours after the first was taken.
        assert_eq!(of_names(&all[..4], Kind::Renewal), [(true, "2026-11-22T16:36:00Z".to_owned())]);
        assert_eq!(of_names(&all, Kind::Renewal), [(false, "2026-11-22T16:36:00Z".to_owned())]);
        assert_eq!(of_names(&all, Kind::Replacement), [], "renewals that name their predecessor are exempt");
    }

    #[test]
    fn what_is_exempt_old_or_of_other_names_does_not_count() {
        let all = vec![
            issued("2026-11-01T00:00:00Z", &["a.example.com"], Kind::New),
            issued("2026-11-21T01:00:00Z", &["a.example.com"], Kind::Replacement),
            issued("2026-11-21T02:00:00Z", &["a.example.com", "b.example.com"], Kind::New),
            issued("2026-11-21T03:00:00Z", &["a.example.com"], Kind::Renewal),
            issued("2026-11-21T04:00:00Z", &["a.example.com"], Kind::Renewal),
            issued("2026-11-21T05:00:00Z", &["a.example.com"], Kind::Renewal),
        ];
        assert_eq!(of_names(&all, Kind::Renewal), []);
    }

    #[test]
    fn new_names_count_for_their_registered_domain_with_what_is_wanted_beside_them() {
        let limits = Limits { per_names: 5, per_domain: 3, window: SignedDuration::from_hours(168) };
        let taken = [issued("2026-11-21T11:00:00Z", &["x.example.co.uk"], Kind::New)];
        let own = names(&["*.b.example.co.uk", "b.example.co.uk"]);
        let wanted = |kind| Wanted { names: &own, kind };
        let beside = [names(&["c.example.co.uk"]), names(&["d.other.co.uk"])];
        let strain = strains(limits, &taken, wanted(Kind::New), &beside, at(NOW));
        let subject = Subject::Domain("example.co.uk".to_owned());
        assert_eq!(strain, [Strain { subject, limit: 3, is_last: true, next: at("2026-11-23T19:00:00Z") }]);
        assert_eq!(strains(limits, &taken, wanted(Kind::New), &[], at(NOW)), []);
        assert_eq!(strains(limits, &taken, wanted(Kind::Renewal), &beside, at(NOW)), []);
    }

    #[test]
    fn addresses_have_no_domain() {
        assert!(registered_domains(&names(&["192.0.2.7", "2001:db8::1"])).is_empty());
        assert_eq!(Vec::from_iter(registered_domains(&names(&["*.a.b.com", "b.com"]))), ["b.com"]);
    }
}
