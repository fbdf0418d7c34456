//! A registry as its clients see it: login, push, pull and delete.
//!
//! Source: OCI Distribution Specification 1.1, and distribution's token authentication
//! (`docs/content/spec/auth/token.md`).

mod archive;
mod artifact;
mod authorize;
mod challenge;
mod chart;
mod copying;
mod docker_login;
mod error;
mod folder;
mod gather;
mod lists;
mod local;
mod manifests;
mod patience;
mod pieces;
mod place;
mod probe;
mod referrers;
mod sending;
mod stored_chart;
#[cfg(test)]
mod tests;
mod token;
mod told;
mod upload;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use tokio::sync::Semaphore;
use url::Url;

use crate::domain::dockerconfig::Login;
use crate::secret::Secret;

use super::http::{HttpError, Network};

pub use artifact::{
    ArtifactError, Blob, Fault as ArtifactFault, ForPlatform, LocalArtifact, Source as BlobSource, Wish as ArtifactWish,
};
pub use challenge::Challenge;
pub use chart::{ChartError, LocalChart};
pub use copying::{Content, Moving, Pushed};
pub use docker_login::{HelperError, login_of_user, parts_of_user};
pub use error::OciError;
pub use gather::{GatherError, Image};
pub use local::{LocalError, LocalImage};
pub use manifests::Head;
pub use patience::{Unfinished, patiently};
pub use place::{Place, Places};
pub use referrers::AttachError;
pub use stored_chart::StoredChart;
pub use token::Grant;
pub use told::{Subject, is_silence};

use challenge::challenge_of;
use error::{checked, limited};

/// How long a registry may take for a question and its answer, blobs aside.
const ANSWER: Duration = Duration::from_mins(1);

/// How many blobs are sent to one registry, or read from it, at the same time.
const AT_ONCE: usize = 4;

/// A registry, by one login or none.
pub struct Oci {
    http: reqwest::Client,
    network: Network,
    base: Url,
    login: Option<Login>,
    /// How it wants one to log in.
    manner: Mutex<Manner>,
    /// Tokens by their scopes, and until when they hold.
    tokens: Mutex<BTreeMap<String, (Secret, Instant)>>,
    slots: Semaphore,
    /// Whether it was seen to mount what is there: then an upload that it begins instead tells that the blob is not.
    mounts: AtomicBool,
}

/// How a registry wants one to log in, as far as it was asked.
#[derive(Clone, Debug, Default)]
enum Manner {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// Not at all.
    Open,
    /// So.
    Told(Challenge),
}

/// What a registry answers without a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anonymous {
    /// The status: 401 when a login is wanted.
    pub status: u16,
    /// How it wants one to log in.
    pub challenge: Option<Challenge>,
    /// Whether the answer says that it is a registry: by `Docker-Distribution-Api-Version`, or by the `{}` of an open one.
    pub is_registry: bool,
}

impl Oci {
    /// The registry at `base` (`https://HOST[:PORT]/`).
    pub fn new(network: &Network, base: Url, ca_pem: Option<&str>, login: Option<Login>) -> Result<Self, OciError> {
        network.proxy(&base).map_err(HttpError::from)?;
        Ok(Self {
            http: network.https(ca_pem)?,
            network: network.clone(),
            base,
            login,
            manner: Mutex::default(),
            tokens: Mutex::default(),
            slots: Semaphore::new(AT_ONCE),
            mounts: AtomicBool::new(false),
        })
    }

    /// Whether it is asked with a login.
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// What the registry answers to someone without a login.
    pub async fn anonymous(&self) -> Result<Anonymous, OciError> {
        let answer = self.send(self.request(Method::GET, self.url("v2/"))).await?;
        let version = answer.headers().get("docker-distribution-api-version");
        let is_told = version.is_some_and(|version| version.to_str().is_ok_and(|it| it.starts_with("registry/2")));
        let (status, challenge) = (answer.status().as_u16(), challenge_of(&answer));
        let is_registry = is_told || (status == 200 && limited(answer).await.is_ok_and(|body| is_empty_object(&body)));
        Ok(Anonymous { status, challenge, is_registry })
    }

    /// Logs in, to see whether the registry accepts it.
    pub async fn log_in(&self) -> Result<(), OciError> {
        let answer = self.authorized(Method::GET, self.url("v2/"), &[], |request| request).await?;
        checked(answer, 0).await.map(|_| ())
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// A request that is answered soon, if at all.
    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).timeout(ANSWER)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, OciError> {
        match request.send().await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(OciError::Http(self.network.fault(&error).await)),
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

fn is_empty_object(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|it| it.as_object().is_some_and(serde_json::Map::is_empty))
}

/// What allows to do these things in a repository: `pull`, `pull,push`, `delete`.
fn scope(repository: &str, actions: &str) -> String {
    format!("repository:{repository}:{actions}")
}
