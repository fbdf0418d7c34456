//! Roles: made, read, changed and removed.

use std::collections::BTreeSet;

use super::convert::{decoded, empty, role_of_sdk, tags_to_sdk};
use super::{Api, PAGE, Result, SERVICE, call, failure, making_call};
use crate::clients::aws::iam::types::{NewRole, Role};
use crate::domain::tags::Tags;
use crate::retry::Budget;

impl Api {
    pub(in super::super) async fn create_role(&self, budget: &Budget, role: &NewRole) -> Result<Role> {
        let answer = make!(self, budget, "CreateRole", {
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

    /// The names of all roles; none if there are more than so many pages of them.
    pub(in super::super) async fn role_names(&self, budget: &Budget, most: usize) -> Result<Option<BTreeSet<String>>> {
        let (mut names, mut pages) = (BTreeSet::new(), 0);
        pages!(self, budget, "ListRoles", self.client.list_roles(), page => {
            pages += 1;
            if pages > most {
                return Ok(None);
            }
            names.extend(page.roles.into_iter().map(|role| role.role_name));
        });
        Ok(Some(names))
    }

    /// All roles below a path, without what hangs on them.
    pub(in super::super) async fn roles_below(&self, budget: &Budget, path: Option<&str>) -> Result<Vec<Role>> {
        let mut roles = Vec::new();
        let request = || self.client.list_roles().set_path_prefix(path.map(str::to_owned));
        pages!(self, budget, "ListRoles", request(), page => {
            roles.extend(page.roles.into_iter().map(role_of_sdk));
        });
        Ok(roles)
    }

    /// A role without what hangs on it.
    pub(in super::super) async fn role_itself(&self, budget: &Budget, name: &str) -> Result<Role> {
        let answer = ask!(self, budget, "GetRole", self.client.get_role().role_name(name))?;
        Ok(role_of_sdk(answer.role.ok_or_else(|| empty("GetRole"))?))
    }

    /// A role with its inline and attached policies, read part by part.
    pub(in super::super) async fn role(&self, budget: &Budget, name: &str) -> Result<Role> {
        let mut role = self.role_itself(budget, name).await?;
        pages!(self, budget, "ListRolePolicies", self.client.list_role_policies().role_name(name), page => {
            role.inline_policies.extend(page.policy_names.into_iter().map(|name| (name, String::new())));
        });
        for (policy, document) in &mut role.inline_policies {
            let request = || self.client.get_role_policy().role_name(name).policy_name(policy);
            *document = decoded(&ask!(self, budget, "GetRolePolicy", request())?.policy_document);
        }
        let request = || self.client.list_attached_role_policies().role_name(name);
        pages!(self, budget, "ListAttachedRolePolicies", request(), page => {
            let arns = page.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn);
            role.attached_policies.extend(arns);
        });
        Ok(role)
    }

    pub(in super::super) async fn update_role(
        &self,
        budget: &Budget,
        name: &str,
        description: &str,
        session: u32,
    ) -> Result<()> {
        let session = i32::try_from(session).unwrap_or(i32::MAX);
        ask!(self, budget, "UpdateRole", {
            self.client.update_role().role_name(name).description(description).max_session_duration(session)
        })
        .map(drop)
    }

    pub(in super::super) async fn update_trust(&self, budget: &Budget, name: &str, document: &str) -> Result<()> {
        ask!(self, budget, "UpdateAssumeRolePolicy", {
            self.client.update_assume_role_policy().role_name(name).policy_document(document)
        })
        .map(drop)
    }

    pub(in super::super) async fn put_boundary(&self, budget: &Budget, name: &str, arn: &str) -> Result<()> {
        ask!(self, budget, "PutRolePermissionsBoundary", {
            self.client.put_role_permissions_boundary().role_name(name).permissions_boundary(arn)
        })
        .map(drop)
    }

    pub(in super::super) async fn delete_boundary(&self, budget: &Budget, name: &str) -> Result<()> {
        let request = || self.client.delete_role_permissions_boundary().role_name(name);
        ask!(self, budget, "DeleteRolePermissionsBoundary", request()).map(drop)
    }

    pub(in super::super) async fn tag_role(&self, budget: &Budget, name: &str, tags: &Tags) -> Result<()> {
        let request = || Ok(self.client.tag_role().role_name(name).set_tags(tags_to_sdk("TagRole", tags)?));
        ask!(self, budget, "TagRole", request()?).map(drop)
    }

    pub(in super::super) async fn untag_role(&self, budget: &Budget, name: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_role().role_name(name).set_tag_keys(Some(keys.to_vec()));
        ask!(self, budget, "UntagRole", request()).map(drop)
    }

    pub(in super::super) async fn put_inline(
        &self,
        budget: &Budget,
        role: &str,
        policy: &str,
        document: &str,
    ) -> Result<()> {
        ask!(self, budget, "PutRolePolicy", {
            self.client.put_role_policy().role_name(role).policy_name(policy).policy_document(document)
        })
        .map(drop)
    }

    pub(in super::super) async fn delete_inline(&self, budget: &Budget, role: &str, policy: &str) -> Result<()> {
        let request = || self.client.delete_role_policy().role_name(role).policy_name(policy);
        ask!(self, budget, "DeleteRolePolicy", request()).map(drop)
    }

    pub(in super::super) async fn attach(&self, budget: &Budget, role: &str, arn: &str) -> Result<()> {
        let request = || self.client.attach_role_policy().role_name(role).policy_arn(arn);
        ask!(self, budget, "AttachRolePolicy", request()).map(drop)
    }

    pub(in super::super) async fn detach(&self, budget: &Budget, role: &str, arn: &str) -> Result<()> {
        let request = || self.client.detach_role_policy().role_name(role).policy_arn(arn);
        ask!(self, budget, "DetachRolePolicy", request()).map(drop)
    }

    pub(in super::super) async fn delete_role(&self, budget: &Budget, name: &str) -> Result<()> {
        ask!(self, budget, "DeleteRole", self.client.delete_role().role_name(name)).map(drop)
    }

    /// Takes the role out of the instance profiles that hold it.
    pub(in super::super) async fn leave_instance_profiles(&self, budget: &Budget, name: &str) -> Result<()> {
        let mut profiles = BTreeSet::new();
        let request = || self.client.list_instance_profiles_for_role().role_name(name);
        pages!(self, budget, "ListInstanceProfilesForRole", request(), page => {
            profiles.extend(page.instance_profiles.into_iter().map(|profile| profile.instance_profile_name));
        });
        for profile in profiles {
            let request = || self.client.remove_role_from_instance_profile().role_name(name);
            ask!(self, budget, "RemoveRoleFromInstanceProfile", request().instance_profile_name(&profile))?;
        }
        Ok(())
    }
}
