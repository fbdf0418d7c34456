//! The registry's configuration file.
//!
//! Source: distribution, `docs/content/about/configuration.md` and `configuration/configuration.go`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{PORT, Registry, S3, Storage};

/// Where images lie in the container.
pub const DATA_PATH: &str = "/var/lib/registry";

/// How often the registry looks whether its storage answers: so long after its start for the first time, and until then it
/// counts as healthy (`health/health.go`, `Poll`). An apply waits for the first look, and AWS is paid for each.
pub fn storage_interval(storage: &Storage) -> Duration {
    let is_paid = matches!(storage, Storage::S3(S3 { endpoint: None, .. }));
    Duration::from_secs(if is_paid { 5 } else { 2 })
}

/// When the registry has told of its storage for the first time, after its start: by its log, or by readiness where it logs
/// nothing of that (the second major version, `handlers/app.go`, `RegisterHealthChecks`).
pub fn first_look(registry: &Registry) -> Duration {
    match registry.image.major_version() {
        Some(0..=2) => STORAGE_TOLERANCE,
        _ => storage_interval(&registry.storage),
    }
}

/// How long the storage may fail before the registry answers nobody any more: a short trouble of a bucket is none of the
/// clients that need nothing of it.
const STORAGE_TOLERANCE: Duration = Duration::from_secs(30);

/// How long a registry that is to end goes on with the pushes and pulls that have begun: less than the time that a Pod is
/// given. Without it each of them breaks off (`registry/registry.go`, `ListenAndServe`).
const DRAIN: &str = "25s";

/// The folder of the password file. The Secret is mounted as a folder, so that a change of it reaches
/// the Pod.
pub const USERS_PATH: &str = "/run/registry/users";

/// The folder of certificate and key.
pub const TLS_PATH: &str = "/run/registry/tls";

/// A value of the file.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Setting {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
    Section(BTreeMap<&'static str, Setting>),
    Named(BTreeMap<String, Setting>),
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Setting {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

fn section<const N: usize>(settings: [(&'static str, Setting); N]) -> Setting {
    Setting::Section(settings.into_iter().collect())
}

/// Where the file lies in the container: the third major version moved it.
pub fn path(registry: &Registry) -> &'static str {
    match registry.image.major_version() {
        Some(0..=2) => "/etc/docker/registry/config.yml",
        _ => "/etc/distribution/config.yml",
    }
}

/// The file's text. Nothing in it is secret: credentials reach the container by its environment.
pub fn text(registry: &Registry) -> String {
    let mut file = BTreeMap::from([
        ("version", "0.1".into()),
        ("log", section([("level", registry.log_level.as_str().into())])),
        ("storage", storage(registry)),
        ("http", http(registry)),
        ("health", health(&registry.storage)),
    ]);
    if registry.has_users {
        let realm = registry.host.as_deref().unwrap_or(&registry.name);
        let file_path = format!("{USERS_PATH}/{}", super::HTPASSWD_KEY);
        let htpasswd = section([("realm", realm.into()), ("path", file_path.into())]);
        file.insert("auth", section([("htpasswd", htpasswd)]));
    }
    if let Some(proxy) = &registry.proxy {
        let mut settings = BTreeMap::from([("remoteurl", proxy.remote_url.trim_end_matches('/').into())]);
        if let Some(username) = &proxy.username {
            settings.insert("username", username.as_str().into());
        }
        file.insert("proxy", Setting::Section(settings));
    }
    serde_saphyr::to_string(&Setting::Section(file)).unwrap_or_default()
}

/// The storage shows its failures in the readiness of the Pod.
fn health(storage: &Storage) -> Setting {
    let seconds = storage_interval(storage).as_secs();
    let threshold = Setting::Number(i64::try_from(STORAGE_TOLERANCE.as_secs() / seconds).unwrap_or(1));
    let driver =
        section([("enabled", true.into()), ("interval", format!("{seconds}s").into()), ("threshold", threshold)]);
    section([("storagedriver", driver)])
}

fn http(registry: &Registry) -> Setting {
    let headers = registry.headers.iter().map(|(name, value)| (name.clone(), Setting::List(vec![value.clone()])));
    let mut settings = BTreeMap::from([
        ("addr", format!(":{PORT}").into()),
        // Locations without scheme and host are right behind any proxy and under any name.
        ("relativeurls", true.into()),
        ("draintimeout", DRAIN.into()),
        ("headers", Setting::Named(headers.collect())),
    ]);
    if registry.serves_tls() {
        let certificate = format!("{TLS_PATH}/tls.crt");
        let key = format!("{TLS_PATH}/tls.key");
        settings.insert("tls", section([("certificate", certificate.into()), ("key", key.into())]));
    }
    Setting::Section(settings)
}

fn storage(registry: &Registry) -> Setting {
    // A cache takes off what it has kept long enough: by deletions, which its clients cannot ask for.
    let is_cache = registry.proxy.is_some();
    let deletes = registry.delete_enabled || is_cache;
    let mut settings = BTreeMap::from([("delete", section([("enabled", deletes.into())]))]);
    // What one replica remembers of a blob is wrong as soon as another deletes it, or a cache in a second repository
    // (`linkedBlobStore.Delete` forgets it in one only).
    if registry.replicas <= 1 && !is_cache {
        settings.insert("cache", section([("blobdescriptor", "inmemory".into())]));
    }
    match &registry.storage {
        Storage::S3(bucket) => {
            settings.insert("s3", s3(bucket));
            settings.insert("redirect", section([("disable", (!bucket.redirect).into())]));
        }
        Storage::Volume(_) | Storage::Ephemeral { .. } => {
            settings.insert("filesystem", section([("rootdirectory", DATA_PATH.into())]));
        }
    }
    Setting::Section(settings)
}

fn s3(bucket: &S3) -> Setting {
    let mut settings = BTreeMap::from([
        ("bucket", bucket.bucket.as_str().into()),
        ("region", bucket.region.as_str().into()),
        ("encrypt", bucket.encrypt.into()),
        ("secure", bucket.secure.into()),
    ]);
    if let Some(endpoint) = &bucket.endpoint {
        settings.insert("regionendpoint", endpoint.as_str().into());
        settings.insert("forcepathstyle", true.into());
    }
    if let Some(folder) = &bucket.root_directory {
        settings.insert("rootdirectory", folder.as_str().into());
    }
    Setting::Section(settings)
}
