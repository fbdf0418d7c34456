//! `berth_registry_token`: what a registry takes as a login, made for one run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::login::{half, incomplete};
use crate::clients::http::HttpError;
use crate::clients::oci::{Grant, Oci, OciError};
use crate::domain::dockerconfig::Login;
use crate::domain::registry_name::base_url;
use crate::explain::Explanation;
use crate::provider::checks::{registry_host, user_name};
use crate::provider::{Berth, Cx};
use crate::retry::Stopped;
use crate::sdk::{Check, Computed, Diagnostics, Ephemeral, Lease, Limits, Meta, Model, Result, Secret, View, check};

/// The ephemeral resource.
pub struct RegistryToken;

/// The note with the registry and the end of its token.
const HANDED_OUT: &str = "handed_out";

/// What is asked and given.
#[derive(Clone, Debug, Model)]
pub struct Declared {
    /// The registry, as `HOST`, `HOST:PORT` or `https://HOST`. It is spoken to by HTTPS. `docker.io` is Docker Hub.
    #[attr(check = registry_host())]
    pub host: String,
    /// Whom to log in as. Default: the provider's login to this host in `registries`. Without any, the token is one for
    /// everyone, where the registry gives such.
    #[attr(check = user_name())]
    pub username: Option<String>,
    /// The password. Default: the provider's.
    pub password: Option<Secret>,
    /// Certificates to trust beside the system's, PEM. Default: those of the provider's `registries`.
    pub ca_pem: Option<String>,
    /// What the token shall allow, such as `repository:team/app:pull,push`. Absent, it proves the login and allows nothing
    /// more. A registry gives a token for less than is asked without a word. Registries without tokens do not look at this.
    #[attr(check = scope())]
    pub scopes: Option<Vec<String>>,
    /// How the registry wants to be shown the token: `Bearer`, or `Basic` if it takes user and password themselves. Null if
    /// it lets everyone in.
    pub scheme: Computed<String>,
    /// The token. For `Basic`, user and password as the base64 of `USER:PASSWORD`. Null if none is needed.
    pub token: Computed<Secret>,
    /// Both, as the value of the header `Authorization`. Null if none is needed.
    pub authorization: Computed<Secret>,
    /// When the token runs out, as the registry says (RFC 3339, UTC); without a word of it, a minute after it was given. Null for
    /// `Basic`. A token cannot be prolonged: if it runs out while something in the run still uses it, a warning tells.
    pub expires_at: Computed<String>,
}

impl Ephemeral<Berth> for RegistryToken {
    type Model = Declared;

    const NAME: &'static str = "berth_registry_token";

    const META: Meta = Meta {
        limits: Limits::minutes(1),
        ..Meta::new(
            "Registry",
            "A token with which to push to a registry or to pull from it, asked for where the registry says that tokens are to be \
             had. It stands in no plan and no state.\n\nThe registry is asked in the plan already, if the arguments are known by \
             then: where the same apply makes the registry, let an argument hold something that \
             is known only once that is made. `depends_on` alone has OpenTofu wait for it, but not Terraform.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        if let Some((given, absent)) = half(*config) {
            found.error(&incomplete(format!("`{given}` needs `{absent}`"), absent).at(absent));
        }
    }

    async fn open(&self, cx: &Cx, model: &mut Declared) -> Result<Lease> {
        let what = format!("Cannot get a token of the registry `{}`", model.host);
        let base = base_url(&model.host).map_err(|wrong| {
            Explanation::new("BERTH-LOGIN-001", what.clone()).next(format!("host {wrong}")).at("host")
        })?;
        let access = cx.provider().registry_access(&model.host).await?;
        let login = Login::given(model.username.as_ref(), model.password.as_ref()).or(access.login);
        let ca_pem = model.ca_pem.clone().or(access.ca_pem);
        let asked = cx.clock().now();
        let grant = async {
            let registry = Oci::new(cx.provider().network(), base, ca_pem.as_deref(), login.clone())?;
            registry.grant(model.scopes.as_deref().unwrap_or_default()).await
        };
        let grant = cx.budget().run(grant).await.map_err(|stopped| interrupted(&what, stopped))?;
        let grant = grant.map_err(|error| failed(&what, &error, login.is_some()))?;
        fill(cx, model, grant, asked);
        Ok(Lease::default())
    }

    /// A token cannot be prolonged. That one ran out is told here and not by `renew`, whose words Terraform drops
    /// (`internal/resources/ephemeral`, `handleRenewal`).
    async fn close(&self, cx: &Cx) -> Result<()> {
        let Some((host, end)) = cx.recall::<(String, String)>(HANDED_OUT) else { return Ok(()) };
        if end.parse::<Timestamp>().is_ok_and(|end| end < cx.clock().now()) {
            let told = Explanation::new("BERTH-LOGIN-005", format!("The token of the registry `{host}` has run out"))
                .said("The registry", format!("it holds until {end}"))
                .next(
                    "apply again if something was refused after that; have the registry give tokens that hold longer",
                );
            cx.warn(&told);
        }
        Ok(())
    }
}

