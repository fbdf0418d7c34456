//! The TXT values of one `_acme-challenge` name, which several owners may share.

use super::batch::{Change, ChangeGroup};
use super::name::{DnsName, DnsNameError};
use super::record::{RecordData, RecordKey, RecordSet, RecordType, Routing};
use super::text;
use crate::digest::sha256_hex;

/// The label below which a CA looks for DNS-01 answers (RFC 8555 §8.4).
pub const LABEL: &str = "_acme-challenge";
/// How the identifiers of the multivalue sets that are ours begin.
const OUR_SETS: &str = "berth-";

/// Where the DNS-01 answer for a domain goes; a wildcard and its base share one name (RFC 8555 §7.1.3).
pub fn record_name(domain: &DnsName) -> Result<DnsName, DnsNameError> {
    domain.without_wildcard().child(LABEL)
}

/// A wish about one value of a shared TXT name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The value must be there.
    Put {
        /// Plain text.
        value: String,
        /// In seconds; holds only while nobody else's value shares the set.
        ttl: u32,
    },
    /// The value must not be there.
    Remove {
        /// Plain text.
        value: String,
    },
}

/// Why a value cannot be written beside what the name already holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The name is an alias; its target is where values belong.
    #[error("the name is a CNAME to `{0}`, so no TXT record can stand beside it")]
    Cname(String),
    /// TXT sets under a routing policy that a further set cannot join.
    #[error("the name's TXT sets follow a routing policy (set `{0}`) that no further value can join")]
    Policy(String),
}

/// The changes that fulfil all `edits`, in order, given all live sets of the name; others' values stay.
///
/// Each change is an exchange: it is refused when the live set is no longer the one seen here.
pub fn plan(name: &DnsName, live: &[RecordSet], edits: &[Edit]) -> Result<ChangeGroup, Obstacle> {
    let live: Vec<_> = live.iter().filter(|set| set.key.name == *name).collect();
    let puts = edits.iter().any(|edit| matches!(edit, Edit::Put { .. }));
    if puts && let Some(cname) = live.iter().find(|set| set.key.kind == RecordType::Cname) {
        return Err(Obstacle::Cname(cname.values().join(" ")));
    }
    let texts: Vec<_> = live.into_iter().filter(|set| set.key.kind == RecordType::Txt).collect();
    let Some(routed) = texts.iter().find(|set| set.key.set_identifier.is_some()) else {
        return Ok(plan_simple(name, texts.first().copied(), edits));
    };
    if puts && routed.routing != Some(Routing::Multivalue) {
        return Err(Obstacle::Policy(routed.key.set_identifier.clone().unwrap_or_default()));
    }
    Ok(plan_multivalue(name, &texts, edits))
}

/// Whether one of the sets holds this value.
pub fn holds(live: &[RecordSet], name: &DnsName, value: &str) -> bool {
    live.iter().any(|set| set.key.name == *name && set.key.kind == RecordType::Txt && has(set, value))
}

/// One simple set: the union of all values.
fn plan_simple(name: &DnsName, old: Option<&RecordSet>, edits: &[Edit]) -> ChangeGroup {
    let mut values: Vec<String> = old.map(|set| set.values().to_vec()).unwrap_or_default();
    let mut put = Vec::new();
    let mut ttl = old.and_then(ttl_of);
    for edit in edits {
        match edit {
            Edit::Put { value, ttl: wanted } => {
                if !values.iter().any(|present| same(present, value)) {
                    values.push(text::quoted(value.as_bytes()));
                }
                put.push(value.as_str());
                if ttl.is_none() || values.iter().all(|present| put.iter().any(|ours| same(present, ours))) {
                    ttl = Some(*wanted);
                }
            }
            Edit::Remove { value } => values.retain(|present| !same(present, value)),
        }
    }
    let new = ttl.filter(|_| !values.is_empty());
    let new = new.map(|ttl| RecordSet::simple(name.clone(), RecordType::Txt, ttl, values));
    match (old, new) {
        (None, None) => ChangeGroup::default(),
        (Some(old), Some(new)) if old.data == new.data => ChangeGroup::default(),
        (old, new) => ChangeGroup::exchange(old.cloned(), new),
    }
}

/// Beside others' multivalue sets, where no simple set may stand: a multivalue set for each of our values.
fn plan_multivalue(name: &DnsName, live: &[&RecordSet], edits: &[Edit]) -> ChangeGroup {
    let mut ours: Vec<RecordSet> = live.iter().filter(|set| is_ours(set)).map(|set| (*set).clone()).collect();
    for edit in edits {
        match edit {
            Edit::Put { value, ttl } => {
                let present = ours.iter().chain(live.iter().copied().filter(|set| !is_ours(set)));
                if !present.into_iter().any(|set| has(set, value)) {
                    ours.push(multivalue_set(name, value, *ttl));
                }
            }
            Edit::Remove { value } => ours.retain(|set| !has(set, value)),
        }
    }
    let gone = live.iter().filter(|set| is_ours(set) && !ours.contains(set)).map(|set| Change::Delete((*set).clone()));
    let made = ours.iter().filter(|set| !live.contains(set)).map(|set| Change::Create(set.clone()));
    ChangeGroup(gone.chain(made).collect())
}

