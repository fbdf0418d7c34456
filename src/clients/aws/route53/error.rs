//! What can go wrong with zones and records.

use std::time::Duration;

use crate::clients::aws::{AwsError, OF_A_REPLACEMENT};
use crate::domain::dns::challenge::Obstacle;
use crate::domain::dns::clash::Clash;
use crate::domain::dns::record_id;
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{Conflict, DnsName, DnsNameError, RecordKey, RecordSet, RecordType, Zone, ZoneId};
use crate::explain::Explanation;
use crate::retry::Stopped;

/// Why a zone or record could not be found, made or changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Route53Error {
    /// AWS refused, for a reason that every service has.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The record's name is no DNS name.
    #[error(transparent)]
    Name(DnsNameError),
    /// No zone of the account holds the name.
    #[error("no {visibility} hosted zone holds `{name}`")]
    NoZone {
        /// The name that was to be placed.
        name: DnsName,
        /// Which kind of zone was asked for.
        visibility: Visibility,
        /// The zones that the account has, of both kinds.
        known: Vec<Zone>,
    },
    /// There is no zone of this id.
    #[error("there is no hosted zone `{0}`")]
    NoZoneId(ZoneId),
    /// Several zones of one name and kind: the id must tell them apart.
    #[error("{} {visibility} hosted zones are called `{name}`", .ids.len())]
    Twins {
        /// Their common name.
        name: DnsName,
        /// Their common kind.
        visibility: Visibility,
        /// Their ids.
        ids: Vec<ZoneId>,
    },
    /// Records, or ones that exclude them, are there already.
    #[error("{}", list(conflicts))]
    Taken {
        /// The zone.
        zone: ZoneId,
        /// What was to be made, and what stands in its place; at least one.
        conflicts: Vec<Conflict>,
    },
    /// Two wishes of one run are to own the same record set.
    #[error("two resources of this run declare `{0}`")]
    TwoOwners(RecordKey),
    /// Two wishes of one run are to own the same value of a shared TXT name.
    #[error("two resources of this run declare the value `{1}` of `{0}`")]
    TwoOwnersOfValue(DnsName, String),
    /// A value that is to have one owner is there already.
    #[error("`{name}` holds the value `{value}` already")]
    ValueTaken {
        /// The zone.
        zone: ZoneId,
        /// The TXT name.
        name: DnsName,
        /// The value, plain text.
        value: String,
    },
    /// The change is with AWS, and its caller was stopped before there was an answer.
    #[error("{0}, before there was an answer to a request that was sent")]
    Unheard(Stopped),
    /// Others' records at a shared name leave no room.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// More values than one request may hold.
    #[error(
        "`{0}` has more values than one request to Route53 may hold (1,000 values or 32,000 characters, UPSERT counts double)"
    )]
    TooLarge(RecordKey),
    /// The change is accepted, but some of Route53's servers do not know it yet.
    #[error("the change is not on all of Route53's servers after {} s: {why}", .waited.as_secs())]
    NotInSync {
        /// The change to ask for.
        change: String,
        /// How long it was waited for.
        waited: Duration,
        /// Why the wait ended.
        why: Stopped,
    },
}

