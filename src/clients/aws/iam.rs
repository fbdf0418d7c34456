//! IAM: roles, managed policies and OIDC providers, with its late consistency waited out and few calls for many roles.

mod api;
mod lost;
#[cfg(test)]
mod tests;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::time::Instant;

use api::{Account, Api};
pub use types::{ManagedPolicy, NewPolicy, NewProvider, NewRole, OidcProvider, Role};

use super::AwsError;
use super::once::Once;
use crate::retry::{Budget, Pace};

/// How long IAM may need until a new object is known everywhere
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const SETTLING: Duration = Duration::from_mins(1);
/// Pauses while a new object settles.
const PAUSES: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));
/// How long a reader lets others join before it asks.
const GATHER: Duration = Duration::from_millis(25);
/// Roles and policies read one by one; with more, the account is listed.
const FEW: usize = 3;

/// The account's IAM: cheap to copy.
#[derive(Clone, Debug)]
pub struct Iam(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: Api,
    asked: AtomicUsize,
    /// The listing of the account; none if it is not permitted.
    account: Once<Option<Arc<Account>>>,
    /// Names and ARNs that we changed: what the listing says of them is old.
    changed: Mutex<BTreeSet<String>>,
    /// Names and ARNs that we made, and when.
    made: Mutex<BTreeMap<String, Instant>>,
}

