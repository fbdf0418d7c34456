//! A registry as its clients see it: login, push, pull and delete.
//!
//! Source: OCI Distribution Specification 1.1, and distribution's token authentication
//! (`docs/content/spec/auth/token.md`).

mod challenge;
mod token;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::digest::sha256_hex;
use crate::domain::dockerconfig::Login;
use crate::domain::probe_image::{Document, ProbeImage};
use crate::explain::chain;
use crate::secret::hidden;

use super::http::{HttpError, Network};

pub use challenge::Challenge;
pub use token::Grant;

/// Media types of manifests that we can read.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json";

/// The largest document read from a registry: manifests are limited to 4 MiB by distribution.
const DOCUMENT_LIMIT: usize = 8 * 1024 * 1024;

/// Why a registry did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    /// It was not reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The login is wrong or missing.
    #[error("the registry does not accept the login{}", said(words))]
    Unauthorized {
        /// The registry's words.
        words: String,
    },
    /// The login is right and may not do this.
    #[error("the registry does not allow it{}", said(words))]
    Denied {
        /// The registry's words.
        words: String,
    },
    /// There is no such thing.
    #[error("the registry does not have it{}", said(words))]
    NotFound {
        /// The registry's words.
        words: String,
    },
    /// Something on the way takes no body of this size.
    #[error("{size} bytes are too large for something on the way: status 413")]
    TooLarge {
        /// How many bytes were sent.
        size: usize,
    },
    /// It cannot do this: deleting is switched off.
    #[error("the registry does not support it{}", said(words))]
    Unsupported {
        /// The registry's words.
        words: String,
    },
    /// Any other answer.
    #[error("the registry answers with status {status}{}", said(words))]
    Refused {
        /// The status.
        status: u16,
        /// The registry's words.
        words: String,
    },
    /// It leads from TLS to an address without.
    #[error("it leads to `{url}`, without TLS: nothing was sent there")]
    Downgrade {
        /// The address.
        url: String,
    },
    /// What came back is not what was asked for.
    #[error("the content does not fit its digest: {found} instead of {wanted}")]
    Digest {
        /// What was asked for.
        wanted: String,
        /// What came.
        found: String,
    },
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

/// A registry, by one login or none.
pub struct Oci {
    http: reqwest::Client,
    network: Network,
    base: Url,
    login: Option<Login>,
}

/// What a registry answers without a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anonymous {
    /// The status: 401 when a login is wanted.
    pub status: u16,
    /// How it wants one to log in.
    pub challenge: Option<Challenge>,
    /// Whether the answer says that it is a registry (`Docker-Distribution-Api-Version`).
    pub is_registry: bool,
}

impl Oci {
    /// The registry at `base` (`https://HOST[:PORT]/`).
    pub fn new(network: &Network, base: Url, ca_pem: Option<&str>, login: Option<Login>) -> Result<Self, OciError> {
        network.proxy(&base).map_err(HttpError::from)?;
        Ok(Self { http: network.https(ca_pem)?, network: network.clone(), base, login })
    }

    /// What the registry answers to someone without a login.
    pub async fn anonymous(&self) -> Result<Anonymous, OciError> {
        let answer = self.send(self.http.get(self.url("v2/"))).await?;
        let version = answer.headers().get("docker-distribution-api-version");
        Ok(Anonymous {
            status: answer.status().as_u16(),
            challenge: challenge_of(&answer),
            is_registry: version.is_some_and(|version| version.to_str().is_ok_and(|it| it.starts_with("registry/2"))),
        })
    }

    /// Logs in, to see whether the registry accepts it.
    pub async fn log_in(&self) -> Result<(), OciError> {
        let answer = self.authorized(Method::GET, self.url("v2/"), "", |request| request).await?;
        checked(answer, 0).await.map(|_| ())
    }

    /// Pushes a whole image under a tag: blobs, manifests, index. Each blob is sent, whether the
    /// registry has it or not.
    pub async fn push(&self, repository: &str, tag: &str, image: &ProbeImage) -> Result<(), OciError> {
        let scope = format!("repository:{repository}:pull,push");
        for blob in image.blobs() {
            self.push_blob(repository, &scope, blob).await?;
        }
        for manifest in image.manifests() {
            self.push_manifest(repository, &scope, &manifest.digest, manifest).await?;
        }
        self.push_manifest(repository, &scope, tag, image.index()).await
    }

    async fn push_blob(&self, repository: &str, scope: &str, blob: &Document) -> Result<(), OciError> {
        let start = self.url(&format!("v2/{repository}/blobs/uploads/"));
        let started = self.authorized(Method::POST, start.clone(), scope, |request| request).await?;
        let started = checked(started, 0).await?;
        let location = started.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut upload = start.join(location).map_err(|error| OciError::Refused {
            status: started.status().as_u16(),
            words: format!("the upload's Location is no URL: {error}"),
        })?;
        upload.query_pairs_mut().append_pair("digest", &blob.digest);
        let body = blob.content.clone();
        let size = body.len();
        let sent = self
            .authorized(Method::PUT, upload, scope, |request| {
                request.header(CONTENT_TYPE, "application/octet-stream").body(body.clone())
            })
            .await?;
        checked(sent, size).await.map(|_| ())
    }

