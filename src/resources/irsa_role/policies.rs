//! The permissions of a role: one inline policy, or managed policies of its own, and what else is attached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::{IrsaRoleModel, PolicyKind};
use crate::clients::aws::AwsError;
use crate::clients::aws::iam::{Iam, NewPolicy, Role};
use crate::domain::irsa::limits::{MANAGED, split};
use crate::domain::irsa::{Statement, arn, canonical, policy_json, same_policy};
use crate::domain::tags::Tags;
use crate::retry::Budget;

/// The name of the inline policy.
const INLINE_NAME: &str = "berth";

/// The permissions that a role should have.
pub struct Policies {
    role: String,
    path: String,
    tags: Tags,
    statements: Vec<Statement>,
    /// Inline: at most one document by name.
    inline: BTreeMap<String, String>,
    /// Own managed policies: documents by ARN.
    own: BTreeMap<String, String>,
    /// Others' policies to attach.
    given: BTreeSet<String>,
}

impl Policies {
    /// What the model asks for, for the role of this ARN.
    pub fn of(model: &IrsaRoleModel, role_arn: &str) -> Self {
        let statements = model.permissions();
        let (mut inline, mut own) = (BTreeMap::new(), BTreeMap::new());
        match model.kind() {
            PolicyKind::Inline if !statements.is_empty() => {
                inline.insert(INLINE_NAME.to_owned(), policy_json(&statements));
            }
            PolicyKind::Inline => {}
            PolicyKind::Managed => {
                let documents = documents(&statements).into_iter().enumerate();
                own.extend(
                    documents.map(|(index, document)| (own_arn(role_arn, &model.name, &model.path, index), document)),
                );
            }
        }
        let tags = model.tags_all.get().cloned().unwrap_or_default();
        let given = model.managed_policy_arns.iter().cloned().collect();
        Self { role: model.name.clone(), path: model.path.clone(), tags, statements, inline, own, given }
    }

    /// All permissions in one document; none if there are none.
    pub fn document(&self) -> Option<String> {
        (!self.statements.is_empty()).then(|| policy_json(&self.statements))
    }

    /// How many characters of [`Policies::document`] count.
    pub fn characters(&self) -> i64 {
        self.document().as_deref().map_or(0, super::rules::characters)
    }

    /// Makes the live role's policies and attachments these: first what grants, then what is no longer wanted.
    /// Answers what is attached.
    pub async fn bring_up(&self, budget: &Budget, iam: &Iam, live: &Role) -> Result<Vec<String>, AwsError> {
        for (name, document) in &self.inline {
            if !live.inline_policies.get(name).is_some_and(|there| same_policy(there, document)) {
                iam.put_inline_policy(budget, &self.role, name, document).await?;
            }
        }
        for (arn, document) in &self.own {
            self.bring_up_own(budget, iam, arn, document).await?;
        }
        let wanted: BTreeSet<String> = self.own.keys().chain(&self.given).cloned().collect();
        for arn in wanted.difference(&live.attached_policies) {
            iam.attach_policy(budget, &self.role, arn).await?;
        }
        for arn in live.attached_policies.difference(&wanted) {
            iam.detach_policy(budget, &self.role, arn).await?;
            if is_own(arn, &self.role, &self.path) {
                iam.delete_policy(budget, arn).await?;
            }
        }
        for name in live.inline_policies.keys().filter(|name| !self.inline.contains_key(*name)) {
            iam.delete_inline_policy(budget, &self.role, name).await?;
        }
        Ok(wanted.into_iter().collect())
    }

    /// Makes one own policy, or brings it up to date.
    async fn bring_up_own(&self, budget: &Budget, iam: &Iam, arn: &str, document: &str) -> Result<(), AwsError> {
        let Some(there) = iam.policy(budget, arn).await? else {
            let description = format!("What the role {} may do", self.role);
            let (name, path, document, tags) =
                (arn::name_of(arn).to_owned(), self.path.clone(), document.to_owned(), self.tags.clone());
            return iam.create_policy(budget, &NewPolicy { name, path, description, document, tags }).await.map(drop);
        };
        if !same_policy(&there.document, document) {
            iam.update_policy(budget, arn, document).await?;
        }
        match there.tags {
            Some(tags) => iam.set_policy_tags(budget, arn, &tags, &self.tags).await,
            None => Ok(()),
        }
    }
}

fn documents(statements: &[Statement]) -> Vec<String> {
    // One that is too large alone was refused at plan; if it comes here after all, IAM tells its size.
    let parts = split(statements, MANAGED).unwrap_or_else(|_| vec![statements.to_vec()]);
    parts.iter().map(|part| policy_json(part)).collect()
}

/// The ARNs of the own managed policies that the model needs.
pub fn names_for(model: &IrsaRoleModel, role_arn: &str) -> Vec<String> {
    let count = documents(&model.permissions()).len();
    (0..count).map(|index| own_arn(role_arn, &model.name, &model.path, index)).collect()
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

/// The role's own policies among those attached.
pub fn own_policies(role: &Role) -> Vec<String> {
    role.attached_policies.iter().filter(|arn| is_own(arn, &role.name, &role.path)).cloned().collect()
}

/// All that the role's inline and own policies say, in one document; none if it has none.
pub async fn live_document(budget: &Budget, iam: &Iam, role: &Role) -> Result<Option<String>, AwsError> {
    let mut documents: Vec<String> = role.inline_policies.values().cloned().collect();
    for arn in own_policies(role) {
        documents.extend(iam.policy(budget, &arn).await?.map(|policy| policy.document));
    }
    if let [only] = documents.as_slice() {
        return Ok(Some(only.clone()));
    }
    Ok((!documents.is_empty()).then(|| joined(&documents)))
}

/// The statements of several documents in one.
fn joined(documents: &[String]) -> String {
    let statements = documents.iter().filter_map(|document| canonical(document)).filter_map(|document| {
        let document: Value = serde_json::from_str(&document).ok()?;
        document.get("Statement").and_then(Value::as_array).cloned()
    });
    let statements: Vec<Value> = statements.flatten().collect();
    serde_json::json!({ "Version": crate::domain::irsa::policy::VERSION, "Statement": statements }).to_string()
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
        assert!(same_policy(&joined(&parts), &policy_json(&[statement("b:B"), statement("a:A")])));
    }
}
