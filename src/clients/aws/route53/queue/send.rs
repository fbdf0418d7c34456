//! Sends one gathering of wishes.

use super::job::{Job, changes_of, jobs, requests};
use super::owners::removed_value;
use super::{Outcome, Wish, ZoneQueue};
use crate::clients::aws::route53::api::Api;
use crate::clients::aws::route53::view::ZoneView;
use crate::clients::aws::route53::{ChangeId, Route53Error};
use crate::domain::dns::challenge::plan;
use crate::retry::Budget;

/// How often a shared TXT name is read again after a lost race.
const RACES: u32 = 5;
/// Single changes that may be denied before the rest of a request is taken for denied too.
const DENIALS: u32 = 3;

pub(super) struct Sender<'a> {
    pub(super) queue: &'a ZoneQueue,
    pub(super) api: &'a Api,
    pub(super) view: &'a ZoneView,
    pub(super) budget: &'a Budget,
}

impl Sender<'_> {
    pub(super) async fn fulfil(&self, wishes: Vec<Wish>) {
        let (mut jobs, mut races) = jobs(wishes);
        for round in 0..=RACES {
            jobs.extend(self.planned(std::mem::take(&mut races), round).await);
            let (nothing, some) = std::mem::take(&mut jobs).into_iter().partition(|job| job.group.is_empty());
            self.answer_all(nothing, &Ok(None));
            for request in requests(some) {
                races.extend(self.send(request, round < RACES).await);
            }
            if races.is_empty() {
                return;
            }
            self.view.forget();
        }
    }

    /// Works out the changes of shared names from what they hold now.
    async fn planned(&self, jobs: Vec<Job>, round: u32) -> Vec<Job> {
        if jobs.is_empty() {
            return jobs;
        }
        let names = jobs.iter().filter_map(|job| job.txt.clone()).collect();
        let live = match self.view.all_named(self.api, self.budget, &names).await {
            Ok(live) => live,
            Err(error) => {
                self.answer_all(jobs, &Err(error.into()));
                return Vec::new();
            }
        };
        let mut planned = Vec::new();
        for mut job in jobs {
            let Some(name) = &job.txt else { continue };
            match plan(name, live.get(name).map_or(&[], Vec::as_slice), &job.edits()) {
                Err(obstacle) => self.answer(job, &Err(obstacle.into())),
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
        while let Some((jobs, lost_answers)) = parts.pop() {
            let (mut jobs, edited) = self.still_wanted(jobs, again);
            lost.extend(edited);
            if jobs.is_empty() {
                continue;
            }
            let result = match &denials.final_word {
                Some(error) => Err(error.clone()),
                None => self.change_surely(&jobs, lost_answers).await,
            };
            match result {
                Ok(change) => {
                    denials.passed = true;
                    self.answer_all(jobs, &Ok(change));
                }
                Err(error) if jobs.len() > 1 && denials.final_word.is_none() && may_pass_in_part(&error) => {
                    jobs.iter().for_each(Job::refused);
                    let second = jobs.split_off(jobs.len() / 2);
                    parts.extend([(second, error.lost_answers()), (jobs, error.lost_answers())]);
                }
                Err(error) if again && error.is_refusal() && jobs.iter().all(|job| job.txt.is_some()) => {
                    jobs.iter().for_each(Job::refused);
                    lost.extend(jobs);
                }
                Err(error) => {
                    denials.count(&error);
                    self.answer_all(jobs, &Err(error));
                }
            }
        }
        lost
    }

    /// The jobs whose wishes nobody has taken back: from here on they are with AWS. Shared names of which a wish was taken
    /// back must be worked out anew.
    fn still_wanted(&self, jobs: Vec<Job>, again: bool) -> (Vec<Job>, Vec<Job>) {
        let (mut wanted, mut edited) = (Vec::new(), Vec::new());
        for mut job in jobs {
            let (kept, dropped): (Vec<_>, Vec<_>) = job.wishes.into_iter().partition(|wish| wish.ticket.send());
            job.wishes = kept;
            for wish in &dropped {
                self.queue.discard(wish);
            }
            match &job.txt {
                _ if job.wishes.is_empty() => {}
                Some(_) if !dropped.is_empty() && again => {
                    job.refused();
                    edited.push(job);
                }
                None if !dropped.is_empty() => {
                    job.regroup();
                    if job.group.is_empty() { self.answer(job, &Ok(None)) } else { wanted.push(job) }
                }
                _ => wanted.push(job),
            }
        }
        (wanted, edited)
    }

    pub(super) async fn change(&self, jobs: &[Job]) -> Result<ChangeId, Route53Error> {
        let changes = changes_of(jobs);
        if let [job] = jobs
            && job.group.is_too_large()
            && let Some(key) = job.group.keys().next()
        {
            return Err(Route53Error::TooLarge(key.clone()));
        }
        let zone = &self.queue.zone;
        let sent = self.api.change(self.budget, zone, &changes).await;
        // It may have been carried out all the same.
        let change = sent.inspect_err(|_| self.view.forget())?;
        self.view.note(&changes);
        self.queue.carried_out(&changes);
        tracing::info!(zone_id = %zone, change_id = change.as_str(), changes = changes.len(), "changed records");
        Ok(change)
    }

    fn answer(&self, job: Job, outcome: &Outcome) {
        for wish in job.wishes {
            if outcome.is_ok()
                && let Some((name, value)) = removed_value(&wish.work)
            {
                self.queue.lock().value_removed(name, value);
            }
            self.queue.answer(wish, outcome);
        }
    }

    fn answer_all(&self, jobs: Vec<Job>, outcome: &Outcome) {
        for job in jobs {
            self.answer(job, outcome);
        }
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

fn may_pass_in_part(error: &Route53Error) -> bool {
    error.is_refusal() || error.is_denied()
}