impl Iam {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>) -> Self {
        Self(Arc::new(Shared {
            api: Api::new(config, endpoint),
            asked: AtomicUsize::new(0),
            account: Once::default(),
            changed: Mutex::default(),
            made: Mutex::default(),
        }))
    }

    /// Makes a role. One that exists is refused, unless it is the effect of an attempt whose answer was lost.
    pub async fn create_role(&self, budget: &Budget, role: &NewRole) -> Result<Role, AwsError> {
        self.touch(&role.name);
        let made =
            self.settled(budget, &[&role.trust_policy], async || self.0.api.create_role(budget, role).await).await;
        let made = self.or_ours(made, async || self.own_role(budget, role).await).await?;
        self.note_made(&[&made.name, &made.arn]);
        tracing::info!(role = made.name, "made a role");
        Ok(made)
    }

    /// A role with its policies; none if it is absent. Many readers share one listing of the account.
    pub async fn role(&self, budget: &Budget, name: &str) -> Result<Option<Role>, AwsError> {
        if let Some(found) = self.listed(budget, name, |account| account.roles.get(name).cloned()).await? {
            return Ok(Some(found));
        }
        present(self.0.api.role(budget, name).await)
    }

    /// Sets description and longest session (seconds).
    pub async fn update_role(
        &self,
        budget: &Budget,
        name: &str,
        description: &str,
        session: u32,
    ) -> Result<(), AwsError> {
        self.touch(name);
        self.settled(budget, &[name], async || self.0.api.update_role(budget, name, description, session).await).await
    }

    /// Sets who may assume the role.
    pub async fn update_trust_policy(&self, budget: &Budget, name: &str, document: &str) -> Result<(), AwsError> {
        self.touch(name);
        self.settled(budget, &[name, document], async || self.0.api.update_trust(budget, name, document).await).await
    }

    /// Sets or takes away the permissions boundary.
    pub async fn set_permissions_boundary(
        &self,
        budget: &Budget,
        name: &str,
        arn: Option<&str>,
    ) -> Result<(), AwsError> {
        self.touch(name);
        match arn {
            Some(arn) => {
                self.settled(budget, &[name, arn], async || self.0.api.put_boundary(budget, name, arn).await).await
            }
            None => absent(self.0.api.delete_boundary(budget, name).await),
        }
    }

    /// Makes the role's tags equal to `tags`, given those it has.
    pub async fn set_role_tags(
        &self,
        budget: &Budget,
        name: &str,
        old: &BTreeMap<String, String>,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), AwsError> {
        self.touch(name);
        let TagChange { put, remove } = TagChange::between(old, tags);
        if !remove.is_empty() {
            self.settled(budget, &[name], async || self.0.api.untag_role(budget, name, &remove).await).await?;
        }
        if !put.is_empty() {
            self.settled(budget, &[name], async || self.0.api.tag_role(budget, name, &put).await).await?;
        }
        Ok(())
    }

    /// Makes or replaces an inline policy.
    pub async fn put_inline_policy(
        &self,
        budget: &Budget,
        role: &str,
        policy: &str,
        document: &str,
    ) -> Result<(), AwsError> {
        self.touch(role);
        self.settled(budget, &[role, document], async || self.0.api.put_inline(budget, role, policy, document).await)
            .await
    }

    /// Removes an inline policy; one that is gone is no error.
    pub async fn delete_inline_policy(&self, budget: &Budget, role: &str, policy: &str) -> Result<(), AwsError> {
        self.touch(role);
        absent(self.0.api.delete_inline(budget, role, policy).await)
    }

    /// Attaches a managed policy.
    pub async fn attach_policy(&self, budget: &Budget, role: &str, arn: &str) -> Result<(), AwsError> {
        self.touch(role);
        self.settled(budget, &[role, arn], async || self.0.api.attach(budget, role, arn).await).await
    }

    /// Detaches a managed policy; one that is not attached is no error.
    pub async fn detach_policy(&self, budget: &Budget, role: &str, arn: &str) -> Result<(), AwsError> {
        self.touch(role);
        absent(self.0.api.detach(budget, role, arn).await)
    }

    /// Removes a role with all that hangs on it: inline policies, attachments (also others'), instance profiles.
    pub async fn delete_role(&self, budget: &Budget, name: &str) -> Result<(), AwsError> {
        self.touch(name);
        let Some(role) = present(self.0.api.role(budget, name).await)? else { return Ok(()) };
        for arn in &role.attached_policies {
            absent(self.0.api.detach(budget, name, arn).await)?;
        }
        for policy in role.inline_policies.keys() {
            absent(self.0.api.delete_inline(budget, name, policy).await)?;
        }
        match self.0.api.delete_role(budget, name).await {
            Err(AwsError::Conflict(_)) => {
                self.0.api.leave_instance_profiles(budget, name).await?;
                absent(self.0.api.delete_role(budget, name).await)
            }
            other => absent(other),
        }
    }

    /// Makes a managed policy; its ARN. One that exists is refused as for roles.
    pub async fn create_policy(&self, budget: &Budget, policy: &NewPolicy) -> Result<String, AwsError> {
        let made = self.0.api.create_policy(budget, policy).await;
        let arn = self.or_ours(made, async || self.own_policy(budget, policy).await).await?;
        self.touch(&arn);
        self.note_made(&[&arn]);
        tracing::info!(policy_arn = arn, "made a policy");
        Ok(arn)
    }

    /// A managed policy; none if it is absent.
    pub async fn policy(&self, budget: &Budget, arn: &str) -> Result<Option<ManagedPolicy>, AwsError> {
        if let Some(found) = self.listed(budget, arn, |account| account.policies.get(arn).cloned()).await? {
            return Ok(Some(found));
        }
        present(self.0.api.policy(budget, arn).await)
    }

    /// Puts a new document in force; the oldest idle version makes room where IAM keeps no more of them (five).
    pub async fn update_policy(&self, budget: &Budget, arn: &str, document: &str) -> Result<(), AwsError> {
        self.touch(arn);
        let full =
            match self.settled(budget, &[arn], async || self.0.api.create_version(budget, arn, document).await).await {
                Err(error @ AwsError::Limit(_)) => error,
                other => return other,
            };
        let Some(oldest) = self.0.api.idle_versions(budget, arn).await?.into_iter().next() else { return Err(full) };
        absent(self.0.api.delete_version(budget, arn, &oldest).await)?;
        self.0.api.create_version(budget, arn, document).await
    }

    /// Makes the policy's tags equal to `tags`, given those it has.
    pub async fn set_policy_tags(
        &self,
        budget: &Budget,
        arn: &str,
        old: &BTreeMap<String, String>,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), AwsError> {
        self.touch(arn);
        let TagChange { put, remove } = TagChange::between(old, tags);
        if !remove.is_empty() {
            self.settled(budget, &[arn], async || self.0.api.untag_policy(budget, arn, &remove).await).await?;
        }
        if !put.is_empty() {
            self.settled(budget, &[arn], async || self.0.api.tag_policy(budget, arn, &put).await).await?;
        }
        Ok(())
    }

    /// Removes a managed policy with its idle versions; one that is gone is no error, one that is still attached
    /// elsewhere is.
    pub async fn delete_policy(&self, budget: &Budget, arn: &str) -> Result<(), AwsError> {
        self.touch(arn);
        let Some(versions) = present(self.0.api.idle_versions(budget, arn).await)? else { return Ok(()) };
        for version in versions {
            absent(self.0.api.delete_version(budget, arn, &version).await)?;
        }
        absent(self.0.api.delete_policy(budget, arn).await)
    }

    /// Makes an OIDC provider; its ARN. One that exists is refused as for roles.
    pub async fn create_provider(&self, budget: &Budget, provider: &NewProvider) -> Result<String, AwsError> {
        let made = self.0.api.create_provider(budget, provider).await;
        let arn = self.or_ours(made, async || self.own_provider(budget, provider).await).await?;
        self.note_made(&[&arn]);
        tracing::info!(provider_arn = arn, "made an OIDC provider");
        Ok(arn)
    }

    /// An OIDC provider; none if it is absent.
    pub async fn provider(&self, budget: &Budget, arn: &str) -> Result<Option<OidcProvider>, AwsError> {
        present(self.0.api.provider(budget, arn).await)
    }

    /// Makes an OIDC provider's audiences, thumbprints (if any are wanted) and tags equal to `wanted`.
    pub async fn update_provider(
        &self,
        budget: &Budget,
        live: &OidcProvider,
        wanted: &NewProvider,
    ) -> Result<(), AwsError> {
        let arn = live.arn.as_str();
        for client in wanted.client_ids.difference(&live.client_ids) {
            self.0.api.add_client_id(budget, arn, client).await?;
        }
        for client in live.client_ids.difference(&wanted.client_ids) {
            absent(self.0.api.remove_client_id(budget, arn, client).await)?;
        }
        if !wanted.thumbprints.is_empty() && wanted.thumbprints != live.thumbprints {
            self.0.api.update_thumbprints(budget, arn, &wanted.thumbprints).await?;
        }
        let TagChange { put, remove } = TagChange::between(&live.tags, &wanted.tags);
        if !remove.is_empty() {
            self.0.api.untag_provider(budget, arn, &remove).await?;
        }
        if !put.is_empty() {
            self.0.api.tag_provider(budget, arn, &put).await?;
        }
        Ok(())
    }

    /// Removes an OIDC provider; one that is gone is no error.
    pub async fn delete_provider(&self, budget: &Budget, arn: &str) -> Result<(), AwsError> {
        absent(self.0.api.delete_provider(budget, arn).await)
    }

    /// What the listing of the account says; none where it does not help: few have asked, it is not permitted,
    /// the object is changed since, or it is not in it (a new object may not be listed yet).
    async fn listed<T>(
        &self,
        budget: &Budget,
        key: &str,
        pick: impl Fn(&Account) -> Option<T>,
    ) -> Result<Option<T>, AwsError> {
        let asked = &self.0.asked;
        asked.fetch_add(1, Ordering::Relaxed);
        if lock(&self.0.changed).contains(key) {
            return Ok(None);
        }
        if let Some(known) = self.0.account.known() {
            return Ok(known.as_deref().and_then(pick));
        }
        tokio::time::sleep(GATHER).await;
        if asked.load(Ordering::Relaxed) <= FEW {
            return Ok(None);
        }
        let list = async || match self.0.api.account(budget).await {
            Ok(account) => Ok(Some(Arc::new(account))),
            Err(AwsError::AccessDenied { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        Ok(self.0.account.get(budget, list).await?.as_deref().and_then(pick))
    }

    /// Repeats a request while something new of ours that it names may not be known to all of IAM yet: then it is
    /// answered `NoSuchEntity`, or `MalformedPolicyDocument` for a principal. `names` are the names, ARNs and
    /// documents that the request holds.
    async fn settled<T, F, Fut>(&self, budget: &Budget, names: &[&str], mut request: F) -> Result<T, AwsError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        for pause in PAUSES.pauses() {
            let error = match request().await {
                Err(error @ (AwsError::NotFound(_) | AwsError::Invalid(_))) if self.is_settling(&error, names) => error,
                other => return other,
            };
            tracing::debug!(%error, "waiting for IAM to know a new object");
            if let Err(why) = budget.sleep(pause).await {
                return Err(AwsError::Stopped { why, last: Some(Box::new(error)) });
            }
        }
        request().await
    }

    fn is_settling(&self, error: &AwsError, names: &[&str]) -> bool {
        let late = matches!(error, AwsError::NotFound(_)) || error.has_code("MalformedPolicyDocument");
        let made = lock(&self.0.made);
        let new = |(key, at): (&String, &Instant)| {
            at.elapsed() < SETTLING
                && names.iter().any(|name| name == key || (key.starts_with("arn:") && name.contains(key.as_str())))
        };
        late && made.iter().any(new)
    }

    fn touch(&self, key: &str) {
        lock(&self.0.changed).insert(key.to_owned());
    }

    fn note_made(&self, keys: &[&str]) {
        let now = Instant::now();
        lock(&self.0.made).extend(keys.iter().map(|key| ((*key).to_owned(), now)));
    }
}

/// What makes one set of tags into another.
#[derive(Debug, Default, PartialEq, Eq)]
struct TagChange {
    put: BTreeMap<String, String>,
    remove: Vec<String>,
}

impl TagChange {
    fn between(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Self {
        let put = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
        let remove = old.keys().filter(|key| !new.contains_key(*key) && !key.starts_with("aws:"));
        Self { put: put.map(|(key, value)| (key.clone(), value.clone())).collect(), remove: remove.cloned().collect() }
    }
}

/// Absence as an answer, not an error.
fn present<T>(result: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match result {
        Err(AwsError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Removing what is gone is success.
fn absent(result: Result<(), AwsError>) -> Result<(), AwsError> {
    present(result).map(|_| ())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
