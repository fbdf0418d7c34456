//! Carries out what is wished of a zone, in as few requests as hold it, and keeps account of what was done.

use std::collections::{BTreeSet, VecDeque};

use super::queue::Work;
use super::{ChangeId, Route53, Route53Error};
use crate::domain::dns::{RecordKey, Step, Transition, ZoneId};
use crate::retry::Budget;

/// How often a zone that somebody else changes meanwhile is looked at again.
const RACES: u32 = 3;

/// How far a transition came.
#[derive(Debug, Default)]
pub struct Progress {
    /// The changes that Route53 accepted.
    pub changes: Vec<ChangeId>,
    /// How many parts were done, also those that needed no change or whose change nobody heard of.
    pub done: usize,
    /// The sets that are not as wished.
    pub pending: BTreeSet<RecordKey>,
    /// The zone's own sets that were to go: Route53 keeps them as long as the zone.
    pub left: Vec<RecordKey>,
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

    fn ended(mut self, left: &VecDeque<Step>, error: Route53Error) -> Self {
        self.pending = left.iter().flat_map(|step| step.group.keys()).cloned().collect();
        self.failure = Some(error);
        self
    }
}

impl Route53 {
    /// Carries out a transition; each of its requests takes effect as a whole or not at all. Needs
    /// `route53:ListResourceRecordSets` and `route53:ChangeResourceRecordSets`.
    pub async fn carry_out(&self, budget: &Budget, zone: &ZoneId, mut wish: Transition) -> Progress {
        let mut progress = Progress::default();
        let mut steps = match self.first_look(budget, zone, &wish).await {
            Ok((steps, left)) => {
                progress.left = left;
                steps
            }
            Err(error) => return Progress { pending: wish.keys(), failure: Some(error), ..progress },
        };
        let mut races = 0;
        while let Some(step) = steps.front() {
            let work = Work::Step(step.clone());
            match self.submit(budget, zone, work).await {
                Ok(change) => {
                    progress.changes.extend(change);
                    progress.done += 1;
                    wish.note(step);
                    steps.pop_front();
                }
                Err(error) if races >= RACES => return progress.ended(&steps, error),
                Err(error) => match self.anew(budget, zone, &mut wish, &steps, error).await {
                    Ok(again) => (steps, races) = (again, races + 1),
                    Err(error) => return progress.ended(&steps, error),
                },
            }
        }
        progress
    }

    async fn first_look(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        wish: &Transition,
    ) -> Result<(VecDeque<Step>, Vec<RecordKey>), Route53Error> {
        let _on_its_way = (wish.in_run && !wish.new.is_empty()).then(|| self.coming.one());
        let live = self.records_of(budget, zone, &wish.open_names()).await?;
        Ok((judged(wish, zone, wish.steps(&live))?, wish.left_at_apex(&live)))
    }

    async fn look(&self, budget: &Budget, zone: &ZoneId, wish: &Transition) -> Result<VecDeque<Step>, Route53Error> {
        let live = self.records_of(budget, zone, &wish.open_names()).await?;
        judged(wish, zone, wish.steps(&live))
    }

    /// What is to be done after a failure, if the zone is no longer what it was taken for.
    async fn anew(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        wish: &mut Transition,
        steps: &VecDeque<Step>,
        failure: Route53Error,
    ) -> Result<VecDeque<Step>, Route53Error> {
        if !failure.is_refusal() && !matches!(failure, Route53Error::Taken { .. }) {
            return Err(failure);
        }
        self.open(zone).view.forget();
        let again = self.look(budget, zone, wish).await?;
        if again != *steps {
            return Ok(again);
        }
        let stuck = again.iter().any(|step| !step.obstacles.is_empty());
        if wish.overwrite || wish.new.is_empty() || stuck {
            // Nobody changed the zone meanwhile: it is our changes that are wrong, or those that went with them.
            return Err(failure);
        }
        // Nothing is in the way now: written over, it does not matter what was there for a moment.
        wish.overwrite = true;
        self.look(budget, zone, wish).await
    }
}

/// The steps; what is in the way is an error where no other wish may remove it.
fn judged(wish: &Transition, zone: &ZoneId, steps: Vec<Step>) -> Result<VecDeque<Step>, Route53Error> {
    let conflicts: Vec<_> = steps.iter().flat_map(|step| step.obstacles.clone()).collect();
    if conflicts.is_empty() || wish.in_run {
        return Ok(steps.into());
    }
    Err(Route53Error::Taken { zone: zone.clone(), conflicts })
}
