//! Rules for names, types and values of records, before apply.

use super::routing::RoutingModel;
use crate::domain::dns::clash::{Footing, Policy};
use crate::domain::dns::external_dns::names_of_marks;
use crate::domain::dns::zone::full_name;
use crate::domain::dns::{DnsName, RecordKey, RecordType, ZoneId, challenge, text, value};
use crate::explain::Explanation;
use crate::sdk::{Attr, Check, Diagnostics, Path, Seen, Set, Value, View, check};

/// A DNS name.
pub fn dns_name() -> Check {
    check::text("must be a DNS name", |name| match DnsName::parse(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("must be a DNS name: {error}")),
    })
}

/// A domain with room for `_acme-challenge.` before it.
pub fn challenge_domain() -> Check {
    check::text("must be a DNS name that leaves room for `_acme-challenge.` before it", |name| {
        let challenge = DnsName::parse(name).and_then(|domain| challenge::record_name(&domain));
        challenge.map(drop).map_err(|error| format!("must leave room for `_acme-challenge.` before it: {error}"))
    })
}

/// A DNS name, or nothing or `@` for the zone itself.
pub fn record_name() -> Check {
    check::text("must be a DNS name, or `@` for the zone itself", |name| match DnsName::parse(name) {
        Err(error) if !matches!(name.trim(), "" | "@") => Err(format!("must be a DNS name: {error}")),
        _ => Ok(()),
    })
}

/// The id of a hosted zone, with or without `/hostedzone/`; Route53's `ResourceId` has at most 32 characters.
pub fn zone_id() -> Check {
    check::text("must be the id of a hosted zone, such as `Z35SXDOTRQ7X7K`", |text| {
        let id = ZoneId::new(text);
        let good =
            (1..=32).contains(&id.as_str().len()) && id.as_str().bytes().all(|octet| octet.is_ascii_alphanumeric());
        if good {
            Ok(())
        } else {
            Err(format!("must be the id of a hosted zone, such as `Z35SXDOTRQ7X7K`, and is `{text}`"))
        }
    })
}

/// A record type.
pub fn record_type() -> Check {
    check::text("must be a record type that Route53 keeps", |kind| match kind.parse::<RecordType>() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("must be a record type: {error}")),
    })
}

/// Whether two texts name the same DNS name.
pub fn same_name(mine: &Value, theirs: &Value) -> bool {
    let name = |value: &Value| value.as_str().and_then(|text| DnsName::parse(text).ok());
    name(mine).is_some() && name(mine) == name(theirs)
}

/// Whether two texts are the id of one zone, with or without `/hostedzone/`.
pub fn same_zone_id(mine: &Value, theirs: &Value) -> bool {
    let id = |value: &Value| value.as_str().map(ZoneId::new);
    id(mine).is_some() && id(mine) == id(theirs)
}

/// Whether two texts differ at most in case.
pub fn same_word(mine: &Value, theirs: &Value) -> bool {
    mine.as_str().zip(theirs.as_str()).is_some_and(|(mine, theirs)| mine.eq_ignore_ascii_case(theirs))
}

/// Whether two sets hold the same values of a type.
pub fn same_values(kind: RecordType, mine: &Value, theirs: &Value) -> bool {
    let values = |value: &Value| Set::<String>::decode(value, &Path::root()).ok();
    values(mine).zip(values(theirs)).is_some_and(|(mine, theirs)| value::same_values(kind, &mine, &theirs))
}

/// What the attributes' own checks cannot see of one record.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    content(config, "", found);
    apex(config, "", found);
    if config.text("wait") == Some("authoritative") && config.truth("private") == Some(true) {
        found.error(&wrong(
            "A private zone's servers cannot be asked from here: `wait` may be `none` or `insync`",
            "wait".to_owned(),
        ));
    }
    if config.at("zone_id").known().is_some() && config.at("zone").known().is_some() {
        found.error(&wrong("`zone_id` and `zone` are both set", "zone".to_owned()));
    }
}

/// What the attributes' own checks cannot see of what a record answers; its attributes stand below `prefix`.
pub fn content(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    check_target(config, prefix, found);
    check_values(config, prefix, found);
    super::routing_rules::check(config, prefix, found);
}

/// A CNAME at the zone's own name, as far as that can be told.
pub fn apex(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    let zone = config.text("zone").and_then(|zone| DnsName::parse(zone).ok());
    let name = config.text(&format!("{prefix}name"));
    let is_apex = name.is_some_and(|name| {
        let is_zone = |zone: &DnsName| DnsName::parse(name).is_ok_and(|name| name == *zone);
        matches!(name.trim(), "" | "@") || zone.as_ref().is_some_and(is_zone)
    });
    if let Some(Err(error)) = name.zip(zone.as_ref()).map(|(name, zone)| full_name(name, zone)) {
        let what = format!("The record's whole name would be too long: {error}");
        found.error(&wrong(what, format!("{prefix}name")));
    }
    if config.at("external_dns_owner").is_given() {
        mark(config, prefix, (is_apex, zone.as_ref()), found);
    }
    if is_apex && kind(config, prefix) == Some(RecordType::Cname) {
        found.error(&wrong(
            "No CNAME can stand at the zone's own name, where its SOA and NS are: take type `A` with an `alias`",
            format!("{prefix}type"),
        ));
    }
}

