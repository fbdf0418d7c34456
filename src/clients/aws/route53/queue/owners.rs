//! What each wish of a run has taken for its own, so that the wish of a former owner leaves it alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Work;
use crate::clients::aws::route53::Route53Error;
use crate::domain::dns::challenge::Edit;
use crate::domain::dns::{Change, DnsName, RecordKey, Step};

/// A value of a shared TXT name.
type Value = (DnsName, String);

/// The sets and values that were taken since the client was made, that is in this run.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Each with whether it stands; else it is wished for.
    sets: BTreeMap<RecordKey, bool>,
    values: BTreeMap<Value, bool>,
}

/// What another wish of the run has taken already.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Twin {
    Set(RecordKey),
    Value(DnsName, String),
}

impl Twin {
    pub(super) fn explained(self) -> Route53Error {
        match self {
            Self::Set(key) => Route53Error::TwoOwners(key),
            Self::Value(name, value) => Route53Error::TwoOwnersOfValue(name, value),
        }
    }
}

/// What one wish has taken.
#[derive(Debug, Default)]
pub(super) struct Claim {
    sets: BTreeSet<RecordKey>,
    value: Option<Value>,
}

impl Owners {
    /// Takes what the wish is to own.
    ///
    /// # Errors
    /// What another wish of the run has taken already.
    pub(super) fn take(&mut self, work: &Work) -> Result<Claim, Twin> {
        match work {
            Work::Step(step) => {
                if let Some(twin) = step.taken.keys().find(|key| self.sets.contains_key(key)) {
                    return Err(Twin::Set(twin.clone()));
                }
                self.sets.extend(step.taken.keys().map(|key| (key.clone(), false)));
                Ok(Claim { sets: step.taken.keys().cloned().collect(), value: None })
            }
            Work::Own(name, Edit::Put { value, .. }) => {
                let value = (name.clone(), value.clone());
                if self.values.contains_key(&value) {
                    return Err(Twin::Value(value.0, value.1));
                }
                self.values.insert(value.clone(), false);
                Ok(Claim { value: Some(value), ..Claim::default() })
            }
            Work::Own(..) | Work::Txt(..) => Ok(Claim::default()),
        }
    }

    /// Notes how the wish ended: what it took stands, or is free again.
    pub(super) fn settle(&mut self, claim: &Claim, stands: bool) {
        for key in &claim.sets {
            match self.sets.get_mut(key) {
                Some(there) if stands => *there = true,
                _ => drop(self.sets.remove(key)),
            }
        }
        if let Some(value) = &claim.value {
            match self.values.get_mut(value) {
                Some(there) if stands => *there = true,
                _ => drop(self.values.remove(value)),
            }
        }
    }

    /// What is left to do of a wish when it leaves alone what has another owner by now; none if that is nothing.
    pub(super) fn without_others(&self, work: Work) -> Option<Work> {
        match work {
            Work::Step(mut step) if step.in_run => {
                step.group.0.retain(|change| !self.is_anothers(change));
                (!step.group.is_empty()).then_some(Work::Step(step))
            }
            Work::Own(name, Edit::Remove { value }) => {
                let has_new_owner = self.values.get(&(name.clone(), value.clone())) == Some(&true);
                (!has_new_owner).then_some(Work::Own(name, Edit::Remove { value }))
            }
            other => Some(other),
        }
    }

    fn is_anothers(&self, change: &Change) -> bool {
        matches!(change, Change::Delete(set) if self.sets.get(&set.key) == Some(&true))
    }
}

/// The value that a wish waits to be handed over, if it is one that a former owner removes.
pub(super) fn removed_value(work: &Work) -> Option<(&DnsName, &str)> {
    match work {
        Work::Own(name, Edit::Remove { value }) => Some((name, value)),
        _ => None,
    }
}

/// The step of a wish about sets.
pub(super) fn step_of(work: &Work) -> Option<&Step> {
    match work {
        Work::Step(step) => Some(step),
        Work::Txt(..) | Work::Own(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::{RecordSet, RecordType, Transition};

    fn set(value: &str) -> RecordSet {
        RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::A, 60, vec![value.to_owned()])
    }

    fn work(wish: Transition, live: &[RecordSet]) -> Work {
        let live = BTreeMap::from([(DnsName::parse("a.x").unwrap(), live.to_vec())]);
        Work::Step(wish.in_run().steps(&live).remove(0))
    }

    #[test]
    fn what_a_wish_of_the_run_has_made_is_not_removed_by_its_former_owner() {
        let mut owners = Owners::default();
        let forced = Transition { overwrite: true, ..Transition::create(set("192.0.2.2")) };
        let claim = owners.take(&work(forced.clone(), &[])).unwrap();
        let removal = || work(Transition::delete([set("x").key]), &[set("192.0.2.2")]);
        assert!(owners.without_others(removal()).is_some(), "not written yet");
        owners.settle(&claim, true);
        assert!(owners.without_others(removal()).is_none());
        assert_eq!(owners.take(&work(forced.clone(), &[])).unwrap_err(), Twin::Set(set("x").key), "one owner");
        owners.settle(&claim, false);
        assert!(owners.take(&work(forced, &[])).is_ok(), "free again");
    }

    #[test]
    fn a_value_has_one_owner_too() {
        let mut owners = Owners::default();
        let name = DnsName::parse("_acme-challenge.a.x").unwrap();
        let put = Work::Own(name.clone(), Edit::Put { value: "v".into(), ttl: 60 });
        let claim = owners.take(&put).unwrap();
        let removal = || Work::Own(name.clone(), Edit::Remove { value: "v".into() });
        assert!(owners.take(&put).is_err() && owners.without_others(removal()).is_some());
        owners.settle(&claim, true);
        assert!(owners.without_others(removal()).is_none());
    }
}
