//! The permissions of a role: one inline policy, or managed policies of its own, and what else is attached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::{IrsaRoleModel, PolicyKind};
use crate::clients::aws::AwsError;
use crate::clients::aws::iam::{Iam, ManagedPolicy, NewPolicy, Role};
use crate::domain::irsa::limits::{MANAGED, split};
use crate::domain::irsa::{Statement, arn, policy_json, same_policy};
use crate::domain::tags::Tags;
use crate::retry::Budget;

/// The name of the inline policy, where the role has none under another name.
const INLINE_NAME: &str = "berth";

/// Why the policies are not as they should be.
#[derive(Debug)]
pub enum PolicyError {
    /// IAM refused something.
    Aws(AwsError),
    /// A policy of the name that an own one should have is somebody else's.
    Foreign(String),
    /// There is no such policy to attach.
    Missing(String, AwsError),
}

impl PolicyError {
    /// Whether AWS did not answer, or not yet, rather than refuse.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Aws(error) if error.may_pass())
    }
}

impl From<AwsError> for PolicyError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// The permissions that a role should have.
pub struct Policies {
    role: String,
    path: String,
    tags: Tags,
    statements: Vec<Statement>,
    /// The inline policy's document.
    inline: Option<String>,
    /// Own managed policies: documents by ARN.
    own: BTreeMap<String, String>,
    /// Others' policies to attach.
    given: BTreeSet<String>,
}

impl Policies {
    /// What the model asks for, for the role of this ARN.
    pub fn of(model: &IrsaRoleModel, role_arn: &str) -> Self {
        let statements = model.permissions();
        let (mut inline, mut own, role) = (None, BTreeMap::new(), model.role_name());
        match model.kind() {
            PolicyKind::Inline => inline = (!statements.is_empty()).then(|| policy_json(&statements)),
            PolicyKind::Managed => {
                let documents = documents(&statements).into_iter().enumerate();
                own.extend(documents.map(|(index, document)| (own_arn(role_arn, role, &model.path, index), document)));
            }
        }
        let tags = model.tags_all.get().cloned().unwrap_or_default();
        let given = model.managed_policy_arns.iter().cloned().collect();
        Self { role: role.to_owned(), path: model.path.clone(), tags, statements, inline, own, given }
    }

    /// All permissions in one document; none if there are none.
    pub fn document(&self) -> Option<String> {
        (!self.statements.is_empty()).then(|| policy_json(&self.statements))
    }

    /// How many characters of [`Policies::document`] count.
    pub fn characters(&self) -> i64 {
        self.document().as_deref().map_or(0, super::rules::characters)
    }

    /// What is attached when all is done.
    pub fn attached(&self) -> BTreeSet<String> {
        self.own.keys().chain(&self.given).cloned().collect()
    }

    /// Makes the live role's policies and attachments these: first what grants, then what is no longer wanted, unless
    /// that must make room.
    pub async fn bring_up(&self, budget: &Budget, iam: &Iam, live: &Role) -> Result<(), PolicyError> {
        let wanted = self.attached();
        let kept = self.inline.is_some().then(|| inline_name(live));
        let mut strange: Vec<_> =
            live.inline_policies.keys().filter(|name| kept != Some(name.as_str())).cloned().collect();
        let mut unwanted: Vec<_> = live.attached_policies.difference(&wanted).cloned().collect();
        self.bring_up_inline(budget, iam, live, &mut strange).await?;
        for (arn, document) in &self.own {
            self.bring_up_own(budget, iam, arn, document, live).await?;
        }
        for arn in wanted.difference(&live.attached_policies) {
            self.attach(budget, iam, arn, &mut unwanted).await?;
        }
        for arn in unwanted {
            self.detach(budget, iam, &arn).await?;
        }
        for name in strange {
            iam.delete_inline_policy(budget, &self.role, &name).await?;
        }
        Ok(())
    }

    /// Writes the inline policy. Where all of them together would be too large, the `strange` ones go first.
    async fn bring_up_inline(
        &self,
        budget: &Budget,
        iam: &Iam,
        live: &Role,
        strange: &mut Vec<String>,
    ) -> Result<(), PolicyError> {
        let Some(document) = &self.inline else { return Ok(()) };
        let name = inline_name(live);
        if live.inline_policies.get(name).is_some_and(|there| same_policy(there, document)) {
            return Ok(());
        }
        loop {
            match iam.put_inline_policy(budget, &self.role, name, document).await {
                Err(full @ AwsError::Limit(_)) => {
                    let room = strange.pop().ok_or(full)?;
                    iam.delete_inline_policy(budget, &self.role, &room).await?;
                }
                written => return Ok(written?),
            }
        }
    }

