//! STS: who we are, and roles assumed by a token; the only file that touches its SDK.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::types as sdk;

use super::bucket::Bucket;
use super::call::call;
use super::error::{AwsError, Reply, failure};
use super::login::Lack;
use super::{AssumeRole, WebIdentity};
use crate::retry::Budget;
use crate::secret::learn;

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
    let client = client!(aws_sdk_sts, config, endpoint);
    let output = call(budget, None::<&Bucket>, async || {
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

/// What credentials are exchanged for a session by.
#[derive(Clone, Debug)]
pub(super) enum Session {
    /// A role, assumed with other credentials.
    Role(AssumeRole),
    /// A role, assumed with a token from a file.
    WebIdentity(WebIdentity),
}

/// Gives the credentials of a session, at our own end point.
#[derive(Debug)]
pub(super) struct SessionProvider {
    client: Client,
    session: Session,
}

impl SessionProvider {
    /// A provider whose client tries again by itself: credentials are asked for outside of [`call`].
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, session: Session) -> Self {
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        let patient = config.to_builder().retry_config(retries).build();
        Self { client: client!(aws_sdk_sts, &patient, endpoint), session }
    }

    async fn credentials(&self) -> provider::Result {
        match &self.session {
            Session::Role(role) => self.by_role(role).await,
            Session::WebIdentity(identity) => self.by_token(identity).await,
        }
    }

    async fn by_role(&self, role: &AssumeRole) -> provider::Result {
        let request = self.client.assume_role().role_arn(&role.role_arn);
        let request = request.role_session_name(name_of(role.session_name.as_deref()));
        let output = request.set_external_id(role.external_id.clone()).send().await;
        usable(output.map_err(CredentialsError::provider_error)?.credentials, "assume_role")
    }

    async fn by_token(&self, identity: &WebIdentity) -> provider::Result {
        let token = tokio::fs::read_to_string(&identity.token_file).await.map_err(|error| {
            CredentialsError::from(Lack {
                cause: format!(
                    "the file `{}` with the web identity token cannot be read: {error}",
                    identity.token_file
                ),
                next: "correct the path (AWS_WEB_IDENTITY_TOKEN_FILE, the profile's `web_identity_token_file` or \
                       `aws.assume_role_with_web_identity.token_file`), or let the file be made before this runs"
                    .to_owned(),
            })
        })?;
        learn(token.trim());
        let request = self.client.assume_role_with_web_identity().role_arn(&identity.role_arn);
        let request = request.role_session_name(name_of(identity.session_name.as_deref()));
        let output = request.web_identity_token(token.trim()).send().await;
        usable(output.map_err(CredentialsError::provider_error)?.credentials, "assume_role_with_web_identity")
    }
}

fn name_of(session: Option<&str>) -> &str {
    session.unwrap_or(SESSION_NAME)
}

fn usable(credentials: Option<sdk::Credentials>, provider: &'static str) -> provider::Result {
    let credentials = credentials.ok_or_else(|| CredentialsError::unhandled("no credentials in the answer"))?;
    let expiry = credentials.expiration.try_into().ok();
    let (key, secret, token) = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
    Ok(Credentials::new(key, secret, Some(token), expiry, provider))
}

impl ProvideCredentials for SessionProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
