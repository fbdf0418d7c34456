//! Which wishes of a zone go together: those that wait for what others change, and those that take what others leave.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Change, ChangeGroup};
use super::record::{RecordKey, RecordSet};
use super::transition::Step;

/// Whether each of these steps may go out: nothing is in its way, or others of them that may go out change all of it.
pub fn free(steps: &[&Step]) -> Vec<bool> {
    let mut free = vec![true; steps.len()];
    loop {
        let changes = |me: usize| {
            let others = steps.iter().enumerate().filter(move |(index, _)| *index != me);
            others.filter(|(index, _)| free.get(*index) == Some(&true)).map(|(_, step)| step.group.0.as_slice())
        };
        let blocked = steps.iter().enumerate().find(|(index, step)| {
            let resolved = |conflict| changes(*index).any(|changes| is_resolved(conflict, changes));
            free.get(*index) == Some(&true) && !step.obstacles.iter().all(resolved)
        });
        match blocked.and_then(|(index, _)| free.get_mut(index)) {
            Some(one) => *one = false,
            None => return free,
        }
    }
}

fn is_resolved(conflict: &super::Conflict, changes: &[Change]) -> bool {
    conflict.is_resolved_by(changes)
}

/// The steps in companies, as indices: those of one company take effect together.
pub fn companies(steps: &[&Step]) -> Vec<Vec<usize>> {
    let mut touching: BTreeMap<&RecordKey, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        step.group.keys().for_each(|key| touching.entry(key).or_default().push(index));
    }
    let mut head: Vec<usize> = (0..steps.len()).collect();
    for (index, step) in steps.iter().enumerate() {
        let awaited = step.obstacles.iter().map(|conflict| &conflict.existing.key);
        let left = step.taken.keys().filter(|_| step.in_run);
        for other in awaited.chain(left).filter_map(|key| touching.get(key)).flatten() {
            let (mine, theirs) = (head.get(index).copied(), head.get(*other).copied());
            if let Some((mine, theirs)) = mine.zip(theirs) {
                head.iter_mut().filter(|head| **head == theirs).for_each(|head| *head = mine);
            }
        }
    }
    let mut companies: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, head) in head.into_iter().enumerate() {
        companies.entry(head).or_default().push(index);
    }
    companies.into_values().collect()
}

/// The changes of a company in one group: first what goes, then what comes. What goes with one owner and comes with the
/// other is replaced in place, and nothing is done where it stays the same.
pub fn joined(steps: &[&Step]) -> ChangeGroup {
    if let [alone] = steps {
        return alone.group.clone();
    }
    let all = || steps.iter().flat_map(|step| &step.group.0);
    let taken: BTreeSet<_> = steps.iter().flat_map(|step| step.taken.keys()).collect();
    let gone: BTreeMap<_, _> = all()
        .filter_map(|change| match change {
            Change::Delete(set) => Some((&set.key, set)),
            Change::Create(_) | Change::Upsert(_) => None,
        })
        .collect();
    let made = all().filter(|change| !matches!(change, Change::Delete(_)));
    let made: Vec<_> = made
        .filter_map(|change| match gone.get(&change.set().key) {
            Some(old) if old.means_the_same_as(change.set()) => None,
            Some(old) if old.follows_another_policy_than(change.set()) => Some(Change::Create(change.set().clone())),
            Some(_) => Some(Change::Upsert(change.set().clone())),
            None => Some(change.clone()),
        })
        .collect();
    let goes = |set: &RecordSet| {
        let mut new = all().filter(|change| !is_deletion(change)).map(Change::set).filter(|new| new.key == set.key);
        match new.next() {
            Some(new) => set.follows_another_policy_than(new),
            None => !taken.contains(&set.key),
        }
    };
    let gone = gone.values().filter(|set| goes(set)).map(|set| Change::Delete((*set).clone()));
    ChangeGroup(gone.chain(made).collect())
}

