//! What a registry takes as a login, and tokens from where it says that they are to be had.
//!
//! Source: distribution's token authentication (`docs/content/spec/auth/token.md`).

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::domain::dockerconfig::Login;
use crate::domain::oci::docker_login::IDENTITY_TOKEN;
use crate::secret::Secret;

use super::{Challenge, Oci, OciError, checked, limited};

/// How long a token holds if its answer does not say.
const USUAL_LIFETIME: Duration = Duration::from_mins(1);

/// The longest that a token is said to hold: what is longer is no time that one can count with.
const LONGEST_LIFETIME: Duration = Duration::from_hours(366 * 24);

/// What a registry takes.
#[derive(Debug)]
pub enum Grant {
    /// Anything: it lets everyone in.
    Open,
    /// User and password with each request.
    Basic(Login),
    /// A token.
    Bearer {
        /// The token.
        token: Secret,
        /// How long it holds from the question on.
        lifetime: Duration,
    },
}

/// A token server's answer.
#[derive(Default, Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<Value>,
}

impl Answer {
    fn granted(self) -> Result<(Secret, Duration), OciError> {
        let lifetime = self.expires_in.as_ref().and_then(seconds).unwrap_or(USUAL_LIFETIME).min(LONGEST_LIFETIME);
        let text = self.token.filter(|token| !token.is_empty()).or(self.access_token).filter(|token| !token.is_empty());
        let text = text.ok_or_else(|| OciError::Unauthorized { words: "the answer holds no token".to_owned() })?;
        Ok((Secret::new(text), lifetime))
    }
}

/// A number of seconds, however it is written; `None` for what is none.
fn seconds(written: &Value) -> Option<Duration> {
    let whole = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok()).map(Duration::from_secs);
    whole(written).or_else(|| Duration::try_from_secs_f64(written.as_f64()?).ok())
}

impl Oci {
    /// What to show this registry so that it allows the scopes; a login is tried.
    ///
    /// # Errors
    /// It is not reached, does not accept the login, or wants another kind of login.
    pub async fn grant(&self, scopes: &[String]) -> Result<Grant, OciError> {
        let probe = self.send(self.request(Method::GET, self.url("v2/"))).await?;
        let challenge = self.asked_by(&probe);
        if challenge.is_none() && probe.status() != StatusCode::UNAUTHORIZED {
            return checked(probe, 0).await.map(|_| Grant::Open);
        }
        match (challenge, &self.login) {
            (Some(Challenge::Bearer { realm, service }), _) => {
                let (token, lifetime) = self.token(&realm, service.as_deref(), scopes).await?;
                Ok(Grant::Bearer { token, lifetime })
            }
            (Some(Challenge::Basic { .. }), Some(login)) => {
                self.log_in().await?;
                Ok(Grant::Basic(login.clone()))
            }
            (Some(Challenge::Basic { .. }), None) => Err(wanted("it lets nobody in without a login")),
            (None, _) => Err(wanted("it wants a login of another kind than Basic and Bearer")),
        }
    }

    /// Asks a token server.
    pub(super) async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<(Secret, Duration), OciError> {
        let mut url = Url::parse(realm).map_err(|error| OciError::Refused {
            status: 401,
            words: format!("the realm of the challenge is no URL: {error}"),
        })?;
        self.refuse_downgrade(&url)?;
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service)));
        url.query_pairs_mut().extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
        let request = match &self.login {
            Some(login) if login.username == IDENTITY_TOKEN => self.refreshing(url, login),
            Some(login) => self.request(Method::GET, url).basic_auth(&login.username, Some(login.password.expose())),
            None => self.request(Method::GET, url),
        };
        let answer = limited(checked(self.send(request).await?, 0).await?).await?;
        serde_json::from_slice::<Answer>(&answer).unwrap_or_default().granted()
    }
}

impl Oci {
    /// Asks with such a token (`docs/content/spec/auth/oauth.md`): what else would stand in the query stands in the form.
    fn refreshing(&self, mut url: Url, login: &Login) -> RequestBuilder {
        let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.set_query(None);
        let scopes: Vec<&str> = asked.iter().filter(|(name, _)| name == "scope").map(|(_, scope)| &**scope).collect();
        let others = asked.iter().filter(|(name, _)| name != "scope").map(|(name, value)| (&**name, &**value));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("client_id", "terraform-provider-berth");
        form.append_pair("refresh_token", login.password.expose()).extend_pairs(others);
        if !scopes.is_empty() {
            form.append_pair("scope", &scopes.join(" "));
        }
        self.request(Method::POST, url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
    }
}

fn wanted(words: &str) -> OciError {
    OciError::Unauthorized { words: words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{client, reply_with, server};
    use super::*;

    #[test]
    fn a_token_has_either_name_and_holds_a_minute_unless_it_says_otherwise() {
        let read = |text: &str| serde_json::from_str::<Answer>(text).unwrap().granted();
        let (token, lifetime) = read(r#"{"access_token":"one of these","expires_in":300,"scope":"x"}"#).unwrap();
        assert_eq!((token.expose(), lifetime), ("one of these", Duration::from_mins(5)));
        let (token, lifetime) = read(r#"{"token":"another one"}"#).unwrap();
        assert_eq!((token.expose(), lifetime), ("another one", Duration::from_mins(1)));
        assert!(read("{}").is_err() && read(r#"{"token":""}"#).is_err());
        let (token, _) = read(r#"{"token":"","access_token":"one of these"}"#).unwrap();
        assert_eq!(token.expose(), "one of these");
        for (written, seconds) in [("\"300\"", 300), ("300.0", 300), ("-1", 60), ("\"soon\"", 60), ("null", 60)] {
            let (_, lifetime) = read(&format!(r#"{{"token":"another one","expires_in":{written}}}"#)).unwrap();
            assert_eq!(lifetime.as_secs(), seconds, "{written}");
        }
    }

    #[tokio::test]
    async fn a_token_without_an_end_is_used_and_no_reason_to_panic() {
        let (base, _) =
            server(|_| reply_with("200 OK", r#"{"token":"one without an end","expires_in":18446744073709551615}"#))
                .await;
        let token = client(base.clone()).token_for(base.as_str(), None, &[]).await.unwrap();
        assert_eq!(token.expose(), "one without an end");
    }
}