    /// Attaches a policy. Where the role may have no more of them, one that is `unwanted` goes first.
    async fn attach(
        &self,
        budget: &Budget,
        iam: &Iam,
        arn: &str,
        unwanted: &mut Vec<String>,
    ) -> Result<(), PolicyError> {
        loop {
            match iam.attach_policy(budget, &self.role, arn).await {
                Err(full @ AwsError::Limit(_)) => {
                    let room = unwanted.pop().ok_or(full)?;
                    self.detach(budget, iam, &room).await?;
                }
                Err(error @ AwsError::NotFound(_)) => return Err(PolicyError::Missing(arn.to_owned(), error)),
                attached => return Ok(attached?),
            }
        }
    }

    /// Takes a policy off the role, and removes it if it is the role's own.
    async fn detach(&self, budget: &Budget, iam: &Iam, arn: &str) -> Result<(), PolicyError> {
        iam.detach_policy(budget, &self.role, arn).await?;
        if is_own(arn, &self.role, &self.path) {
            delete_own(budget, iam, &self.role, arn).await?;
        }
        Ok(())
    }

    /// Makes one own policy, or brings it up to date. One of this name that is not the role's is left as it is: nothing
    /// is to be done if the role has it, and it says what it should.
    async fn bring_up_own(
        &self,
        budget: &Budget,
        iam: &Iam,
        arn: &str,
        document: &str,
        live: &Role,
    ) -> Result<(), PolicyError> {
        let attached = live.attached_policies.contains(arn);
        let Some(there) = iam.policy_itself(budget, arn).await? else {
            let (name, path, document, tags) =
                (arn::name_of(arn).to_owned(), self.path.clone(), document.to_owned(), self.tags.clone());
            let policy = NewPolicy { name, path, description: description(&self.role), document, tags };
            iam.create_policy(budget, &policy).await?;
            return Ok(());
        };
        if !may_write(&there, &self.role, attached, self.given.contains(arn)) {
            let is_as_wanted = attached && same_policy(&there.document, document);
            return if is_as_wanted { Ok(()) } else { Err(PolicyError::Foreign(arn.to_owned())) };
        }
        if !same_policy(&there.document, document) {
            iam.update_policy(budget, arn, document).await?;
        }
        if let Some(tags) = there.tags {
            iam.set_policy_tags(budget, arn, &tags, &self.tags).await?;
        }
        Ok(())
    }
}

/// The inline policy to write to: the role's only one where it has one, since two might be too large together.
fn inline_name(live: &Role) -> &str {
    let mut names = live.inline_policies.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => only,
        _ => INLINE_NAME,
    }
}

/// What an own policy says of itself; IAM never changes it.
fn description(role: &str) -> String {
    format!("What the role {role} may do")
}

fn says_own(policy: &ManagedPolicy, role: &str) -> bool {
    policy.description.as_ref().is_some_and(|words| *words == description(role))
}

/// Whether the role may write to a policy that is called like an own one: one that says that it is the role's, or, as of a
/// role that was imported, one that the role alone has. What stands in `managed_policy_arns` is somebody else's.
pub fn may_write(policy: &ManagedPolicy, role: &str, is_attached: bool, is_given: bool) -> bool {
    says_own(policy, role) || (is_attached && !is_given && policy.attachments == Some(1))
}

/// Removes a policy that is called like an own one, if it says that it is one.
pub async fn delete_own(budget: &Budget, iam: &Iam, role: &str, arn: &str) -> Result<(), AwsError> {
    match made(budget, iam, role, arn).await? {
        Some(_) => iam.delete_policy(budget, arn).await,
        None => Ok(()),
    }
}

/// A policy that is called like an own one, if it says that it is one.
pub async fn made(budget: &Budget, iam: &Iam, role: &str, arn: &str) -> Result<Option<ManagedPolicy>, AwsError> {
    Ok(iam.policy_itself(budget, arn).await?.filter(|policy| says_own(policy, role)))
}

fn documents(statements: &[Statement]) -> Vec<String> {
    // One that is too large alone was refused at plan; if it comes here after all, IAM tells its size.
    let parts = split(statements, MANAGED).unwrap_or_else(|_| vec![statements.to_vec()]);
    parts.iter().map(|part| policy_json(part)).collect()
}

/// The ARNs of the own managed policies that the model needs.
pub fn names_for(model: &IrsaRoleModel, role_arn: &str) -> Vec<String> {
    let count = documents(&model.permissions()).len();
    (0..count).map(|index| own_arn(role_arn, model.role_name(), &model.path, index)).collect()
}

/// Own policies are called like the role; from the second on with a number after a dot.
fn own_arn(role_arn: &str, role: &str, path: &str, index: usize) -> String {
    let mut parts = role_arn.split(':').skip(1);
    let partition = parts.next().unwrap_or("aws");
    let account = parts.nth(2).unwrap_or_default();
    let name = if index == 0 { role.to_owned() } else { format!("{role}.{}", index + 1) };
    arn::policy_arn(partition, account, path, &name)
}

