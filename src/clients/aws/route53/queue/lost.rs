//! Requests that were carried out although their answer was lost: the next attempt is refused for its own work.

use super::job::{Job, changes_of};
use super::send::Sender;
use crate::clients::aws::route53::{ChangeId, Route53Error};
use crate::domain::dns::Change;
use crate::domain::dns::batch::is_done;

impl Sender<'_> {
    /// Sends the jobs together; `lost_answers` were met before, with requests that held them too. A refusal after a
    /// lost answer is none if the zone is as wished: then the request that was lost did it.
    pub(super) async fn change_surely(
        &self,
        jobs: &[Job],
        lost_answers: u32,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let refused = match self.change(jobs).await {
            Err(error) if error.is_refusal() => error.after_lost_answers(lost_answers),
            other => return other.map(Some),
        };
        let changes = changes_of(jobs);
        if refused.lost_answers() == 0 || !self.is_done(&changes).await? {
            return Err(refused);
        }
        tracing::info!(zone_id = %self.queue.zone, changes = changes.len(), "a request without answer had changed the records");
        self.id_after(&changes).await
    }

    async fn is_done(&self, changes: &[Change]) -> Result<bool, Route53Error> {
        self.view.forget();
        let names = changes.iter().map(|change| change.set().key.name.clone()).collect();
        let live = self.view.all_named(self.api, self.budget, &names).await?;
        Ok(is_done(changes, &live.into_values().flatten().collect::<Vec<_>>()))
    }

    /// The id of the lost change is lost too. Route53 carries out the changes of a zone in order, so one that alters
    /// nothing is on all servers only after it. Nobody waits for mere removals.
    async fn id_after(&self, changes: &[Change]) -> Result<Option<ChangeId>, Route53Error> {
        let made = changes.iter().find(|change| !matches!(change, Change::Delete(_)));
        let Some(again) = made.map(|change| Change::Upsert(change.set().clone())) else { return Ok(None) };
        Ok(Some(self.api.change(self.budget, &self.queue.zone, &[again]).await?))
    }
}
