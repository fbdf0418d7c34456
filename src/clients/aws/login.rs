//! Credentials, from wherever the settings, the environment and the files say, in the order of AWS's own tools.

#[cfg(test)]
mod tests;
mod wrapped;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::{self, credentials::ImdsCredentialsProvider};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;

use crate::domain::aws_endpoint::Files as _;
use crate::domain::aws_login::{Base, Role, Way};
use crate::domain::credential;
use crate::env::Env;

use super::files::SharedFiles;
use super::http::AwsHttp;
use super::sts::{Session, SessionProvider};
use super::{AssumeRole, Settings, WebIdentity};
use wrapped::{Advised, Failing, Known, Last};

/// How long the metadata service of the machine may take to be connected to and to answer: it is next door, or not there.
const NEXT_DOOR: Duration = Duration::from_millis(500);
const NEXT_DOORS_ANSWER: Duration = Duration::from_secs(1);

/// Why there are no credentials, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Lack {
    /// Why.
    pub cause: String,
    /// One concrete step.
    pub next: String,
}

impl From<Lack> for CredentialsError {
    fn from(lack: Lack) -> Self {
        Self::invalid_configuration(lack)
    }
}

/// What credentials are made with.
pub(super) struct Means<'a> {
    pub(super) settings: &'a Settings,
    pub(super) env: &'a Env,
    pub(super) files: &'a SharedFiles,
    /// Without credentials; its HTTP client and region are used.
    pub(super) config: &'a SdkConfig,
    pub(super) http: &'a AwsHttp,
    /// Where STS is asked.
    pub(super) sts: Option<&'a str>,
}

/// Where the credentials before any role of the provider block come from.
#[derive(Clone, Debug)]
pub(super) enum First {
    /// Somebody says so.
    Named(SharedCredentialsProvider),
    /// Nobody says anything: the machine's own role, if it has one.
    Machine(SharedCredentialsProvider),
    /// There are none.
    Lack(Lack),
}

