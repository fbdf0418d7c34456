//! Asks a registry as it wants to be asked: with a login, a token, or neither.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::secret::Secret;

use super::error::stranger;
use super::{Challenge, Manner, Oci, OciError, challenge_of};

/// What a request shows of a login.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    /// Nothing.
    Nothing,
    /// User and password.
    Login,
    /// A token.
    Token(Secret),
}

/// How much of a token's time is used: requests are on their way for a while, and clocks differ.
const SHARE: f32 = 0.8;

impl Oci {
    /// Sends a request as the registry wants to be asked: with the login if its challenge is Basic, with a token for the
    /// scopes if it is Bearer. If that is refused, what was learned of it before is forgotten and the request sent once more.
    pub(super) async fn authorized(
        &self,
        method: Method,
        url: Url,
        scopes: &[String],
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, OciError> {
        self.authorized_twice(&url, scopes, || finish(self.request(method.clone(), url.clone()))).await
    }

    /// The same for requests that are made otherwise.
    pub(super) async fn authorized_twice(
        &self,
        url: &Url,
        scopes: &[String],
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Response, OciError> {
        let (answer, shown) = self.authorized_once(request(), url, scopes).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && self.relearn(&answer, scopes, &shown) {
            return Ok(self.authorized_once(request(), url, scopes).await?.0);
        }
        Ok(answer)
    }

    /// The same for what can be sent only once. Answers what was shown as well.
    pub(super) async fn authorized_once(
        &self,
        request: RequestBuilder,
        url: &Url,
        scopes: &[String],
    ) -> Result<(Response, Shown), OciError> {
        self.refuse_downgrade(url)?;
        if url.origin() != self.base.origin() {
            // Where else a registry has one upload (a store with signed URLs), the login is nobody's business.
            return Ok((self.send(request).await?, Shown::Nothing));
        }
        let (request, shown) = match (self.manner().await?, &self.login) {
            (Some(Challenge::Basic { .. }), Some(login)) => {
                (request.basic_auth(&login.username, Some(login.password.expose())), Shown::Login)
            }
            (Some(Challenge::Bearer { realm, service }), _) => {
                let token = self.token_for(&realm, service.as_deref(), scopes).await?;
                (request.bearer_auth(token.expose()), Shown::Token(token))
            }
            _ => (request, Shown::Nothing),
        };
        Ok((self.send(request).await?, shown))
    }

    /// How it wants one to log in. It is asked once, and without a body: a login is not shown to who did not ask for it.
    /// Some let everybody read and ask for it beside that answer.
    async fn manner(&self) -> Result<Option<Challenge>, OciError> {
        match self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Manner::Told(challenge) => return Ok(Some(challenge)),
            Manner::Open => return Ok(None),
            Manner::Unknown => {}
        }
        let probe = self.send(self.request(Method::GET, self.url("v2/"))).await?;
        let challenge = self.asked_by(&probe);
        if matches!(probe.status(), StatusCode::OK | StatusCode::UNAUTHORIZED) {
            let manner = challenge.clone().map_or(Manner::Open, Manner::Told);
            *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
        }
        stranger(probe).await.map_or(Ok(challenge), Err)
    }

    /// What login the answer to a question without one asks for: by refusing it, or of who has one.
    pub(super) fn asked_by(&self, answer: &Response) -> Option<Challenge> {
        let is_asked = match answer.status() {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::OK => self.login.is_some(),
            _ => false,
        };
        challenge_of(answer).filter(|_| is_asked)
    }

    /// Takes a refusal for what it says. Answers whether another attempt would show something else: a token may have run
    /// out, some registries let everyone read and want a login for the rest, and another request may have learned it
    /// meanwhile.
    pub(super) fn relearn(&self, refusal: &Response, scopes: &[String], shown: &Shown) -> bool {
        if let Shown::Token(refused) = shown {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            let key = scopes.join(" ");
            if tokens.get(&key).is_some_and(|(token, _)| token.expose() == refused.expose()) {
                tokens.remove(&key);
            }
        }
        let mut manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = challenge_of(refusal) {
            *manner = Manner::Told(told);
        }
        match (&*manner, shown) {
            // It was taken away, or is another one by now.
            (Manner::Told(Challenge::Bearer { .. }), _) | (_, Shown::Token(_)) => true,
            (Manner::Told(Challenge::Basic { .. }), shown) => self.login.is_some() && *shown != Shown::Login,
            (Manner::Open | Manner::Unknown, shown) => *shown != Shown::Nothing,
        }
    }

    pub(super) async fn token_for(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<Secret, OciError> {
        let key = scopes.join(" ");
        let asked = Instant::now();
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((token, _)) = known.filter(|(_, end)| asked < *end) {
            return Ok(token);
        }
        let (token, lifetime) = self.token(realm, service, scopes).await?;
        let end = asked + lifetime.max(Duration::from_secs(10)).mul_f32(SHARE);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (_, end)| asked < *end);
        tokens.insert(key, (token.clone(), end));
        Ok(token)
    }
}
