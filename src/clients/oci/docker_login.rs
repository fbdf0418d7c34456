//! The login of the user who runs this: Docker's and Podman's files, and the programs that they name.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::domain::dockerconfig::Login;
use crate::domain::oci::docker_login::{Found, find, helper_login};
use crate::env::Env;

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a program gives no login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{program}` gives no login: {fault}")]
pub struct HelperError {
    /// Its name.
    pub program: String,
    /// Why.
    pub fault: String,
}

/// The user's login to a registry; `None` without one.
///
/// # Errors
/// A program that the file names for just this registry fails, other than by knowing nothing.
pub async fn login_of_user(env: &Env, host: &str) -> Result<Option<Login>, HelperError> {
    for path in files(env) {
        let Ok(text) = tokio::fs::read_to_string(&path).await else { continue };
        match find(&text, host) {
            Some(Found::Login(login)) => return Ok(Some(login)),
            Some(Found::Helper { name, servers }) => {
                if let Some(login) = asked(&name, &servers).await? {
                    return Ok(Some(login));
                }
            }
            None => {}
        }
    }
    Ok(None)
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
        if output.status.success() {
            return Ok(helper_login(&output.stdout));
        }
        // It knows nothing of it by this name (docker-credential-helpers, `credentials/error.go`).
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !said.contains("credentials not found") {
            let words = if said.is_empty() { String::from_utf8_lossy(&output.stderr).trim().to_owned() } else { said };
            return Err(fault(words));
        }
    }
    Ok(None)
}

async fn ask(program: &str, server: &str) -> std::io::Result<std::process::Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(server.as_bytes()).await?;
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
        let login = login_of_user(&env("DOCKER_CONFIG"), "hub.test").await.unwrap().unwrap();
        assert_eq!(login.username, "ann");
        assert_eq!(login_of_user(&env("HOME"), "hub.test").await.unwrap(), None);
        std::fs::create_dir(folder.path().join(".docker")).unwrap();
        std::fs::write(folder.path().join(".docker/config.json"), file).unwrap();
        assert!(login_of_user(&env("HOME"), "https://HUB.test/v2/").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"credHelpers":{"hub.test":"no-such"}}"#).unwrap();
        let env = Env::from_iter([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        let error = login_of_user(&env, "hub.test").await.unwrap_err();
        assert_eq!(error.program, "docker-credential-no-such");
    }
}
