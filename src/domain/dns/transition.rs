//! From the record sets that were ours to those that are to be: which changes that takes, and which of them
//! go together.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Change, ChangeGroup, pack};
use super::external_dns;
use super::name::DnsName;
use super::record::{RecordKey, RecordSet, RecordType};

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
    /// Whether it is one of the wishes of a run, in which sets go from owner to owner: what is in the way may be
    /// removed by another wish, and what another wish has made since is that one's.
    pub in_run: bool,
    /// Whether something that was ours is gone, as after a run that ended before it could say what it had done: a new set
    /// that stands there as it is wished was made by that run, in the same request.
    pub resumes: bool,
}

/// A set that cannot be made, because of one that is not ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What was to be made.
    pub wanted: RecordSet,
    /// What stands in its place.
    pub existing: RecordSet,
}

impl Conflict {
    /// Whether what is in the way has given way after these changes.
    pub fn is_resolved_by(&self, changes: &[Change]) -> bool {
        let touched = changes.iter().rfind(|change| change.set().key == self.existing.key);
        touched.is_some_and(|change| match change {
            Change::Delete(_) => true,
            Change::Create(set) | Change::Upsert(set) => self.wanted.clash(set).is_none(),
        })
    }
}

/// Changes that take effect together or not at all, and what they suppose of other wishes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The changes.
    pub group: ChangeGroup,
    /// What is in the way, unless another wish of the run changes it.
    pub obstacles: Vec<Conflict>,
    /// The sets that are to be ours from now on: made, written over or adopted.
    pub taken: BTreeMap<RecordKey, RecordSet>,
    /// As [`Transition::in_run`].
    pub in_run: bool,
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

    /// The same as one of the wishes of a run.
    #[must_use]
    pub fn in_run(self) -> Self {
        Self { in_run: true, ..self }
    }

    /// The names whose present sets decide what is to be done.
    pub fn open_names(&self) -> BTreeSet<DnsName> {
        let gone = self.gone().map(|key| key.name.clone());
        let made = self.new.iter().filter(|set| self.is_judged(set)).map(|set| set.key.name.clone());
        gone.chain(made).collect()
    }

    /// The keys of all sets that are or are to be ours.
    pub fn keys(&self) -> BTreeSet<RecordKey> {
        self.old.keys().chain(self.new.iter().map(|set| &set.key)).cloned().collect()
    }

    /// The changes, divided so that each step fits a request and nothing is torn apart that belongs together, given the
    /// live sets of [`Transition::open_names`].
    pub fn steps(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Vec<Step> {
        let conflicts: Vec<_> = self.new.iter().flat_map(|set| self.conflicts(set, live)).collect();
        let taken = self.new.iter().filter(|set| self.in_run && !self.old.contains_key(&set.key));
        let mut taken: BTreeMap<_, _> = taken.map(|set| (set.key.clone(), set.clone())).collect();
        let step = |group: ChangeGroup| {
            let keys: BTreeSet<_> = group.keys().collect();
            let obstacles = conflicts.iter().filter(|conflict| keys.contains(&conflict.wanted.key)).cloned().collect();
            let mine = keys.into_iter().filter_map(|key| taken.remove_entry(key)).collect();
            Step { obstacles, taken: mine, in_run: self.in_run, group }
        };
        let mut steps: Vec<_> = divide(self.changes(live), &self.ties).into_iter().map(step).collect();
        // What is adopted as it stands needs no change.
        if let Some(first) = steps.first_mut() {
            first.taken.extend(taken);
        }
        steps
    }

    /// The sets of the zone itself that were ours and are to be no more: Route53 keeps a zone's SOA and NS for as long as
    /// there is the zone, so they are left as they are.
    pub fn left_at_apex(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Vec<RecordKey> {
        self.gone().filter(|key| is_of_zone_itself(live, key)).cloned().collect()
    }

    /// Notes that a step was carried out.
    pub fn note(&mut self, step: &Step) {
        self.old.extend(step.taken.iter().map(|(key, set)| (key.clone(), Some(set.clone()))));
        for change in &step.group.0 {
            let set = change.set();
            match change {
                Change::Delete(_) => self.old.remove(&set.key),
                Change::Create(_) | Change::Upsert(_) => self.old.insert(set.key.clone(), Some(set.clone())),
            };
        }
    }

    /// The keys that are ours and are to be no more.
    fn gone(&self) -> impl Iterator<Item = &RecordKey> {
        let kept: BTreeSet<_> = self.new.iter().map(|set| &set.key).collect();
        self.old.keys().filter(move |key| !kept.contains(key))
    }

    fn changes(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Vec<Change> {
        let gone = self.gone().filter(|key| !is_of_zone_itself(live, key)).filter_map(|key| present(live, key));
        let gone = gone.map(|set| Change::Delete(set.clone()));
        let made = self.new.iter().flat_map(|set| match self.old.get(&set.key) {
            Some(Some(old)) if old.means_the_same_as(set) => Vec::new(),
            Some(_) => match present(live, &set.key).filter(|there| there.follows_another_policy_than(set)) {
                Some(there) => vec![Change::Delete(there.clone()), Change::Create(set.clone())],
                None => vec![Change::Upsert(set.clone())],
            },
            None if self.overwrite => vec![Change::Upsert(set.clone())],
            None if self.is_ours_already(live, set) => Vec::new(),
            None => vec![Change::Create(set.clone())],
        });
        gone.chain(made).collect()
    }

    /// Whether others' sets may be in the way of this one: of a new one, or of one whose routing policy or time to live
    /// must be those of its companions.
    fn is_judged(&self, set: &RecordSet) -> bool {
        match self.old.get(&set.key) {
            None => !self.overwrite,
            Some(None) => set.routing.is_some(),
            Some(Some(old)) => set.routing.is_some() && !old.means_the_same_as(set),
        }
    }

    fn conflicts(&self, set: &RecordSet, live: &BTreeMap<DnsName, Vec<RecordSet>>) -> Vec<Conflict> {
        if !self.is_judged(set) || (!self.old.contains_key(&set.key) && self.is_ours_already(live, set)) {
            return Vec::new();
        }
        let there = live.get(&set.key.name).into_iter().flatten();
        let in_the_way = there.filter(|live| live.clash(set).is_some() && !self.old.contains_key(&live.key));
        in_the_way.map(|existing| Conflict { wanted: set.clone(), existing: existing.clone() }).collect()
    }

    /// Whether a set that is to be made stands there, and is ours: a mark for ExternalDNS that names our owner, whoever's
    /// state knows it, and what a run that is resumed has made.
    fn is_ours_already(&self, live: &BTreeMap<DnsName, Vec<RecordSet>>, set: &RecordSet) -> bool {
        (self.resumes || external_dns::is_mark(set))
            && present(live, &set.key).is_some_and(|live| live.means_the_same_as(set))
    }
}

/// Whether the set is a zone's own SOA or NS: a SOA stands nowhere but at the zone's name.
fn is_of_zone_itself(live: &BTreeMap<DnsName, Vec<RecordSet>>, key: &RecordKey) -> bool {
    let is_apex = || live.get(&key.name).is_some_and(|sets| sets.iter().any(|set| set.key.kind == RecordType::Soa));
    key.kind == RecordType::Soa || key.kind == RecordType::Ns && is_apex()
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