fn is_deletion(change: &Change) -> bool {
    matches!(change, Change::Delete(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::dns::{Conflict, DnsName, RecordType, Routing, Transition};

    fn set(name: &str, kind: RecordType, value: &str) -> RecordSet {
        RecordSet::simple(DnsName::parse(name).unwrap(), kind, 60, vec![value.to_owned()])
    }

    fn a(name: &str, value: &str) -> RecordSet {
        set(name, RecordType::A, value)
    }

    fn step(wish: Transition, live: &[RecordSet]) -> Step {
        let mut names = BTreeMap::<_, Vec<_>>::new();
        for set in live {
            names.entry(set.key.name.clone()).or_default().push(set.clone());
        }
        let [step] = wish.in_run().steps(&names).try_into().unwrap();
        step
    }

    fn create(set: &RecordSet, live: &[RecordSet]) -> Step {
        step(Transition::create(set.clone()), live)
    }

    fn delete(set: &RecordSet) -> Step {
        step(Transition::delete([set.key.clone()]), std::slice::from_ref(set))
    }

    #[test]
    fn a_creation_waits_for_the_deletion_of_what_is_in_its_way_and_goes_with_it() {
        let cname = set("a.x", RecordType::Cname, "b.x.");
        let (made, gone) = (create(&a("a.x", "192.0.2.1"), std::slice::from_ref(&cname)), delete(&cname));
        let other = create(&a("other.x", "192.0.2.1"), &[]);
        assert_eq!(free(&[&made, &other]), [false, true]);
        assert_eq!(free(&[&made, &other, &gone]), [true, true, true]);
        assert_eq!(companies(&[&made, &other, &gone]), [vec![0, 2], vec![1]]);
        let joined = joined(&[&made, &gone]);
        assert_eq!(joined.0, [Change::Delete(cname), Change::Create(a("a.x", "192.0.2.1"))]);
    }

    #[test]
    fn a_set_that_goes_from_owner_to_owner_is_replaced_in_place() {
        let (old, new) = (a("a.x", "192.0.2.1"), a("a.x", "192.0.2.2"));
        let there = std::slice::from_ref(&old);
        let (gone, same, other) = (delete(&old), create(&old, there), create(&new, there));
        assert_eq!(joined(&[&gone, &other]).0, [Change::Upsert(new.clone())]);
        assert!(joined(&[&same, &gone]).is_empty(), "it stays as it is");
        let forced = step(Transition { overwrite: true, ..Transition::create(new.clone()) }, &[]);
        assert_eq!(companies(&[&forced, &gone]), [vec![0, 1]], "without an obstacle too");
        assert_eq!(joined(&[&forced, &gone]).0, [Change::Upsert(new)]);
    }

    #[test]
    fn two_that_swap_their_names_go_together() {
        let (one, two) = (a("a.x", "192.0.2.1"), a("b.x", "192.0.2.2"));
        let live = [one.clone(), two.clone()];
        let to =
            |old: &RecordSet, new: RecordSet| Transition { new: vec![new], ..Transition::delete([old.key.clone()]) };
        let first = step(to(&one, a("b.x", "192.0.2.1")), &live);
        let second = step(to(&two, a("a.x", "192.0.2.2")), &live);
        assert_eq!(free(&[&first]), [false]);
        assert_eq!(free(&[&first, &second]), [true, true]);
        assert_eq!(companies(&[&first, &second]), [vec![0, 1]]);
        let expected = [Change::Upsert(a("b.x", "192.0.2.1")), Change::Upsert(a("a.x", "192.0.2.2"))];
        assert_eq!(joined(&[&first, &second]).0, expected);
    }

    #[test]
    fn two_that_take_another_policy_go_before_they_come() {
        let routed = |id: &str, routing| {
            let mut set = a("a.x", "192.0.2.1");
            (set.key.set_identifier, set.routing) = (Some(id.to_owned()), Some(routing));
            set
        };
        let live = ["v", "w"].map(|id| routed(id, Routing::Weighted(1)));
        let [v, w] = ["v", "w"].map(|id| {
            let new = routed(id, Routing::Multivalue);
            step(Transition { new: vec![new.clone()], ..Transition::delete([new.key]) }, &live)
        });
        assert_eq!((free(&[&v]), free(&[&v, &w])), (vec![false], vec![true, true]));
        let made = ["v", "w"].map(|id| Change::Create(routed(id, Routing::Multivalue)));
        assert_eq!(joined(&[&v, &w]).0, [live.map(Change::Delete), made].concat());
    }

    /// What a zone holds after some changes, or that Route53 would refuse them.
    fn after(zone: &[RecordSet], changes: &ChangeGroup) -> Option<Vec<RecordSet>> {
        let mut zone = zone.to_vec();
        for change in &changes.0 {
            let present = zone.iter().any(|set| set.key == change.set().key);
            if present == matches!(change, Change::Create(_)) && !matches!(change, Change::Upsert(_)) {
                return None;
            }
            zone.retain(|set| set.key != change.set().key);
            if !is_deletion(change) {
                zone.push(change.set().clone());
            }
        }
        let clash =
            |(index, set): (usize, &RecordSet)| zone.iter().skip(index + 1).any(|other| set.clash(other).is_some());
        (!zone.iter().enumerate().any(clash)).then_some(zone)
    }

    proptest! {
        /// Owners exchange what they hold in whatever way: together it passes, and each has what it wished for.
        #[test]
        fn whatever_goes_from_owner_to_owner_passes_together(
            before in proptest::collection::btree_set((0..4u8, 0..3u8), 0..4),
            after_all in proptest::collection::btree_set((0..4u8, 0..3u8), 0..4),
        ) {
            let kinds = [RecordType::A, RecordType::Txt, RecordType::Cname];
            let of = |(name, kind): &(u8, u8), value: &str| set(&format!("n{name}.x"), kinds[usize::from(*kind)], value);
            let fits = |sets: &[RecordSet]| after(&[], &ChangeGroup(sets.iter().cloned().map(Change::Create).collect()));
            let old: Vec<_> = before.iter().map(|place| of(place, "old")).collect();
            let new: Vec<_> = after_all.iter().map(|place| of(place, "new")).collect();
            prop_assume!(fits(&old).is_some() && fits(&new).is_some());
            let steps: Vec<_> = old.iter().map(delete).chain(new.iter().map(|set| create(set, &old))).collect();
            let steps: Vec<_> = steps.iter().collect();
            prop_assert!(free(&steps).iter().all(|free| *free));
            let mut zone = old.clone();
            for company in companies(&steps) {
                let members: Vec<_> = company.iter().map(|index| steps[*index]).collect();
                let next = after(&zone, &joined(&members));
                prop_assert!(next.is_some(), "{:?}", joined(&members));
                zone = next.unwrap();
            }
            zone.sort_by(|one, other| one.key.cmp(&other.key));
            let mut wanted = new.clone();
            wanted.sort_by(|one, other| one.key.cmp(&other.key));
            prop_assert_eq!(zone, wanted);
        }
    }

    #[test]
    fn what_nobody_removes_stays_in_the_way() {
        let theirs = a("a.x", "192.0.2.9");
        let made = create(&a("a.x", "192.0.2.1"), std::slice::from_ref(&theirs));
        let expected = [Conflict { wanted: a("a.x", "192.0.2.1"), existing: theirs }];
        assert_eq!(made.obstacles, expected);
        assert_eq!(free(&[&made, &delete(&a("b.x", "192.0.2.9"))]), [false, true]);
    }
}
