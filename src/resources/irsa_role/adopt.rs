//! A role as it is found: by a refresh, by an import, or in the state of another provider.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::model::{IrsaRoleModel, PolicyKind, StatementModel};
use super::{policies, rules, trust};
use crate::clients::aws::iam::Role;
use crate::domain::irsa::{self, limits, parse_policy};
use crate::domain::tags::{self, Tags};
use crate::explain::Explanation;
use crate::sdk::{Computed, MoveSource, Result, Set};

/// What a refresh found, in the state's own wording where it means the same.
pub fn fill(defaults: &Tags, model: &mut IrsaRoleModel, role: &Role, document: Option<String>) {
    model.name.set(role.name.clone());
    model.path.clone_from(&role.path);
    if role.description != model.description.clone().unwrap_or_default() {
        model.description = Some(role.description.clone()).filter(|text| !text.is_empty());
    }
    model.max_session_duration = role.max_session_duration;
    if model.boundary() != role.permissions_boundary.as_deref() {
        model.permissions_boundary.clone_from(&role.permissions_boundary);
    }
    model.tags = tags::own_part(&role.tags, defaults, model.tags.as_ref());
    model.tags_all.set(tags::without_those_of_aws(&role.tags));
    let own = policies::own_policies(role, &model.managed_policy_arns);
    let given = role.attached_policies.iter().filter(|arn| !own.contains(arn));
    model.managed_policy_arns = given.cloned().collect();
    model.policy_arns.set(role.attached_policies.iter().cloned().collect::<Vec<_>>());
    fill_permissions(model, document);
    fill_trust(model, role);
    model.arn.set(role.arn.clone());
    model.unique_id.set(role.unique_id.clone());
    model.set_annotations(&role.arn);
}

/// Drift shows in the document, and in the statements where they can say it.
fn fill_permissions(model: &mut IrsaRoleModel, live: Option<String>) {
    let document = match (model.policy_json.get(), live) {
        (Some(stored), Some(live)) if irsa::same_policy(stored, &live) => Some(stored.clone()),
        (None, None) => None,
        (_, live) => {
            let parsed = live.as_deref().map_or_else(|| Some(Vec::new()), parse_policy);
            if let Some(statements) = parsed {
                let statements: Vec<_> = statements.iter().map(StatementModel::from).collect();
                model.statements = Some(statements).filter(|statements| !statements.is_empty());
            }
            live
        }
    };
    model.policy_characters.set(document.as_deref().map_or(0, rules::characters));
    model.policy_json.set(document);
}

/// Drift shows in the document, and in accounts and audience where they can say it.
fn fill_trust(model: &mut IrsaRoleModel, role: &Role) {
    let same = model.assume_role_policy.get().is_some_and(|stored| irsa::same_policy(stored, &role.trust_policy));
    if !same && let Some((_, audience, accounts, pods)) = trust::read(&role.trust_policy) {
        (model.audience, model.service_accounts, model.pod_identity) = (audience, accounts, pods);
    }
    model.assume_role_policy.set(role.trust_policy.clone());
}

/// A role that nobody declared yet.
pub fn imported(defaults: &Tags, role: &Role, document: Option<String>) -> IrsaRoleModel {
    let has_own = !policies::own_policies(role, &[]).is_empty();
    let kind = if has_own { PolicyKind::Managed } else { PolicyKind::Inline };
    let mut model = bare(kind);
    if let Some((mut providers, ..)) = trust::read(&role.trust_policy) {
        match (providers.len(), providers.pop()) {
            (0, _) => {}
            (1, Some(only)) => model.oidc_provider_arn = only.arn,
            (_, last) => model.oidc_providers = Some(providers.into_iter().chain(last).collect()),
        }
    }
    fill(defaults, &mut model, role, document);
    model.name_prefix = limits::prefix_of(&role.name).map(str::to_owned);
    model
}

fn bare(kind: PolicyKind) -> IrsaRoleModel {
    IrsaRoleModel {
        name: Computed::Unknown,
        name_prefix: None,
        path: "/".to_owned(),
        description: None,
        oidc_provider_arn: None,
        oidc_issuer_url: None,
        oidc_providers: None,
        service_accounts: Set(Vec::new()),
        pod_identity: false,
        audience: irsa::AUDIENCE.to_owned(),
        statements: None,
        managed_policy_arns: Set::default(),
        policy_kind: kind.as_str().to_owned(),
        permissions_boundary: None,
        max_session_duration: *limits::SESSION.start(),
        tags: None,
        tags_all: Computed::Unknown,
        annotate_service_accounts: false,
        arn: Computed::Unknown,
        unique_id: Computed::Unknown,
        policy_arns: Computed::Unknown,
        annotations: Computed::Unknown,
        assume_role_policy: Computed::Unknown,
        policy_json: Computed::Unknown,
        policy_characters: Computed::Unknown,
        timeouts: None,
    }
}

/// The state of an `aws_iam_role`, schema version 0, as far as we need it.
#[derive(Debug, Deserialize)]
struct AwsRole {
    name: String,
    arn: String,
    path: Option<String>,
    unique_id: Option<String>,
    name_prefix: Option<String>,
    description: Option<String>,
    assume_role_policy: String,
    max_session_duration: Option<u32>,
    permissions_boundary: Option<String>,
    inline_policy: Option<Vec<AwsInlinePolicy>>,
    managed_policy_arns: Option<BTreeSet<String>>,
    tags: Option<Tags>,
    tags_all: Option<Tags>,
}

