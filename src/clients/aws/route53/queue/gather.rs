//! When the wishes of a zone go out: a while after they came, so that others join, and not before what is in their way goes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::owners::{Owners, removed_value, step_of};
use super::{ChangeId, Wish, Work};
use crate::clients::aws::route53::Route53Error;
use crate::domain::dns::challenge::Edit;
use crate::domain::dns::together::free;
use crate::domain::dns::{Change, Conflict, DnsName, ZoneId};

/// How long a change lets others join.
const JOIN: Duration = Duration::from_millis(200);
/// How long the removal of a challenge's value lets others join: nobody is in a hurry to see it gone.
const TIDY: Duration = Duration::from_millis(800);
/// How long a removal of a run waits for a creation of the same name: Terraform starts both at the same time, but the
/// creation has more to look up first.
const HELD: Duration = Duration::from_millis(1500);
/// Removals that waited so in vain, after which no more wait: the run only removes.
const VAIN: u32 = 2;
/// A queue that still grows is let grow: until nothing came for this long …
const QUIET: Duration = Duration::from_millis(60);
/// … but no longer than this, …
const LONGEST: Duration = Duration::from_secs(1);
/// … or this, while others are known to be on their way.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// All that waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) running: bool,
    pub(super) wishes: VecDeque<Wish>,
    pub(super) owners: Owners,
    vain: u32,
}

/// What there is to do.
#[derive(Debug)]
pub(super) enum Next {
    Nothing,
    Later,
    Go(Vec<Wish>),
}

/// What a wish waited for in vain.
#[derive(Debug)]
pub(super) enum InTheWay {
    Sets(Vec<Conflict>),
    Value(DnsName, String),
}

impl InTheWay {
    pub(super) fn explained(self, zone: &ZoneId) -> Route53Error {
        let zone = zone.clone();
        match self {
            Self::Sets(conflicts) => Route53Error::Taken { zone, conflicts },
            Self::Value(name, value) => Route53Error::ValueTaken { zone, name, value },
        }
    }
}

/// A wish that needs nothing to be sent any more, with its outcome.
type Late = (Wish, Result<Option<ChangeId>, InTheWay>);

impl Waiting {
    /// What goes out now, and what is over without that.
    pub(super) fn next(&mut self, now: Instant, others_come: bool) -> (Next, Vec<Late>) {
        self.drop_withdrawn();
        let mut late = self.out_of_patience(now);
        if self.wishes.is_empty() {
            self.running = false;
            return (Next::Nothing, late);
        }
        let free = self.free();
        let ready: Vec<_> = self.wishes.iter().zip(&free).filter(|(_, free)| **free).map(|(wish, _)| wish).collect();
        if !is_due(&ready, now, others_come, self.vain < VAIN) {
            return (Next::Later, late);
        }
        if ready.iter().all(|wish| is_removal(wish)) {
            self.vain += 1;
        }
        let (mut go, mut stay) = (Vec::new(), VecDeque::new());
        for (wish, free) in std::mem::take(&mut self.wishes).into_iter().zip(free) {
            if free { go.push(wish) } else { stay.push_back(wish) }
        }
        self.wishes = stay;
        let mut sent = Vec::new();
        for mut wish in go {
            let work = std::mem::replace(&mut wish.work, Work::Step(crate::domain::dns::Step::default()));
            match self.owners.without_others(work) {
                Some(work) => sent.push(Wish { work, ..wish }),
                None => late.push((wish, Ok(None))),
            }
        }
        (if sent.is_empty() { Next::Later } else { Next::Go(sent) }, late)
    }

    /// Takes out of the way what these changes removed.
    pub(super) fn carried_out(&mut self, changes: &[Change]) {
        for wish in &mut self.wishes {
            if let Work::Step(step) = &mut wish.work {
                step.obstacles.retain(|conflict| !conflict.is_resolved_by(changes));
            }
        }
    }

    /// Notes that the owner of a value has removed it.
    pub(super) fn value_removed(&mut self, name: &DnsName, value: &str) {
        for wish in &mut self.wishes {
            if matches!(&wish.work, Work::Own(at, Edit::Put { value: put, .. }) if at == name && put == value) {
                wish.awaits_value = false;
            }
        }
    }

    fn drop_withdrawn(&mut self) {
        let (owners, wishes) = (&mut self.owners, &mut self.wishes);
        wishes.retain(|wish| {
            let wanted = !wish.ticket.is_withdrawn() && !wish.answer.is_closed();
            if !wanted {
                owners.settle(&wish.claim, false);
            }
            wanted
        });
    }