impl Means<'_> {
    /// The credentials that the settings lead to from the first ones on, roles assumed.
    pub(super) fn after(&self, first: &First) -> SharedCredentialsProvider {
        let first = match first {
            First::Named(found) | First::Machine(found) => found.clone(),
            First::Lack(lack) => failing(lack.clone()),
        };
        let roles = [&self.settings.assume_role, &self.settings.then_assume_role].into_iter().flatten();
        let last = roles.fold(first, |from, role| self.session(Some(from), Session::Role(role.clone())));
        SharedCredentialsProvider::new(Known::new(last))
    }

    /// The credentials before any role of the provider block: what is set there wins over the environment.
    pub(super) fn first(&self) -> First {
        if let Some(identity) = &self.settings.assume_role_with_web_identity {
            // It needs no other credentials.
            return First::Named(self.session(None, Session::WebIdentity(identity.clone())));
        }
        if let Some(keys) = &self.settings.keys {
            let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
            return First::Named(fixed(&keys.access_key, keys.secret_key.expose(), token, "provider settings"));
        }
        if self.settings.profile.is_none()
            && let Some(found) = self.of_environment()
        {
            return First::Named(found);
        }
        let found = match &self.files.fault {
            Some(fault) if self.files.chosen_by.is_some() => Err(Lack {
                cause: format!("AWS's configuration files cannot be read: {fault}"),
                next: "correct the file".to_owned(),
            }),
            _ => self.of_profile(self.files.profile()),
        };
        match found {
            Ok(Some(found)) => First::Named(found),
            Err(lack) => First::Lack(lack),
            Ok(None) => self.of_machine(),
        }
    }

    /// `AWS_ACCESS_KEY_ID` and its like, if the pair is whole.
    fn of_environment(&self) -> Option<SharedCredentialsProvider> {
        let token = |name| self.env.get(name).and_then(|value| credential::token(value).ok());
        let session = token("AWS_SESSION_TOKEN").map(str::to_owned);
        Some(fixed(token("AWS_ACCESS_KEY_ID")?, token("AWS_SECRET_ACCESS_KEY")?, session, "environment"))
    }

    fn of_profile(&self, name: &str) -> Result<Option<SharedCredentialsProvider>, Lack> {
        let way = match self.files.profiles().way(name) {
            Ok(way) => way,
            // Nobody said that there is one.
            Err(_) if self.files.chosen_by.is_none() && !self.files.profiles().0.contains_key(name) => None,
            Err(fault) => return Err(Lack { cause: self.told(&fault.to_string()), next: fault.next() }),
        };
        Ok(way.map(|way| self.along(&way)))
    }

    fn told(&self, cause: &str) -> String {
        self.files.chosen_by.map_or_else(|| cause.to_owned(), |by| format!("{cause} (chosen by {by})"))
    }

    fn along(&self, way: &Way) -> SharedCredentialsProvider {
        let first = match &way.base {
            Base::Keys(profile) => self.keys_of(profile),
            Base::Other(profile) => self.by_the_sdk(profile),
            Base::Environment => self.of_environment().unwrap_or_else(|| failing(self.nothing())),
            Base::Ec2 => self.ec2(),
            Base::Ecs => self.ecs(),
            Base::WebIdentity { role, token_file } => {
                let Role { arn, session_name, .. } = role.clone();
                let identity = WebIdentity { role_arn: arn, token_file: token_file.clone(), session_name };
                self.session(None, Session::WebIdentity(identity))
            }
        };
        let settings = |role: &Role| AssumeRole {
            role_arn: role.arn.clone(),
            session_name: role.session_name.clone(),
            external_id: role.external_id.clone(),
        };
        way.roles.iter().fold(first, |from, role| self.session(Some(from), Session::Role(settings(role))))
    }

    fn keys_of(&self, profile: &str) -> SharedCredentialsProvider {
        let get = |key| self.files.setting_of(profile, key);
        let (key, secret) = (get("aws_access_key_id"), get("aws_secret_access_key"));
        let fit = |text: Option<&str>| text.and_then(|text| credential::token(text).ok()).map(str::to_owned);
        match (fit(key), fit(secret)) {
            (Some(key), Some(secret)) => fixed(&key, &secret, fit(get("aws_session_token")), "profile"),
            _ => failing(Lack {
                cause: format!("the keys of the profile `{profile}` hold a control character"),
                next: "correct the profile".to_owned(),
            }),
        }
    }

    /// A program, `aws sso login`, `aws login`.
    fn by_the_sdk(&self, profile: &str) -> SharedCredentialsProvider {
        let provider = ProfileFileCredentialsProvider::builder().configure(&self.provider_config());
        let is = |key| self.files.setting_of(profile, key).is_some();
        let next = if is("sso_session") || is("sso_start_url") {
            format!("log in with `aws sso login --profile {profile}`, then apply again")
        } else if is("login_session") {
            format!("log in with `aws login --profile {profile}`, then apply again")
        } else {
            format!("run the `credential_process` of the profile `{profile}` by hand, and correct what it says")
        };
        let inner = SharedCredentialsProvider::new(provider.profile_name(profile).build());
        SharedCredentialsProvider::new(Advised { inner, what: format!("the profile `{profile}`"), next })
    }

    /// A Pod's or a CI job's token, the container's and at last the machine's own role.
    fn of_machine(&self) -> First {
        let role = self.env.get("AWS_ROLE_ARN").zip(self.env.get("AWS_WEB_IDENTITY_TOKEN_FILE"));
        if let (Some((role_arn, token_file)), None) = (role, &self.settings.profile) {
            let session_name = self.env.get("AWS_ROLE_SESSION_NAME").map(str::to_owned);
            let (role_arn, token_file) = (role_arn.to_owned(), token_file.to_owned());
            let identity = WebIdentity { role_arn, token_file, session_name };
            return First::Named(self.session(None, Session::WebIdentity(identity)));
        }
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        if self.env.first(&container).is_some() {
            return First::Named(self.ecs());
        }
        First::Machine(SharedCredentialsProvider::new(Last { inner: self.ec2(), lack: self.nothing() }))
    }

    fn ecs(&self) -> SharedCredentialsProvider {
        let provider = EcsCredentialsProvider::builder().configure(&self.provider_config()).build();
        let next = "check AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI, and that the \
                    task or Pod has a role"
            .to_owned();
        let inner = SharedCredentialsProvider::new(provider);
        SharedCredentialsProvider::new(Advised { inner, what: "the container's credentials".to_owned(), next })
    }

    fn ec2(&self) -> SharedCredentialsProvider {
        let client = imds::Client::builder().configure(&self.provider_config()).max_attempts(1);
        let client = client.connect_timeout(NEXT_DOOR).read_timeout(NEXT_DOORS_ANSWER).build();
        let provider = ImdsCredentialsProvider::builder().configure(&self.provider_config()).imds_client(client);
        SharedCredentialsProvider::new(provider.build())
    }

    fn provider_config(&self) -> ProviderConfig {
        let region = self.config.region().cloned();
        ProviderConfig::without_region().with_region(region).with_http_client(self.http.clone())
    }

    fn session(&self, from: Option<SharedCredentialsProvider>, session: Session) -> SharedCredentialsProvider {
        let config = self.config.to_builder();
        let config = from.into_iter().fold(config, aws_types::sdk_config::Builder::credentials_provider).build();
        SharedCredentialsProvider::new(SessionProvider::new(&config, self.sts, session))
    }

    /// Nobody gives any: what is half there comes first.
    fn nothing(&self) -> Lack {
        let lone = match ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| self.env.get(name).is_some()) {
            [true, false] => Some(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            [false, true] => Some(("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
            _ => None,
        };
        if let (Some((given, missing)), None) = (lone, &self.settings.profile) {
            return Lack {
                cause: format!("the environment variable {given} is set and {missing} is not"),
                next: format!("set {missing} too, or unset {given}"),
            };
        }
        let profile = self.files.profile();
        let of_profile = match (&self.files.fault, self.files.profiles().0.contains_key(profile)) {
            (Some(fault), _) => format!("AWS's configuration files cannot be read: {fault}"),
            (None, true) => self.told(&format!("the profile `{profile}` holds none")),
            (None, false) => format!("there is no profile `{profile}`"),
        };
        let environment = if self.settings.profile.is_none() { "AWS_ACCESS_KEY_ID is not set; " } else { "" };
        Lack {
            cause: format!("{environment}{of_profile}; and this machine has no role of its own"),
            next: "set the provider's `aws` attributes, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .to_owned(),
        }
    }
}

fn fixed(key: &str, secret: &str, token: Option<String>, from: &'static str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(key, secret, token, None, from))
}

fn failing(lack: Lack) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Failing(lack))
}
