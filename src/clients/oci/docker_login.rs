//! The login of the user who runs this: Docker's and Podman's files, and the programs that they name.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::domain::dockerconfig::Login;
use crate::domain::oci::docker_login::{Found, Reach, find, helper_login, parts};
use crate::domain::registry_name::RegistryName;
use crate::env::Env;
use crate::secret::hidden;

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many characters of a program's words are told.
const WORDS: usize = 200;

/// Why a program gives no login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{program}` gives no login: {fault}")]
pub struct HelperError {
    /// Its name.
    pub program: String,
    /// Why.
    pub fault: String,
}

/// The parts of registries for which the user's files have logins of their own.
pub async fn parts_of_user(env: &Env) -> Vec<RegistryName> {
    let mut found = Vec::new();
    for path in files(env) {
        found.extend(tokio::fs::read_to_string(&path).await.iter().flat_map(|text| parts(text)));
    }
    found
}

/// The user's login to a repository of a registry; `None` without one.
///
/// # Errors
/// A program that a file names for just this registry fails, other than by knowing nothing.
pub async fn login_of_user(env: &Env, host: &str, repository: &str) -> Result<Option<Login>, HelperError> {
    for path in files(env) {
        let Ok(text) = tokio::fs::read_to_string(&path).await else { continue };
        let login = match find(&text, host, repository) {
            Some(Found::Login(login)) => Some(login),
            Some(Found::Helper { name, servers, reach: Reach::Registry }) => asked(&name, &servers).await?,
            Some(Found::Helper { name, servers, reach: Reach::All }) => stored(&name, &servers).await,
            None => None,
        };
        if login.is_some() {
            return Ok(login);
        }
    }
    Ok(None)
}

/// Asks the store of all logins. One that fails is passed over, as by Docker: most registries have no login in it.
async fn stored(name: &str, servers: &[String]) -> Option<Login> {
    asked(name, servers).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "passing over the store of logins");
        None
    })
}

/// Where the files may be, in the order in which they count.
fn files(env: &Env) -> Vec<PathBuf> {
    let home = env.first(&["HOME", "USERPROFILE"]).map(|(_, home)| Path::new(home));
    let docker = env.get("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.map(|home| home.join(".docker")));
    let podman = env.get("XDG_RUNTIME_DIR").map(|folder| Path::new(folder).join("containers/auth.json"));
    let named = env.get("REGISTRY_AUTH_FILE").map(PathBuf::from);
    let kept = home.map(|home| home.join(".config/containers/auth.json"));
    [named, docker.map(|folder| folder.join("config.json")), podman, kept].into_iter().flatten().collect()
}

/// Asks a program for each name of a registry until it knows one.
async fn asked(name: &str, servers: &[String]) -> Result<Option<Login>, HelperError> {
    let program = format!("docker-credential-{name}");
    for server in servers {
        let fault = |fault: String| HelperError { program: program.clone(), fault };
        let output = tokio::time::timeout(PATIENCE, ask(&program, server)).await;
        let output =
            output.map_err(|_| fault("it does not answer".to_owned()))?.map_err(|error| fault(error.to_string()))?;
        match judged(&output) {
            Ok(None) => {}
            Ok(login) => return Ok(login),
            Err(words) => return Err(fault(words)),
        }
    }
    Ok(None)
}

/// What a program says of a name: its login, none, or why it gives none. Its words may hold the secret.
fn judged(output: &Output) -> Result<Option<Login>, String> {
    let login = helper_login(&output.stdout);
    if output.status.success() {
        let login = login.ok_or_else(|| "what it prints is no login".to_owned())?;
        return Ok(Some(login).filter(|login| !login.password.expose().is_empty()));
    }
    if login.is_some() {
        return Err(format!("it prints a login, and fails: {}", output.status));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    // It knows nothing of it by this name (docker-credential-helpers, `credentials/error.go`).
    if said.contains("credentials not found") {
        return Ok(None);
    }
    let said = if said.trim().is_empty() { String::from_utf8_lossy(&output.stderr) } else { said };
    Err(hidden(said.trim()).chars().take(WORDS).collect())
}

async fn ask(program: &str, server: &str) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Some do not read it, and may be gone by then: what they print counts all the same.
        match stdin.write_all(server.as_bytes()).await {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait_with_output().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_users_file_is_where_the_variables_say() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"{"auths":{"hub.test":{"auth":"YW5uOnNlY3JldDE="}}}"#;
        std::fs::write(folder.path().join("config.json"), file).unwrap();
        let env = |name: &str| Env::from_iter([(name, folder.path().to_str().unwrap())]);
        let login = login_of_user(&env("DOCKER_CONFIG"), "hub.test", "app").await.unwrap().unwrap();
        assert_eq!(login.username, "ann");
        assert_eq!(login_of_user(&env("HOME"), "hub.test", "app").await.unwrap(), None);
        std::fs::create_dir(folder.path().join(".docker")).unwrap();
        std::fs::write(folder.path().join(".docker/config.json"), file).unwrap();
        assert!(login_of_user(&env("HOME"), "https://HUB.test/v2/", "app").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"credHelpers":{"hub.test":"no-such"}}"#).unwrap();
        let env = Env::from_iter([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        let error = login_of_user(&env, "hub.test", "app").await.unwrap_err();
        assert_eq!(error.program, "docker-credential-no-such");
    }

    #[tokio::test]
    async fn a_store_that_is_missing_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"{"credsStore":"no-such","auths":{"hub.test":{"auth":"YW5uOnNlY3JldDE="}}}"#;
        std::fs::write(folder.path().join("config.json"), file).unwrap();
        let env = Env::from_iter([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        assert_eq!(login_of_user(&env, "other.test", "app").await, Ok(None));
        assert!(login_of_user(&env, "hub.test", "app").await.unwrap().is_some());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_does_not_read_its_input_is_heard_all_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("helper");
        let long = "x".repeat(1 << 20);
        let said = async |script: &str| {
            std::fs::write(&program, format!("#!/bin/sh\nexec 0<&-\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            judged(&ask(program.to_str().unwrap(), &long).await.unwrap())
        };
        let login = said(r#"echo '{"ServerURL":"x","Username":"ann","Secret":"s"}'"#).await;
        assert_eq!(login.unwrap().unwrap().username, "ann");
        let words = said("echo 'session expired, log in anew'; exit 1").await;
        assert_eq!(words, Err("session expired, log in anew".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_login_is_in_no_message_of_a_program_that_fails() {
        use std::os::unix::process::ExitStatusExt as _;
        let output = |code: i32, text: &str| Output {
            status: std::process::ExitStatus::from_raw(code << 8),
            stdout: text.as_bytes().to_vec(),
            stderr: Vec::new(),
        };
        let empty = r#"{"ServerURL":"hub.test","Username":"","Secret":""}"#;
        assert_eq!(judged(&output(0, empty)), Ok(None));
        let login = r#"{"ServerURL":"hub.test","Username":"ann","Secret":"a well kept one"}"#;
        assert_eq!(judged(&output(0, login)).unwrap().unwrap().username, "ann");
        let told = judged(&output(1, login)).unwrap_err();
        assert!(!told.contains("well kept"), "{told}");
        assert_eq!(judged(&output(1, "credentials not found in native keychain")), Ok(None));
        assert_eq!(judged(&output(1, "it is locked")), Err("it is locked".to_owned()));
        assert!(judged(&output(0, "Secret: a well kept one")).is_err_and(|told| !told.contains("well kept")));
    }
}
