//! From settings to a connected client: kubeconfig, host, or the Pod's own account.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use serde_json::{Map, Value, json};

use crate::env::Env;
use crate::explain::chain;

use super::error::{ClusterError, from_transport};
use super::settings::{Exec, Settings, Source};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client and what errors tell about it.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: kube::Client,
    /// The API server's address.
    pub(super) server: String,
    pub(super) source: Source,
}

/// Reads the settings and builds the client. Makes no request, but may run the program that gives credentials.
pub(super) async fn connect(settings: &Settings, env: &Env) -> Result<Connection, ClusterError> {
    let source = settings.source(env).map_err(ClusterError::NotConfigured)?;
    let mut config = configuration(settings, env, &source).await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    // The program that gives credentials runs as a blocking child process.
    let built = tokio::task::spawn_blocking(move || kube::Client::try_from(config)).await;
    let client =
        built.map_err(|fault| bad_source(&source, fault.to_string()))?.map_err(|error| {
            match from_transport(&error, &server, &source) {
                ClusterError::Unreachable { fault, .. } => bad_source(&source, fault),
                other => other,
            }
        })?;
    Ok(Connection { client, server, source })
}

async fn configuration(settings: &Settings, env: &Env, source: &Source) -> Result<Config, ClusterError> {
    let fault = |error: &KubeconfigError| bad_source(source, chain(error));
    let mut kubeconfig = match source {
        Source::InCluster => {
            return Config::incluster().map_err(|error| bad_source(source, chain(&error)));
        }
        Source::Host(host) => from_host(host).map_err(|words| bad_source(source, words))?,
        Source::ConfigPath(_) | Source::Variable(..) => read_files(source.files()).map_err(|error| fault(&error))?,
    };
    let context = match source {
        Source::Host(_) => None,
        _ => settings.context(env),
    };
    overlay(&mut kubeconfig, context.as_deref(), settings).map_err(|words| bad_source(source, words))?;
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| fault(&error))
}

fn bad_source(source: &Source, fault: String) -> ClusterError {
    ClusterError::BadSource { source_of_settings: source.clone(), fault }
}

/// Reads files the way kubectl joins them: the first to name something wins.
fn read_files(paths: &[PathBuf]) -> Result<Kubeconfig, KubeconfigError> {
    let read = |path: &Path| Kubeconfig::read_from(path);
    paths.iter().try_fold(Kubeconfig::default(), |joined, path| joined.merge(read(path)?))
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

/// Lays what the provider block says over the chosen context. Credentials given there replace all
/// of the kubeconfig's user.
fn overlay(kubeconfig: &mut Kubeconfig, context: Option<&str>, settings: &Settings) -> Result<(), String> {
    let chosen = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone());
    let named = kubeconfig.contexts.iter().find(|it| Some(&it.name) == chosen.as_ref());
    let Some(context) = named.and_then(|it| it.context.clone()) else { return Ok(()) };
    let user = credentials(settings);
    for named in &mut kubeconfig.auth_infos {
        if Some(&named.name) != context.user.as_ref() {
            continue;
        }
        if !user.is_empty() {
            named.auth_info = serde_json::from_value(Value::Object(user.clone())).map_err(|error| error.to_string())?;
        }
        if let Some(exec) = named.auth_info.as_mut().and_then(|info| info.exec.as_mut()) {
            // The plugin's own standard input is nothing that a login program may ask questions on.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    for cluster in kubeconfig.clusters.iter_mut().filter(|it| it.name == context.cluster) {
        let Some(cluster) = &mut cluster.cluster else { continue };
        if let Some(pem) = &settings.cluster_ca_certificate {
            cluster.certificate_authority_data = Some(STANDARD.encode(pem));
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
        user.insert("client-certificate-data".to_owned(), json!(STANDARD.encode(pem)));
    }
    if let Some(pem) = &settings.client_key {
        user.insert("client-key-data".to_owned(), json!(STANDARD.encode(pem.expose())));
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
    use crate::secret::Secret;

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