    fn out_of_patience(&mut self, now: Instant) -> Vec<Late> {
        let free = self.free();
        let mut late = Vec::new();
        let mut stay = VecDeque::new();
        for (wish, free) in std::mem::take(&mut self.wishes).into_iter().zip(free) {
            match in_the_way(&wish).filter(|_| !free && now >= wish.patience) {
                Some(obstacle) => late.push((wish, Err(obstacle))),
                None => stay.push_back(wish),
            }
        }
        self.wishes = stay;
        late
    }

    /// Which wishes may go out: nothing is in their way, or others of them remove it.
    fn free(&self) -> Vec<bool> {
        let steps: Vec<_> = self.wishes.iter().filter_map(|wish| step_of(&wish.work)).collect();
        let mut steps = free(&steps).into_iter();
        let handed = |name: &DnsName, value: &str| {
            self.wishes.iter().any(|wish| removed_value(&wish.work) == Some((name, value)))
        };
        let one = |wish: &Wish| match &wish.work {
            Work::Step(_) => steps.next().unwrap_or(true),
            Work::Own(name, Edit::Put { value, .. }) if wish.awaits_value => handed(name, value),
            Work::Txt(..) | Work::Own(..) => true,
        };
        self.wishes.iter().map(one).collect()
    }
}

fn in_the_way(wish: &Wish) -> Option<InTheWay> {
    match &wish.work {
        Work::Step(step) => (!step.obstacles.is_empty()).then(|| InTheWay::Sets(step.obstacles.clone())),
        Work::Own(name, Edit::Put { value, .. }) if wish.awaits_value => {
            Some(InTheWay::Value(name.clone(), value.clone()))
        }
        Work::Txt(..) | Work::Own(..) => None,
    }
}

/// Whether the wish is one of a run that only removes.
fn is_removal(wish: &Wish) -> bool {
    match &wish.work {
        Work::Step(step) => step.in_run && step.group.only_deletes(),
        Work::Own(_, Edit::Remove { .. }) => true,
        Work::Txt(..) | Work::Own(..) => false,
    }
}

