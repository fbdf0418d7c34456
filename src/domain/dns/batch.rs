//! Changes to a zone, and how many of them fit into one request.
//!
//! Limits: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{RecordData, RecordKey, RecordSet};

/// Most record elements in one change request; those of an UPSERT count twice.
pub const MAX_RECORDS: usize = 1_000;
/// Most characters of all values in one change request; those of an UPSERT count twice.
pub const MAX_CHARACTERS: usize = 32_000;

/// One change to one record set.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Makes a set that must not exist yet.
    Create(RecordSet),
    /// Makes a set, or replaces the one of the same key.
    Upsert(RecordSet),
    /// Removes a set that must be exactly as given.
    Delete(RecordSet),
}

impl Change {
    /// The set that is made or removed.
    pub fn set(&self) -> &RecordSet {
        match self {
            Self::Create(set) | Self::Upsert(set) | Self::Delete(set) => set,
        }
    }

    fn cost(&self) -> Cost {
        let times = if matches!(self, Self::Upsert(_)) { 2 } else { 1 };
        match &self.set().data {
            RecordData::Values { values, .. } => Cost {
                records: values.len() * times,
                characters: values.iter().map(|value| value.chars().count()).sum::<usize>() * times,
            },
            RecordData::Alias(_) | RecordData::TrafficPolicy(_) => Cost { records: times, characters: 0 },
        }
    }
}

/// Changes that take effect together or not at all: a type swap, a compare-and-set, or a single change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeGroup(pub Vec<Change>);

impl ChangeGroup {
    /// A group of one.
    pub fn single(change: Change) -> Self {
        Self(vec![change])
    }

    /// Replaces `old` only if it still is exactly as given; `old` absent: makes `new` only if nothing is there.
    pub fn exchange(old: Option<RecordSet>, new: Option<RecordSet>) -> Self {
        Self(old.map(Change::Delete).into_iter().chain(new.map(Change::Create)).collect())
    }

    /// The same without the conditions: a replacement is written over whatever is there.
    #[must_use]
    pub fn forced(self) -> Self {
        let made: Vec<_> = self.0.iter().filter(|change| !matches!(change, Change::Delete(_))).cloned().collect();
        let replaced = |key: &RecordKey| made.iter().any(|change| change.set().key == *key);
        let forced = self.0.iter().filter_map(|change| match change {
            Change::Delete(set) if replaced(&set.key) => None,
            Change::Create(set) => Some(Change::Upsert(set.clone())),
            other => Some(other.clone()),
        });
        Self(forced.collect())
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of all sets that the group touches.
    pub fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.0.iter().map(|change| &change.set().key)
    }

    /// Whether sets are only removed.
    pub fn only_deletes(&self) -> bool {
        self.0.iter().all(|change| matches!(change, Change::Delete(_)))
    }

    /// Whether the group alone is more than a request may hold.
    pub fn is_too_large(&self) -> bool {
        !self.cost().fits()
    }

    fn cost(&self) -> Cost {
        self.0.iter().map(Change::cost).fold(Cost::default(), Cost::plus)
    }
}

#[derive(Clone, Copy, Default)]
struct Cost {
    records: usize,
    characters: usize,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self { records: self.records + other.records, characters: self.characters + other.characters }
    }

    fn fits(self) -> bool {
        self.records <= MAX_RECORDS && self.characters <= MAX_CHARACTERS
    }
}

/// Whether sets are as these changes leave them, given all live sets of the names that they touch.
pub fn is_done(changes: &[Change], live: &[RecordSet]) -> bool {
    let wanted: BTreeMap<_, _> = changes
        .iter()
        .map(|change| (&change.set().key, (!matches!(change, Change::Delete(_))).then_some(change.set())))
        .collect();
    wanted.into_iter().all(|(key, wanted)| match (wanted, live.iter().find(|set| set.key == *key)) {
        (Some(wanted), Some(live)) => live.means_the_same_as(wanted),
        (wanted, live) => wanted.is_none() && live.is_none(),
    })
}

/// Divides groups into requests, as indices into `groups`: in order, but with pure deletions first
/// within a request, so that a set may be removed and another of its name made in one go.
///
/// Two groups that touch the same set never share a request, and stay in order.
pub fn pack(groups: &[&ChangeGroup]) -> Vec<Vec<usize>> {
    let mut requests: Vec<Request<'_>> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let after = requests.iter().rposition(|request| request.touches(group)).map_or(0, |last| last + 1);
        let place = requests.iter().skip(after).position(|request| request.has_room_for(group));
        match place.and_then(|place| requests.get_mut(after + place)) {
            Some(request) => request.take(index, group),
            None => requests.push(Request::of(index, group)),
        }
    }
    let deletes_first = |request: Request<'_>| {
        let mut indices = request.indices;
        indices.sort_by_key(|index| !groups.get(*index).is_some_and(|group| group.only_deletes()));
        indices
    };
    requests.into_iter().map(deletes_first).collect()
}

struct Request<'a> {
    indices: Vec<usize>,
    keys: BTreeSet<&'a RecordKey>,
    cost: Cost,
}

