//! From settings, environment and shared files to what every service is asked with.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use reqwest::Certificate;

use crate::clients::http::{HttpError, Network, causes, roots};
use crate::domain::aws_endpoint::{Endpoint, Files as _, Service};
use crate::env::Env;

use super::files::SharedFiles;
use super::http::AwsHttp;
use super::login::{First, Lack, Means};
use super::{Endpoints, Settings};

/// The region when none is given anywhere.
pub(super) const DEFAULT_REGION: &str = "us-east-1";
/// How long one attempt at a call may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How long a part of the answer may take: less, so that the address can be told.
const READ: Duration = Duration::from_secs(18);
/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);
/// How long credentials may take: programs that give them may ask somebody else first.
const LOGIN: Duration = Duration::from_mins(1);

/// What every service is asked with.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) sdk: SdkConfig,
    /// Where each service is asked, if not at AWS's own address.
    pub(super) endpoints: Endpoints,
    /// Where the first credentials come from.
    first: First,
}

impl Configured {
    /// Why there can be no credentials. Beside what is known already only the machine's own role is asked for, which is next
    /// door: programs and AWS are not.
    pub(super) async fn lack(&self) -> Option<Lack> {
        match (&self.first, self.sdk.credentials_provider()) {
            (First::Lack(lack), _) => Some(lack.clone()),
            (First::Machine(_), Some(provider)) => lack_of(&provider.provide_credentials().await.err()?),
            _ => None,
        }
    }
}

/// The lack that an error stands for.
fn lack_of(error: &CredentialsError) -> Option<Lack> {
    causes(error).find_map(|cause| cause.downcast_ref()).cloned()
}

/// Reads the configuration; the SDK's own retries are off, since `call` does them within the caller's budget.
pub(super) async fn load(settings: &Settings, env: &Env) -> Configured {
    let files = SharedFiles::read(settings.profile.as_deref(), env).await;
    let found = |service: Service, block: &Option<String>| service.endpoint(block.as_deref(), env, &files);
    let [route53, iam, sts, eks] = [
        found(Service::Route53, &settings.endpoints.route53),
        found(Service::Iam, &settings.endpoints.iam),
        found(Service::Sts, &settings.endpoints.sts),
        found(Service::Eks, &settings.endpoints.eks),
    ];
    let own = [&route53, &iam, &sts, &eks].into_iter().flatten().cloned().collect();
    let http = AwsHttp::new(Network::of(env), bundle(env, &files).await, own);
    let config = bare(settings, env, &files, &http).await;
    let url = |endpoint: Option<Endpoint>| endpoint.map(|endpoint| endpoint.url);
    let sts = url(sts);
    let means = Means { settings, env, files: &files, config: &config, http: &http, sts: sts.as_deref() };
    let first = means.first();
    let sdk = config.to_builder().credentials_provider(means.after(&first)).build();
    let endpoints = Endpoints { route53: url(route53), iam: url(iam), sts, eks: url(eks), s3: None };
    Configured { sdk, endpoints, first }
}

async fn bare(settings: &Settings, env: &Env, files: &SharedFiles, http: &AwsHttp) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region(settings, env, files)))
        .profile_name(files.profile())
        .http_client(http.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.operation_attempt_timeout(ATTEMPT).build())
        .identity_cache(IdentityCache::lazy().load_timeout(LOGIN).build())
        .no_credentials();
    match AppName::new("terraform-provider-berth") {
        Ok(name) => loader.app_name(name).load().await,
        Err(_) => loader.load().await,
    }
}

/// Without a look at the machine's metadata service: a wrong region harms nothing here, waiting for it does.
fn region(settings: &Settings, env: &Env, files: &SharedFiles) -> String {
    let of_env = || env.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).map(|(_, region)| region.to_owned());
    let found = settings.region.clone().or_else(of_env).or_else(|| files.setting("region"));
    found.unwrap_or_else(|| DEFAULT_REGION.to_owned())
}

/// The CAs that are trusted beside the system's.
async fn bundle(env: &Env, files: &SharedFiles) -> Result<Vec<Certificate>, HttpError> {
    let (path, origin) = match (env.get("AWS_CA_BUNDLE"), files.setting("ca_bundle")) {
        (Some(path), _) => (path.to_owned(), "the environment variable AWS_CA_BUNDLE".to_owned()),
        (None, Some(path)) => (path, format!("`ca_bundle` of the profile `{}`", files.profile())),
        (None, None) => return Ok(Vec::new()),
    };
    let unread = |error| HttpError::Roots { fault: format!("{path:?}, from {origin}: {error}") };
    let read = tokio::fs::read_to_string(&path).await.map_err(|error| unread(error.to_string()))?;
    roots(&read).map(|roots| roots.certificates).map_err(unread)
}