fn is_due(wishes: &[&Wish], now: Instant, others_come: bool, hold: bool) -> bool {
    let patience = |wish: &Wish| match &wish.work {
        _ if hold && is_removal(wish) => HELD,
        Work::Txt(_, Edit::Remove { .. }) | Work::Own(_, Edit::Remove { .. }) => TIDY,
        _ => JOIN,
    };
    let oldest = wishes.iter().map(|wish| wish.arrived).min();
    let newest = wishes.iter().map(|wish| wish.arrived).max();
    let older_than = |time: Duration| oldest.is_some_and(|oldest| now >= oldest + time);
    let ready = wishes.iter().any(|wish| now >= wish.arrived + patience(wish));
    let quiet = newest.is_some_and(|newest| now >= newest + QUIET);
    ready && (quiet || older_than(LONGEST)) && (!others_come || older_than(ON_ITS_WAY))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::sync::oneshot;

    use super::super::{Claim, Outcome, Ticket};
    use super::*;
    use crate::domain::dns::{ChangeGroup, RecordSet, RecordType, Step, Transition};

    fn wish(work: Work, arrived: Instant) -> (Wish, oneshot::Receiver<Outcome>) {
        let (answer, outcome) = oneshot::channel();
        let (claim, ticket) = (Claim::default(), Ticket::default());
        let patience = arrived + Duration::from_secs(8);
        (Wish { work, claim, arrived, until: patience, patience, awaits_value: false, ticket, answer }, outcome)
    }

    fn put(at: Instant) -> Wish {
        let set = RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::A, 60, vec!["192.0.2.1".into()]);
        let group = ChangeGroup::single(Change::Create(set));
        wish(Work::Step(Step { group, ..Step::default() }), at).0
    }

    fn tidy(at: Instant) -> Wish {
        wish(Work::Txt(DnsName::parse("_acme-challenge.a").unwrap(), Edit::Remove { value: "x".into() }), at).0
    }

    fn cname() -> RecordSet {
        RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::Cname, 60, vec!["b.x.".into()])
    }

    fn step(transition: Transition, live: &[RecordSet]) -> Work {
        let live = BTreeMap::from([(DnsName::parse("a.x").unwrap(), live.to_vec())]);
        Work::Step(transition.in_run().steps(&live).remove(0))
    }

    fn removal() -> Work {
        step(Transition::delete([cname().key]), &[cname()])
    }

    fn creation() -> Work {
        let set = RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::A, 60, vec!["192.0.2.1".into()]);
        step(Transition::create(set), &[cname()])
    }

    fn due(wishes: &[Wish], now: Instant) -> bool {
        is_due(&wishes.iter().collect::<Vec<_>>(), now, false, true)
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_waits_for_others_to_join() {
        let start = Instant::now();
        let alone = [put(start)];
        assert!(!due(&alone, start + JOIN / 2));
        assert!(due(&alone, start + JOIN));
        let one = [&alone[0]];
        assert!(!is_due(&one, start + JOIN, true, true), "one more is on its way");
        assert!(is_due(&one, start + ON_ITS_WAY, true, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_growing_queue_is_let_grow_up_to_the_longest_wait() {
        let start = Instant::now();
        let growing = [put(start), put(start + JOIN - QUIET / 2)];
        assert!(!due(&growing, start + JOIN));
        assert!(due(&growing, start + JOIN + QUIET));
        let endless = [put(start), put(start + LONGEST)];
        assert!(due(&endless, start + LONGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn removals_wait_longer_but_go_with_the_next_change() {
        let start = Instant::now();
        assert!(!due(&[tidy(start)], start + JOIN));
        assert!(due(&[tidy(start)], start + TIDY));
        assert!(due(&[tidy(start), put(start)], start + JOIN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_of_a_run_waits_for_a_creation_but_not_for_ever_in_vain() {
        let start = Instant::now();
        let mut waiting = Waiting::default();
        for round in 0..VAIN {
            waiting.wishes.push_back(wish(removal(), start).0);
            waiting.wishes[0].answer = oneshot::channel().0;
            let (kept, _open) = wish(removal(), start);
            waiting.wishes[0] = kept;
            assert!(matches!(waiting.next(start + JOIN, false).0, Next::Later), "round {round}");
            assert!(matches!(waiting.next(start + HELD, false).0, Next::Go(_)), "round {round}");
        }
        let (last, _open) = wish(removal(), start);
        waiting.wishes.push_back(last);
        assert!(matches!(waiting.next(start + JOIN, false).0, Next::Go(_)), "the run only removes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_waits_for_the_removal_and_goes_with_it_or_is_refused() {
        let start = Instant::now();
        let mut waiting = Waiting::default();
        let (made, _made) = wish(creation(), start);
        waiting.wishes.push_back(made);
        assert!(matches!(waiting.next(start + HELD, false).0, Next::Later));
        let (gone, _gone) = wish(removal(), start + HELD);
        waiting.wishes.push_back(gone);
        let (Next::Go(both), late) = waiting.next(start + HELD + JOIN, false) else { panic!("both go") };
        assert!(both.len() == 2 && late.is_empty());

        let (made, _made) = wish(creation(), start);
        waiting.wishes.push_back(made);
        let (next, late) = waiting.next(start + Duration::from_secs(8), false);
        assert!(matches!(next, Next::Nothing) && !waiting.running);
        let [(_, Err(InTheWay::Sets(conflicts)))] = late.as_slice() else { panic!("{late:?}") };
        assert_eq!(conflicts[0].existing, cname());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_in_the_way_may_have_gone_already() {
        let start = Instant::now();
        let mut waiting = Waiting::default();
        let (made, _made) = wish(creation(), start);
        waiting.wishes.push_back(made);
        waiting.carried_out(&[Change::Delete(cname())]);
        assert!(matches!(waiting.next(start + JOIN, false).0, Next::Go(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_is_there_is_handed_over_by_its_owner() {
        let (start, name) = (Instant::now(), DnsName::parse("_acme-challenge.a").unwrap());
        let mut waiting = Waiting::default();
        let own = |edit| Work::Own(name.clone(), edit);
        let (mut made, _made) = wish(own(Edit::Put { value: "v".into(), ttl: 60 }), start);
        made.awaits_value = true;
        waiting.wishes.push_back(made);
        assert!(matches!(waiting.next(start + HELD, false).0, Next::Later));
        let (gone, _gone) = wish(own(Edit::Remove { value: "v".into() }), start);
        waiting.wishes.push_back(gone);
        let (Next::Go(both), _) = waiting.next(start + HELD, false) else { panic!("both go") };
        assert_eq!(both.len(), 2);
    }
}
