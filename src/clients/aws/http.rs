//! The HTTP client of AWS's services: by the way, and with the trust, that all remotes share.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::{CONTENT_TYPE, LOCATION};
use reqwest::Certificate;
use url::Url;

use crate::clients::http::{HttpError, Network, built};
use crate::domain::aws_endpoint::Endpoint;

/// How much of a page is looked at for its title.
const PAGE: usize = 4096;

/// An answer that did not come: from where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
pub struct Lost {
    /// The address, and who named it.
    pub place: String,
    /// Why.
    pub error: HttpError,
}

/// Makes connections for the SDK.
#[derive(Clone, Debug)]
pub(super) struct AwsHttp(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    network: Network,
    /// The CAs trusted beside the system's; or why they cannot be read.
    bundle: Result<Vec<Certificate>, HttpError>,
    /// The addresses that are not AWS's own.
    endpoints: Vec<Endpoint>,
    connectors: Mutex<HashMap<Patience, SharedHttpConnector>>,
}

/// How long connecting and each part of the answer may take.
type Patience = (Option<Duration>, Option<Duration>);

impl AwsHttp {
    pub(super) fn new(network: Network, bundle: Result<Vec<Certificate>, HttpError>, endpoints: Vec<Endpoint>) -> Self {
        Self(Arc::new(Shared { network, bundle, endpoints, connectors: Mutex::default() }))
    }

    fn client(&self, (connect, read): Patience) -> Result<reqwest::Client, HttpError> {
        let mut builder = self.0.network.builder().tls_certs_merge(self.0.bundle.clone()?);
        builder = connect.into_iter().fold(builder, reqwest::ClientBuilder::connect_timeout);
        built(read.into_iter().fold(builder, reqwest::ClientBuilder::read_timeout))
    }
}

impl HttpClient for AwsHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let patience = (settings.connect_timeout(), settings.read_timeout());
        let mut known = self.0.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || SharedHttpConnector::new(Connector { client: self.client(patience), shared: self.0.clone() });
        known.entry(patience).or_insert_with(make).clone()
    }
}

#[derive(Clone, Debug)]
struct Connector {
    client: Result<reqwest::Client, HttpError>,
    shared: Arc<Shared>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let url = request.uri().to_owned();
            match this.send(request).await {
                Ok(answer) => Ok(answer),
                Err(Trouble::Ours(error)) => Err(ConnectorError::user(error)),
                Err(Trouble::Way(error)) => Err(this.lost(&url, error)),
            }
        })
    }
}

enum Trouble {
    Ours(Box<dyn Error + Send + Sync>),
    Way(HttpError),
}

impl From<HttpError> for Trouble {
    fn from(error: HttpError) -> Self {
        Self::Way(error)
    }
}

impl Connector {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Trouble> {
        let client = self.client.as_ref().map_err(Clone::clone)?;
        let request = request.try_into_http1x().map_err(|error| Trouble::Ours(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().map(<[u8]>::to_vec).ok_or_else(|| Trouble::Ours("a body that streams".into()))?;
        let request = reqwest::Request::try_from(http::Request::from_parts(parts, reqwest::Body::from(body)));
        let request = request.map_err(|error| Trouble::Ours(error.into()))?;
        self.shared.network.proxy(request.url()).map_err(HttpError::from)?;
        let response = match client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(self.shared.network.fault(&error).await.into()),
        };
        self.answer(response).await
    }

    /// The answer, if it is one of AWS's: a service neither redirects nor asks for a login to a proxy, and below status 500 it
    /// speaks no HTML.
    async fn answer(&self, response: reqwest::Response) -> Result<HttpResponse, Trouble> {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return Err(self.shared.network.fault(&error).await.into()),
        };
        let text = |name| headers.get(&name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if status.as_u16() == 407 {
            return Err(self.wants_login(&url).into());
        }
        if let (true, Some(to)) = (status.is_redirection(), text(LOCATION)) {
            return Err(HttpError::WebPage { words: format!("status {}, on to {to}", status.as_u16()) }.into());
        }
        let is_page = text(CONTENT_TYPE).is_some_and(|kind| kind.contains("html")) && !body.is_empty();
        if is_page && status.as_u16() < 500 {
            let words = format!("status {}, {}", status.as_u16(), title(&body));
            return Err(HttpError::WebPage { words }.into());
        }
        let mut answer = http::Response::new(SdkBody::from(body));
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        HttpResponse::try_from(answer).map_err(|error| Trouble::Ours(error.into()))
    }

    fn wants_login(&self, url: &Url) -> HttpError {
        match self.shared.network.proxy(url).ok().flatten() {
            Some(proxy) => HttpError::wants_login(&proxy),
            None => HttpError::WebPage { words: "status 407, as a proxy answers, and none is set".to_owned() },
        }
    }

    /// Permanent faults are no I/O errors to the SDK, which tries those again.
    fn lost(&self, uri: &str, error: HttpError) -> ConnectorError {
        let is_permanent = error.is_permanent();
        let lost = Box::new(Lost { place: self.place(uri), error });
        if is_permanent { ConnectorError::other(lost, None) } else { ConnectorError::io(lost) }
    }

    fn place(&self, uri: &str) -> String {
        let named = |endpoint: &&Endpoint| uri.starts_with(endpoint.url.trim_end_matches('/'));
        let host = Url::parse(uri).ok().map(|url| url.origin().ascii_serialization());
        let host = host.unwrap_or_else(|| uri.to_owned());
        match self.shared.endpoints.iter().find(named) {
            Some(endpoint) => format!("{}, from {}", endpoint.url, endpoint.origin),
            None => format!("{host}, AWS's own address"),
        }
    }
}

/// What a page calls itself.
fn title(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..PAGE).unwrap_or(body)).into_owned();
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>").map(|at| at + "<title>".len());
    let found = start.and_then(|start| text.get(start..start + lower.get(start..)?.find("</title>")?));
    match found.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|title| !title.is_empty()) {
        Some(title) => format!("titled \"{}\"", title.chars().take(100).collect::<String>()),
        None => "without a title".to_owned(),
    }
}
