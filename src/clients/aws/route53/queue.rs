//! Joins concurrent changes of one zone into atomic requests; a refused request is divided until only
//! the guilty change fails.

mod lost;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ChangeId;
use super::api::Api;
use super::error::Route53Error;
use super::view::ZoneView;
use crate::domain::dns::batch::pack;
use crate::domain::dns::challenge::{Edit, plan};
use crate::domain::dns::{Change, ChangeGroup, DnsName, ZoneId};
use crate::retry::Budget;

/// How long a change lets others join.
const JOIN: Duration = Duration::from_millis(200);
/// How long the removal of a challenge's value lets others join: nobody is in a hurry to see it gone.
const TIDY: Duration = Duration::from_millis(800);
/// A queue that still grows is let grow: until nothing came for this long …
const QUIET: Duration = Duration::from_millis(60);
/// … but no longer than this.
const LONGEST: Duration = Duration::from_secs(1);
/// How finely the queue is looked at while it gathers.
const LOOK: Duration = Duration::from_millis(20);
/// How often a shared TXT name is read again after a lost race.
const RACES: u32 = 5;
/// Single changes that may be denied before the rest of a request is taken for denied too.
const DENIALS: u32 = 3;

type Outcome = Result<Option<ChangeId>, Route53Error>;

/// What is wished of a zone.
#[derive(Debug)]
pub(super) enum Work {
    /// Changes that take effect together or not at all.
    Group(ChangeGroup),
    /// An edit of a shared TXT name.
    Txt(DnsName, Edit),
}

/// The changes of one zone, sent by one task at a time: a second request while the first is
/// being processed would only be answered `PriorRequestNotComplete`.
#[derive(Debug)]
pub(super) struct ZoneQueue {
    zone: ZoneId,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    running: bool,
    wishes: VecDeque<Wish>,
}

#[derive(Debug)]
struct Wish {
    work: Work,
    arrived: Instant,
    until: Instant,
    answer: oneshot::Sender<Outcome>,
}

/// Changes to send, and everyone who waits for them.
struct Job {
    group: ChangeGroup,
    txt: Option<(DnsName, Vec<Edit>)>,
    answers: Vec<oneshot::Sender<Outcome>>,
}

impl ZoneQueue {
    pub(super) fn new(zone: ZoneId) -> Self {
        Self { zone, waiting: Mutex::default() }
    }