    async fn push_manifest(
        &self,
        repository: &str,
        scope: &str,
        reference: &str,
        manifest: &Document,
    ) -> Result<(), OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{reference}"));
        let body = manifest.content.clone();
        let sent = self
            .authorized(Method::PUT, url, scope, |request| {
                request.header(CONTENT_TYPE, manifest.media_type).body(body.clone())
            })
            .await?;
        checked(sent, manifest.content.len()).await.map(|_| ())
    }

    /// A manifest or index by digest, its content checked.
    pub async fn pull_manifest(&self, repository: &str, digest: &str) -> Result<Bytes, OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{digest}"));
        self.pull(url, repository, digest).await
    }

    /// A blob by digest, its content checked.
    pub async fn pull_blob(&self, repository: &str, digest: &str) -> Result<Bytes, OciError> {
        let url = self.url(&format!("v2/{repository}/blobs/{digest}"));
        self.pull(url, repository, digest).await
    }

    async fn pull(&self, url: Url, repository: &str, digest: &str) -> Result<Bytes, OciError> {
        let scope = format!("repository:{repository}:pull");
        let answer = self.authorized(Method::GET, url, &scope, |request| request.header(ACCEPT, MANIFESTS)).await?;
        let content = limited(checked(answer, 0).await?).await?;
        let found = format!("sha256:{}", sha256_hex(&content));
        if found == digest { Ok(content) } else { Err(OciError::Digest { wanted: digest.to_owned(), found }) }
    }

    /// Deletes a manifest; success if it is gone already.
    pub async fn delete_manifest(&self, repository: &str, digest: &str) -> Result<(), OciError> {
        let url = self.url(&format!("v2/{repository}/manifests/{digest}"));
        let scope = format!("repository:{repository}:delete");
        let answer = self.authorized(Method::DELETE, url, &scope, |request| request).await?;
        match checked(answer, 0).await {
            Ok(_) | Err(OciError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, OciError> {
        match request.send().await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(OciError::Http(self.network.fault(&error).await)),
        }
    }

    /// Sends a request as the registry wants to be asked: with the login if its challenge is Basic,
    /// with a token for `scope` if it is Bearer.
    async fn authorized(
        &self,
        method: Method,
        url: Url,
        scope: &str,
        finish: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, OciError> {
        self.refuse_downgrade(&url)?;
        let request = || finish(self.http.request(method.clone(), url.clone()));
        if url.origin() != self.base.origin() {
            // Where else a registry has one upload (a store with signed URLs), the login is nobody's business.
            return self.send(request()).await;
        }
        // The challenge first, and without a body: a login is not shown to who did not ask for it.
        let probe = self.send(self.http.get(self.url("v2/"))).await?;
        match (challenge_of(&probe), &self.login) {
            (Some(Challenge::Basic { .. }), Some(login)) if probe.status() == StatusCode::UNAUTHORIZED => {
                self.send(request().basic_auth(&login.username, Some(login.password.expose()))).await
            }
            (Some(Challenge::Bearer { realm, service }), _) if probe.status() == StatusCode::UNAUTHORIZED => {
                let scopes = Some(scope.to_owned()).filter(|scope| !scope.is_empty());
                let (token, _) = self.token(&realm, service.as_deref(), scopes.as_slice()).await?;
                self.send(request().bearer_auth(token.expose())).await
            }
            _ => self.send(request()).await,
        }
    }

    /// A registry behind a proxy that does not say so answers with `http://` in `Location`: all that follows could be read
    /// on the way.
    fn refuse_downgrade(&self, url: &Url) -> Result<(), OciError> {
        if self.base.scheme() == "https" && url.scheme() != "https" {
            let mut shown = url.clone();
            shown.set_query(None);
            return Err(OciError::Downgrade { url: shown.to_string() });
        }
        Ok(())
    }
}

fn challenge_of(answer: &Response) -> Option<Challenge> {
    answer.headers().get_all(WWW_AUTHENTICATE).iter().find_map(|value| Challenge::parse(value.to_str().ok()?))
}

fn broken_off(error: &reqwest::Error) -> OciError {
    OciError::Http(HttpError::Unreachable { fault: chain(error) })
}

async fn limited(mut answer: Response) -> Result<Bytes, OciError> {
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_off(&error))? {
        content.extend_from_slice(&chunk);
        if content.len() > DOCUMENT_LIMIT {
            let words = format!("the answer has more than {DOCUMENT_LIMIT} bytes");
            return Err(OciError::Refused { status: answer.status().as_u16(), words });
        }
    }
    Ok(Bytes::from(content))
}

/// The answer if it is a success, else the error it stands for; `size` bytes had been sent.
async fn checked(answer: Response, size: usize) -> Result<Response, OciError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = limited(answer).await.unwrap_or_default();
    let words = words_of(&body);
    Err(match status {
        StatusCode::UNAUTHORIZED => OciError::Unauthorized { words },
        StatusCode::FORBIDDEN => OciError::Denied { words },
        StatusCode::NOT_FOUND => OciError::NotFound { words },
        StatusCode::METHOD_NOT_ALLOWED => OciError::Unsupported { words },
        StatusCode::PAYLOAD_TOO_LARGE => OciError::TooLarge { size },
        _ => OciError::Refused { status: status.as_u16(), words },
    })
}

