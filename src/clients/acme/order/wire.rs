//! The order client's HTTP client: our edge, remembering what the last answer said in its headers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use instant_acme::{Account, BodyWrapper, BytesResponse, Error, HttpClient, NewOrder, Order};

use crate::clients::acme::directory::Directory;
use crate::clients::acme::edge::{Edge, Reply};
use crate::clients::acme::error::AcmeError;
use crate::clients::acme::key::AccountKey;
use crate::clients::acme::problem::{Problem, Refusal};

use super::NONCE_ROUNDS;

/// The line to the CA for one order.
#[derive(Clone)]
pub(super) struct Wire {
    edge: Edge,
    directory_url: String,
    directory: Bytes,
    seen: Arc<Mutex<Seen>>,
}

/// What the last answer was.
#[derive(Clone, Debug, Default)]
struct Seen {
    url: String,
    status: u16,
    asked_pause: Option<Duration>,
}

impl Wire {
    pub fn new(edge: Edge, directory: &Directory) -> Self {
        let (directory_url, directory) = (directory.url.clone(), directory.bytes.clone());
        Self { edge, directory_url, directory, seen: Arc::default() }
    }

    /// An account over this wire; asks nothing, since the directory is answered from memory.
    pub async fn account(&self, key: &AccountKey, account_url: &str) -> Result<Account, AcmeError> {
        let builder = Account::builder_with_http(Box::new(self.clone()));
        let account = builder.from_parts(account_url.to_owned(), key.pkcs8()?, self.directory_url.clone());
        account.await.map_err(|error| self.error(error))
    }

    /// Makes an order, again if the CA does not take the nonce.
    pub async fn order(&self, account: &Account, order: &NewOrder<'_>) -> Result<Order, AcmeError> {
        let mut rounds = 1;
        loop {
            match account.new_order(order).await.map_err(|error| self.error(error)) {
                Err(error) if is_bad_nonce(&error) && rounds < NONCE_ROUNDS => rounds += 1,
                result => return result,
            }
        }
    }

    /// Reads an order by its URL, again if the CA does not take the nonce.
    pub async fn resume(&self, account: &Account, url: &str) -> Result<Order, AcmeError> {
        let mut rounds = 1;
        loop {
            match account.order(url.to_owned()).await.map_err(|error| self.error(error)) {
                Err(error) if is_bad_nonce(&error) && rounds < NONCE_ROUNDS => rounds += 1,
                result => return result,
            }
        }
    }

    /// The pause that the last answer asked for.
    pub fn asked_pause(&self) -> Option<Duration> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).asked_pause
    }

    /// The last answer in words.
    pub fn last_seen(&self) -> Option<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (seen.status != 0).then(|| format!("HTTP {} from {}", seen.status, seen.url))
    }

    fn remember(&self, url: &str, reply: &Reply) {
        let asked_pause = reply.asked_pause(self.edge.clock.now());
        let seen = Seen { url: url.to_owned(), status: reply.status, asked_pause };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// The order client's error as ours; what the edge told comes back as it was.
    pub fn error(&self, error: Error) -> AcmeError {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match error {
            Error::Other(inner) => match inner.downcast::<AcmeError>() {
                Ok(ours) => *ours,
                Err(other) => AcmeError::Strange { url: seen.url, why: other.to_string() },
            },
            Error::Api(problem) => {
                let status = problem.status.unwrap_or(seen.status);
                AcmeError::from(Refusal { url: seen.url, status, problem: Problem::from(&problem), retry_at: None })
            }
            Error::Crypto | Error::KeyRejected => AcmeError::AccountKey(error.to_string()),
            Error::Unsupported(what) => AcmeError::Unsupported(what.to_owned()),
            other => AcmeError::Strange { url: seen.url, why: other.to_string() },
        }
    }

    async fn answer(self, request: http::Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, AcmeError> {
        let url = request.uri().to_string();
        if request.method() == http::Method::GET && url == self.directory_url {
            return Ok(response(200, http::HeaderMap::new(), self.directory));
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await;
        let reply = self.edge.ask(http::Request::from_parts(parts, body.to_bytes())).await?;
        self.remember(&url, &reply);
        let nonce_refused = Problem::parse(&reply.body).is_some_and(|problem| problem.kind() == "badNonce");
        if reply.status >= 400 && !nonce_refused {
            return Err(AcmeError::from(reply.refusal(&url, self.edge.clock.now())));
        }
        Ok(response(reply.status, reply.headers, reply.body))
    }
}

fn is_bad_nonce(error: &AcmeError) -> bool {
    matches!(error, AcmeError::Refused(refusal) if refusal.problem.kind() == "badNonce")
}

fn response(status: u16, headers: http::HeaderMap, body: Bytes) -> BytesResponse {
    let mut answer = http::Response::new(());
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    *answer.headers_mut() = headers;
    BytesResponse { parts: answer.into_parts().0, body: Box::new(body) }
}

impl HttpClient for Wire {
    fn request(
        &self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let wire = self.clone();
        Box::pin(async move { wire.answer(request).await.map_err(|error| Error::Other(Box::new(error))) })
    }
}
