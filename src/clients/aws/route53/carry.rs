//! Carries out what is wished of a zone, in as few requests as hold it, and keeps account of what was done.

use std::collections::{BTreeSet, VecDeque};

use super::{ChangeId, Route53, Route53Error};
use crate::domain::dns::{ChangeGroup, RecordKey, Transition, ZoneId};
use crate::retry::Budget;

/// How often a zone that somebody else changes meanwhile is looked at again.
const RACES: u32 = 3;

/// How far a transition came.
#[derive(Debug, Default)]
pub struct Progress {
    /// The changes that Route53 accepted.
    pub changes: Vec<ChangeId>,
    /// The sets that are not as wished.
    pub pending: BTreeSet<RecordKey>,
    /// Why it ended early.
    pub failure: Option<Route53Error>,
}

impl Progress {
    /// The last change of a transition that one request holds; none if nothing was to be done.
    ///
    /// # Errors
    /// Why it ended early.
    pub fn into_result(self) -> Result<Option<ChangeId>, Route53Error> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(self.changes.into_iter().next_back()),
        }
    }
}

impl Route53 {
    /// Carries out a transition; each of its requests takes effect as a whole or not at all. Needs
    /// `route53:ListResourceRecordSets` and `route53:ChangeResourceRecordSets`.
    pub async fn carry_out(&self, budget: &Budget, zone: &ZoneId, mut wish: Transition) -> Progress {
        let mut progress = Progress::default();
        let mut races = 0;
        let mut groups = match self.groups(budget, zone, &wish).await {
            Ok(groups) => groups,
            Err(error) => return Progress { pending: wish.keys(), failure: Some(error), ..progress },
        };
        while let Some(group) = groups.pop_front() {
            let error = match self.change(budget, zone, group.clone()).await {
                Ok(change) => {
                    progress.changes.extend(change);
                    wish.note(&group);
                    continue;
                }
                Err(error) => error,
            };
            groups.push_front(group);
            if !error.is_refusal() || races >= RACES {
                return progress.ended(&groups, error);
            }
            races += 1;
            self.open(zone).view.forget();
            match self.groups(budget, zone, &wish).await {
                Ok(again) if again != groups => groups = again,
                // Nothing is in the way now: written over, it does not matter what was there for a moment.
                Ok(_) if !wish.overwrite => {
                    wish.overwrite = true;
                    groups = match self.groups(budget, zone, &wish).await {
                        Ok(groups) => groups,
                        Err(error) => return progress.ended(&groups, error),
                    };
                }
                // Nobody changed the zone meanwhile: it is our changes that are wrong.
                Ok(_) => return progress.ended(&groups, error),
                Err(error) => return progress.ended(&groups, error),
            }
        }
        progress
    }

    async fn groups(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        wish: &Transition,
    ) -> Result<VecDeque<ChangeGroup>, Route53Error> {
        let live = self.records_of(budget, zone, &wish.open_names()).await?;
        let taken = |conflicts| Route53Error::Taken { zone: zone.clone(), conflicts };
        Ok(wish.groups(&live).map_err(taken)?.into())
    }
}

impl Progress {
    fn ended(mut self, left: &VecDeque<ChangeGroup>, error: Route53Error) -> Self {
        self.pending = left.iter().flat_map(ChangeGroup::keys).cloned().collect();
        self.failure = Some(error);
        self
    }
}
