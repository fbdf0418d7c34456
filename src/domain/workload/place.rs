//! Where a workload's resources are, as it stands in ARNs.

use super::WorkloadError;
use super::arguments::{Arguments, Kind, Parameter, wrong};
use crate::domain::irsa::Partition;
use crate::domain::irsa::arn::is_account;

/// The region that ARNs are narrowed to.
pub(super) const REGION: Parameter =
    Parameter::optional("region", Kind::Text, "the region, such as `eu-central-1`; any if left out");
/// The account that ARNs are narrowed to.
pub(super) const ACCOUNT: Parameter =
    Parameter::optional("account_id", Kind::Text, "the account's twelve digits; any if left out");
/// Keys of KMS.
pub(super) const KMS_KEYS: Parameter = Parameter::optional(
    "kms_key_arns",
    Kind::Texts,
    "ARNs of the KMS keys that encrypt the data; without them nothing of KMS is allowed",
);

/// Partition, region and account.
pub(super) struct Place<'a> {
    pub(super) partition: Partition,
    region: &'a str,
    account: &'a str,
}

impl<'a> Place<'a> {
    /// Reads `region` and `account_id`.
    pub(super) fn of(arguments: &'a Arguments<'_>) -> Result<Self, WorkloadError> {
        let account = arguments.text("account_id").unwrap_or("*");
        if account != "*" && !is_account(account) {
            return Err(wrong("account_id", format!("must have twelve digits, and is `{account}`")));
        }
        Ok(Self { partition: arguments.partition(), region: arguments.text("region").unwrap_or("*"), account })
    }

    /// An ARN with region and account.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// An ARN with a region and no account.
    pub(super) fn regional_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}::{resource}", self.partition, self.region)
    }

    /// An ARN with a region and any account: AWS shares some resources between accounts.
    pub(super) fn regional_any_account(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:*:{resource}", self.partition, self.region)
    }

    /// An ARN with an account and no region.
    pub(super) fn account_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.account)
    }

    /// ARNs as they were given, or made of names.
    pub(super) fn arns(
        &self,
        arguments: &Arguments<'_>,
        name: &str,
        service: &str,
        resource: impl Fn(&str) -> String,
    ) -> Result<Vec<String>, WorkloadError> {
        let start = format!("arn:{}:{service}:", self.partition);
        let read = |text: &str| match text {
            arn if arn.starts_with(&start) => Ok(arn.to_owned()),
            other if other.starts_with("arn:") => {
                Err(wrong(name, format!("must hold names, or ARNs that begin with `{start}`, and holds `{other}`")))
            }
            given => Ok(self.arn(service, &resource(given))),
        };
        arguments.texts(name).into_iter().map(read).collect()
    }
}

/// The service's name as a principal and in `kms:ViaService`: China's end with `.cn`.
pub(super) fn service_domain(partition: Partition) -> &'static str {
    if partition == Partition::China { "amazonaws.com.cn" } else { "amazonaws.com" }
}
