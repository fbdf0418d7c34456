//! Roles with everything that hangs on them.

use std::sync::Arc;

use super::{AwsError, Iam, NewRole, Role};
use crate::clients::aws::error::{absent, present};
use crate::domain::irsa::role_key;
use crate::domain::tags::{TagChange, Tags};
use crate::retry::Budget;

/// How many pages of names are read for those who would only like to know: three thousand roles.
const PAGES: usize = 3;

impl Iam {
    /// Makes a role. One that exists is refused, unless it is the effect of an attempt whose answer was lost, or is just
    /// being removed by this process.
    pub async fn create_role(&self, budget: &Budget, role: &NewRole) -> Result<Role, AwsError> {
        self.touch(&role.name);
        let key = role_key(&role.name);
        let mut heir = self.heir(&key);
        let made = loop {
            let made = self.try_role(budget, role).await;
            if !heir.tries_again(budget, &made).await? {
                break made?;
            }
        };
        self.0.made.note(&[&made.name, &made.arn]);
        tracing::info!(role = made.name, "made a role");
        Ok(made)
    }

    async fn try_role(&self, budget: &Budget, role: &NewRole) -> Result<Role, AwsError> {
        let names: Vec<_> =
            [&role.trust_policy].into_iter().chain(&role.permissions_boundary).map(String::as_str).collect();
        let made = self.settled_trust(budget, &names, async || self.0.api.create_role(budget, role).await).await;
        self.or_ours(made, async || self.own_role(budget, role).await).await
    }

    /// A role with its policies; none if it is absent. All readers share one listing of the account.
    pub async fn role(&self, budget: &Budget, name: &str) -> Result<Option<Role>, AwsError> {
        if let Some(found) = self.listed(budget, name, |account| account.roles.get(name).cloned()).await? {
            return Ok(Some(found));
        }
        present(self.settled(budget, &[name], async || self.0.api.role(budget, name).await).await)
    }

    /// Who may assume a role, as IAM has it now; none if there is no such role.
    pub async fn trust_policy(&self, budget: &Budget, name: &str) -> Result<Option<String>, AwsError> {
        let found = self.0.api.role_itself(budget, name).await;
        Ok(present(found)?.map(|role| role.trust_policy))
    }

    /// All roles below a path, by name, without their policies and tags.
    pub async fn roles_below(&self, budget: &Budget, path: Option<&str>) -> Result<Vec<Role>, AwsError> {
        let mut roles = self.0.api.roles_below(budget, path).await?;
        roles.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(roles)
    }

    /// Whether there is a role of this name, for those who would only like to know: by a listing that all share; nothing is told
    /// where there is none, or the account has too many roles.
    pub async fn has_role(&self, budget: &Budget, name: &str) -> Result<Option<bool>, AwsError> {
        if let Some(account) = self.0.account.known().flatten() {
            return Ok(Some(account.roles.keys().any(|it| it.eq_ignore_ascii_case(name))));
        }
        let names = self.0.names.get(budget, async || self.0.api.role_names(budget, PAGES).await.map(Arc::new)).await?;
        Ok(names.as_ref().as_ref().map(|names| names.iter().any(|it| it.eq_ignore_ascii_case(name))))
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
        self.settled_trust(budget, &[name, document], async || self.0.api.update_trust(budget, name, document).await)
            .await
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
    pub async fn set_role_tags(&self, budget: &Budget, name: &str, old: &Tags, tags: &Tags) -> Result<(), AwsError> {
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

    /// Attaches a managed policy. IAM does not say which of role and policy it does not find; a policy that is not there
    /// is not waited for.
    pub async fn attach_policy(&self, budget: &Budget, role: &str, arn: &str) -> Result<(), AwsError> {
        self.touch(role);
        let attach = async || self.0.api.attach(budget, role, arn).await;
        match self.settled_soon(budget, &[role, arn], attach).await {
            Err(error @ AwsError::NotFound(_)) if self.lacks_policy(budget, arn).await => Err(error),
            Err(AwsError::NotFound(_)) => self.settled(budget, &[role, arn], attach).await,
            other => other,
        }
    }

    /// Whether there is no policy of this ARN, and none that we made just now.
    async fn lacks_policy(&self, budget: &Budget, arn: &str) -> bool {
        !self.is_new(arn) && matches!(self.0.api.policy(budget, arn).await, Err(AwsError::NotFound(_)))
    }

    /// Detaches a managed policy; one that is not attached is no error.
    pub async fn detach_policy(&self, budget: &Budget, role: &str, arn: &str) -> Result<(), AwsError> {
        self.touch(role);
        absent(self.0.api.detach(budget, role, arn).await)
    }

    /// Removes a role with all that hangs on it: inline policies, attachments (also others'), instance profiles.
    pub async fn delete_role(&self, budget: &Budget, name: &str) -> Result<(), AwsError> {
        let Some(role) = self.role(budget, name).await? else { return Ok(()) };
        self.touch(name);
        self.0.made.forget(&[name, &role.arn]);
        self.strip(budget, &role).await?;
        match self.0.api.delete_role(budget, name).await {
            // What was listed of it is old, or something else holds it.
            Err(AwsError::Conflict(_)) => {
                let Some(role) = present(self.0.api.role(budget, name).await)? else { return Ok(()) };
                self.strip(budget, &role).await?;
                self.0.api.leave_instance_profiles(budget, name).await?;
                absent(self.0.api.delete_role(budget, name).await)
            }
            other => absent(other),
        }
    }

    /// Takes off a role what would keep IAM from removing it.
    async fn strip(&self, budget: &Budget, role: &Role) -> Result<(), AwsError> {
        for arn in &role.attached_policies {
            absent(self.0.api.detach(budget, &role.name, arn).await)?;
        }
        for policy in role.inline_policies.keys() {
            absent(self.0.api.delete_inline(budget, &role.name, policy).await)?;
        }
        Ok(())
    }
}
