//! The program of a kubeconfig that prints credentials (`client.authentication.k8s.io`), run once for each credential.
//!
//! Source: Kubernetes documentation, "Authenticating", section "client-go credential plugins".

use std::process::{Output, Stdio};

use jiff::Timestamp;
use kube::config::ExecConfig;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::secret::{Secret, learn_named};

/// What the program printed.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) token: Option<Secret>,
    /// Certificate and key, PEM.
    pub(super) identity: Option<(String, Secret)>,
    /// When it ends.
    pub(super) until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Runs the program. What is wrong is told without its arguments, variables and what it printed to standard output:
/// those may be tokens.
pub(super) async fn run(exec: &ExecConfig) -> Result<Credential, String> {
    let Some(program) = &exec.command else { return Err("its exec entry names no command".to_owned()) };
    let mut command = tokio::process::Command::new(program);
    command
        .args(exec.args.iter().flatten())
        .envs(variables(exec))
        .env("KUBERNETES_EXEC_INFO", request(exec).to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = command.output().await.map_err(|fault| not_started(exec, program, &fault))?;
    if !output.status.success() {
        return Err(failed(program, &output));
    }
    parsed(&output.stdout).ok_or_else(|| format!("the exec program `{program}` printed no credentials"))
}

/// The variables that the entry adds; those that are called secrets are taken out of all messages.
fn variables(exec: &ExecConfig) -> impl Iterator<Item = (&str, &str)> {
    let pairs =
        exec.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?.as_str(), pair.get("value")?.as_str())));
    pairs.inspect(|(name, value)| learn_named(name, value))
}

fn request(exec: &ExecConfig) -> Value {
    let mut spec = json!({ "interactive": false });
    if let (true, Some(cluster), Some(spec)) = (exec.provide_cluster_info, &exec.cluster, spec.as_object_mut()) {
        spec.insert("cluster".to_owned(), serde_json::to_value(cluster).unwrap_or_default());
    }
    json!({ "apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec })
}

fn not_started(exec: &ExecConfig, program: &str, fault: &std::io::Error) -> String {
    let hint = exec.install_hint.as_deref().map_or_else(String::new, |hint| format!(" ({})", hint.trim()));
    format!("the exec program `{program}` cannot be started: {fault}{hint}")
}

fn failed(program: &str, output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    format!("the exec program `{program}` ended with {}: {}", output.status, complaint.trim())
}

/// JSON, or the YAML that some programs print and client-go takes.
fn parsed(printed: &[u8]) -> Option<Credential> {
    let answer: Answer = serde_saphyr::from_slice(printed).ok()?;
    let status = answer.status?;
    let token = status.token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()).map(Secret::new);
    let identity = status.client_certificate_data.zip(status.client_key_data.map(Secret::new));
    let until = status.expiration_timestamp.map(|moment| moment.parse()).transpose().ok()?;
    (token.is_some() || identity.is_some()).then_some(Credential { token, identity, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ExecConfig {
        let entry = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "env": [{ "name": "LOGIN_SECRET", "value": "env-secret-4711" }],
        });
        serde_json::from_value(entry).unwrap()
    }

    async fn fault(script: &str) -> String {
        run(&shell(script)).await.unwrap_err()
    }

    #[tokio::test]
    async fn takes_tokens_and_certificates_in_json_and_yaml() {
        let script = r#"echo '{"kind":"ExecCredential","status":{"token":"exec-token-1\n","expirationTimestamp":"2030-01-01T00:00:00Z"}}'"#;
        let found = run(&shell(script)).await.unwrap();
        assert_eq!(found.token, Some(Secret::new("exec-token-1")));
        assert_eq!(found.until, Some("2030-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(crate::secret::hidden("Bearer exec-token-1"), "Bearer (hidden)");
        let found = run(&shell("printf 'status:\\n  clientCertificateData: C\\n  clientKeyData: K\\n'")).await.unwrap();
        assert_eq!(found.identity, Some(("C".to_owned(), Secret::new("K"))));
        assert_eq!(found.until, None);
    }

    #[tokio::test]
    async fn what_fails_is_told_without_arguments_variables_and_output() {
        let told = fault("echo printed-secret; echo please log in, not $LOGIN_SECRET >&2; exit 3").await;
        assert!(told.contains("`sh` ended with exit status: 3: please log in"), "{told}");
        let told = crate::secret::hidden(&told).into_owned();
        assert!(!told.contains("printed-secret") && !told.contains("4711") && !told.contains("exit 3"), "{told}");
        for script in ["echo printed-secret", "echo '{\"status\":{\"token\":[\"printed-secret\"]}}'", "true"] {
            assert_eq!(fault(script).await, "the exec program `sh` printed no credentials");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named_with_its_hint() {
        let entry = json!({ "command": "/nonexistent/login", "installHint": "brew install login\n" });
        let told = run(&serde_json::from_value(entry).unwrap()).await.unwrap_err();
        assert!(told.contains("`/nonexistent/login`") && told.contains("(brew install login)"), "{told}");
    }

    #[tokio::test]
    async fn the_program_is_told_what_is_wanted_of_it() {
        let told = fault("echo \"$KUBERNETES_EXEC_INFO\" >&2; exit 1").await;
        assert!(told.contains(r#""apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential""#), "{told}");
    }
}
