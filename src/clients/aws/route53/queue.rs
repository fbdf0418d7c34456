//! Joins concurrent changes of one zone into atomic requests; a refused request is divided until only
//! the guilty change fails.
//!
//! The wishes of a run go together where one removes what is in the way of another: a creation waits a while for such a
//! removal, and a removal waits a moment for a creation, so that no name is without a record in between.

mod gather;
mod job;
mod lost;
mod owners;
mod send;
mod ticket;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::ChangeId;
use super::api::Api;
use super::coming::Coming;
use super::error::Route53Error;
use super::view::ZoneView;
use crate::clients::aws::AwsError;
use crate::domain::dns::challenge::Edit;
use crate::domain::dns::{Change, DnsName, Step, ZoneId};
use crate::retry::{Budget, Stopped};
use gather::{Next, Waiting};
use owners::Claim;
use send::Sender;
use ticket::Ticket;

/// How finely the queue is looked at while it gathers.
const LOOK: Duration = Duration::from_millis(20);
/// How long a request that is with AWS may go on after its caller was stopped, so that its outcome is known.
const GRACE: Duration = Duration::from_secs(5);
/// How long a creation waits for the removal of what is in its way …
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// … but for no more than this part of its time.
pub(super) const PART: u32 = 4;

type Outcome = Result<Option<ChangeId>, Route53Error>;

/// What is wished of a zone.
#[derive(Debug)]
pub(super) enum Work {
    /// Changes of record sets that take effect together or not at all.
    Step(Step),
    /// An edit of a shared TXT name.
    Txt(DnsName, Edit),
    /// The same for a value that has one owner in the run: it may go from one to another.
    Own(DnsName, Edit),
}

/// The changes of one zone, sent by one task at a time: a second request while the first is
/// being processed would only be answered `PriorRequestNotComplete`.
#[derive(Debug)]
pub(super) struct ZoneQueue {
    zone: ZoneId,
    coming: Coming,
    waiting: Mutex<Waiting>,
}

#[derive(Debug)]
struct Wish {
    work: Work,
    claim: Claim,
    arrived: Instant,
    /// When its caller gives up.
    until: Instant,
    /// When it waits no longer for others to remove what is in its way.
    patience: Instant,
    /// Whether a value is there already, and must be handed over by its owner.
    awaits_value: bool,
    ticket: Ticket,
    answer: oneshot::Sender<Outcome>,
}

/// What is needed to talk.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) api: Arc<Api>,
    pub(super) view: Arc<ZoneView>,
}

impl ZoneQueue {
    pub(super) fn new(zone: ZoneId, coming: Coming) -> Self {
        Self { zone, coming, waiting: Mutex::default() }
    }

