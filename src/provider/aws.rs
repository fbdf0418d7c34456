//! `aws = { … }`: credentials, region and endpoints, and the clients made from them.

use std::collections::BTreeMap;

use std::sync::{Mutex, OnceLock, PoisonError};

use super::Berth;
use super::checks::{server, token};
use crate::clients::aws::{self, Aws};
use crate::domain::{credential, region};
use crate::explain::Explanation;
use crate::resources::aws_tags;
use crate::sdk::{Model, Secret, check};

/// How to reach AWS.
#[derive(Clone, Debug, Default, Model)]
pub struct Block {
    /// The region, such as `eu-central-1`. Default: `AWS_REGION`, the profile's, else `us-east-1`
    /// (IAM and Route53 are global). One that is misspelled for certain is an error, unless endpoints of your own are set.
    pub region: Option<String>,
    /// A profile of the shared configuration files. It wins over `AWS_ACCESS_KEY_ID` and other variables, and it must be
    /// there. Profiles of `aws sso login` and `aws login` work; `mfa_serial` does not, as nobody can be asked for a code.
    pub profile: Option<String>,
    /// An access key id, with `secret_key`. White space around keys and token is not part of them.
    #[attr(check = token())]
    pub access_key: Option<String>,
    /// The secret of the access key.
    #[attr(check = token())]
    pub secret_key: Option<Secret>,
    /// The session token of temporary credentials.
    #[attr(check = token())]
    pub session_token: Option<Secret>,
    /// A role to assume with the credentials found.
    pub assume_role: Option<AssumeRole>,
    /// A role to assume with a web identity token, as Pods and CI systems have them. Default:
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`. With `assume_role` as well, that
    /// role is assumed from this one.
    pub assume_role_with_web_identity: Option<AssumeRoleWithWebIdentity>,
    /// Other addresses of the services.
    pub endpoints: Option<Endpoints>,
    /// Tags for everything that can carry tags; a resource's own `tags` win.
    #[attr(check = aws_tags::check())]
    pub default_tags: Option<BTreeMap<String, String>>,
    /// How many Route53 requests a second the provider makes at most. AWS allows 5 for the whole account;
    /// set less where others share the account. Default `5`.
    #[attr(check = check::range(1, 100))]
    pub route53_requests_per_second: Option<u32>,
    /// How many IAM requests a second the provider makes at most. AWS does not say how many it serves; it refuses some
    /// where many roles are made at once. Refused ones are asked again, more slowly. Set more for accounts with hundreds of
    /// roles, less where others share the account. Default `5`.
    #[attr(check = check::range(1, 100))]
    pub iam_requests_per_second: Option<u32>,
}

/// A role to assume.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// The session's name in CloudTrail. Default `berth`.
    pub session_name: Option<String>,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
}

/// A role to assume with a web identity token.
#[derive(Clone, Debug, Default, Model)]
pub struct AssumeRoleWithWebIdentity {
    /// The role's ARN.
    pub role_arn: String,
    /// The file with the token, read anew whenever credentials are asked for.
    pub token_file: String,
    /// The session's name in CloudTrail. Default `berth`.
    pub session_name: Option<String>,
}

/// Other addresses of the services, as URLs.
#[derive(Clone, Debug, Default, Model)]
pub struct Endpoints {
    /// Route53.
    #[attr(check = server())]
    pub route53: Option<String>,
    /// IAM.
    #[attr(check = server())]
    pub iam: Option<String>,
    /// STS, also for the roles of profiles.
    #[attr(check = server())]
    pub sts: Option<String>,
    /// EKS.
    #[attr(check = server())]
    pub eks: Option<String>,
    /// S3.
    #[attr(check = server())]
    pub s3: Option<String>,
}

/// The clients, built when first used.
#[derive(Default)]
pub struct Clients {
    own: OnceLock<Aws>,
    /// Those by a further role, one a role, so that all who use a role share its queues.
    by_role: Mutex<BTreeMap<aws::AssumeRole, Aws>>,
}

impl Berth {
    /// The AWS account.
    pub fn aws(&self) -> Result<&Aws, Explanation> {
        self.settled("aws")?;
        self.fit_environment()?;
        Ok(self.aws.own.get_or_init(|| Aws::new(self.aws_settings(), &self.env)))
    }

    /// The AWS account of a role, which is assumed with what the provider block leads to; without one, or with the
    /// provider's own role, the provider's account.
    pub fn aws_as(&self, role: Option<&AssumeRole>) -> Result<Aws, Explanation> {
        let own = self.aws()?;
        let Some(role) = role.map(AssumeRole::settings) else { return Ok(own.clone()) };
        if own.settings().assume_role.as_ref() == Some(&role) {
            return Ok(own.clone());
        }
        let mut known = self.aws.by_role.lock().unwrap_or_else(PoisonError::into_inner);
        let make =
            || Aws::new(aws::Settings { then_assume_role: Some(role.clone()), ..self.aws_settings() }, &self.env);
        Ok(known.entry(role.clone()).or_insert_with(make).clone())
    }

    /// Refuses a region that is misspelled for certain: its servers would be looked for in vain. Who has endpoints of their
    /// own may call regions as they like.
    pub(super) fn fit_region(&self) -> Result<(), Explanation> {
        let block = self.config.aws.as_ref();
        let own = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ROUTE_53", "AWS_ENDPOINT_URL_STS"];
        if block.is_some_and(|block| block.endpoints.is_some()) || own.iter().any(|name| self.env.get(name).is_some()) {
            return Ok(());
        }
        let Some(region) = block.and_then(|block| block.region.as_deref()) else { return Ok(()) };
        let Some(meant) = region::meant(region).filter(|_| !region::is_region(region)) else { return Ok(()) };
        Err(Explanation::new("BERTH-AWS-039", format!("`{region}` is no region of AWS"))
            .next(format!("set `aws.region` to `{meant}`; nothing was asked"))
            .at("aws.region"))
    }

    /// Looks at the credentials of the environment, if nothing in the block takes their place.
    fn fit_environment(&self) -> Result<(), Explanation> {
        if self.config.aws.as_ref().is_some_and(|aws| aws.access_key.is_some() || aws.profile.is_some()) {
            return Ok(());
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            // The SDK takes them as they are, so white space around them counts here too.
            let unfit = self.env.get(name).map(|value| match credential::token(value) {
                Ok(token) if token.len() < value.len() => Err("has white space or a line break around it".to_owned()),
                other => other.map(|_| ()).map_err(|unfit| unfit.to_string()),
            });
            if let Some(Err(unfit)) = unfit {
                return Err(Explanation::new("BERTH-AWS-001", "Cannot use the AWS credentials of the environment")
                    .on(format!("environment variable {name}, which {unfit}"))
                    .next("set it to the credential alone, then apply again"));
            }
        }
        Ok(())
    }

    fn aws_settings(&self) -> aws::Settings {
        self.config.aws.clone().unwrap_or_default().settings()
    }
}

impl AssumeRole {
    fn settings(&self) -> aws::AssumeRole {
        let Self { role_arn, session_name, external_id } = self.clone();
        aws::AssumeRole { role_arn, session_name, external_id }
    }
}

impl Block {
    pub(super) fn settings(self) -> aws::Settings {
        let trimmed = |secret: Secret| Secret::new(secret.expose().trim());
        let keys = self.access_key.zip(self.secret_key);
        let endpoints = self.endpoints.unwrap_or_default();
        aws::Settings {
            region: self.region,
            profile: self.profile,
            keys: keys.map(|(access_key, secret_key)| aws::Keys {
                access_key: access_key.trim().to_owned(),
                secret_key: trimmed(secret_key),
                session_token: self.session_token.map(trimmed),
            }),
            assume_role: self.assume_role.as_ref().map(AssumeRole::settings),
            then_assume_role: None,
            assume_role_with_web_identity: self.assume_role_with_web_identity.map(|role| aws::WebIdentity {
                role_arn: role.role_arn,
                token_file: role.token_file,
                session_name: role.session_name,
            }),
            endpoints: aws::Endpoints {
                route53: endpoints.route53,
                iam: endpoints.iam,
                sts: endpoints.sts,
                eks: endpoints.eks,
                s3: endpoints.s3,
            },
            default_tags: self.default_tags.unwrap_or_default(),
            route53_requests_per_second: self.route53_requests_per_second.map(f64::from),
            iam_requests_per_second: self.iam_requests_per_second,
        }
    }
}
