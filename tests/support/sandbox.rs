//! The sandbox that a test runs in: `sandbox/sandbox exec cargo test --test acceptance -- --ignored`.

use std::fs;

/// A value of the sandbox's environment, for example `SANDBOX_ZONE_ID`.
pub fn value(name: &str) -> String {
    std::env::var_os(name)
        .and_then(|value| value.into_string().ok())
        .unwrap_or_else(|| panic!("{name} is not set: run the tests with `sandbox/sandbox exec`"))
}

/// The calls of AWS's APIs that were made so far, one line each: time, service, method, path, action, status, access key.
pub fn requests() -> Vec<String> {
    let log = fs::read_to_string(value("SANDBOX_REQUEST_LOG")).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

/// How the sandbox's cluster is reached.
pub struct ClusterLogin {
    /// The API server's URL.
    pub host: String,
    /// An administrator's token.
    pub token: String,
}

/// The administrator's login to the cluster, from `KUBECONFIG`.
pub fn cluster() -> ClusterLogin {
    let text = fs::read_to_string(value("KUBECONFIG")).unwrap();
    let after = |key: &str| {
        let start = text.find(key).unwrap_or_else(|| panic!("no {key} in the kubeconfig")) + key.len();
        text[start..].trim_start().trim_start_matches('"').split(['"', ',', '}', '\n']).next().unwrap().to_owned()
    };
    ClusterLogin { host: after("server:"), token: after("token:") }
}
