//! From settings to a connected client: kubeconfig, host, or the Pod's own account.

mod credentials;
mod exec;
mod files;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, NamedAuthInfo};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::{credential, pem};
use crate::env::Env;
use crate::explain::chain;
use crate::retry::{Budget, Stopped};
use crate::secret::{Secret, learn_named};

use super::error::{ClusterError, from_transport};
use super::settings::{Exec, Settings, Source};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a failure to get credentials is believed: all who wait for them meanwhile are told the same, instead of each
/// running a slow program once more.
const FAILURE_MEMORY: Duration = Duration::from_secs(10);

/// How long before their end credentials are renewed, at most.
const RENEWAL: SignedDuration = SignedDuration::from_secs(60);

/// The name of the user that the provider block describes.
const OWN_USER: &str = "berth: the provider block";

/// A client and what errors tell about it.
pub(super) struct Connection {
    pub(super) client: kube::Client,
    /// The API server's address.
    pub(super) server: String,
    pub(super) source: Source,
    /// When the credentials are to be renewed.
    renew_at: Option<Timestamp>,
}

/// The one connection that all calls share: made when first needed, and anew when its credentials end.
pub(super) struct Access(Mutex<Present>);

enum Present {
    Nothing,
    Connected(Arc<Connection>),
    Failed(Instant, ClusterError),
}

impl Access {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Present::Nothing))
    }

    /// The connection, for as long as the budget lasts.
    pub(super) async fn connection(
        &self,
        budget: &Budget,
        settings: &Settings,
        env: &Env,
    ) -> Result<Arc<Connection>, ClusterError> {
        if let Some(connection) = self.present() {
            return Ok(connection);
        }
        budget.run(self.connected(settings, env)).await.unwrap_or_else(|stopped| {
            let source = settings.source(env).map_err(ClusterError::NotConfigured)?;
            Err(match stopped {
                // Nothing was asked of the cluster: a refresh can do without it.
                Stopped::Deadline => bad_source(&source, "no credentials were given in time".to_owned()),
                Stopped::Interrupted => ClusterError::Stopped {
                    stopped,
                    waiting_for: "the credentials of the cluster".to_owned(),
                    last_seen: None,
                },
            })
        })
    }

    /// The connection that is there already: none has to be waited for, also when the time is over.
    fn present(&self) -> Option<Arc<Connection>> {
        match &*self.0.try_lock().ok()? {
            Present::Connected(connection) if connection.is_fresh() => Some(connection.clone()),
            _ => None,
        }
    }

    async fn connected(&self, settings: &Settings, env: &Env) -> Result<Arc<Connection>, ClusterError> {
        let mut present = self.0.lock().await;
        match &*present {
            Present::Connected(connection) if connection.is_fresh() => return Ok(connection.clone()),
            Present::Failed(since, error) if since.elapsed() < FAILURE_MEMORY => return Err(error.clone()),
            _ => {}
        }
        // Boxed: every call to the cluster carries it.
        let made = Box::pin(connect(settings, env)).await.map(Arc::new);
        *present = match &made {
            Ok(connection) => Present::Connected(connection.clone()),
            Err(error) => Present::Failed(Instant::now(), error.clone()),
        };
        made
    }

    #[cfg(test)]
    pub(super) fn by(client: kube::Client) -> Self {
        let source = Source::Host("https://cluster.test".to_owned());
        let connection = Connection { client, server: "https://cluster.test/".to_owned(), source, renew_at: None };
        Self(Mutex::new(Present::Connected(Arc::new(connection))))
    }
}

impl Connection {
    fn is_fresh(&self) -> bool {
        self.renew_at.is_none_or(|moment| Clock::system().now() < moment)
    }

    /// What it means that the API server took a call and did not answer for so long.
    pub(super) fn silent(&self, patience: Duration) -> ClusterError {
        ClusterError::Unreachable {
            server: self.server.clone(),
            source_of_settings: self.source.clone(),
            fault: format!("it took the call and did not answer within {} seconds", patience.as_secs()),
        }
    }
}

/// Reads the settings and builds the client. Makes no request, but may run the program that gives credentials.
async fn connect(settings: &Settings, env: &Env) -> Result<Connection, ClusterError> {
    let source = settings.source(env).map_err(ClusterError::NotConfigured)?;
    let mut config = configuration(settings, env, &source).await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    let asked = Clock::system().now();
    let until = credentials::settle(&mut config, settings, &source).await?;
    config.proxy_url.iter().for_each(|proxy| learn_named("proxy", &proxy.to_string()));
    let server = config.cluster_url.to_string();
    let client = kube::Client::try_from(config).map_err(|error| match from_transport(&error, &server, &source) {
        ClusterError::Unreachable { fault, .. } => bad_source(&source, fault),
        other => other,
    })?;
    Ok(Connection { client, server, source, renew_at: until.map(|until| renewal(asked, until)) })
}

