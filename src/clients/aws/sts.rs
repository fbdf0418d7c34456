//! STS: who we are, and roles assumed by a token; the only file that touches its SDK.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;

use super::WebIdentity;
use super::call::call;
use super::error::{AwsError, Reply, failure};
use crate::retry::Budget;

/// Who AWS takes us for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The user's or assumed role's ARN.
    pub arn: String,
    /// `aws`, `aws-cn`, `aws-us-gov` or another, as it stands in the ARN.
    pub partition: String,
}

pub(super) async fn caller(config: &SdkConfig, endpoint: Option<&str>, budget: &Budget) -> Result<Identity, AwsError> {
    let client = client(config, endpoint);
    let output = call(budget, None, async || {
        client.get_caller_identity().send().await.map_err(|error| failure("sts", "GetCallerIdentity", &error))
    })
    .await?;
    let (Some(account), Some(arn)) = (output.account, output.arn) else {
        let words = "the answer holds no account";
        return Err(AwsError::Other(Reply::ours("sts", "GetCallerIdentity", words)));
    };
    let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok(Identity { account, arn, partition })
}

fn client(config: &SdkConfig, endpoint: Option<&str>) -> Client {
    let builder = Builder::from(config);
    let builder = match endpoint {
        Some(endpoint) => builder.endpoint_url(endpoint),
        None => builder,
    };
    Client::from_conf(builder.build())
}

/// Assumes a role with a token from a file, at our own end point.
#[derive(Debug)]
pub(super) struct WebIdentityProvider {
    client: Client,
    identity: WebIdentity,
}

impl WebIdentityProvider {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, identity: WebIdentity) -> Self {
        Self { client: client(config, endpoint), identity }
    }

    async fn credentials(&self) -> provider::Result {
        let token = tokio::fs::read_to_string(&self.identity.token_file).await.map_err(|error| {
            CredentialsError::invalid_configuration(format!("cannot read `{}`: {error}", self.identity.token_file))
        })?;
        let request = self.client.assume_role_with_web_identity().role_arn(&self.identity.role_arn);
        let request = request.role_session_name("berth").web_identity_token(token.trim());
        let output = request.send().await.map_err(CredentialsError::provider_error)?;
        let credentials =
            output.credentials.ok_or_else(|| CredentialsError::unhandled("no credentials in the answer"))?;
        let expiry = credentials.expiration.try_into().ok();
        let (key, secret, token) =
            (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
        Ok(Credentials::new(key, secret, Some(token), expiry, "assume_role_with_web_identity"))
    }
}

impl ProvideCredentials for WebIdentityProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
