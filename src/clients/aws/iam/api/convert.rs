//! IAM's own types from and to those of its SDK.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types as sdk;

use super::{Result, SERVICE};
use crate::clients::aws::error::{AwsError, Reply};
use crate::clients::aws::iam::types::{ManagedPolicy, Role};
use crate::domain::tags::Tags;

pub(super) fn empty(operation: &'static str) -> AwsError {
    AwsError::Other(Reply::ours(SERVICE, operation, "the answer does not hold the object"))
}

pub(super) fn role_of_sdk(role: sdk::Role) -> Role {
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

pub(super) fn role_of_detail(role: sdk::RoleDetail) -> Role {
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

pub(super) fn policy_of_detail(policy: sdk::ManagedPolicyDetail) -> ManagedPolicy {
    let versions = policy.policy_version_list.unwrap_or_default();
    let document = versions.into_iter().find(|version| version.is_default_version).and_then(|version| version.document);
    ManagedPolicy {
        arn: policy.arn.unwrap_or_default(),
        name: policy.policy_name.unwrap_or_default(),
        description: policy.description,
        document: decoded(&document.unwrap_or_default()),
        tags: None,
        attachments: policy.attachment_count.and_then(|count| u32::try_from(count).ok()),
    }
}

/// An hour when IAM does not say.
pub(super) fn session(seconds: Option<i32>) -> u32 {
    seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(3600)
}

pub(super) fn tags_of_sdk(tags: Option<Vec<sdk::Tag>>) -> Tags {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

pub(super) fn tags_to_sdk(operation: &'static str, tags: &Tags) -> Result<Option<Vec<sdk::Tag>>> {
    let tags = tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build());
    let tags: std::result::Result<Vec<_>, _> = tags.collect();
    let tags = tags.map_err(|error| AwsError::Invalid(Reply::ours(SERVICE, operation, &error.to_string())))?;
    Ok(Some(tags).filter(|tags| !tags.is_empty()))
}

/// IAM hands policy documents out percent-encoded (RFC 3986).
pub(super) fn decoded(document: &str) -> String {
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