/// One `inline_policy` of it; both are empty in the block that says "none".
#[derive(Debug, Deserialize)]
struct AwsInlinePolicy {
    name: Option<String>,
    policy: Option<String>,
}

/// The version of `aws_iam_role`'s state that we know.
const AWS_ROLE_VERSION: i64 = 0;

/// Takes over an `aws_iam_role`. The refresh that follows fills in what other resources of that provider held: separate
/// inline policies and attachments.
pub fn moved(source: &MoveSource) -> Option<Result<IrsaRoleModel>> {
    if source.r#type != "aws_iam_role" || !source.provider.ends_with("hashicorp/aws") {
        return None;
    }
    Some(from_aws(source))
}

fn from_aws(source: &MoveSource) -> Result<IrsaRoleModel> {
    let unknown = |fault: String| {
        Explanation::new("BERTH-AWS-026", "Cannot take over the state of an `aws_iam_role`")
            .said("The provider", fault)
            .next("import the role by its name instead, and remove the old resource from state")
    };
    if source.version != AWS_ROLE_VERSION {
        return Err(unknown(format!("its version is {}; known is {AWS_ROLE_VERSION}", source.version)));
    }
    let old: AwsRole = serde_json::from_value(source.state.clone()).map_err(|error| unknown(error.to_string()))?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let inline = old.inline_policy.into_iter().flatten().filter_map(|one| given(one.name).zip(given(one.policy)));
    let role = Role {
        name: old.name,
        path: old.path.unwrap_or_else(|| "/".to_owned()),
        arn: old.arn,
        unique_id: old.unique_id.unwrap_or_default(),
        description: old.description.unwrap_or_default(),
        max_session_duration: old.max_session_duration.unwrap_or(*limits::SESSION.start()),
        permissions_boundary: given(old.permissions_boundary),
        trust_policy: old.assume_role_policy,
        tags: old.tags.clone().unwrap_or_default(),
        inline_policies: inline.collect::<BTreeMap<_, _>>(),
        attached_policies: old.managed_policy_arns.unwrap_or_default(),
    };
    let documents: Vec<_> = role.inline_policies.values().cloned().collect();
    let mut model = imported(&Tags::new(), &role, policies::joined(&documents));
    model.name_prefix = given(old.name_prefix).filter(|prefix| limits::check_name_prefix(prefix).is_ok());
    PolicyKind::Inline.as_str().clone_into(&mut model.policy_kind);
    model.managed_policy_arns = role.attached_policies.iter().cloned().collect();
    if let Some(all) = old.tags_all.or(old.tags) {
        model.tags_all.set(all);
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(version: i64) -> MoveSource {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": "arn:aws:iam::1:oidc-provider/oidc.example/id/A" },
            "Condition": { "StringEquals": {
                "oidc.example/id/A:aud": "sts.amazonaws.com",
                "oidc.example/id/A:sub": "system:serviceaccount:apps:web",
            } },
        }] });
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        ] });
        let state = json!({
            "id": "app", "name": "app", "name_prefix": "", "arn": "arn:aws:iam::1:role/team/app", "path": "/team/",
            "unique_id": "AROA1", "create_date": "2024-01-01T00:00:00Z", "description": "", "force_detach_policies": false,
            "assume_role_policy": trust.to_string(), "max_session_duration": 7200, "permissions_boundary": "",
            "inline_policy": [{ "name": "app", "policy": policy.to_string() }],
            "managed_policy_arns": ["arn:aws:iam::1:policy/team/app"],
            "tags": { "team": "a" }, "tags_all": { "team": "a", "by": "terraform" },
        });
        let provider = "registry.terraform.io/hashicorp/aws".to_owned();
        MoveSource { provider, r#type: "aws_iam_role".into(), version, state }
    }

    #[test]
    fn a_role_of_the_other_provider_is_taken_over_as_it_is() {
        let model = moved(&source(0)).unwrap().unwrap();
        assert_eq!((model.role_name(), model.path.as_str(), model.max_session_duration), ("app", "/team/", 7200));
        assert_eq!((model.description.as_deref(), model.permissions_boundary.as_deref()), (None, None));
        assert_eq!(model.oidc_provider_arn.as_deref(), Some("arn:aws:iam::1:oidc-provider/oidc.example/id/A"));
        assert_eq!(model.accounts().len(), 1);
        assert_eq!(model.permissions()[0].actions, ["s3:GetObject"]);
        assert_eq!(model.managed_policy_arns.to_vec(), ["arn:aws:iam::1:policy/team/app"]);
        assert_eq!(model.tags.unwrap().len(), 1);
        assert_eq!(model.tags_all.get().unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_known_is_not_taken_over() {
        assert!(moved(&source(1)).unwrap().unwrap_err().to_string().contains("import the role by its name"));
        assert!(moved(&MoveSource { r#type: "aws_iam_user".into(), ..source(0) }).is_none());
        assert!(moved(&MoveSource { provider: "registry.terraform.io/other/aws".into(), ..source(0) }).is_none());
    }
}
