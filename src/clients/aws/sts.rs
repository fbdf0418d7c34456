//! STS: who we are, and roles assumed by a token; the only file that touches its SDK.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;
use aws_sdk_sts::types as sdk;

use super::call::call;
use super::error::{AwsError, Reply, failure};
use super::{AssumeRole, WebIdentity};
use crate::retry::Budget;

/// Attempts at the session of an assumed role.
const ATTEMPTS: u32 = 8;
/// The name of a session that has none of the user's.
const SESSION_NAME: &str = "berth";

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

/// A client that tries again by itself: credentials are asked for outside of [`call`].
fn patient_client(config: &SdkConfig, endpoint: Option<&str>) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    client(&config.to_builder().retry_config(retries).build(), endpoint)
}

fn usable(credentials: Option<sdk::Credentials>, provider: &'static str) -> provider::Result {
    let credentials = credentials.ok_or_else(|| CredentialsError::unhandled("no credentials in the answer"))?;
    let expiry = credentials.expiration.try_into().ok();
    let (key, secret, token) = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
    Ok(Credentials::new(key, secret, Some(token), expiry, provider))
}

/// Assumes a role with other credentials, at our own end point.
#[derive(Debug)]
pub(super) struct AssumedRoleProvider {
    client: Client,
    role: AssumeRole,
}

impl AssumedRoleProvider {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, role: AssumeRole) -> Self {
        Self { client: patient_client(config, endpoint), role }
    }

    async fn credentials(&self) -> provider::Result {
        let request = self.client.assume_role().role_arn(&self.role.role_arn);
        let session = self.role.session_name.as_deref().unwrap_or(SESSION_NAME);
        let request = request.role_session_name(session).set_external_id(self.role.external_id.clone());
        let output = request.send().await.map_err(CredentialsError::provider_error)?;
        usable(output.credentials, "assume_role")
    }
}

impl ProvideCredentials for AssumedRoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// Assumes a role with a token from a file, at our own end point.
#[derive(Debug)]
pub(super) struct WebIdentityProvider {
    client: Client,
    identity: WebIdentity,
}

impl WebIdentityProvider {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, identity: WebIdentity) -> Self {
        Self { client: patient_client(config, endpoint), identity }
    }

    async fn credentials(&self) -> provider::Result {
        let token = tokio::fs::read_to_string(&self.identity.token_file).await.map_err(|error| {
            CredentialsError::invalid_configuration(format!("cannot read `{}`: {error}", self.identity.token_file))
        })?;
        let request = self.client.assume_role_with_web_identity().role_arn(&self.identity.role_arn);
        let session = self.identity.session_name.as_deref().unwrap_or(SESSION_NAME);
        let request = request.role_session_name(session).web_identity_token(token.trim());
        let output = request.send().await.map_err(CredentialsError::provider_error)?;
        usable(output.credentials, "assume_role_with_web_identity")
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
