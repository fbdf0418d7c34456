//! How ExternalDNS marks the names that it keeps: TXT records beside them that name an owner.
//!
//! Source: ExternalDNS's documentation, "The TXT registry"
//! (<https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/>).

use super::name::{DnsName, DnsNameError};
use super::record::{RecordData, RecordKey, RecordSet, RecordType};
use super::text;

/// How long resolvers may keep a mark that we write, in seconds: what ExternalDNS itself takes.
const MARK_TTL: u32 = 300;
const HERITAGE: &str = "heritage=external-dns";
const OWNER: &str = "external-dns/owner=";
const RESOURCE: &str = "external-dns/resource=";
/// What our marks say they belong to.
const OURS: &str = "terraform/berth";

/// Who keeps a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The TXT record that says so.
    pub name: DnsName,
    /// The owner id (`--txt-owner-id`).
    pub owner: String,
    /// The Kubernetes object that asked for the name, such as `ingress/default/web`.
    pub resource: Option<String>,
}

/// The names whose TXT records may mark a record: its own, as ExternalDNS wrote until 0.12, and the one with its
/// type before the first label. An alias of type A is a `cname` to ExternalDNS.
pub fn mark_names(key: &RecordKey) -> Vec<DnsName> {
    let own = (key.kind != RecordType::Txt).then(|| key.name.clone());
    let kinds = match key.kind {
        RecordType::A => vec![RecordType::A, RecordType::Cname],
        other => vec![other],
    };
    own.into_iter().chain(kinds.into_iter().filter_map(|kind| prefixed(kind, &key.name).ok())).collect()
}

/// The mark that says that somebody else's ExternalDNS keeps the record, if one of the live sets is such a mark.
pub fn foreign_mark(key: &RecordKey, live: &[RecordSet], our_owner: Option<&str>) -> Option<Mark> {
    let names = mark_names(key);
    let beside = live.iter().filter(|set| set.key.kind == RecordType::Txt && names.contains(&set.key.name));
    let of_set = beside.filter(|set| set.key.set_identifier == key.set_identifier);
    let mut marks = of_set.flat_map(|set| set.values().iter().filter_map(|value| read(&set.key.name, value)));
    marks.find(|mark| Some(mark.owner.as_str()) != our_owner && mark.resource.as_deref() != Some(OURS))
}

/// The marks of a record: TXT sets at the names with its type before the first label, under the same routing policy.
///
/// # Errors
/// The name with its prefix is no DNS name: the first label is too long.
pub fn marks_of(set: &RecordSet, owner: &str) -> Result<Vec<RecordSet>, DnsNameError> {
    let words = format!("{HERITAGE},{OWNER}{owner},{RESOURCE}{OURS}");
    let of = |name| {
        let set_identifier = set.key.set_identifier.clone();
        let key = RecordKey { name, kind: RecordType::Txt, set_identifier };
        let data = RecordData::Values { ttl: MARK_TTL, values: vec![text::quoted(words.as_bytes())] };
        // A primary that is no alias needs a health check (`InvalidChangeBatch`), and a mark goes with its record.
        RecordSet { key, data, routing: set.routing.clone(), health_check_id: set.health_check_id.clone() }
    };
    let names = names_of_marks(set.key.kind, matches!(set.data, RecordData::Alias(_)), &set.key.name)?;
    Ok(names.into_iter().map(of).collect())
}

/// Where the marks of a record stand. For an alias of type A, ExternalDNS before 0.22 looks at `cname-…` only, and since
/// then at `a-…`.
///
/// # Errors
/// As [`marks_of`].
pub fn names_of_marks(kind: RecordType, is_alias: bool, name: &DnsName) -> Result<Vec<DnsName>, DnsNameError> {
    let kinds = if is_alias && kind == RecordType::A { vec![kind, RecordType::Cname] } else { vec![kind] };
    kinds.into_iter().map(|kind| prefixed(kind, name)).collect()
}

/// Whether the set is a mark, of whomever.
pub fn is_mark(set: &RecordSet) -> bool {
    set.key.kind == RecordType::Txt && set.values().iter().any(|value| read(&set.key.name, value).is_some())
}

fn prefixed(kind: RecordType, name: &DnsName) -> Result<DnsName, DnsNameError> {
    DnsName::parse(&format!("{}-{name}", kind.as_str().to_ascii_lowercase()))
}