/// Whether the record can have its mark for ExternalDNS, as far as that can be told.
fn mark(config: View<'_>, prefix: &str, (is_apex, zone): (bool, Option<&DnsName>), found: &mut Diagnostics) {
    let (name, is_alias) = (config.text(&format!("{prefix}name")), config.at(&format!("{prefix}alias")).is_given());
    let name = name.filter(|_| !is_apex).and_then(|name| super::planning::whole_name(name, zone));
    let mark = kind(config, prefix).zip(name).map(|(kind, name)| names_of_marks(kind, is_alias, &name));
    let trouble = match mark {
        Some(Err(error)) => error.to_string(),
        _ if is_apex => "the mark of the zone's own name would be outside of the zone".to_owned(),
        _ => return,
    };
    let what = "The record cannot be marked for ExternalDNS";
    let step = if prefix.is_empty() {
        "leave `external_dns_owner` out for this record; nothing was changed"
    } else {
        "declare this record in a resource of its own, without `external_dns_owner`; nothing was changed"
    };
    let explanation = Explanation::new("BERTH-ROUTE53-024", what).said("The provider", trouble);
    found.error(&explanation.next(step).at(format!("{prefix}name")));
}

pub fn kind(config: View<'_>, prefix: &str) -> Option<RecordType> {
    config.text(&format!("{prefix}type"))?.parse().ok()
}

/// What decides which other records may stand beside this one, as far as it is known.
pub fn footing(config: View<'_>, prefix: &str, zone: Option<&DnsName>) -> Option<Footing> {
    let at = |attribute: &str| config.at(&format!("{prefix}{attribute}"));
    let name = super::planning::whole_name(config.text(&format!("{prefix}name"))?, zone)?;
    let set_identifier = match at("set_identifier") {
        Seen::Unknown => return None,
        seen => seen.known().and_then(Value::as_str).map(str::to_owned),
    };
    let ttl = match (at("ttl"), at("alias")) {
        (Seen::Known(ttl), _) => ttl.as_i64().and_then(|ttl| u32::try_from(ttl).ok()),
        (Seen::Null, Seen::Null) => Some(super::content::DEFAULT_TTL),
        _ => None,
    };
    let routing = config.read::<RoutingModel>(&format!("{prefix}routing"));
    let policy = routing.and_then(|routing| routing.routing()).as_ref().map(Policy::from);
    Some(Footing { key: RecordKey { name, kind: kind(config, prefix)?, set_identifier }, policy, ttl })
}

pub fn wrong(text: impl Into<String>, attribute: String) -> Explanation {
    Explanation::new("BERTH-ROUTE53-023", text).next("correct it; nothing was changed").at(attribute)
}

fn check_target(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let (values, alias) = (config.at(&at("values")), config.at(&at("alias")));
    if values.is_null() && alias.is_null() {
        found.error(&wrong("A record needs `values` or an `alias`", at("values")));
    }
    if values.known().is_some() && alias.known().is_some() {
        found.error(&wrong("`values` and `alias` are both set", at("alias")));
    }
    if alias.known().is_some() && config.at(&at("ttl")).known().is_some() {
        found.error(&wrong("An alias has no `ttl`: its target's counts", at("ttl")));
    }
}

fn check_values(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let Some(Ok(kind)) = config.text(&at("type")).map(str::parse::<RecordType>) else { return };
    let Some(Value::Set(elements)) = config.at(&at("values")).known() else { return };
    let known: Vec<_> = elements.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if known.is_empty() {
        return;
    }
    if let Err((index, error)) = value::to_route53(kind, &known) {
        let which =
            index.map_or_else(|| "The values".to_owned(), |index| format!("Value {} of {}", index + 1, known.len()));
        return found.error(&wrong(format!("{which} of the {kind} record cannot be: {error}"), at("values")));
    }
    for value in known.iter().filter(|_| matches!(kind, RecordType::Txt | RecordType::Spf)) {
        let Some(doubt) = text::foreign_notation(value) else { continue };
        let what = format!("A {kind} value may be written for another provider: it holds {doubt}");
        let step = "take them out, since text of any length is divided here by itself; or write the whole value in \
                    quotation marks, as Route53 has it; or leave it, if the text is meant so";
        let explanation = Explanation::new("BERTH-ROUTE53-034", what).said("The value", value.clone());
        found.warning(&explanation.next(step).at(at("values")));
    }
}
