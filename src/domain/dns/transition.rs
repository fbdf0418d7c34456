//! From the record sets that were ours to those that are to be: which changes that takes, and which of them
//! go together.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::Routing;

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

    fn groups(wish: &Transition, there: &[RecordSet]) -> Vec<ChangeGroup> {
        let steps = wish.steps(&live(there)).into_iter();
        steps.inspect(|step| assert!(step.obstacles.is_empty(), "{step:?}")).map(|step| step.group).collect()
    }

    fn ours(sets: &[RecordSet]) -> BTreeMap<RecordKey, Option<RecordSet>> {
        sets.iter().map(|set| (set.key.clone(), Some(set.clone()))).collect()
    }

    #[test]
    fn what_a_run_made_that_ended_without_a_word_is_ours_if_something_of_ours_is_gone() {
        let (wanted, other) = (a("new.x", "192.0.2.1"), a("other.x", "192.0.2.9"));
        let wish =
            |resumes: bool| Transition { new: vec![wanted.clone()], in_run: true, resumes, ..Transition::default() };
        let there = |value: &str| live(&[a("new.x", value), other.clone()]);
        assert_eq!(wish(true).steps(&there("192.0.2.1")), []);
        assert_eq!(wish(true).steps(&there("192.0.2.7"))[0].obstacles.len(), 1, "it stands there with other values");
        assert_eq!(wish(false).steps(&there("192.0.2.1"))[0].obstacles.len(), 1, "nothing says that we made it");
    }

    #[test]
    fn one_request_deletes_replaces_and_creates() {
        let before = [a("gone.x", "192.0.2.1"), a("same.x", "192.0.2.2"), a("other.x", "192.0.2.3")];
        let after = vec![a("same.x", "192.0.2.2"), a("other.x", "192.0.2.4"), a("new.x", "192.0.2.5")];
        let wish = Transition { old: ours(&before), new: after, ..Transition::default() };
        let names: Vec<_> = wish.open_names().into_iter().map(|name| name.to_string()).collect();
        assert_eq!(names, ["gone.x", "new.x"], "only those are looked for");
        let groups = groups(&wish, &before);
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
        assert_eq!(groups(&wish, std::slice::from_ref(&there)), [ChangeGroup(vec![Change::Delete(there)])]);
        assert!(groups(&wish, &[]).is_empty(), "gone already");
    }

    #[test]
    fn a_type_is_swapped_and_what_is_not_ours_is_in_the_way() {
        let cname = set("a.x", RecordType::Cname, "b.x.");
        let swap = Transition {
            old: ours(std::slice::from_ref(&cname)),
            new: vec![a("a.x", "192.0.2.1")],
            ..Default::default()
        };
        let groups = groups(&swap, std::slice::from_ref(&cname));
        assert_eq!(groups[0].0, [Change::Delete(cname.clone()), Change::Create(a("a.x", "192.0.2.1"))]);

        let wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
        let both = live(&[cname.clone(), a("b.x", "192.0.2.1")]);
        let [step] = wish.steps(&both).try_into().unwrap();
        assert_eq!(step.obstacles.len(), 2, "all of them at once: {step:?}");
        assert_eq!(step.obstacles[0].existing, cname);
        let [forced] = Transition { overwrite: true, ..wish }.steps(&both).try_into().unwrap();
        assert!(matches!(forced.group.0.as_slice(), [Change::Upsert(_), Change::Upsert(_)]));
        assert!(forced.obstacles.is_empty());
    }

    #[test]
    fn groups_fit_a_request_and_tied_names_stay_together() {
        let many: Vec<_> = (0..2100).map(|i| a(&format!("n{i}.x"), "192.0.2.1")).collect();
        let ties = vec![(many[0].key.name.clone(), many[2099].key.name.clone())];
        let wish = Transition { new: many.clone(), ties, ..Transition::default() };
        let found = groups(&wish, &[]);
        assert_eq!(found.iter().map(|group| group.0.len()).collect::<Vec<_>>(), [1000, 1000, 100]);
        let holds = |group: &ChangeGroup, set: &RecordSet| group.keys().any(|key| *key == set.key);
        assert!(found.iter().any(|group| holds(group, &many[0]) && holds(group, &many[2099])));
        let replaced = Transition { overwrite: true, ..wish };
        assert_eq!(groups(&replaced, &[]).len(), 5, "an UPSERT counts twice");
    }

    #[test]
    fn what_was_carried_out_needs_nothing_any_more() {
        let mut wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
        wish.note(&Step { group: ChangeGroup::single(Change::Create(a("a.x", "192.0.2.1"))), ..Step::default() });
        let left = groups(&wish, &[a("a.x", "192.0.2.1")]);
        assert_eq!(left, [ChangeGroup::single(Change::Create(a("b.x", "192.0.2.1")))]);
    }

    #[test]
    fn our_own_mark_is_adopted() {
        let mark = external_dns::marks_of(&a("a.x", "192.0.2.1"), "berth").unwrap().remove(0);
        let wish = Transition::create(mark.clone());
        assert!(wish.steps(&live(std::slice::from_ref(&mark))).is_empty());
        let theirs = external_dns::marks_of(&a("a.x", "192.0.2.1"), "cluster").unwrap().remove(0);
        assert_eq!(wish.steps(&live(&[theirs]))[0].obstacles.len(), 1);
        // In a run it is ours from then on, beside the record that is made.
        let wish = Transition { new: vec![a("a.x", "192.0.2.1"), mark.clone()], ..Transition::default() }.in_run();
        let [step] = wish.steps(&live(std::slice::from_ref(&mark))).try_into().unwrap();
        assert_eq!(step.group, ChangeGroup::single(Change::Create(a("a.x", "192.0.2.1"))));
        assert!(step.taken.len() == 2 && step.taken.contains_key(&mark.key), "{step:?}");
    }

    #[test]
    fn the_soa_and_ns_of_the_zone_itself_are_left() {
        let (soa, ns) = (set("x", RecordType::Soa, "s"), set("x", RecordType::Ns, "n."));
        let (below, www) = (set("b.x", RecordType::Ns, "n."), a("www.x", "192.0.2.1"));
        let before = [soa.clone(), ns.clone(), below.clone(), www.clone()];
        let wish = Transition::delete(before.iter().map(|set| set.key.clone()));
        let expected = ChangeGroup(vec![Change::Delete(below), Change::Delete(www)]);
        assert_eq!(groups(&wish, &before), [expected], "the others go");
        assert_eq!(wish.left_at_apex(&live(&before)), [ns.key.clone(), soa.key.clone()]);
        // A change of the name away from the zone's own leaves it too, and a change of its values is one.
        let moved = Transition { new: vec![set("b.x", RecordType::Ns, "n.")], ..Transition::delete([ns.key.clone()]) };
        let made = Change::Create(set("b.x", RecordType::Ns, "n."));
        assert_eq!(groups(&moved, &before[..2]), [ChangeGroup::single(made)]);
        let changed = Transition { new: vec![set("x", RecordType::Ns, "m.")], ..Transition::delete([ns.key]) };
        assert_eq!(
            groups(&changed, &before[..2]),
            [ChangeGroup::single(Change::Upsert(set("x", RecordType::Ns, "m.")))]
        );
        assert!(changed.left_at_apex(&live(&before)).is_empty());
    }

    #[test]
    fn sets_that_take_another_policy_go_before_they_come() {
        let routed = |id: &str, routing| {
            let mut set = a("a.x", "192.0.2.1");
            (set.key.set_identifier, set.routing) = (Some(id.to_owned()), Some(routing));
            set
        };
        let before = ["v", "w"].map(|id| routed(id, Routing::Weighted(1)));
        let after = ["v", "w"].map(|id| routed(id, Routing::Multivalue));
        let wish = Transition { old: ours(&before), new: after.to_vec(), ..Transition::default() };
        let expected = [before.map(Change::Delete), after.map(Change::Create)].concat();
        assert_eq!(groups(&wish, &["v", "w"].map(|id| routed(id, Routing::Weighted(1)))), [ChangeGroup(expected)]);
    }

    #[test]
    fn a_weighted_set_is_judged_by_its_companions_also_when_it_changes() {
        let weighted = |id: &str, ttl| {
            let mut set =
                RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::A, ttl, vec!["192.0.2.1".into()]);
            (set.key.set_identifier, set.routing) = (Some(id.to_owned()), Some(Routing::Weighted(1)));
            set
        };
        let before = [weighted("blue", 60), weighted("green", 60)];
        let wish = Transition { new: vec![weighted("blue", 30)], ..Transition::delete([before[0].key.clone()]) };
        assert_eq!(wish.open_names().len(), 1);
        let [step] = wish.steps(&live(&before)).try_into().unwrap();
        assert_eq!(step.obstacles[0].existing, before[1]);
        assert!(step.obstacles[0].is_resolved_by(&[Change::Upsert(weighted("green", 30))]));
        assert!(!step.obstacles[0].is_resolved_by(&[Change::Upsert(weighted("green", 45))]));
        assert!(step.obstacles[0].is_resolved_by(&[Change::Delete(weighted("green", 60))]));
    }
}
