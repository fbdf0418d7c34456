//! Credentials and region: explicit settings first, then the environment and the profile files.

use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::{AssumeRole, Keys, Settings, sts};

/// The region when none is given anywhere.
pub(super) const DEFAULT_REGION: &str = "us-east-1";
/// How long one attempt at a call may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Attempts at the session of an assumed role.
const STS_ATTEMPTS: u32 = 8;
/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);

/// Reads the configuration; the SDK's own retries are off, since `call` does them within the caller's budget.
pub(super) async fn load(settings: &Settings) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region(settings))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build());
    if let Ok(name) = AppName::new("terraform-provider-berth") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(keys) = &settings.keys {
        loader = loader.credentials_provider(credentials(keys));
    }
    with_role(settings, loader.load().await).await
}

/// Without a look at the machine's metadata service: a wrong region harms nothing here, waiting for it does.
fn region(settings: &Settings) -> RegionProviderChain {
    let explicit = settings.region.clone().map(Region::new);
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &settings.profile {
        profile = profile.profile_name(name);
    }
    RegionProviderChain::first_try(explicit)
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(Region::from_static(DEFAULT_REGION))
}

fn credentials(keys: &Keys) -> Credentials {
    let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
    Credentials::new(keys.access_key.clone(), keys.secret_key.expose(), token, None, "provider settings")
}

async fn with_role(settings: &Settings, config: SdkConfig) -> SdkConfig {
    let endpoint = settings.endpoints.sts.as_deref();
    let mut config = config;
    if let Some(identity) = &settings.assume_role_with_web_identity {
        let provider = sts::WebIdentityProvider::new(&config, endpoint, identity.clone());
        config = with_provider(&config, SharedCredentialsProvider::new(provider));
    }
    if let Some(role) = &settings.assume_role {
        let provider = assumed(role, &config, endpoint).await;
        config = with_provider(&config, provider);
    }
    config
}

async fn assumed(role: &AssumeRole, config: &SdkConfig, endpoint: Option<&str>) -> SharedCredentialsProvider {
    // The provider of credentials asks by itself, outside of `call`.
    let mut base = config.to_builder().retry_config(RetryConfig::standard().with_max_attempts(STS_ATTEMPTS));
    if let Some(endpoint) = endpoint {
        base = base.endpoint_url(endpoint);
    }
    let mut provider = aws_config::sts::AssumeRoleProvider::builder(&role.role_arn)
        .session_name(role.session_name.as_deref().unwrap_or("berth"))
        .configure(&base.build());
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    SharedCredentialsProvider::new(provider.build().await)
}

fn with_provider(config: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    config.to_builder().credentials_provider(provider).build()
}