/// Puts what was given into the model.
fn fill(cx: &Cx, model: &mut Declared, grant: Grant, asked: Timestamp) {
    let (scheme, token, end) = match grant {
        Grant::Open => (None, None, None),
        Grant::Basic(login) => {
            let pair = STANDARD.encode(format!("{}:{}", login.username, login.password.expose()));
            (Some("Basic"), Some(Secret::new(pair)), None)
        }
        Grant::Bearer { token, lifetime } => (Some("Bearer"), Some(token), asked.checked_add(lifetime).ok()),
    };
    let header = scheme.zip(token.as_ref()).map(|(scheme, token)| format!("{scheme} {}", token.expose()));
    model.authorization.set(header.map(Secret::new));
    model.scheme.set(scheme.map(str::to_owned));
    model.token.set(token);
    model.expires_at.set(end.map(|end| end.to_string()));
    if let Some(end) = end {
        cx.remember(HANDED_OUT, &(&model.host, end.to_string()));
    }
}

fn interrupted(what: &str, stopped: Stopped) -> Explanation {
    let step = "apply again; if it was not interrupted, see why the registry or its token server does not answer";
    Explanation::new("BERTH-LOGIN-004", what).said("The wait", stopped.to_string()).next(step)
}

fn failed(what: &str, error: &OciError, has_login: bool) -> Explanation {
    let told = |code, step: &str| Explanation::new(code, what).said("The registry", error.to_string()).next(step);
    match error {
        OciError::Http(HttpError::Unreachable { .. })
        | OciError::Busy { .. }
        | OciError::Refused { status: 500.., .. } => told_passing(what, error),
        OciError::Http(HttpError::Roots { .. }) => told("BERTH-LOGIN-001", "correct ca_pem").at("ca_pem"),
        OciError::Http(http) => {
            let trust = "set `ca_pem`, or `ca_file` in the provider's `registries`, or SSL_CERT_FILE";
            told("BERTH-LOGIN-003", &http.remedy(trust).unwrap_or_else(|| "correct host".to_owned())).at("host")
        }
        OciError::Unauthorized { .. } if has_login => {
            let step = "correct username and password, or the login to this host in `registries` of the provider block";
            told("BERTH-LOGIN-003", step).at("password")
        }
        OciError::Unauthorized { .. } => told(
            "BERTH-LOGIN-003",
            "set username and password, or give this host a login in `registries` of the provider block",
        )
        .at("username"),
        OciError::Downgrade { .. } => {
            told("BERTH-LOGIN-003", "let the registry name a token server (auth.token.realm) with https://").at("host")
        }
        _ => told("BERTH-LOGIN-003", "correct host, or ask those who run the registry").at("host"),
    }
}

fn told_passing(what: &str, error: &OciError) -> Explanation {
    let step = "apply again once the registry and its token server answer; if the same apply makes the registry, let an \
                argument hold something that is known only once that is made";
    Explanation::new("BERTH-LOGIN-004", what).said("The registry", error.to_string()).next(step).at("host")
}

/// What a token allows (distribution, `docs/content/spec/auth/scope.md`).
fn scope() -> Check {
    check::text("must be of the form `TYPE:NAME:ACTIONS`, such as `repository:team/app:pull,push`", |text| {
        let parts = text.split_once(':').and_then(|(kind, rest)| Some((kind, rest.rsplit_once(':')?)));
        let fits = parts.is_some_and(|(kind, (name, actions))| {
            !kind.is_empty() && !name.is_empty() && !actions.is_empty() && !text.contains(char::is_whitespace)
        });
        if fits { Ok(()) } else { Err(format!("must be of the form `TYPE:NAME:ACTIONS`, and is `{text}`")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Value;

    #[test]
    fn a_scope_has_three_parts() {
        for right in ["repository:team/app:pull,push", "registry:catalog:*", "repository:host:5000/app:pull"] {
            assert_eq!(scope().test(&Value::from(right)), Ok(()), "{right}");
        }
        for wrong in ["", "team/app", "repository:team/app", "repository::pull", "repository:a b:pull", "repository:a:"]
        {
            assert!(scope().test(&Value::from(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_failure_is_told_with_what_mends_it_and_whether_it_may_pass() {
        let code = |error: &OciError, has_login| failed("Cannot", error, has_login);
        let refused = OciError::Unauthorized { words: "no".to_owned() };
        assert_eq!(code(&refused, true).attribute(), Some("password"));
        assert_eq!(code(&refused, false).attribute(), Some("username"));
        let busy = OciError::Refused { status: 503, words: String::new() };
        assert_eq!((code(&busy, true).code(), code(&refused, true).code()), ("BERTH-LOGIN-004", "BERTH-LOGIN-003"));
        let roots = OciError::Http(HttpError::Roots { fault: "none".to_owned() });
        assert_eq!(code(&roots, true).attribute(), Some("ca_pem"));
    }
}
