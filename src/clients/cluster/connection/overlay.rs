//! What the provider block says, laid over a kubeconfig.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{ExecInteractiveMode, Kubeconfig, NamedAuthInfo};
use serde_json::{Map, Value, json};

use crate::domain::{credential, pem};
use crate::secret::Secret;

use super::bad_source;
use crate::clients::cluster::error::ClusterError;
use crate::clients::cluster::settings::{Exec, Settings, Source};

/// The name of the user that the provider block describes.
const OWN_USER: &str = "berth: the provider block";

/// PEM as the cluster's client reads it; [`fit`] has looked at it before.
fn cleaned(given: &str) -> String {
    pem::cleaned(given).map_or_else(|_| given.to_owned(), |text| text.to_string())
}

/// Looks at the PEM texts of the provider block.
pub(super) fn fit(settings: &Settings) -> Result<(), ClusterError> {
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

/// A kubeconfig for an API server given by address alone.
pub(super) fn from_host(host: &str) -> Result<Kubeconfig, String> {
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
pub(super) fn overlay(kubeconfig: &mut Kubeconfig, context: Option<&str>, settings: &Settings) -> Result<(), String> {
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
