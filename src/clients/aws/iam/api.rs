//! IAM's operations in our own types; the only file that touches its SDK.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::config::Builder;
use aws_sdk_iam::types as sdk;

use super::types::{ManagedPolicy, NewPolicy, NewProvider, NewRole, OidcProvider, Role};
use crate::clients::aws::call::call;
use crate::clients::aws::error::{AwsError, Reply, failure};
use crate::retry::Budget;

const SERVICE: &str = "iam";
/// Entries a page: the most that IAM gives.
const PAGE: i32 = 1000;

type Result<T> = std::result::Result<T, AwsError>;

/// Sends a request of one operation, again where that helps.
macro_rules! ask {
    ($budget:expr, $operation:literal, $request:expr) => {
        call($budget, None, async || {
            let request = $request;
            request.send().await.map_err(|error| failure(SERVICE, $operation, &error))
        })
        .await
    };
}

/// Gathers all pages of a listing.
macro_rules! pages {
    ($budget:expr, $operation:literal, $request:expr, $page:ident => $take:expr) => {{
        let mut marker = None;
        loop {
            let $page = ask!($budget, $operation, $request.max_items(PAGE).set_marker(marker.clone()))?;
            marker = $page.marker.clone().filter(|_| $page.is_truncated);
            $take;
            if marker.is_none() {
                break;
            }
        }
    }};
}

/// The account's IAM.
#[derive(Clone, Debug)]
pub(super) struct Api {
    client: Client,
}

/// All roles and all of the account's own policies.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) policies: BTreeMap<String, ManagedPolicy>,
}

