//! From the record sets that were ours to those that are to be: which changes that takes, and which of them
//! go together.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Change, ChangeGroup, pack};
use super::external_dns;
use super::name::DnsName;
use super::record::{RecordKey, RecordSet};

/// What is wished of a zone.
#[derive(Clone, Debug, Default)]
pub struct Transition {
    /// The sets that are ours now, as they were last seen (none where that is not known).
    pub old: BTreeMap<RecordKey, Option<RecordSet>>,
    /// The sets that are to be ours.
    pub new: Vec<RecordSet>,
    /// Whether a new set may take the place of one that is not ours.
    pub overwrite: bool,
    /// Pairs of names whose changes must not be torn apart.
    pub ties: Vec<(DnsName, DnsName)>,
}

/// A set that cannot be made, because of one that is not ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What was to be made.
    pub wanted: RecordKey,
    /// What stands in its place.
    pub existing: RecordSet,
}

impl Transition {
    /// Makes one set that must not be there.
    pub fn create(set: RecordSet) -> Self {
        Self { new: vec![set], ..Self::default() }
    }

    /// Removes sets, whatever they hold now.
    pub fn delete(keys: impl IntoIterator<Item = RecordKey>) -> Self {
        Self { old: keys.into_iter().map(|key| (key, None)).collect(), ..Self::default() }
    }

    /// The names whose present sets decide what is to be done.
    pub fn open_names(&self) -> BTreeSet<DnsName> {
        let kept: BTreeSet<_> = self.new.iter().map(|set| &set.key).collect();
        let gone = self.old.keys().filter(|key| !kept.contains(key));
        let made = self.new.iter().map(|set| &set.key).filter(|key| !self.overwrite && !self.old.contains_key(key));
        gone.chain(made).map(|key| key.name.clone()).collect()
    }

    /// The keys of all sets that are or are to be ours.
    pub fn keys(&self) -> BTreeSet<RecordKey> {
        self.old.keys().chain(self.new.iter().map(|set| &set.key)).cloned().collect()
    }

    /// The changes, divided so that each group fits a request and nothing is torn apart that belongs together.
    ///
    /// # Errors
    /// All sets that are in the way, given the live sets of [`Transition::open_names`].
    pub fn groups(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Result<Vec<ChangeGroup>, Vec<Conflict>> {
        let conflicts: Vec<_> = self.new.iter().filter_map(|set| self.conflict(set, live)).collect();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        Ok(divide(self.changes(live), &self.ties))
    }

    /// Notes that a group was carried out.
    pub fn note(&mut self, group: &ChangeGroup) {
        for change in &group.0 {
            let set = change.set();
            match change {
                Change::Delete(_) => self.old.remove(&set.key),
                Change::Create(_) | Change::Upsert(_) => self.old.insert(set.key.clone(), Some(set.clone())),
            };
        }
    }

    fn changes(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Vec<Change> {
        let kept: BTreeSet<_> = self.new.iter().map(|set| &set.key).collect();
        let gone = self.old.keys().filter(|key| !kept.contains(key)).filter_map(|key| present(live, key));
        let gone = gone.map(|set| Change::Delete(set.clone()));
        let made = self.new.iter().filter_map(|set| match self.old.get(&set.key) {
            Some(Some(old)) if old.means_the_same_as(set) => None,
            Some(_) => Some(Change::Upsert(set.clone())),
            None if self.overwrite => Some(Change::Upsert(set.clone())),
            None if is_ours_already(live, set) => None,
            None => Some(Change::Create(set.clone())),
        });
        gone.chain(made).collect()
    }

    fn conflict(&self, set: &RecordSet, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Option<Conflict> {
        if self.overwrite || self.old.contains_key(&set.key) || is_ours_already(live, set) {
            return None;
        }
        let mut there = live.get(&set.key.name)?.iter();
        let existing = there.find(|live| live.key.excludes(&set.key) && !self.old.contains_key(&live.key))?;
        Some(Conflict { wanted: set.key.clone(), existing: existing.clone() })
    }
}

/// A mark for ExternalDNS that names our owner is ours, whoever's state knows it.
fn is_ours_already(live: &BTreeMap<DnsName, Vec<RecordSet>>, set: &RecordSet) -> bool {
    external_dns::is_mark(set) && present(live, &set.key).is_some_and(|live| live.means_the_same_as(set))
}

fn present<'a>(live: &'a BTreeMap<DnsName, Vec<RecordSet>>, key: &RecordKey) -> Option<&'a RecordSet> {
    live.get(&key.name)?.iter().find(|set| set.key == *key)
}

/// Groups that fit a request each; the changes of one name, and of names that are tied, stay together.
fn divide(changes: Vec<Change>, ties: &[(DnsName, DnsName)]) -> Vec<ChangeGroup> {
    let mut homes = Homes::default();
    for (one, other) in ties {
        homes.join(one, other);
    }
    let mut together: BTreeMap<DnsName, ChangeGroup> = BTreeMap::new();
    for change in changes {
        let home = homes.of(&change.set().key.name);
        together.entry(home).or_default().0.push(change);
    }
    let parts: Vec<_> = together.into_values().collect();
    let requests = pack(&parts.iter().collect::<Vec<_>>());
    let mut parts: Vec<_> = parts.into_iter().map(Some).collect();
    let mut take = |index: usize| parts.get_mut(index).and_then(Option::take);
    let joined = requests.into_iter().map(|request| {
        let mut changes: Vec<_> = request.into_iter().filter_map(&mut take).flat_map(|group| group.0).collect();
        changes.sort_by_key(|change| !matches!(change, Change::Delete(_)));
        ChangeGroup(changes)
    });
    joined.collect()
}

/// Which names belong together: each leads to another one of its company, or is its head.
#[derive(Default)]
struct Homes(BTreeMap<DnsName, DnsName>);

impl Homes {
    fn of(&self, name: &DnsName) -> DnsName {
        let mut home = name;
        while let Some(next) = self.0.get(home) {
            home = next;
        }
        home.clone()
    }

