//! AWS: one set of credentials, and the services that are asked with it, each made at first use.

/// The client of a service, at an end point of its own if one is given. The builders of the SDK's crates share no trait.
macro_rules! client {
    ($sdk:ident, $config:expr, $endpoint:expr) => {{
        let builder = $sdk::config::Builder::from($config);
        let builder = match $endpoint {
            Some(endpoint) => builder.endpoint_url(endpoint),
            None => builder,
        };
        $sdk::Client::from_conf(builder.build())
    }};
}

mod bucket;
mod call;
mod config;
pub mod eks;
pub mod error;
mod files;
mod http;
pub mod iam;
mod login;
mod once;
pub mod route53;
#[cfg(test)]
mod scripted;
mod sts;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use config::Configured;
pub use eks::EksCluster;
use eks::pod_identity::Associations;
pub use error::{AwsError, OF_A_REPLACEMENT, Reply};
pub use iam::Iam;
pub use route53::{Route53, Route53Error};
pub use sts::Identity;

use crate::domain::permissions::principal_of;
use crate::env::Env;
use crate::explain::Explanation;
use crate::retry::Budget;
use crate::secret::Secret;

/// Requests a second that Route53 serves an account
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>).
pub const ROUTE53_REQUESTS_PER_SECOND: f64 = 5.0;

/// Requests a second to IAM, where the user says nothing. AWS does not publish its own limit.
pub const IAM_REQUESTS_PER_SECOND: u32 = 5;

/// How to reach AWS. What is not given comes from the usual environment variables and profile files,
/// the region at last from `us-east-1`, since IAM and Route53 are the same from everywhere.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The region of the regional services.
    pub region: Option<String>,
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// A fixed key pair.
    pub keys: Option<Keys>,
    /// A role to assume with the credentials found.
    pub assume_role: Option<AssumeRole>,
    /// A role to assume from there, such as one of another account.
    pub then_assume_role: Option<AssumeRole>,
    /// A role to assume with a token from a file.
    pub assume_role_with_web_identity: Option<WebIdentity>,
    /// Addresses of the services, where they are not AWS's own.
    pub endpoints: Endpoints,
    /// Tags of everything that can have tags.
    pub default_tags: BTreeMap<String, String>,
    /// Requests a second to Route53; [`ROUTE53_REQUESTS_PER_SECOND`] when not given.
    pub route53_requests_per_second: Option<f64>,
    /// Requests a second to IAM; [`IAM_REQUESTS_PER_SECOND`] when not given.
    pub iam_requests_per_second: Option<u32>,
}

/// A fixed key pair.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: Secret,
    /// The token that belongs to temporary keys.
    pub session_token: Option<Secret>,
}

/// A role to assume with the credentials found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssumeRole {
    /// The role.
    pub role_arn: String,
    /// A name for the session; `berth` when not given.
    pub session_name: Option<String>,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
}

/// A role to assume with a token from a file.
#[derive(Clone, Debug)]
pub struct WebIdentity {
    /// The role.
    pub role_arn: String,
    /// The file that holds the token; read anew for each session.
    pub token_file: String,
    /// A name for the session; `berth` when not given.
    pub session_name: Option<String>,
}

/// Addresses of services, as URLs.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names of the services")]
pub struct Endpoints {
    pub route53: Option<String>,
    pub iam: Option<String>,
    pub sts: Option<String>,
    pub eks: Option<String>,
    pub s3: Option<String>,
}

/// What somebody may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The actions, such as `route53:GetChange`.
    pub actions: Vec<String>,
    /// Who may not.
    pub who: String,
}

/// The account: cheap to copy, everything in it is made once.
#[derive(Clone)]
pub struct Aws(Arc<Shared>);

struct Shared {
    settings: Settings,
    env: Env,
    config: OnceCell<Configured>,
    route53: OnceCell<Route53>,
    iam: OnceCell<Iam>,
    identity: OnceCell<Identity>,
}