    /// Puts the work in the queue and waits for its outcome: the change that Route53 accepted, or none if there was
    /// nothing to do. Work that nobody waits for any more is dropped while it is in the queue.
    pub(super) async fn submit(
        self: &Arc<Self>,
        api: &Arc<Api>,
        view: &Arc<ZoneView>,
        budget: &Budget,
        work: Work,
    ) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        let now = Instant::now();
        let wish = Wish { work, arrived: now, until: now + budget.remaining(), answer };
        if self.put(wish) {
            let (queue, api, view) = (Arc::clone(self), Arc::clone(api), Arc::clone(view));
            tokio::spawn(async move { queue.run(&api, &view).await });
        }
        let stopped = |why| Route53Error::Aws(crate::clients::aws::AwsError::Stopped { why, last: None });
        // The task answers each wish; it ends early only with the process.
        budget.run(outcome).await.map_err(stopped)?.unwrap_or(Ok(None))
    }

    /// Whether the task must be started.
    fn put(&self, wish: Wish) -> bool {
        let mut waiting = self.lock();
        waiting.wishes.push_back(wish);
        !std::mem::replace(&mut waiting.running, true)
    }

    async fn run(&self, api: &Api, view: &ZoneView) {
        while let Some(wishes) = self.gathered().await {
            let until = wishes.iter().map(|wish| wish.until).max().unwrap_or_else(Instant::now);
            let budget = Budget::uninterrupted(until.saturating_duration_since(Instant::now()));
            Sender { zone: &self.zone, api, view, budget: &budget }.fulfil(wishes).await;
        }
    }

    /// The wishes that go out together; none when the queue is empty, and then the task ends.
    async fn gathered(&self) -> Option<Vec<Wish>> {
        loop {
            {
                let mut waiting = self.lock();
                waiting.wishes.retain(|wish| !wish.answer.is_closed());
                if waiting.wishes.is_empty() {
                    waiting.running = false;
                    return None;
                }
                if is_due(&waiting.wishes, Instant::now()) {
                    return Some(waiting.wishes.drain(..).collect());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_due(wishes: &VecDeque<Wish>, now: Instant) -> bool {
    let patience = |wish: &Wish| if matches!(wish.work, Work::Txt(_, Edit::Remove { .. })) { TIDY } else { JOIN };
    let oldest = wishes.iter().map(|wish| wish.arrived).min();
    let newest = wishes.iter().map(|wish| wish.arrived).max();
    let ready = wishes.iter().any(|wish| now >= wish.arrived + patience(wish));
    let quiet = newest.is_some_and(|newest| now >= newest + QUIET);
    ready && (quiet || oldest.is_some_and(|oldest| now >= oldest + LONGEST))
}

/// Sends one gathering of wishes.
struct Sender<'a> {
    zone: &'a ZoneId,
    api: &'a Api,
    view: &'a ZoneView,
    budget: &'a Budget,
}

impl Sender<'_> {
    async fn fulfil(&self, wishes: Vec<Wish>) {
        let mut jobs = Vec::new();
        let mut names: BTreeMap<DnsName, Job> = BTreeMap::new();
        for wish in wishes {
            match wish.work {
                Work::Group(group) => jobs.push(Job { group, txt: None, answers: vec![wish.answer] }),
                Work::Txt(name, edit) => {
                    let new =
                        || Job { group: ChangeGroup::default(), txt: Some((name.clone(), vec![])), answers: vec![] };
                    let job = names.entry(name.clone()).or_insert_with(new);
                    job.txt.get_or_insert_with(|| (name, vec![])).1.push(edit);
                    job.answers.push(wish.answer);
                }
            }
        }
        let mut races = names.into_values().collect::<Vec<_>>();
        for round in 0..=RACES {
            jobs.extend(self.planned(std::mem::take(&mut races), round).await);
            if jobs.is_empty() {
                return;
            }
            for request in requests(std::mem::take(&mut jobs)) {
                races.extend(self.send(request, round < RACES).await);
            }
            if races.is_empty() {
                return;
            }
            self.view.forget();
        }
    }

    /// Works out the changes of shared names from what they hold now; what needs no change is answered at once.
    async fn planned(&self, jobs: Vec<Job>, round: u32) -> Vec<Job> {
        let names = jobs.iter().filter_map(|job| job.txt.as_ref().map(|(name, _)| name.clone())).collect();
        let live = match self.view.all_named(self.api, self.budget, &names).await {
            Ok(live) => live,
            Err(error) => {
                answer_all(jobs, &Err(error.into()));
                return Vec::new();
            }
        };
        let mut planned = Vec::new();
        for mut job in jobs {
            let Some((name, edits)) = &job.txt else { continue };
            match plan(name, live.get(name).map_or(&[], Vec::as_slice), edits) {
                Err(obstacle) => job.answer(&Err(obstacle.into())),
                Ok(group) if group.is_empty() => job.answer(&Ok(None)),
                Ok(group) => {
                    // Refused although nothing has changed since: then there was no race, and a replacement is safe.
                    let same = round > 0 && group == job.group;
                    job.group = if same { group.forced() } else { group };
                    planned.push(job);
                }
            }
        }
        planned
    }

    /// Sends the jobs of one request; refused, they are divided. Gives back the shared names that lost a race.
    async fn send(&self, request: Vec<Job>, again: bool) -> Vec<Job> {
        let mut lost = Vec::new();
        let mut denials = Denials::default();
        let mut parts = vec![(request, 0)];
        while let Some((mut jobs, lost_answers)) = parts.pop() {
            let result = match &denials.final_word {
                Some(error) => Err(error.clone()),
                None => self.change_surely(&jobs, lost_answers).await,
            };
            match result {
                Ok(change) => {
                    denials.passed = true;
                    answer_all(jobs, &Ok(change));
                }
                Err(error) if jobs.len() > 1 && denials.final_word.is_none() && may_pass_in_part(&error) => {
                    let second = jobs.split_off(jobs.len() / 2);
                    parts.extend([(second, error.lost_answers()), (jobs, error.lost_answers())]);
                }
                Err(error) if again && error.is_refusal() && jobs.iter().all(|job| job.txt.is_some()) => {
                    lost.extend(jobs);
                }
                Err(error) => {
                    denials.count(&error);
                    answer_all(jobs, &Err(error));
                }
            }
        }
        lost
    }

    async fn change(&self, jobs: &[Job]) -> Result<ChangeId, Route53Error> {
        let changes = changes_of(jobs);
        if let [job] = jobs
            && job.group.is_too_large()
            && let Some(key) = job.group.keys().next()
        {
            return Err(Route53Error::TooLarge(key.clone()));
        }
        let sent = self.api.change(self.budget, self.zone, &changes).await;
        // It may have been carried out all the same.
        let change = sent.inspect_err(|_| self.view.forget())?;
        self.view.note(&changes);
        tracing::info!(zone_id = %self.zone, change_id = change.as_str(), changes = changes.len(), "changed records");
        Ok(change)
    }
}

impl Job {
    fn answer(self, outcome: &Outcome) {
        for answer in self.answers {
            // One who no longer waits needs no answer.
            let _gone = answer.send(outcome.clone());
        }
    }
}

fn answer_all(jobs: Vec<Job>, outcome: &Outcome) {
    for job in jobs {
        job.answer(outcome);
    }
}

/// Ends the division of a request when nothing of it is permitted.
#[derive(Default)]
struct Denials {
    seen: u32,
    passed: bool,
    final_word: Option<Route53Error>,
}

impl Denials {
    fn count(&mut self, error: &Route53Error) {
        if error.is_denied() {
            self.seen += 1;
        }
        if self.seen >= DENIALS && !self.passed {
            self.final_word = Some(error.clone());
        }
    }
}

fn changes_of(jobs: &[Job]) -> Vec<Change> {
    jobs.iter().flat_map(|job| job.group.0.clone()).collect()
}

fn may_pass_in_part(error: &Route53Error) -> bool {
    error.is_refusal() || error.is_denied()
}

/// The jobs by request, in the order in which they must go out.
fn requests(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let order = pack(&jobs.iter().map(|job| &job.group).collect::<Vec<_>>());
    let mut jobs: Vec<_> = jobs.into_iter().map(Some).collect();
    let mut take = |index: usize| jobs.get_mut(index).and_then(Option::take);
    order.into_iter().map(|request| request.into_iter().filter_map(&mut take).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(work: Work, arrived: Instant) -> Wish {
        Wish { work, arrived, until: arrived, answer: oneshot::channel().0 }
    }

    fn put(at: Instant) -> Wish {
        wish(Work::Group(ChangeGroup::default()), at)
    }

    fn tidy(at: Instant) -> Wish {
        let name = DnsName::parse("_acme-challenge.a").unwrap();
        wish(Work::Txt(name, Edit::Remove { value: "x".into() }), at)
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_waits_for_others_to_join() {
        let start = Instant::now();
        let alone = VecDeque::from([put(start)]);
        assert!(!is_due(&alone, start + JOIN / 2));
        assert!(is_due(&alone, start + JOIN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_growing_queue_is_let_grow_up_to_the_longest_wait() {
        let start = Instant::now();
        let growing = VecDeque::from([put(start), put(start + JOIN - QUIET / 2)]);
        assert!(!is_due(&growing, start + JOIN));
        assert!(is_due(&growing, start + JOIN + QUIET));
        let endless = VecDeque::from([put(start), put(start + LONGEST)]);
        assert!(is_due(&endless, start + LONGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn removals_wait_longer_but_go_with_the_next_change() {
        let start = Instant::now();
        assert!(!is_due(&VecDeque::from([tidy(start)]), start + JOIN));
        assert!(is_due(&VecDeque::from([tidy(start)]), start + TIDY));
        assert!(is_due(&VecDeque::from([tidy(start), put(start)]), start + JOIN));
    }
}
