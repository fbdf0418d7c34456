//! Asks a registry as it wants to be asked: with a login, a token, or neither.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::secret::Secret;

use super::error::stranger;
use super::{Challenge, Manner, Oci, OciError, challenge_of};

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
        let answer = self.authorized_once(request(), url, scopes).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && self.relearn(&answer, scopes) {
            return self.authorized_once(request(), url, scopes).await;
        }
        Ok(answer)
    }

    /// The same for what can be sent only once.
    pub(super) async fn authorized_once(
        &self,
        request: RequestBuilder,
        url: &Url,
        scopes: &[String],
    ) -> Result<Response, OciError> {
        self.refuse_downgrade(url)?;
        if url.origin() != self.base.origin() {
            // Where else a registry has one upload (a store with signed URLs), the login is nobody's business.
            return self.send(request).await;
        }
        let request = match (self.manner().await?, &self.login) {
            (Some(Challenge::Basic { .. }), Some(login)) => {
                request.basic_auth(&login.username, Some(login.password.expose()))
            }
            (Some(Challenge::Bearer { realm, service }), _) => {
                request.bearer_auth(self.token_for(&realm, service.as_deref(), scopes).await?.expose())
            }
            _ => request,
        };
        self.send(request).await
    }

    /// How it wants one to log in. It is asked once, and without a body: a login is not shown to who did not ask for it.
    async fn manner(&self) -> Result<Option<Challenge>, OciError> {
        match self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Manner::Told(challenge) => return Ok(Some(challenge)),
            Manner::Open => return Ok(None),
            Manner::Unknown => {}
        }
        let probe = self.send(self.request(Method::GET, self.url("v2/"))).await?;
        let challenge = challenge_of(&probe).filter(|_| probe.status() == StatusCode::UNAUTHORIZED);
        if matches!(probe.status(), StatusCode::OK | StatusCode::UNAUTHORIZED) {
            let manner = challenge.clone().map_or(Manner::Open, Manner::Told);
            *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
        }
        stranger(probe).await.map_or(Ok(challenge), Err)
    }

    /// Takes a refusal for what it says. Answers whether another attempt would differ: a token may have run out, and some
    /// registries let everyone read and want a login for the rest.
    pub(super) fn relearn(&self, refusal: &Response, scopes: &[String]) -> bool {
        let forgotten = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&scopes.join(" ")).is_some();
        let Some(told) = challenge_of(refusal) else { return forgotten };
        let mut manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !matches!(
            (&*manner, &told),
            (Manner::Told(Challenge::Basic { .. }), Challenge::Basic { .. })
                | (Manner::Told(Challenge::Bearer { .. }), Challenge::Bearer { .. })
        );
        if is_new {
            *manner = Manner::Told(told);
        }
        forgotten || is_new
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