/// Whether a policy is one of the role's own, by its name.
pub fn is_own(policy: &str, role: &str, path: &str) -> bool {
    let Some((_, place)) = policy.split_once(":policy") else { return false };
    let Some(rest) = place.strip_prefix(path).and_then(|name| name.strip_prefix(role)) else { return false };
    rest.is_empty() || rest.strip_prefix('.').is_some_and(|number| number.parse::<usize>().is_ok())
}

/// The role's own policies among those attached: those of their names that nobody `declared` to be attached.
pub fn own_policies(role: &Role, declared: &[String]) -> Vec<String> {
    let own = role.attached_policies.iter().filter(|arn| is_own(arn, &role.name, &role.path));
    own.filter(|arn| !declared.contains(arn)).cloned().collect()
}

/// All that the role's inline and own policies say, in one document; none if it has none.
pub async fn live_document(
    budget: &Budget,
    iam: &Iam,
    role: &Role,
    declared: &[String],
) -> Result<Option<String>, AwsError> {
    let mut documents: Vec<String> = role.inline_policies.values().cloned().collect();
    for arn in own_policies(role, declared) {
        documents.extend(iam.policy(budget, &arn).await?.map(|policy| policy.document));
    }
    Ok(joined(&documents))
}

/// The statements of several documents in one; none if there is no document.
pub fn joined(documents: &[String]) -> Option<String> {
    if let [] | [_] = documents {
        return documents.first().cloned();
    }
    // As they were written: a canonical form is for comparing, not for showing.
    let statements = documents.iter().filter_map(|document| {
        let document: Value = serde_json::from_str(document).ok()?;
        match document.get("Statement")? {
            Value::Array(several) => Some(several.clone()),
            single => Some(vec![single.clone()]),
        }
    });
    let statements: Vec<Value> = statements.flatten().collect();
    Some(serde_json::json!({ "Version": crate::domain::irsa::policy::VERSION, "Statement": statements }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws-cn:iam::123456789012:role/team/app";

    #[test]
    fn own_policies_are_called_like_the_role() {
        assert_eq!(own_arn(ROLE, "app", "/team/", 0), "arn:aws-cn:iam::123456789012:policy/team/app");
        assert_eq!(own_arn(ROLE, "app", "/team/", 1), "arn:aws-cn:iam::123456789012:policy/team/app.2");
        for (policy, own) in [
            ("arn:aws:iam::1:policy/team/app", true),
            ("arn:aws:iam::1:policy/team/app.2", true),
            ("arn:aws:iam::1:policy/team/app-2", false),
            ("arn:aws:iam::1:policy/app", false),
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", false),
        ] {
            assert_eq!(is_own(policy, "app", "/team/"), own, "{policy}");
        }
    }

    #[test]
    fn several_documents_mean_the_same_as_one_with_all_their_statements() {
        let statement = |action: &str| Statement {
            actions: vec![action.to_owned()],
            resources: vec!["*".into()],
            ..Statement::default()
        };
        let parts = [policy_json(&[statement("a:A")]), policy_json(&[statement("b:B")])];
        let all = joined(&parts).unwrap();
        assert!(same_policy(&all, &policy_json(&[statement("b:B"), statement("a:A")])));
        assert!(all.contains("a:A") && all.contains("b:B"), "as they were written: {all}");
    }

    #[test]
    fn a_declared_policy_is_not_the_roles_own_whatever_it_is_called() {
        let arn = "arn:aws:iam::1:policy/app".to_owned();
        let role =
            Role { name: "app".into(), path: "/".into(), attached_policies: [arn.clone()].into(), ..Role::default() };
        assert_eq!(own_policies(&role, &[]), std::slice::from_ref(&arn));
        assert!(own_policies(&role, &[arn]).is_empty());
    }

    #[test]
    fn a_policy_that_others_have_or_that_is_declared_is_not_written_to() {
        let policy = |words: &str, attachments| ManagedPolicy {
            description: Some(words.to_owned()),
            attachments: Some(attachments),
            ..ManagedPolicy::default()
        };
        let (made, found) = (policy(&description("app"), 2), policy("shared", 1));
        assert!(may_write(&made, "app", false, false) && may_write(&made, "app", true, false));
        assert!(may_write(&found, "app", true, false), "of an imported role");
        assert!(!may_write(&found, "app", true, true), "declared");
        assert!(!may_write(&found, "app", false, false), "another's");
        assert!(!may_write(&policy("shared", 2), "app", true, false), "two have it");
    }

    #[test]
    fn the_only_inline_policy_is_written_to_under_its_name() {
        let role = |names: &[&str]| Role {
            inline_policies: names.iter().map(|name| ((*name).to_owned(), String::new())).collect(),
            ..Role::default()
        };
        assert_eq!(inline_name(&role(&[])), "berth");
        assert_eq!(inline_name(&role(&["theirs"])), "theirs");
        assert_eq!(inline_name(&role(&["berth", "theirs"])), "berth");
    }
}
