//! Rules for names, types and values of records, before apply.

use super::routing::RoutingModel;
use crate::domain::dns::{DnsName, RecordType, value};
use crate::explain::Explanation;
use crate::sdk::{Attr, Check, Diagnostics, Path, Seen, Set, Value, View, check};

/// A DNS name.
pub fn dns_name() -> Check {
    check::text("must be a DNS name", |name| match DnsName::parse(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("must be a DNS name: {error}")),
    })
}

/// A DNS name, or nothing or `@` for the zone itself.
pub fn record_name() -> Check {
    check::text("must be a DNS name, or `@` for the zone itself", |name| match DnsName::parse(name) {
        Err(error) if !matches!(name.trim(), "" | "@") => Err(format!("must be a DNS name: {error}")),
        _ => Ok(()),
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
    check_routing(config, prefix, found);
}

fn wrong(text: impl Into<String>, attribute: String) -> Explanation {
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
        found.error(&wrong(format!("{which} of the {kind} record cannot be: {error}"), at("values")));
    }
}

fn check_routing(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let (routing, identifier) = (config.at(&at("routing")), config.at(&at("set_identifier")));
    if let Seen::Known(_) = routing
        && identifier.is_null()
    {
        found.error(&wrong("A record with a routing policy needs a `set_identifier`", at("set_identifier")));
    }
    if identifier.known().is_some() && routing.is_null() {
        found.error(&wrong("A `set_identifier` needs a `routing` policy", at("routing")));
    }
    let count = config.read::<RoutingModel>(&at("routing")).map(|routing| routing.count());
    if let Some(count) = count.filter(|count| *count != 1) {
        found.error(&wrong(format!("`routing` holds {count} policies instead of one"), at("routing")));
    }
}