fn read(name: &DnsName, value: &str) -> Option<Mark> {
    let words = String::from_utf8(text::content(value).ok()?).ok()?;
    // An early version put the whole text in a second pair of quotation marks.
    let words = words.trim_matches('"');
    let mut labels = words.split(',').map(str::trim);
    if labels.next() != Some(HERITAGE) {
        return None;
    }
    let label = |key: &str| labels.clone().find_map(|label| label.strip_prefix(key).map(str::to_owned));
    Some(Mark { name: name.clone(), owner: label(OWNER).unwrap_or_default(), resource: label(RESOURCE) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::{AliasTarget, Routing};

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn txt(at: &str, words: &str) -> RecordSet {
        RecordSet::simple(name(at), RecordType::Txt, 300, vec![format!("\"{words}\"")])
    }

    fn key(at: &str, kind: RecordType) -> RecordKey {
        RecordKey { name: name(at), kind, set_identifier: None }
    }

    const THEIRS: &str = "heritage=external-dns,external-dns/owner=cluster,external-dns/resource=ingress/web/shop";

    #[test]
    fn finds_the_mark_of_old_and_new_versions() {
        let cases = [
            (RecordType::A, "www.x", true),
            (RecordType::A, "a-www.x", true),
            (RecordType::A, "cname-www.x", true),
            (RecordType::A, "aaaa-www.x", false),
            (RecordType::Aaaa, "aaaa-www.x", true),
            (RecordType::Cname, "cname-www.x", true),
            (RecordType::Cname, "a-www.x", false),
            (RecordType::A, "a-web.x", false),
        ];
        for (kind, at, found) in cases {
            let mark = foreign_mark(&key("www.x", kind), &[txt(at, THEIRS)], None);
            assert_eq!(mark.is_some(), found, "{kind} {at}");
        }
        let mark = foreign_mark(&key("www.x", RecordType::A), &[txt("a-www.x", THEIRS)], None).unwrap();
        assert_eq!((mark.owner.as_str(), mark.resource.as_deref()), ("cluster", Some("ingress/web/shop")));
    }

    #[test]
    fn other_texts_and_our_own_mark_are_none() {
        let key = key("www.x", RecordType::A);
        assert_eq!(foreign_mark(&key, &[txt("www.x", "v=spf1 -all")], None), None);
        let ours = marks_of(&RecordSet::simple(name("www.x"), RecordType::A, 60, vec![]), "berth").unwrap();
        assert_eq!(foreign_mark(&key, &ours, None), None);
        assert_eq!(foreign_mark(&key, &[txt("www.x", THEIRS)], Some("cluster")), None);
    }

    #[test]
    fn writes_a_mark_that_external_dns_reads() {
        let mut set = RecordSet::simple(name("www.x"), RecordType::A, 60, vec!["192.0.2.1".into()]);
        set.key.set_identifier = Some("blue".into());
        set.routing = Some(Routing::Weighted(3));
        let [mark] = marks_of(&set, "berth").unwrap().try_into().unwrap();
        assert_eq!(mark.key.to_string(), "a-www.x TXT (blue)");
        assert_eq!(mark.routing, set.routing);
        let words = "\"heritage=external-dns,external-dns/owner=berth,external-dns/resource=terraform/berth\"";
        assert_eq!(mark.values(), [words]);
        assert!(is_mark(&mark));

        let target = AliasTarget { name: name("lb.y"), zone_id: "Z".into(), evaluate_target_health: false };
        set.data = RecordData::Alias(target);
        let marks = marks_of(&set, "berth").unwrap();
        let names: Vec<_> = marks.iter().map(|mark| mark.key.name.clone()).collect();
        assert_eq!(names, [name("a-www.x"), name("cname-www.x")], "for old and new versions");
        assert!(marks.iter().all(|mark| mark_names(&set.key).contains(&mark.key.name)), "what is written is read");
        set.key.kind = RecordType::Aaaa;
        assert_eq!(marks_of(&set, "berth").unwrap().len(), 1);
        let long = RecordSet::simple(name(&format!("{}.x", "a".repeat(63))), RecordType::A, 60, vec![]);
        assert!(marks_of(&long, "berth").is_err());
    }
}