impl Route53Error {
    /// Whether AWS refused the changes themselves, so that a part of them may still pass.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Aws(AwsError::Invalid(_)))
    }

    /// Whether a permission is missing, which may hold for some names only.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Aws(AwsError::AccessDenied { .. }))
    }

    /// Earlier attempts at the same change whose answer was lost: they may have taken effect.
    pub(super) fn lost_answers(&self) -> u32 {
        let Self::Aws(error) = self else { return 0 };
        error.reply().map_or(0, |reply| reply.lost_answers)
    }

    /// Adds the lost answers of requests that held the same change among others.
    pub(super) fn after_lost_answers(self, lost: u32) -> Self {
        match self {
            Self::Aws(error) => Self::Aws(error.after_lost_answers(lost)),
            other => other,
        }
    }

    /// The stable code of the message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(AwsError::Invalid(_)) => "BERTH-ROUTE53-003",
            Self::Aws(error) => error.code(),
            Self::NoZone { .. } | Self::NoZoneId(_) => "BERTH-ROUTE53-001",
            Self::Taken { .. } | Self::ValueTaken { .. } => "BERTH-ROUTE53-002",
            Self::TwoOwners(_) | Self::TwoOwnersOfValue(..) => "BERTH-ROUTE53-028",
            Self::Unheard(_) => "BERTH-ROUTE53-029",
            Self::Twins { .. } => "BERTH-ROUTE53-004",
            Self::Obstacle(_) => "BERTH-ROUTE53-005",
            Self::TooLarge(_) => "BERTH-ROUTE53-006",
            Self::NotInSync { .. } => "BERTH-ROUTE53-007",
            Self::Name(_) => "BERTH-ROUTE53-008",
        }
    }

    /// The message in four parts: `what` failed, on which `object`.
    pub fn explain(&self, what: impl Into<String>, object: &str) -> Explanation {
        let explanation = match self {
            Self::Aws(AwsError::Invalid(reply)) => {
                let words = format!("{} ({})", reply.message, reply.code);
                let explanation = Explanation::new(self.code(), what).on(object).said("Route53", words);
                return explanation.next("correct the record and apply again; nothing of it was changed");
            }
            Self::Aws(error) => return error.explain(what, object),
            _ => Explanation::new(self.code(), what).on(object),
        };
        let explanation = match self {
            Self::Obstacle(_)
            | Self::TooLarge(_)
            | Self::Name(_)
            | Self::TwoOwners(_)
            | Self::TwoOwnersOfValue(..)
            | Self::Unheard(_) => explanation.said("The provider", self.to_string()),
            _ => explanation.said("Route53", self.to_string()),
        };
        explanation.next(self.next_step())
    }

    fn next_step(&self) -> String {
        match self {
            Self::Aws(_) => "apply again".to_owned(),
            Self::Name(_) => "correct the name".to_owned(),
            Self::NoZone { visibility, known, .. } => no_zone_step(*visibility, known),
            Self::NoZoneId(_) => "check the id, and that the credentials are those of the zone's account".to_owned(),
            Self::Twins { ids, .. } => {
                let ids: Vec<_> = ids.iter().map(ZoneId::as_str).collect();
                format!("name one of them by `zone_id`: {}", ids.join(", "))
            }
            Self::Taken { zone, conflicts } => taken_step(zone, conflicts),
            Self::TwoOwners(key) => {
                format!(
                    "declare `{key}` once; where one of the two takes it over from the other, remove that one first"
                )
            }
            Self::TwoOwnersOfValue(..) => {
                "declare the value once, and let both that need it refer to that resource; the value is written"
                    .to_owned()
            }
            Self::ValueTaken { zone, name, value } => format!(
                "import it to manage it (its id is `{zone}/{}/{value}`), or leave it to its owner; {OF_A_REPLACEMENT}; nothing was changed",
                name.as_str().trim_start_matches("_acme-challenge.")
            ),
            Self::Unheard(_) => {
                "apply again: if the change has taken effect, the message names the id to import what exists".to_owned()
            }
            Self::Obstacle(Obstacle::Cname(target)) => {
                format!("write the value at `{target}` instead, or remove the CNAME")
            }
            Self::Obstacle(Obstacle::Policy(_)) => "remove the record sets that follow the routing policy".to_owned(),
            Self::TooLarge(_) => "divide the values over several names".to_owned(),
            Self::NotInSync { change, .. } => format!(
                "ask with `aws route53 get-change --id {change}`, or set `wait = \"none\"`; the record is written, and Route53 usually needs less than two minutes"
            ),
        }
    }
}

/// What is in the way, one clause each.
fn list(conflicts: &[Conflict]) -> String {
    let clause =
        |conflict: &Conflict| format!("`{}` is there already: {}", conflict.existing.key, describe(&conflict.existing));
    conflicts.iter().map(clause).collect::<Vec<_>>().join("; ")
}

fn taken_step(zone: &ZoneId, conflicts: &[Conflict]) -> String {
    let of_zone = |conflict: &Conflict| conflict.existing.key.kind == RecordType::Soa;
    if conflicts.iter().any(of_zone) {
        return "take an `alias` instead of the CNAME: this is the zone's own name, whose SOA and NS stay; nothing was changed"
            .to_owned();
    }
    let clash = |conflict: &Conflict| conflict.wanted.clash(&conflict.existing);
    let same = conflicts.iter().filter(|conflict| clash(conflict) == Some(Clash::Same));
    let ids: Vec<_> = same.map(|conflict| format!("`{}`", record_id::write(zone, &conflict.wanted.key))).collect();
    if ids.len() == conflicts.len() {
        let ids = ids.join(", ");
        return format!(
            "import the existing record to manage it (its id is {ids}), or set `overwrite = true` to replace it; \
             {OF_A_REPLACEMENT}; it was not changed"
        );
    }
    if conflicts.iter().all(|conflict| clash(conflict) == Some(Clash::UnlikeTtl)) {
        return "give all weighted records of the name the same `ttl`; nothing was changed".to_owned();
    }
    "remove the other record first, in the same apply if it is managed here; nothing was changed".to_owned()
}

fn no_zone_step(visibility: Visibility, known: &[Zone]) -> String {
    if known.is_empty() {
        return "create the hosted zone first, or use credentials of the account that has it (this one has no zone)"
            .to_owned();
    }
    let zones = known.iter().take(10).map(|zone| {
        let kind = if zone.private { "private" } else { "public" };
        format!("{} ({kind}, {})", zone.name, zone.id)
    });
    let zones: Vec<_> = zones.collect();
    format!(
        "create a {visibility} hosted zone that holds the name, or correct it; the account has {}",
        zones.join(", ")
    )
}

/// A record set in one line, for messages.
fn describe(set: &RecordSet) -> String {
    use crate::domain::dns::RecordData;
    match &set.data {
        RecordData::Values { ttl, values } => format!("ttl {ttl}, values {}", values.join(", ")),
        RecordData::Alias(target) => format!("an alias of {}", target.name),
        RecordData::TrafficPolicy(instance) => format!("kept by the traffic policy instance {instance}"),
    }
}