/// A while before the end, but not so early that a short life is renewed all the time.
fn renewal(now: Timestamp, until: Timestamp) -> Timestamp {
    let margin = (until.duration_since(now) / 4).min(RENEWAL);
    until.checked_sub(margin).unwrap_or(until)
}

async fn configuration(settings: &Settings, env: &Env, source: &Source) -> Result<Config, ClusterError> {
    let mut kubeconfig = match source {
        Source::InCluster => {
            return Config::incluster().map_err(|error| bad_source(source, chain(&error)));
        }
        Source::Host(host) => from_host(host).map_err(|words| bad_source(source, words))?,
        Source::ConfigPath(_) | Source::Variable(..) => {
            files::read(source.files()).map_err(|words| bad_source(source, words))?
        }
        Source::Setting(_) => return Err(bad_source(source, "it names no cluster".to_owned())),
    };
    let context = match source {
        Source::Host(_) => None,
        _ => settings.context(env),
    };
    fit(settings)?;
    overlay(&mut kubeconfig, context.as_deref(), settings).map_err(|words| bad_source(source, words))?;
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let built = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    built.map_err(|error| bad_source(source, files::words(&error, None)))
}

/// Looks at the PEM texts of the provider block.
fn fit(settings: &Settings) -> Result<(), ClusterError> {
    let key = settings.client_key.as_ref().map(Secret::expose);
    for (name, text, kind) in [
        ("kubernetes.cluster_ca_certificate", settings.cluster_ca_certificate.as_deref(), "CERTIFICATE"),
        ("kubernetes.client_certificate", settings.client_certificate.as_deref(), "CERTIFICATE"),
        ("kubernetes.client_key", key, "PRIVATE KEY"),
    ] {
        if let Some(Err(unfit)) = text.map(|text| credential::pem(text, kind)) {
            return Err(bad_source(&Source::Setting(name), format!("it {unfit}")));
        }
    }
    Ok(())
}

/// PEM as the cluster's client reads it; [`fit`] has looked at it before.
fn cleaned(given: &str) -> String {
    pem::cleaned(given).map_or_else(|_| given.to_owned(), |text| text.to_string())
}

fn bad_source(source: &Source, fault: String) -> ClusterError {
    ClusterError::BadSource { source_of_settings: source.clone(), fault }
}

/// A kubeconfig for an API server given by address alone.
fn from_host(host: &str) -> Result<Kubeconfig, String> {
    if !host.starts_with("https://") && !host.starts_with("http://") {
        return Err("the address does not begin with https://".to_owned());
    }
    let file = json!({
        "current-context": "berth",
        "clusters": [{ "name": "berth", "cluster": { "server": host } }],
        "users": [{ "name": "berth", "user": {} }],
        "contexts": [{ "name": "berth", "context": { "cluster": "berth", "user": "berth" } }],
    });
    serde_json::from_value(file).map_err(|error| error.to_string())
}

/// Lays what the provider block says over the chosen context. Credentials given there take the place of the kubeconfig's
/// user, whether it names one or not.
fn overlay(kubeconfig: &mut Kubeconfig, context: Option<&str>, settings: &Settings) -> Result<(), String> {
    let chosen = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone());
    let named = kubeconfig.contexts.iter_mut().find(|it| Some(&it.name) == chosen.as_ref());
    let Some(context) = named.and_then(|it| it.context.as_mut()) else { return Ok(()) };
    let user = credentials(settings);
    if !user.is_empty() {
        let auth_info = serde_json::from_value(Value::Object(user)).map_err(|error| error.to_string())?;
        kubeconfig.auth_infos.retain(|it| it.name != OWN_USER);
        kubeconfig.auth_infos.push(NamedAuthInfo {
            name: OWN_USER.to_owned(),
            auth_info: Some(auth_info),
            ..NamedAuthInfo::default()
        });
        context.user = Some(OWN_USER.to_owned());
    }
    for named in kubeconfig.auth_infos.iter_mut().filter(|it| Some(&it.name) == context.user.as_ref()) {
        if let Some(exec) = named.auth_info.as_mut().and_then(|info| info.exec.as_mut()) {
            // The plugin's own standard input is nothing that a login program may ask questions on.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    for cluster in kubeconfig.clusters.iter_mut().filter(|it| it.name == context.cluster) {
        let Some(cluster) = &mut cluster.cluster else { continue };
        if let Some(pem) = &settings.cluster_ca_certificate {
            cluster.certificate_authority_data = Some(STANDARD.encode(cleaned(pem)));
        }
        cluster.tls_server_name = settings.tls_server_name.clone().or_else(|| cluster.tls_server_name.take());
        cluster.proxy_url = settings.proxy_url.clone().or_else(|| cluster.proxy_url.take());
    }
    Ok(())
}