impl Api {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>) -> Self {
        let builder = Builder::from(config);
        let builder = match endpoint {
            Some(endpoint) => builder.endpoint_url(endpoint),
            None => builder,
        };
        Self { client: Client::from_conf(builder.build()) }
    }

    /// The account in a few large pages. Descriptions and session lengths are only in `ListRoles`.
    pub(super) async fn account(&self, budget: &Budget) -> Result<Account> {
        let mut account = Account::default();
        pages!(
            budget,
            "GetAccountAuthorizationDetails",
            self.client
                .get_account_authorization_details()
                .filter(sdk::EntityType::Role)
                .filter(sdk::EntityType::LocalManagedPolicy),
            page => {
                let roles = page.role_detail_list.unwrap_or_default().into_iter().map(role_of_detail);
                account.roles.extend(roles.map(|role| (role.name.clone(), role)));
                let policies = page.policies.unwrap_or_default().into_iter().map(policy_of_detail);
                account.policies.extend(policies.map(|policy| (policy.arn.clone(), policy)));
            }
        );
        pages!(budget, "ListRoles", self.client.list_roles(), page => for role in page.roles {
            if let Some(known) = account.roles.get_mut(&role.role_name) {
                known.description = role.description.unwrap_or_default();
                known.max_session_duration = session(role.max_session_duration);
            }
        });
        Ok(account)
    }

    pub(super) async fn create_role(&self, budget: &Budget, role: &NewRole) -> Result<Role> {
        let answer = ask!(budget, "CreateRole", {
            let request = self.client.create_role().role_name(&role.name).path(&role.path);
            let request = request.assume_role_policy_document(&role.trust_policy);
            let request = request.max_session_duration(i32::try_from(role.max_session_duration).unwrap_or(i32::MAX));
            let request = request.set_permissions_boundary(role.permissions_boundary.clone());
            let request = request.set_description(Some(role.description.clone()).filter(|text| !text.is_empty()));
            request.set_tags(tags_to_sdk("CreateRole", &role.tags)?)
        })?;
        let made = answer.role.ok_or_else(|| empty("CreateRole"))?;
        Ok(Role { tags: role.tags.clone(), ..role_of_sdk(made) })
    }

    /// A role with its inline and attached policies, read part by part.
    pub(super) async fn role(&self, budget: &Budget, name: &str) -> Result<Role> {
        let answer = ask!(budget, "GetRole", self.client.get_role().role_name(name))?;
        let mut role = role_of_sdk(answer.role.ok_or_else(|| empty("GetRole"))?);
        pages!(budget, "ListRolePolicies", self.client.list_role_policies().role_name(name), page => {
            role.inline_policies.extend(page.policy_names.into_iter().map(|name| (name, String::new())));
        });
        for (policy, document) in &mut role.inline_policies {
            let request = || self.client.get_role_policy().role_name(name).policy_name(policy);
            *document = decoded(&ask!(budget, "GetRolePolicy", request())?.policy_document);
        }
        let request = || self.client.list_attached_role_policies().role_name(name);
        pages!(budget, "ListAttachedRolePolicies", request(), page => {
            let arns = page.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn);
            role.attached_policies.extend(arns);
        });
        Ok(role)
    }

    pub(super) async fn update_role(&self, budget: &Budget, name: &str, description: &str, session: u32) -> Result<()> {
        let session = i32::try_from(session).unwrap_or(i32::MAX);
        ask!(budget, "UpdateRole", {
            self.client.update_role().role_name(name).description(description).max_session_duration(session)
        })
        .map(drop)
    }

    pub(super) async fn update_trust(&self, budget: &Budget, name: &str, document: &str) -> Result<()> {
        ask!(budget, "UpdateAssumeRolePolicy", {
            self.client.update_assume_role_policy().role_name(name).policy_document(document)
        })
        .map(drop)
    }

    pub(super) async fn put_boundary(&self, budget: &Budget, name: &str, arn: &str) -> Result<()> {
        ask!(budget, "PutRolePermissionsBoundary", {
            self.client.put_role_permissions_boundary().role_name(name).permissions_boundary(arn)
        })
        .map(drop)
    }

    pub(super) async fn delete_boundary(&self, budget: &Budget, name: &str) -> Result<()> {
        let request = || self.client.delete_role_permissions_boundary().role_name(name);
        ask!(budget, "DeleteRolePermissionsBoundary", request()).map(drop)
    }

    pub(super) async fn tag_role(&self, budget: &Budget, name: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        let request = || Ok(self.client.tag_role().role_name(name).set_tags(tags_to_sdk("TagRole", tags)?));
        ask!(budget, "TagRole", request()?).map(drop)
    }

    pub(super) async fn untag_role(&self, budget: &Budget, name: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_role().role_name(name).set_tag_keys(Some(keys.to_vec()));
        ask!(budget, "UntagRole", request()).map(drop)
    }

    pub(super) async fn put_inline(&self, budget: &Budget, role: &str, policy: &str, document: &str) -> Result<()> {
        ask!(budget, "PutRolePolicy", {
            self.client.put_role_policy().role_name(role).policy_name(policy).policy_document(document)
        })
        .map(drop)
    }

    pub(super) async fn delete_inline(&self, budget: &Budget, role: &str, policy: &str) -> Result<()> {
        let request = || self.client.delete_role_policy().role_name(role).policy_name(policy);
        ask!(budget, "DeleteRolePolicy", request()).map(drop)
    }

    pub(super) async fn attach(&self, budget: &Budget, role: &str, arn: &str) -> Result<()> {
        let request = || self.client.attach_role_policy().role_name(role).policy_arn(arn);
        ask!(budget, "AttachRolePolicy", request()).map(drop)
    }

    pub(super) async fn detach(&self, budget: &Budget, role: &str, arn: &str) -> Result<()> {
        let request = || self.client.detach_role_policy().role_name(role).policy_arn(arn);
        ask!(budget, "DetachRolePolicy", request()).map(drop)
    }

    pub(super) async fn delete_role(&self, budget: &Budget, name: &str) -> Result<()> {
        ask!(budget, "DeleteRole", self.client.delete_role().role_name(name)).map(drop)
    }

    /// Takes the role out of the instance profiles that hold it.
    pub(super) async fn leave_instance_profiles(&self, budget: &Budget, name: &str) -> Result<()> {
        let mut profiles = BTreeSet::new();
        let request = || self.client.list_instance_profiles_for_role().role_name(name);
        pages!(budget, "ListInstanceProfilesForRole", request(), page => {
            profiles.extend(page.instance_profiles.into_iter().map(|profile| profile.instance_profile_name));
        });
        for profile in profiles {
            let request = || self.client.remove_role_from_instance_profile().role_name(name);
            ask!(budget, "RemoveRoleFromInstanceProfile", request().instance_profile_name(&profile))?;
        }
        Ok(())
    }

    pub(super) async fn create_policy(&self, budget: &Budget, policy: &NewPolicy) -> Result<String> {
        let answer = ask!(budget, "CreatePolicy", {
            let request = self.client.create_policy().policy_name(&policy.name).path(&policy.path);
            let request = request.policy_document(&policy.document);
            let request = request.set_description(Some(policy.description.clone()).filter(|text| !text.is_empty()));
            request.set_tags(tags_to_sdk("CreatePolicy", &policy.tags)?)
        })?;
        answer.policy.and_then(|policy| policy.arn).ok_or_else(|| empty("CreatePolicy"))
    }

    /// A managed policy with the document of its default version.
    pub(super) async fn policy(&self, budget: &Budget, arn: &str) -> Result<ManagedPolicy> {
        let answer = ask!(budget, "GetPolicy", self.client.get_policy().policy_arn(arn))?;
        let policy = answer.policy.ok_or_else(|| empty("GetPolicy"))?;
        let version = policy.default_version_id.ok_or_else(|| empty("GetPolicy"))?;
        let request = || self.client.get_policy_version().policy_arn(arn).version_id(&version);
        let document = ask!(budget, "GetPolicyVersion", request())?.policy_version.and_then(|version| version.document);
        Ok(ManagedPolicy {
            arn: arn.to_owned(),
            name: policy.policy_name.unwrap_or_default(),
            document: decoded(&document.unwrap_or_default()),
            tags: Some(tags_of_sdk(policy.tags)),
        })
    }

    /// The ids of a policy's versions that are not in force, oldest first.
    pub(super) async fn idle_versions(&self, budget: &Budget, arn: &str) -> Result<Vec<String>> {
        let mut versions = Vec::new();
        pages!(budget, "ListPolicyVersions", self.client.list_policy_versions().policy_arn(arn), page => {
            versions.extend(page.versions.unwrap_or_default());
        });
        let idle = versions.into_iter().filter(|version| !version.is_default_version);
        let mut idle: Vec<_> = idle.filter_map(|version| version.version_id).collect();
        idle.sort_by_key(|id| id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX));
        Ok(idle)
    }

    pub(super) async fn create_version(&self, budget: &Budget, arn: &str, document: &str) -> Result<()> {
        ask!(budget, "CreatePolicyVersion", {
            self.client.create_policy_version().policy_arn(arn).policy_document(document).set_as_default(true)
        })
        .map(drop)
    }

    pub(super) async fn delete_version(&self, budget: &Budget, arn: &str, version: &str) -> Result<()> {
        let request = || self.client.delete_policy_version().policy_arn(arn).version_id(version);
        ask!(budget, "DeletePolicyVersion", request()).map(drop)
    }

    pub(super) async fn delete_policy(&self, budget: &Budget, arn: &str) -> Result<()> {
        ask!(budget, "DeletePolicy", self.client.delete_policy().policy_arn(arn)).map(drop)
    }

    pub(super) async fn tag_policy(&self, budget: &Budget, arn: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        let request = || Ok(self.client.tag_policy().policy_arn(arn).set_tags(tags_to_sdk("TagPolicy", tags)?));
        ask!(budget, "TagPolicy", request()?).map(drop)
    }

    pub(super) async fn untag_policy(&self, budget: &Budget, arn: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_policy().policy_arn(arn).set_tag_keys(Some(keys.to_vec()));
        ask!(budget, "UntagPolicy", request()).map(drop)
    }

    pub(super) async fn create_provider(&self, budget: &Budget, provider: &NewProvider) -> Result<String> {
        let answer = ask!(budget, "CreateOpenIDConnectProvider", {
            let request = self.client.create_open_id_connect_provider().url(&provider.url);
            let request = request.set_client_id_list(Some(provider.client_ids.iter().cloned().collect()));
            let thumbprints = Some(provider.thumbprints.clone()).filter(|list| !list.is_empty());
            let request = request.set_thumbprint_list(thumbprints);
            request.set_tags(tags_to_sdk("CreateOpenIDConnectProvider", &provider.tags)?)
        })?;
        answer.open_id_connect_provider_arn.ok_or_else(|| empty("CreateOpenIDConnectProvider"))
    }

    pub(super) async fn provider_arns(&self, budget: &Budget) -> Result<Vec<String>> {
        let answer = ask!(budget, "ListOpenIDConnectProviders", self.client.list_open_id_connect_providers())?;
        let listed = answer.open_id_connect_provider_list.unwrap_or_default();
        Ok(listed.into_iter().filter_map(|entry| entry.arn).collect())
    }

    pub(super) async fn provider(&self, budget: &Budget, arn: &str) -> Result<OidcProvider> {
        let request = || self.client.get_open_id_connect_provider().open_id_connect_provider_arn(arn);
        let answer = ask!(budget, "GetOpenIDConnectProvider", request())?;
        Ok(OidcProvider {
            arn: arn.to_owned(),
            url: answer.url.unwrap_or_default(),
            client_ids: answer.client_id_list.unwrap_or_default().into_iter().collect(),
            thumbprints: answer.thumbprint_list.unwrap_or_default(),
            tags: tags_of_sdk(answer.tags),
        })
    }

    pub(super) async fn add_client_id(&self, budget: &Budget, arn: &str, client: &str) -> Result<()> {
        let request = || self.client.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(budget, "AddClientIDToOpenIDConnectProvider", request().client_id(client)).map(drop)
    }

    pub(super) async fn remove_client_id(&self, budget: &Budget, arn: &str, client: &str) -> Result<()> {
        let request = || self.client.remove_client_id_from_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(budget, "RemoveClientIDFromOpenIDConnectProvider", request().client_id(client)).map(drop)
    }

    pub(super) async fn update_thumbprints(&self, budget: &Budget, arn: &str, thumbprints: &[String]) -> Result<()> {
        let request = || self.client.update_open_id_connect_provider_thumbprint().open_id_connect_provider_arn(arn);
        let thumbprints = Some(thumbprints.to_vec());
        ask!(budget, "UpdateOpenIDConnectProviderThumbprint", request().set_thumbprint_list(thumbprints.clone()))
            .map(drop)
    }

    pub(super) async fn tag_provider(&self, budget: &Budget, arn: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        ask!(budget, "TagOpenIDConnectProvider", {
            let request = self.client.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            request.set_tags(tags_to_sdk("TagOpenIDConnectProvider", tags)?)
        })
        .map(drop)
    }

    pub(super) async fn untag_provider(&self, budget: &Budget, arn: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(budget, "UntagOpenIDConnectProvider", request().set_tag_keys(Some(keys.to_vec()))).map(drop)
    }

    pub(super) async fn delete_provider(&self, budget: &Budget, arn: &str) -> Result<()> {
        let request = || self.client.delete_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(budget, "DeleteOpenIDConnectProvider", request()).map(drop)
    }
}