impl<'a> Request<'a> {
    fn of(index: usize, group: &'a ChangeGroup) -> Self {
        Self { indices: vec![index], keys: group.keys().collect(), cost: group.cost() }
    }

    fn touches(&self, group: &ChangeGroup) -> bool {
        group.keys().any(|key| self.keys.contains(key))
    }

    fn has_room_for(&self, group: &ChangeGroup) -> bool {
        self.cost.plus(group.cost()).fits()
    }

    fn take(&mut self, index: usize, group: &'a ChangeGroup) {
        self.indices.push(index);
        self.keys.extend(group.keys());
        self.cost = self.cost.plus(group.cost());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::dns::{DnsName, RecordType};

    fn set(name: &str, values: usize, length: usize) -> RecordSet {
        let values = (0..values).map(|_| "x".repeat(length)).collect();
        RecordSet::simple(DnsName::parse(name).unwrap(), RecordType::Txt, 60, values)
    }

    fn indices(groups: &[ChangeGroup]) -> Vec<Vec<usize>> {
        pack(&groups.iter().collect::<Vec<_>>())
    }

    #[test]
    fn upserts_count_twice() {
        let upserts: Vec<_> =
            (0..3).map(|i| ChangeGroup::single(Change::Upsert(set(&format!("n{i}.x"), 250, 1)))).collect();
        assert_eq!(indices(&upserts), [vec![0, 1], vec![2]]);
        let creates: Vec<_> =
            (0..3).map(|i| ChangeGroup::single(Change::Create(set(&format!("n{i}.x"), 250, 1)))).collect();
        assert_eq!(indices(&creates), [vec![0, 1, 2]]);
    }

    #[test]
    fn what_is_done_is_told_by_the_live_sets() {
        let (old, new, other) = (set("a.x", 1, 1), set("a.x", 1, 2), set("b.x", 1, 1));
        let exchange = ChangeGroup::exchange(Some(old.clone()), Some(new.clone())).0;
        assert!(is_done(&exchange, std::slice::from_ref(&new)));
        assert!(!is_done(&exchange, std::slice::from_ref(&old)) && !is_done(&exchange, &[]));
        let removal = [Change::Delete(old.clone()), Change::Upsert(other.clone())];
        assert!(is_done(&removal, std::slice::from_ref(&other)));
        assert!(!is_done(&removal, &[other, old]));
    }

    #[test]
    fn characters_are_limited_too() {
        let groups: Vec<_> =
            (0..3).map(|i| ChangeGroup::single(Change::Create(set(&format!("n{i}.x"), 60, 250)))).collect();
        assert_eq!(indices(&groups), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn deletions_go_first_within_a_request() {
        let groups = [
            ChangeGroup::single(Change::Create(set("a.x", 1, 1))),
            ChangeGroup::single(Change::Delete(set("b.x", 1, 1))),
        ];
        assert_eq!(indices(&groups), [vec![1, 0]]);
    }

    #[test]
    fn changes_of_one_set_keep_their_order_in_separate_requests() {
        let groups = [
            ChangeGroup::single(Change::Upsert(set("a.x", 1, 1))),
            ChangeGroup::single(Change::Delete(set("a.x", 1, 1))),
            ChangeGroup::single(Change::Upsert(set("b.x", 1, 1))),
        ];
        assert_eq!(indices(&groups), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn a_group_above_the_limit_is_known() {
        assert!(ChangeGroup::single(Change::Upsert(set("a.x", 501, 1))).is_too_large());
        assert!(!ChangeGroup::single(Change::Upsert(set("a.x", 500, 1))).is_too_large());
    }

    #[test]
    fn a_forced_exchange_is_one_replacement() {
        let (old, new) = (set("a.x", 1, 1), set("a.x", 2, 1));
        let exchange = ChangeGroup::exchange(Some(old.clone()), Some(new.clone()));
        assert_eq!(exchange.forced().0, [Change::Upsert(new)]);
        assert_eq!(ChangeGroup::exchange(Some(old.clone()), None).forced().0, [Change::Delete(old)]);
    }

    proptest! {
        #[test]
        fn every_group_is_packed_once_and_within_the_limits(
            sizes in proptest::collection::vec((0..8usize, 1..200usize, 1..100usize), 0..40)
        ) {
            let groups: Vec<_> = sizes.iter()
                .map(|(name, values, length)| {
                    ChangeGroup::single(Change::Upsert(set(&format!("n{name}.x"), *values, *length)))
                })
                .collect();
            let packed = indices(&groups);
            let mut all: Vec<_> = packed.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..groups.len()).collect::<Vec<_>>());
            for request in packed {
                let groups: Vec<_> = request.iter().map(|i| &groups[*i]).collect();
                let cost = groups.iter().map(|g| g.cost()).fold(Cost::default(), Cost::plus);
                prop_assert!(groups.len() == 1 || cost.fits());
                let keys: BTreeSet<_> = groups.iter().flat_map(|g| g.keys()).collect();
                prop_assert_eq!(keys.len(), groups.len());
            }
        }
    }
}