/// The credentials of the provider block as a kubeconfig's user; empty if there are none.
fn credentials(settings: &Settings) -> Map<String, Value> {
    let mut user = Map::new();
    if let Some(token) = &settings.token {
        user.insert("token".to_owned(), json!(token.expose()));
    }
    if let Some(pem) = &settings.client_certificate {
        user.insert("client-certificate-data".to_owned(), json!(STANDARD.encode(cleaned(pem))));
    }
    if let Some(pem) = &settings.client_key {
        user.insert("client-key-data".to_owned(), json!(STANDARD.encode(cleaned(pem.expose()))));
    }
    if let Some(exec) = &settings.exec {
        user.insert("exec".to_owned(), exec_value(exec));
    }
    user
}

fn exec_value(exec: &Exec) -> Value {
    let env: Vec<Value> = exec.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "apiVersion": exec.api_version,
        "command": exec.command,
        "args": exec.args,
        "env": env,
        "interactiveMode": "Never",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r"
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1}}
- {name: two, context: {cluster: c2, user: u2}}
clusters:
- {name: c1, cluster: {server: 'https://one.test:6443'}}
- {name: c2, cluster: {server: 'https://two.test:6443'}}
users:
- {name: u1, user: {token: t1}}
- {name: u2, user: {exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1}}}
";

    fn written() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, FILE).unwrap();
        let path = path.to_str().unwrap().to_owned();
        (folder, path)
    }

    async fn read(settings: &Settings, env: &Env) -> Result<Config, ClusterError> {
        let source = settings.source(env).unwrap();
        configuration(settings, env, &source).await
    }

    #[tokio::test]
    async fn reads_the_chosen_context() {
        let (_folder, path) = written();
        let settings = Settings { config_path: Some(path.clone()), ..Settings::default() };
        let config = read(&settings, &Env::default()).await.unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://one.test:6443/");

        let env: Env = [("KUBECONFIG", path.as_str()), ("KUBE_CTX", "two")].into_iter().collect();
        let config = read(&Settings::default(), &env).await.unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://two.test:6443/");
        assert_eq!(config.auth_info.exec.unwrap().interactive_mode, Some(ExecInteractiveMode::Never));
    }

    #[tokio::test]
    async fn credentials_of_the_provider_block_replace_those_of_the_file() {
        let (_folder, path) = written();
        let settings = Settings {
            config_path: Some(path),
            exec: Some(Exec { command: "login".to_owned(), ..Exec::default() }),
            tls_server_name: Some("inner.test".to_owned()),
            ..Settings::default()
        };
        let config = read(&settings, &Env::default()).await.unwrap();
        assert!(config.auth_info.token.is_none());
        assert_eq!(config.auth_info.exec.unwrap().command.as_deref(), Some("login"));
        assert_eq!(config.tls_server_name.as_deref(), Some("inner.test"));
    }

    #[tokio::test]
    async fn a_file_that_does_not_exist_is_named_with_the_setting() {
        let settings = Settings { config_path: Some("/nonexistent/config".to_owned()), ..Settings::default() };
        let error = connect(&settings, &Env::default()).await.err().unwrap();
        let told = error.explain("Cannot read the registry `apps/registry`").to_string();
        assert_eq!(error.code(), "BERTH-K8S-002");
        assert!(told.contains(r#"kubernetes.config_path = "/nonexistent/config""#), "{told}");
        assert!(told.contains("No such file"), "{told}");
        assert_eq!(error.provider_attribute(), Some("kubernetes.config_path"));
    }

    #[tokio::test]
    async fn a_context_that_does_not_exist_is_named() {
        let (_folder, path) = written();
        let settings =
            Settings { config_path: Some(path), config_context: Some("three".to_owned()), ..Settings::default() };
        let error = connect(&settings, &Env::default()).await.err().unwrap();
        assert!(error.explain("x").to_string().contains("three"), "{error:?}");
    }

    fn by_token(token: &str) -> Settings {
        Settings { host: Some("https://a.test".to_owned()), token: Some(Secret::new(token)), ..Settings::default() }
    }

    async fn fault(settings: &Settings) -> (String, Option<&'static str>) {
        let error = connect(settings, &Env::default()).await.err().unwrap();
        assert_eq!(error.code(), "BERTH-K8S-002");
        (error.explain("x").to_string(), error.provider_attribute())
    }

    #[tokio::test]
    async fn a_token_is_taken_without_what_is_around_it_and_refused_where_it_is_given() {
        assert!(connect(&by_token(" sesame-1234\n"), &Env::default()).await.is_ok());
        for wrong in ["sesame-1234\nsesame-5678", "sesame-1234\u{0}", " \n"] {
            let (told, attribute) = fault(&by_token(wrong)).await;
            assert_eq!(attribute, Some("kubernetes.token"), "{told}");
            assert!(told.contains("provider setting kubernetes.token") && !told.contains("sesame"), "{told}");
        }
    }

    #[tokio::test]
    async fn tokens_of_a_kubeconfig_and_of_its_token_file_are_trimmed_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (config, file) = (folder.path().join("config"), folder.path().join("token"));
        let settings = Settings { config_path: Some(config.to_str().unwrap().to_owned()), ..Settings::default() };
        let user = |user: &str| std::fs::write(&config, FILE.replace("{token: t1}", user)).unwrap();
        let settled = async || {
            let source = settings.source(&Env::default()).unwrap();
            let mut config = configuration(&settings, &Env::default(), &source).await.unwrap();
            credentials::settle(&mut config, &settings, &source).await.map(|_| config.auth_info)
        };
        user(r#"{token: "sesame-1234\n"}"#);
        assert!(serde_json::to_value(settled().await.unwrap()).unwrap()["token"] == "sesame-1234");
        user(r#"{token: "sesame-1234\nx"}"#);
        assert!(settled().await.unwrap_err().explain("x").to_string().contains("the user's token holds a line break"));
        // A file beside the kubeconfig, as tools write it and as `echo` does.
        user("{tokenFile: token}");
        std::fs::write(&file, "sesame-1234").unwrap();
        assert!(settled().await.unwrap().token_file.is_some(), "it is read again when it changes");
        std::fs::write(&file, "sesame-1234\n").unwrap();
        assert!(serde_json::to_value(settled().await.unwrap()).unwrap()["token"] == "sesame-1234");
        std::fs::write(&file, "sesame-1234\n5678\n").unwrap();
        let told = settled().await.unwrap_err().explain("x").to_string();
        assert!(told.contains("the token file") && told.contains("line break") && !told.contains("sesame"), "{told}");
    }

    #[tokio::test]
    async fn base64_where_pem_belongs_is_told_at_its_attribute() {
        let base64 = || Some(STANDARD.encode("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
        let by = by_token("t");
        for (settings, name) in [
            (Settings { cluster_ca_certificate: base64(), ..by.clone() }, "kubernetes.cluster_ca_certificate"),
            (Settings { client_certificate: base64(), ..by.clone() }, "kubernetes.client_certificate"),
            (Settings { client_key: base64().map(Secret::new), ..by.clone() }, "kubernetes.client_key"),
        ] {
            let (told, attribute) = fault(&settings).await;
            assert_eq!(attribute, Some(name));
            assert!(told.contains("holds no PEM block") && told.contains("base64decode()"), "{told}");
        }
    }

    #[tokio::test]
    async fn credentials_of_the_provider_block_count_where_the_context_has_no_user() {
        let (_folder, path) = written();
        for context in ["{cluster: c1}", "{cluster: c1, user: nobody}"] {
            std::fs::write(&path, FILE.replace("{cluster: c1, user: u1}", context)).unwrap();
            let settings = Settings { config_path: Some(path.clone()), ..by_token("sesame-1234") };
            let config = read(&Settings { host: None, ..settings }, &Env::default()).await.unwrap();
            assert!(config.auth_info.token.is_some(), "{context}");
        }
    }

    /// A program that counts its runs in a file, and what it does then.
    fn counting(folder: &tempfile::TempDir, then: &str) -> Settings {
        let exec = Exec {
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            command: "sh".to_owned(),
            args: vec!["-c".to_owned(), format!("echo run >> {}/runs; {then}", folder.path().display())],
            ..Exec::default()
        };
        Settings { host: Some("https://a.test".to_owned()), exec: Some(exec), ..Settings::default() }
    }

    fn runs(folder: &tempfile::TempDir) -> usize {
        std::fs::read_to_string(folder.path().join("runs")).unwrap().lines().count()
    }

    #[tokio::test]
    async fn the_program_runs_once_for_all_and_again_when_its_credentials_end() {
        let minutes = |count: i64| Clock::system().now() + SignedDuration::from_mins(count);
        for (until, expected) in [(minutes(15), 1), (minutes(-1), 4)] {
            let folder = tempfile::tempdir().unwrap();
            let status = format!(r#"{{"status":{{"token":"sesame-1234","expirationTimestamp":"{until}"}}}}"#);
            let settings = counting(&folder, &format!("echo '{status}'"));
            let (access, budget, env) = (Access::new(), Budget::uninterrupted(CONNECT_TIMEOUT), Env::default());
            let all = (0..4).map(|_| access.connection(&budget, &settings, &env));
            assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
            assert_eq!(runs(&folder), expected, "{until}");
        }
    }

    #[tokio::test]
    async fn all_who_wait_are_told_the_same_failure() {
        let folder = tempfile::tempdir().unwrap();
        let settings = counting(&folder, "exit 1");
        let (access, budget, env) = (Access::new(), Budget::uninterrupted(CONNECT_TIMEOUT), Env::default());
        let all = futures_util::future::join_all((0..10).map(|_| access.connection(&budget, &settings, &env))).await;
        assert!(all.iter().all(|one| one.as_ref().is_err_and(ClusterError::is_unanswered)));
        assert_eq!(runs(&folder), 1);
    }

    #[tokio::test]
    async fn a_renewal_that_fails_is_told_like_the_first_login_and_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let first = r#"echo '{"status":{"token":"sesame-1234","expirationTimestamp":"2001-01-01T00:00:00Z"}}'"#;
        let again = "echo hunter2-printed; echo the session has ended >&2; exit 1";
        let script = format!("if [ $(wc -l < {}/runs) = 1 ]; then {first}; else {again}; fi", folder.path().display());
        let settings = counting(&folder, &script);
        let (access, budget, env) = (Access::new(), Budget::uninterrupted(CONNECT_TIMEOUT), Env::default());
        assert!(access.connection(&budget, &settings, &env).await.is_ok());
        let error = access.connection(&budget, &settings, &env).await.err().unwrap();
        let told = error.explain("x").to_string();
        assert_eq!(error.code(), "BERTH-K8S-002");
        assert!(
            told.contains("the session has ended") && !told.contains("hunter2") && !told.contains("wc -l"),
            "{told}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_do_not_come_in_time_leave_a_refresh_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let settings = counting(&folder, "sleep 600");
        let budget = Budget::uninterrupted(Duration::from_secs(1));
        let error = Access::new().connection(&budget, &settings, &Env::default()).await.err().unwrap();
        assert!(error.is_unanswered() && error.explain("x").to_string().contains("in time"), "{error:?}");
    }

    #[test]
    fn credentials_are_renewed_a_while_before_they_end() {
        let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        let after = |seconds: i64| now + SignedDuration::from_secs(seconds);
        assert_eq!(renewal(now, after(900)), after(840));
        assert_eq!(renewal(now, after(40)), after(30));
    }

    #[tokio::test]
    async fn a_program_that_gives_no_credentials_is_told_without_its_output() {
        let exec = Exec {
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            command: "sh".to_owned(),
            args: vec!["-c".to_owned(), "echo hunter2; echo please log in >&2; exit 3".to_owned()],
            ..Exec::default()
        };
        let settings = Settings { host: Some("https://a.test".to_owned()), exec: Some(exec), ..Settings::default() };
        let error = connect(&settings, &Env::default()).await.err().unwrap();
        let told = error.explain("x").to_string();
        assert!(told.contains("please log in") && !told.contains("hunter2"), "{told}");
    }

    #[tokio::test]
    async fn a_host_needs_a_scheme_and_takes_a_token() {
        let settings = Settings { host: Some("a.test:6443".to_owned()), ..Settings::default() };
        let error = connect(&settings, &Env::default()).await.err().unwrap();
        assert_eq!(error.code(), "BERTH-K8S-002");
        let settings = Settings {
            host: Some("https://a.test:6443".to_owned()),
            token: Some(Secret::new("t")),
            ..Settings::default()
        };
        assert!(connect(&settings, &Env::default()).await.is_ok());
    }
}