#[derive(Default, Deserialize)]
struct Envelope {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The registry's own words: its error envelope, or else the beginning of the body.
fn words_of(body: &[u8]) -> String {
    let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
    let complaints: Vec<String> =
        envelope.errors.iter().map(|error| format!("{} {}", error.code, error.message).trim().to_owned()).collect();
    if complaints.is_empty() {
        return hidden(String::from_utf8_lossy(body).trim()).chars().take(200).collect();
    }
    complaints.join("; ")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_registrys_words_are_its_codes_and_messages() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no push","detail":[1]}]}"#;
        assert_eq!(words_of(body), "DENIED no push");
        assert_eq!(words_of(b"<html>413</html>"), "<html>413</html>");
    }

    /// What a server was asked: the request's line, and its `Authorization`.
    type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

    /// A server that answers each request by its line, with connections closed after each.
    async fn server(answer: impl Fn(&str) -> String + Send + 'static) -> (Url, Asked) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let asked = Asked::default();
        let seen = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let (mut head, mut length) = (Vec::new(), 0);
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap() == 0 || line.trim().is_empty() {
                        break;
                    }
                    let line = line.trim().to_owned();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                        length = value.parse().unwrap();
                    }
                    head.push(line);
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                let Some(first) = head.first().cloned() else { continue };
                let login = head.iter().find_map(|line| {
                    line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
                });
                seen.lock().unwrap().push((first.clone(), login.map(|(_, value)| value.to_owned())));
                let text = answer(&first);
                stream.write_all(text.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        (url, asked)
    }

    fn reply(head: &str) -> String {
        format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    }

    fn client(base: Url) -> Oci {
        let login = Login { username: "ann".to_owned(), password: Secret::new("correct horse battery") };
        Oci::new(&Network::default(), base, None, Some(login)).unwrap()
    }

    async fn push_one(registry: &Oci) -> Result<(), OciError> {
        let image = ProbeImage::new("1");
        registry.push_blob("a", "repository:a:pull,push", image.blobs().first().unwrap()).await
    }

    /// A registry that wants `challenge` and has uploads go on at `location`.
    async fn leading_to(challenge: &'static str, location: String) -> (Url, Asked) {
        server(move |line| match line.split(' ').next() {
            Some("GET") => reply(&format!("401 Unauthorized\r\nwww-authenticate: {challenge}")),
            Some("POST") => reply(&format!("202 Accepted\r\nlocation: {location}")),
            _ => reply("201 Created"),
        })
        .await
    }

    #[tokio::test]
    async fn the_login_goes_to_the_registry_itself_and_to_nobody_that_it_names() {
        let (elsewhere, theirs) = server(|_| reply("201 Created")).await;
        let (base, ours) = leading_to("Basic realm=\"r\"", format!("{elsewhere}upload?signed=1")).await;
        push_one(&client(base)).await.unwrap();
        let logins = |asked: &Asked| asked.lock().unwrap().iter().filter(|(_, login)| login.is_some()).count();
        assert_eq!(theirs.lock().unwrap().len(), 1);
        assert_eq!((logins(&ours), logins(&theirs)), (1, 0));

        let (base, ours) = leading_to("Basic realm=\"r\"", "/v2/a/upload".to_owned()).await;
        push_one(&client(base)).await.unwrap();
        assert_eq!(logins(&ours), 2, "both requests of the upload are the registry's own");
    }

    #[test]
    fn an_origin_is_the_same_with_and_without_its_usual_port() {
        let origin = |url: &str| Url::parse(url).unwrap().origin();
        assert_eq!(origin("https://registry.test:443/a"), origin("https://REGISTRY.test/b"));
        for other in ["https://registry.test:5000/", "http://registry.test/", "https://a.registry.test/"] {
            assert_ne!(origin("https://registry.test/"), origin(other));
        }
    }

    #[tokio::test]
    async fn nothing_goes_from_tls_to_an_address_without() {
        let registry = client(Url::parse("https://registry.test/").unwrap());
        for url in ["http://registry.test/v2/a/upload?state=s", "http://elsewhere.test/", "ftp://registry.test/"] {
            let url = Url::parse(url).unwrap();
            let refused = registry.authorized(Method::PUT, url.clone(), "", |request| request).await;
            assert!(matches!(refused, Err(OciError::Downgrade { .. })), "{url}");
        }
        let refused = registry.token("http://auth.test/token", None, &[]).await.unwrap_err();
        assert_eq!(refused, OciError::Downgrade { url: "http://auth.test/token".to_owned() });
    }
}