impl Aws {
    /// Takes the settings; nothing is read or asked before the first use.
    pub fn new(settings: Settings, env: &Env) -> Self {
        Self(Arc::new(Shared {
            settings,
            env: env.clone(),
            config: OnceCell::new(),
            route53: OnceCell::new(),
            iam: OnceCell::new(),
            identity: OnceCell::new(),
        }))
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Route53, through the account's one queue.
    pub async fn route53(&self) -> &Route53 {
        let make = async || {
            let Configured { sdk, endpoints, .. } = self.config().await;
            let rate = self.0.settings.route53_requests_per_second.unwrap_or(ROUTE53_REQUESTS_PER_SECOND);
            Route53::new(sdk, endpoints.route53.as_deref(), rate)
        };
        self.0.route53.get_or_init(make).await
    }

    /// IAM.
    pub async fn iam(&self) -> &Iam {
        let make = async || {
            let rate = self.0.settings.iam_requests_per_second.unwrap_or(IAM_REQUESTS_PER_SECOND);
            let Configured { sdk, endpoints, .. } = self.config().await;
            Iam::new(sdk, endpoints.iam.as_deref(), rate)
        };
        self.0.iam.get_or_init(make).await
    }

    /// Who AWS takes us for.
    pub async fn identity(&self, budget: &Budget) -> Result<&Identity, AwsError> {
        let ask = async || {
            let Configured { sdk, endpoints, .. } = self.config().await;
            sts::caller(sdk, endpoints.sts.as_deref(), budget).await
        };
        self.0.identity.get_or_try_init(ask).await
    }

    /// The actions that a caller is denied which is to do this, and who that caller is. Nothing is denied to callers
    /// whose policies cannot be asked for.
    pub async fn denied(&self, wish: &iam::Simulation<'_>, budget: &Budget) -> Result<Denied, AwsError> {
        let who = self.identity(budget).await?;
        let actions = match principal_of(&who.arn) {
            Some(principal) => self.iam().await.denied(budget, (&who.partition, &principal), wish).await?,
            None => Vec::new(),
        };
        Ok(Denied { actions, who: who.arn.clone() })
    }

    /// A cluster of EKS; none if the account has none of that name in this region.
    pub async fn eks_cluster(&self, budget: &Budget, name: &str) -> Result<Option<EksCluster>, AwsError> {
        let Configured { sdk, endpoints, .. } = self.config().await;
        eks::cluster(sdk, endpoints.eks.as_deref(), budget, name).await
    }

    /// The Pod Identity associations of a cluster of EKS, which may not exist.
    pub async fn pod_identities<'a>(&self, cluster: &'a str) -> Associations<'a> {
        let Configured { sdk, endpoints, .. } = self.config().await;
        Associations::new(sdk, endpoints.eks.as_deref(), cluster)
    }

    /// The region of the regional services.
    pub async fn region(&self) -> String {
        self.config().await.sdk.region().map_or_else(|| config::DEFAULT_REGION.to_owned(), ToString::to_string)
    }

    /// Why there can be no credentials, as far as this machine knows by itself.
    pub async fn lack(&self) -> Option<AwsError> {
        self.config().await.lack().await.map(AwsError::Credentials)
    }

    /// Explains a failure; where a permission is missing, with the identity that lacks it.
    pub async fn explained(&self, error: &AwsError, what: impl Into<String>, object: &str) -> Explanation {
        let explanation = error.explain(what, object);
        let AwsError::AccessDenied { action, .. } = error else { return explanation };
        let budget = Budget::uninterrupted(std::time::Duration::from_secs(5));
        match self.identity(&budget).await {
            Ok(who) => explanation.next(error::grant(action, Some(&who.arn))),
            Err(_) => explanation,
        }
    }

    async fn config(&self) -> &Configured {
        // Boxed: every call carries it.
        self.0.config.get_or_init(|| Box::pin(config::load(&self.0.settings, &self.0.env))).await
    }
}
