//! From settings to clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::ExecInteractiveMode;

use super::*;
use crate::clients::cluster::settings::Exec;
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

fn read(settings: &Settings, env: &Env) -> Result<Config, ClusterError> {
    let source = settings.source(env).unwrap();
    configuration::read(settings, env, &source).map(|read| read.config)
}

#[tokio::test]
async fn reads_the_chosen_context() {
    let (_folder, path) = written();
    let settings = Settings { config_path: Some(path.clone()), ..Settings::default() };
    let config = read(&settings, &Env::default()).unwrap();
    assert_eq!(config.cluster_url.to_string(), "https://one.test:6443/");

    let env: Env = [("KUBECONFIG", path.as_str()), ("KUBE_CTX", "two")].into_iter().collect();
    let config = read(&Settings::default(), &env).unwrap();
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
    let config = read(&settings, &Env::default()).unwrap();
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
    let told = error.explain("x").to_string();
    assert!(told.contains("no context `three`; there is `one`, `two`"), "{told}");
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
        let mut config = read(&settings, &Env::default()).unwrap();
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
    // The file counts before what stands beside it, and where it cannot be read that counts.
    user("{tokenFile: token, token: stale}");
    assert!(serde_json::to_value(settled().await.unwrap()).unwrap()["token"] == "sesame-1234");
    user("{tokenFile: gone, token: sesame-5678}");
    let read = settled().await.unwrap();
    assert!(read.token_file.is_none() && serde_json::to_value(read).unwrap()["token"] == "sesame-5678");
    user("{tokenFile: token}");
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
        let config = read(&Settings { host: None, ..settings }, &Env::default()).unwrap();
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
    assert!(told.contains("the session has ended") && !told.contains("hunter2") && !told.contains("wc -l"), "{told}");
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
    let settings =
        Settings { host: Some("https://a.test:6443".to_owned()), token: Some(Secret::new("t")), ..Settings::default() };
    assert!(connect(&settings, &Env::default()).await.is_ok());
}

fn proxy(settings: &Settings, variables: &[(&str, &str)]) -> String {
    let env: Env = variables.iter().copied().collect();
    let source = settings.source(&env).unwrap();
    let read = configuration::read(settings, &env, &source);
    match read {
        Ok(read) => {
            assert_eq!(read.proxy.is_some(), read.config.proxy_url.is_some());
            read.proxy.map_or_else(|| "none".to_owned(), |proxy| proxy.to_string())
        }
        Err(error) => error.explain("x").detail(),
    }
}

#[test]
fn the_block_the_file_and_then_the_environment_name_the_proxy() {
    let (_folder, path) = written();
    let by_file = Settings { config_path: Some(path.clone()), ..Settings::default() };
    let variables = |exceptions| [("HTTPS_PROXY", "env.test:3128"), ("NO_PROXY", exceptions)];
    let told = proxy(&by_file, &variables("other.test,"));
    assert_eq!(told, "proxy http://env.test:3128, from the environment variable HTTPS_PROXY");
    assert_eq!(proxy(&by_file, &variables("env.test")), told, "the server counts, not the proxy");
    for exceptions in ["one.test", ".test,", "a, one.test:6443", "*"] {
        assert_eq!(proxy(&by_file, &variables(exceptions)), "none", "{exceptions}");
    }
    let own = Settings { proxy_url: Some("socks5h://block.test:1080".to_owned()), ..by_file.clone() };
    assert_eq!(proxy(&own, &variables("*")), "proxy socks5h://block.test:1080, from kubernetes.proxy_url");
    let text = FILE.replace("'https://one.test:6443'", "'https://one.test:6443', proxy-url: 'http://file.test:8080'");
    std::fs::write(&path, text).unwrap();
    let told = "proxy http://file.test:8080, from the kubeconfig's proxy-url";
    assert_eq!(proxy(&by_file, &variables("*")), told);
    let wrong = proxy(&Settings { proxy_url: Some("ftp://x".to_owned()), ..by_file }, &[]);
    assert!(wrong.contains("provider setting kubernetes.proxy_url") && wrong.contains("does not know"), "{wrong}");
    let host = Settings { host: Some("https://a.test".to_owned()), ..Settings::default() };
    let wrong = proxy(&host, &[("HTTPS_PROXY", "socks4://x")]);
    assert!(wrong.contains("the environment variable HTTPS_PROXY names no proxy"), "{wrong}");
}

#[tokio::test]
async fn files_and_lists_of_a_kubeconfig_are_named_when_they_do_not_fit() {
    let (_folder, path) = written();
    let settings = Settings { config_path: Some(path.clone()), ..Settings::default() };
    for (from, to, words) in [
        (
            "current-context: one",
            "current-context: ''",
            "no current context; set kubernetes.config_context to `one`, `two`",
        ),
        ("{cluster: c1, user: u1}", "{cluster: c9, user: u1}", "the cluster `c9`; there is `c1`, `c2`"),
        ("{server: 'https://one.test:6443'}", "{}", "names no server"),
        (
            "'https://one.test:6443'",
            "'https://one.test:6443', certificate-authority: /nonexistent/ca.crt",
            "certificate-authority \"/nonexistent/ca.crt\" cannot be read",
        ),
        ("'https://one.test:6443'", "'https://one.test:6443', certificate-authority-data: AAAA", "holds no PEM"),
        ("'https://one.test:6443'", "'https://one.test:6443', certificate-authority-data: '!'", "is no base64"),
    ] {
        std::fs::write(&path, FILE.replace(from, to)).unwrap();
        let (told, _) = fault(&settings).await;
        assert!(told.contains(words), "{words}: {told}");
    }
}
