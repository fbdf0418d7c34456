//! A transport for tests that answers from a script, in order, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;

use super::edge::{Reply, Transport};
use super::error::AcmeError;

/// The answers to come and the requests that were made.
pub struct Scripted {
    answers: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<String>>,
    bodies: Mutex<Vec<Value>>,
}

impl Scripted {
    pub(in crate::clients::acme) fn new(answers: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            bodies: Mutex::default(),
        })
    }

    /// `METHOD URL` of each request so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The nonce of each signed request so far.
    pub fn nonces(&self) -> Vec<String> {
        self.parts("protected").iter().map(|header| header["nonce"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The payload of each signed request so far.
    pub fn payloads(&self) -> Vec<Value> {
        self.parts("payload")
    }

    fn parts(&self, name: &str) -> Vec<Value> {
        let decoded = |body: &Value| URL_SAFE_NO_PAD.decode(body[name].as_str().unwrap_or_default()).unwrap();
        self.bodies
            .lock()
            .unwrap()
            .iter()
            .map(|body| serde_json::from_slice(&decoded(body)).unwrap_or_default())
            .collect()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Reply, AcmeError>> {
        self.asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        self.bodies.lock().unwrap().extend(serde_json::from_slice::<Value>(request.body()).ok());
        let answer = self.answers.lock().unwrap().pop_front();
        let url = request.uri().to_string();
        Box::pin(async move {
            match answer {
                Some(Reply { status: 0, .. }) => {
                    Err(AcmeError::Unreachable { url, why: "the connection broke".to_owned(), is_absent: false })
                }
                Some(answer) => Ok(answer),
                None => Err(AcmeError::Strange { url, why: "the script has no further answer".to_owned() }),
            }
        })
    }
}

/// An answer with its content type and a nonce.
pub(in crate::clients::acme) fn reply(status: u16, kind: &'static str, body: &str) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("replay-nonce", HeaderValue::from_static("nonce"));
    Reply { status, headers, body: Bytes::from(body.to_owned()) }
}

/// No answer: the connection breaks after the request.
pub(in crate::clients::acme) fn broken() -> Reply {
    reply(0, "", "")
}

/// A page of something in between, which says that all is well.
pub(in crate::clients::acme) fn page() -> Reply {
    reply(200, "text/html", "<!DOCTYPE html><title>Oops</title>")
}

/// A problem document of this kind.
pub(in crate::clients::acme) fn problem(status: u16, kind: &str, detail: &str) -> Reply {
    let body = serde_json::json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail });
    reply(status, "application/problem+json", &body.to_string())
}

/// The same answer with one more header.
pub(in crate::clients::acme) fn with_header(mut reply: Reply, name: &'static str, value: &'static str) -> Reply {
    reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    reply
}