fn empty(operation: &'static str) -> AwsError {
    AwsError::Other(Reply::ours(SERVICE, operation, "the answer does not hold the object"))
}

fn role_of_sdk(role: sdk::Role) -> Role {
    Role {
        name: role.role_name,
        path: role.path,
        arn: role.arn,
        unique_id: role.role_id,
        description: role.description.unwrap_or_default(),
        max_session_duration: session(role.max_session_duration),
        permissions_boundary: role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        trust_policy: decoded(&role.assume_role_policy_document.unwrap_or_default()),
        tags: tags_of_sdk(role.tags),
        inline_policies: BTreeMap::new(),
        attached_policies: BTreeSet::new(),
    }
}

fn role_of_detail(role: sdk::RoleDetail) -> Role {
    let inline = role.role_policy_list.unwrap_or_default().into_iter().filter_map(|policy| {
        let document = decoded(&policy.policy_document.unwrap_or_default());
        policy.policy_name.map(|name| (name, document))
    });
    let attached = role.attached_managed_policies.unwrap_or_default();
    Role {
        name: role.role_name.unwrap_or_default(),
        path: role.path.unwrap_or_default(),
        arn: role.arn.unwrap_or_default(),
        unique_id: role.role_id.unwrap_or_default(),
        description: String::new(),
        max_session_duration: session(None),
        permissions_boundary: role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        trust_policy: decoded(&role.assume_role_policy_document.unwrap_or_default()),
        tags: tags_of_sdk(role.tags),
        inline_policies: inline.collect(),
        attached_policies: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
    }
}

