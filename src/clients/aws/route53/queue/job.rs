//! Changes to send, and everyone who waits for them.

use std::collections::BTreeMap;

use super::owners::{removed_value, step_of};
use super::{Wish, Work};
use crate::domain::dns::batch::pack;
use crate::domain::dns::challenge::Edit;
use crate::domain::dns::together::{companies, joined};
use crate::domain::dns::{Change, ChangeGroup, DnsName};

/// Changes that are sent or refused as a whole.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) group: ChangeGroup,
    /// The shared name that the wishes edit, if they do.
    pub(super) txt: Option<DnsName>,
    pub(super) wishes: Vec<Wish>,
}

/// The jobs of some wishes: those about record sets, and those about shared names, which must be worked out yet.
pub(super) fn jobs(wishes: Vec<Wish>) -> (Vec<Job>, Vec<Job>) {
    let mut names: BTreeMap<DnsName, Job> = BTreeMap::new();
    let mut steps = Vec::new();
    for wish in wishes {
        let name = match &wish.work {
            Work::Step(_) => {
                steps.push(wish);
                continue;
            }
            Work::Txt(name, _) | Work::Own(name, _) => name.clone(),
        };
        let new = || Job { group: ChangeGroup::default(), txt: Some(name.clone()), wishes: Vec::new() };
        names.entry(name.clone()).or_insert_with(new).wishes.push(wish);
    }
    (in_company(steps), names.into_values().collect())
}

fn in_company(wishes: Vec<Wish>) -> Vec<Job> {
    let companies = companies(&wishes.iter().filter_map(|wish| step_of(&wish.work)).collect::<Vec<_>>());
    let mut wishes: Vec<_> = wishes.into_iter().map(Some).collect();
    let mut take = |index: usize| wishes.get_mut(index).and_then(Option::take);
    let jobs = companies.into_iter().map(|company| Job::of(company.into_iter().filter_map(&mut take).collect()));
    jobs.flat_map(Job::that_fit).collect()
}

impl Job {
    fn of(wishes: Vec<Wish>) -> Self {
        Self { group: group_of(&wishes), txt: None, wishes }
    }

    /// What is too large together goes one by one.
    fn that_fit(self) -> Vec<Self> {
        if self.wishes.len() < 2 || !self.group.is_too_large() {
            return vec![self];
        }
        self.wishes.into_iter().map(|wish| Self::of(vec![wish])).collect()
    }

    /// Works the changes out anew, after some of the wishes were taken back.
    pub(super) fn regroup(&mut self) {
        self.group = group_of(&self.wishes);
    }

    /// The edits of the shared name, in their order. A value that goes from one owner to another stays.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let own = |value: &str| {
            self.wishes
                .iter()
                .any(|wish| matches!(&wish.work, Work::Own(_, Edit::Put { value: put, .. }) if put == value))
        };
        let stays = |wish: &&Wish| !removed_value(&wish.work).is_some_and(|(_, value)| own(value));
        let edit = |wish: &Wish| match &wish.work {
            Work::Txt(_, edit) | Work::Own(_, edit) => Some(edit.clone()),
            Work::Step(_) => None,
        };
        self.wishes.iter().filter(stays).filter_map(edit).collect()
    }

    /// AWS refused it; it may be taken back again.
    pub(super) fn refused(&self) {
        self.wishes.iter().for_each(|wish| wish.ticket.refused());
    }
}

fn group_of(wishes: &[Wish]) -> ChangeGroup {
    joined(&wishes.iter().filter_map(|wish| step_of(&wish.work)).collect::<Vec<_>>())
}

pub(super) fn changes_of(jobs: &[Job]) -> Vec<Change> {
    jobs.iter().flat_map(|job| job.group.0.clone()).collect()
}

/// The jobs by request, in the order in which they must go out.
pub(super) fn requests(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let order = pack(&jobs.iter().map(|job| &job.group).collect::<Vec<_>>());
    let mut jobs: Vec<_> = jobs.into_iter().map(Some).collect();
    let mut take = |index: usize| jobs.get_mut(index).and_then(Option::take);
    order.into_iter().map(|request| request.into_iter().filter_map(&mut take).collect()).collect()
}