fn multivalue_set(name: &DnsName, value: &str, ttl: u32) -> RecordSet {
    let mut identifier = OUR_SETS.to_owned();
    identifier.extend(sha256_hex(value.as_bytes()).chars().take(24));
    RecordSet {
        key: RecordKey { name: name.clone(), kind: RecordType::Txt, set_identifier: Some(identifier) },
        data: RecordData::Values { ttl, values: vec![text::quoted(value.as_bytes())] },
        routing: Some(Routing::Multivalue),
        health_check_id: None,
    }
}

fn is_ours(set: &RecordSet) -> bool {
    set.key.set_identifier.as_ref().is_some_and(|identifier| identifier.starts_with(OUR_SETS))
}

fn has(set: &RecordSet, value: &str) -> bool {
    set.values().iter().any(|present| same(present, value))
}

/// Whether a value in Route53's notation has this plain text.
fn same(wire: &str, plain: &str) -> bool {
    text::content(wire).is_ok_and(|content| content == plain.as_bytes())
}

fn ttl_of(set: &RecordSet) -> Option<u32> {
    match set.data {
        RecordData::Values { ttl, .. } => Some(ttl),
        RecordData::Alias(_) | RecordData::TrafficPolicy(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> DnsName {
        DnsName::parse("_acme-challenge.a.example").unwrap()
    }

    fn txt(ttl: u32, values: &[&str]) -> RecordSet {
        let values = values.iter().map(|value| format!("\"{value}\"")).collect();
        RecordSet::simple(name(), RecordType::Txt, ttl, values)
    }

    fn put(value: &str, ttl: u32) -> Edit {
        Edit::Put { value: value.into(), ttl }
    }

    fn remove(value: &str) -> Edit {
        Edit::Remove { value: value.into() }
    }

    #[test]
    fn a_name_and_its_wildcard_share_the_answer_name() {
        let base = record_name(&DnsName::parse("a.example").unwrap()).unwrap();
        let wildcard = record_name(&DnsName::parse("*.a.example").unwrap()).unwrap();
        assert_eq!(base, wildcard);
        assert_eq!(base, name());
    }

    #[test]
    fn edits_of_a_simple_set() {
        let nothing = ChangeGroup::default();
        let cases = [
            ("first values", vec![], vec![put("a", 60), put("b", 60)], {
                ChangeGroup::exchange(None, Some(txt(60, &["a", "b"])))
            }),
            ("joins another's", vec![txt(300, &["x"])], vec![put("a", 60)], {
                ChangeGroup::exchange(Some(txt(300, &["x"])), Some(txt(300, &["x", "a"])))
            }),
            ("is there already", vec![txt(60, &["a", "x"])], vec![put("a", 60)], nothing.clone()),
            ("leaves another's", vec![txt(60, &["a", "x"])], vec![remove("a")], {
                ChangeGroup::exchange(Some(txt(60, &["a", "x"])), Some(txt(60, &["x"])))
            }),
            ("last value goes", vec![txt(60, &["a"])], vec![remove("a")], {
                ChangeGroup::exchange(Some(txt(60, &["a"])), None)
            }),
            ("is gone already", vec![txt(60, &["x"])], vec![remove("a")], nothing.clone()),
            ("nothing there", vec![], vec![remove("a")], nothing.clone()),
            ("one goes, one comes", vec![txt(60, &["a"])], vec![remove("a"), put("b", 60)], {
                ChangeGroup::exchange(Some(txt(60, &["a"])), Some(txt(60, &["b"])))
            }),
            ("comes and goes", vec![], vec![put("a", 60), remove("a")], nothing),
            ("own ttl changes", vec![txt(60, &["a"])], vec![put("a", 120)], {
                ChangeGroup::exchange(Some(txt(60, &["a"])), Some(txt(120, &["a"])))
            }),
        ];
        for (case, live, edits, expected) in cases {
            assert_eq!(plan(&name(), &live, &edits).as_ref(), Ok(&expected), "{case}");
        }
    }

    #[test]
    fn joins_multivalue_sets_with_a_set_of_its_own() {
        let mut theirs = txt(60, &["x"]);
        theirs.key.set_identifier = Some("cert-manager".into());
        theirs.routing = Some(Routing::Multivalue);
        let group = plan(&name(), std::slice::from_ref(&theirs), &[put("a", 60), put("x", 60)]).unwrap();
        let [Change::Create(ours)] = group.0.as_slice() else { panic!("{group:?}") };
        assert!(is_ours(ours) && ours.routing == Some(Routing::Multivalue) && has(ours, "a"));

        let live = [theirs, ours.clone()];
        let group = plan(&name(), &live, &[remove("a"), remove("x")]).unwrap();
        assert_eq!(group.0, [Change::Delete(ours.clone())]);
    }

    #[test]
    fn names_what_stands_in_the_way() {
        let cname = RecordSet::simple(name(), RecordType::Cname, 60, vec!["b.example.".into()]);
        assert_eq!(
            plan(&name(), std::slice::from_ref(&cname), &[put("a", 60)]),
            Err(Obstacle::Cname("b.example.".into()))
        );
        assert_eq!(plan(&name(), &[cname], &[remove("a")]), Ok(ChangeGroup::default()));
        let mut weighted = txt(60, &["x"]);
        weighted.key.set_identifier = Some("w".into());
        weighted.routing = Some(Routing::Weighted(1));
        assert_eq!(plan(&name(), &[weighted], &[put("a", 60)]), Err(Obstacle::Policy("w".into())));
    }
}