    /// Puts the work in the queue and waits for its outcome: the change that Route53 accepted, or none if there was
    /// nothing to do. Work whose caller is stopped is dropped while it is in the queue; once it is with AWS, its outcome
    /// is waited for a while.
    pub(super) async fn submit(
        self: &Arc<Self>,
        line: Line,
        budget: &Budget,
        work: Work,
        awaits_value: bool,
    ) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        let (now, ticket) = (Instant::now(), Ticket::default());
        let claim = self.lock().owners.take(&work).map_err(owners::Twin::explained)?;
        let patience = now + PATIENCE.min(budget.remaining() / PART);
        let until = now + budget.remaining();
        let wish = Wish { work, claim, arrived: now, until, patience, awaits_value, ticket: ticket.clone(), answer };
        if self.put(wish) {
            let queue = Arc::clone(self);
            tokio::spawn(async move { queue.run(&line).await });
        }
        let mut outcome = Box::pin(outcome);
        match budget.run(&mut outcome).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(ended())),
            Err(why) => after_stop(why, &ticket, outcome).await,
        }
    }

    /// Whether the task must be started.
    fn put(&self, wish: Wish) -> bool {
        let mut waiting = self.lock();
        waiting.wishes.push_back(wish);
        !std::mem::replace(&mut waiting.running, true)
    }

    async fn run(&self, line: &Line) {
        let _cleared = Cleared(self);
        while let Some(wishes) = self.gathered().await {
            let until = wishes.iter().map(|wish| wish.until).max().unwrap_or_else(Instant::now);
            let budget = Budget::uninterrupted((until + GRACE).saturating_duration_since(Instant::now()));
            Sender { queue: self, api: &line.api, view: &line.view, budget: &budget }.fulfil(wishes).await;
        }
    }

    /// The wishes that go out together; none when the queue is empty, and then the task ends.
    async fn gathered(&self) -> Option<Vec<Wish>> {
        loop {
            let (next, late) = self.lock().next(Instant::now(), self.coming.any());
            for (wish, outcome) in late {
                self.answer(wish, &outcome.map_err(|obstacle| obstacle.explained(&self.zone)));
            }
            match next {
                Next::Nothing => return None,
                Next::Go(wishes) => return Some(wishes),
                Next::Later => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Gives a wish its answer, and what it claimed its owner.
    fn answer(&self, wish: Wish, outcome: &Outcome) {
        self.lock().owners.settle(&wish.claim, outcome.is_ok());
        // One who no longer waits needs no answer.
        let _gone = wish.answer.send(outcome.clone());
    }

    /// Drops a wish that was taken back.
    fn discard(&self, wish: &Wish) {
        self.lock().owners.settle(&wish.claim, false);
    }

    /// Notes changes that were carried out: they may have been in the way of wishes that still wait.
    fn carried_out(&self, changes: &[Change]) {
        self.lock().carried_out(changes);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the task ends, by a panic too, nobody waits for it for ever: the next wish starts another one.
struct Cleared<'a>(&'a ZoneQueue);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut waiting = self.0.lock();
            waiting.running = false;
            // Their callers hear of it, because their answers are dropped.
            waiting.wishes.clear();
        }
    }
}

/// The task ended without an answer, which only a defect can cause.
pub(super) fn ended() -> Route53Error {
    let words = "the provider's own task ended early; this is a defect of berth";
    Route53Error::Aws(AwsError::Other(crate::clients::aws::Reply::ours("route53", "ChangeResourceRecordSets", words)))
}

/// The caller was stopped: the wish is dropped, but once it is with AWS its outcome is waited for.
async fn after_stop(why: Stopped, ticket: &Ticket, mut outcome: Pin<Box<oneshot::Receiver<Outcome>>>) -> Outcome {
    let end = Instant::now() + GRACE;
    loop {
        if let Ok(answer) = outcome.try_recv() {
            return answer;
        }
        if ticket.withdraw() {
            return Err(Route53Error::Aws(AwsError::Stopped { why, last: None }));
        }
        match timeout(LOOK, &mut outcome).await {
            Ok(answer) => return answer.unwrap_or_else(|_| Err(ended())),
            Err(_) if Instant::now() >= end => return Err(Route53Error::Unheard(why)),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_no_success_and_the_next_one_starts_anew() {
        let queue = Arc::new(ZoneQueue::new(ZoneId::new("Z1"), Coming::default()));
        let (answer, outcome) = oneshot::channel();
        let now = Instant::now();
        let wish = || Wish {
            work: Work::Step(Step::default()),
            claim: Claim::default(),
            arrived: now,
            until: now,
            patience: now,
            awaits_value: false,
            ticket: Ticket::default(),
            answer: oneshot::channel().0,
        };
        assert!(queue.put(Wish { answer, ..wish() }) && !queue.put(wish()), "one task");
        let task = Arc::clone(&queue);
        let panicked = tokio::spawn(async move {
            let _cleared = Cleared(&task);
            panic!("as a defect would");
        });
        assert!(panicked.await.is_err());
        assert!(outcome.await.is_err(), "heard as an error");
        assert!(queue.put(wish()), "another task");
    }
}