fn policy_of_detail(policy: sdk::ManagedPolicyDetail) -> ManagedPolicy {
    let versions = policy.policy_version_list.unwrap_or_default();
    let document = versions.into_iter().find(|version| version.is_default_version).and_then(|version| version.document);
    ManagedPolicy {
        arn: policy.arn.unwrap_or_default(),
        name: policy.policy_name.unwrap_or_default(),
        document: decoded(&document.unwrap_or_default()),
        tags: None,
    }
}

/// An hour when IAM does not say.
fn session(seconds: Option<i32>) -> u32 {
    seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(3600)
}

fn tags_of_sdk(tags: Option<Vec<sdk::Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn tags_to_sdk(operation: &'static str, tags: &BTreeMap<String, String>) -> Result<Option<Vec<sdk::Tag>>> {
    let tags = tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build());
    let tags: std::result::Result<Vec<_>, _> = tags.collect();
    let tags = tags.map_err(|error| AwsError::Invalid(Reply::ours(SERVICE, operation, &error.to_string())))?;
    Ok(Some(tags).filter(|tags| !tags.is_empty()))
}

/// IAM hands policy documents out percent-encoded (RFC 3986).
fn decoded(document: &str) -> String {
    if !document.trim_start().starts_with('%') {
        return document.to_owned();
    }
    let mut octets = Vec::with_capacity(document.len());
    let mut rest = document.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let digits: Vec<u8> = rest.by_ref().take(2).collect();
        let digits = std::str::from_utf8(&digits).ok();
        octets.extend(digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()));
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded_once() {
        assert_eq!(decoded("%7B%22a%22%3A%22b%2Bc%20%C3%A9%22%7D"), r#"{"a":"b+c é"}"#);
        assert_eq!(decoded(r#"{"a":"100%25"}"#), r#"{"a":"100%25"}"#);
    }
}
