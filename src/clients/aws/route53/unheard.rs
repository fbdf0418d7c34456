//! What became of a request whose caller was stopped before there was an answer: the zone itself tells.

use std::collections::BTreeSet;
use std::time::Duration;

use super::queue::Work;
use super::{Route53, Route53Error};
use crate::domain::dns::batch::is_done;
use crate::domain::dns::challenge::{Edit, holds};
use crate::domain::dns::{Change, DnsName, RecordSet, ZoneId};
use crate::retry::Budget;

/// How long the zone may take to tell.
const LOOK: Duration = Duration::from_secs(5);

/// How a zone looks once some work is done.
pub(super) enum Traces {
    Sets(Vec<Change>),
    Value(DnsName, Edit),
}

impl Traces {
    pub(super) fn of(work: &Work) -> Self {
        match work {
            Work::Step(step) => Self::Sets(step.group.0.clone()),
            Work::Txt(name, edit) | Work::Own(name, edit) => Self::Value(name.clone(), edit.clone()),
        }
    }

    fn names(&self) -> BTreeSet<DnsName> {
        match self {
            Self::Sets(changes) => changes.iter().map(|change| change.set().key.name.clone()).collect(),
            Self::Value(name, _) => BTreeSet::from([name.clone()]),
        }
    }

    fn show(&self, live: &[RecordSet]) -> bool {
        match self {
            Self::Sets(changes) => is_done(changes, live),
            Self::Value(name, Edit::Put { value, .. }) => holds(live, name, value),
            Self::Value(name, Edit::Remove { value }) => !holds(live, name, value),
        }
    }
}

impl Route53 {
    /// Whether the zone shows that the work was done, although nobody heard of it.
    pub(super) async fn shows(&self, zone: &ZoneId, traces: &Traces) -> Result<bool, Route53Error> {
        self.open(zone).view.forget();
        let live = self.records_of(&Budget::for_cleanup(LOOK), zone, &traces.names()).await?;
        Ok(traces.show(&live.into_values().flatten().collect::<Vec<_>>()))
    }
}
