//! Credentials and region: explicit settings first, then the environment and the profile files.

use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use crate::secret::learn;

use super::sts::{Session, SessionProvider};
use super::{Keys, Settings};

/// The region when none is given anywhere.
pub(super) const DEFAULT_REGION: &str = "us-east-1";
/// How long one attempt at a call may take.
const ATTEMPT: Duration = Duration::from_secs(20);
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
    let config = with_role(settings, loader.load().await);
    match config.credentials_provider() {
        Some(provider) => with_provider(&config, SharedCredentialsProvider::new(Learning(provider))),
        None => config,
    }
}

/// Credentials as they come from wherever they come; their secrets are taken out of all messages from then on. AWS quotes
/// session tokens when a signature does not fit.
#[derive(Debug)]
struct Learning(SharedCredentialsProvider);

impl ProvideCredentials for Learning {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let found = self.0.provide_credentials().await?;
            learn(found.secret_access_key());
            found.session_token().into_iter().for_each(learn);
            Ok(found)
        })
    }
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

fn with_role(settings: &Settings, config: SdkConfig) -> SdkConfig {
    let endpoint = settings.endpoints.sts.as_deref();
    let identity = settings.assume_role_with_web_identity.clone().map(Session::WebIdentity);
    let roles = [&settings.assume_role, &settings.then_assume_role].into_iter().flatten();
    identity.into_iter().chain(roles.cloned().map(Session::Role)).fold(config, |config, session| {
        let provider = SessionProvider::new(&config, endpoint, session);
        with_provider(&config, SharedCredentialsProvider::new(provider))
    })
}

fn with_provider(config: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    config.to_builder().credentials_provider(provider).build()
}