    fn join(&mut self, one: &DnsName, other: &DnsName) {
        let (one, other) = (self.of(one), self.of(other));
        if one != other {
            self.0.insert(one, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::RecordType;

    fn set(name: &str, kind: RecordType, value: &str) -> RecordSet {
        RecordSet::simple(DnsName::parse(name).unwrap(), kind, 60, vec![value.to_owned()])
    }

    fn a(name: &str, value: &str) -> RecordSet {
        set(name, RecordType::A, value)
    }

    fn live(sets: &[RecordSet]) -> BTreeMap<DnsName, Vec<RecordSet>> {
        let mut live = BTreeMap::new();
        for set in sets {
            live.entry(set.key.name.clone()).or_insert_with(Vec::new).push(set.clone());
        }
        live
    }

    fn ours(sets: &[RecordSet]) -> BTreeMap<RecordKey, Option<RecordSet>> {
        sets.iter().map(|set| (set.key.clone(), Some(set.clone()))).collect()
    }

    #[test]
    fn one_request_deletes_replaces_and_creates() {
        let before = [a("gone.x", "192.0.2.1"), a("same.x", "192.0.2.2"), a("other.x", "192.0.2.3")];
        let after = vec![a("same.x", "192.0.2.2"), a("other.x", "192.0.2.4"), a("new.x", "192.0.2.5")];
        let wish = Transition { old: ours(&before), new: after, ..Transition::default() };
        let names: Vec<_> = wish.open_names().into_iter().map(|name| name.to_string()).collect();
        assert_eq!(names, ["gone.x", "new.x"], "only those are looked for");
        let groups = wish.groups(&live(&before)).unwrap();
        let expected = [
            Change::Delete(a("gone.x", "192.0.2.1")),
            Change::Create(a("new.x", "192.0.2.5")),
            Change::Upsert(a("other.x", "192.0.2.4")),
        ];
        assert_eq!(groups, [ChangeGroup(expected.to_vec())]);
    }

    #[test]
    fn what_is_deleted_is_what_is_there() {
        let wish = Transition::delete([a("a.x", "192.0.2.1").key]);
        let there = a("a.x", "192.0.2.9");
        assert_eq!(
            wish.groups(&live(std::slice::from_ref(&there))),
            Ok(vec![ChangeGroup(vec![Change::Delete(there)])])
        );
        assert_eq!(wish.groups(&live(&[])), Ok(vec![]), "gone already");
    }

    #[test]
    fn a_type_is_swapped_and_what_is_not_ours_is_in_the_way() {
        let cname = set("a.x", RecordType::Cname, "b.x.");
        let swap = Transition {
            old: ours(std::slice::from_ref(&cname)),
            new: vec![a("a.x", "192.0.2.1")],
            ..Default::default()
        };
        let groups = swap.groups(&live(std::slice::from_ref(&cname))).unwrap();
        assert_eq!(groups[0].0, [Change::Delete(cname.clone()), Change::Create(a("a.x", "192.0.2.1"))]);

        let wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
        let both = live(&[cname.clone(), a("b.x", "192.0.2.1")]);
        let conflicts = wish.groups(&both).unwrap_err();
        assert_eq!(conflicts.len(), 2, "all of them at once: {conflicts:?}");
        assert_eq!(conflicts[0].existing, cname);
        let forced = Transition { overwrite: true, ..wish };
        assert!(matches!(forced.groups(&both).unwrap()[0].0.as_slice(), [Change::Upsert(_), Change::Upsert(_)]));
    }

    #[test]
    fn groups_fit_a_request_and_tied_names_stay_together() {
        let many: Vec<_> = (0..2100).map(|i| a(&format!("n{i}.x"), "192.0.2.1")).collect();
        let ties = vec![(many[0].key.name.clone(), many[2099].key.name.clone())];
        let wish = Transition { new: many.clone(), ties, ..Transition::default() };
        let groups = wish.groups(&live(&[])).unwrap();
        assert_eq!(groups.iter().map(|group| group.0.len()).collect::<Vec<_>>(), [1000, 1000, 100]);
        let holds = |group: &ChangeGroup, set: &RecordSet| group.keys().any(|key| *key == set.key);
        assert!(groups.iter().any(|group| holds(group, &many[0]) && holds(group, &many[2099])));
        let replaced = Transition { overwrite: true, ..wish };
        assert_eq!(replaced.groups(&live(&[])).unwrap().len(), 5, "an UPSERT counts twice");
    }

    #[test]
    fn what_was_carried_out_needs_nothing_any_more() {
        let mut wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
        wish.note(&ChangeGroup::single(Change::Create(a("a.x", "192.0.2.1"))));
        let left = wish.groups(&live(&[a("a.x", "192.0.2.1")])).unwrap();
        assert_eq!(left, [ChangeGroup::single(Change::Create(a("b.x", "192.0.2.1")))]);
    }

    #[test]
    fn our_own_mark_is_adopted() {
        let mark = external_dns::mark_of(&a("a.x", "192.0.2.1"), "berth").unwrap();
        let wish = Transition::create(mark.clone());
        assert_eq!(wish.groups(&live(std::slice::from_ref(&mark))), Ok(vec![]));
        let theirs = external_dns::mark_of(&a("a.x", "192.0.2.1"), "cluster").unwrap();
        assert_eq!(wish.groups(&live(&[theirs])).unwrap_err().len(), 1);
    }
}
