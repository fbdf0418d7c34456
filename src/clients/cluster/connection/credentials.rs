//! Makes the credentials of a configuration fit to be sent, before a library that tells nothing sees them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube::Config;
use kube::config::{AuthInfo, ExecConfig};
use serde_json::{Map, Value, json};

use crate::domain::credential::{self, Unfit};
use crate::secret::{learn, learn_named};

use super::exec;
use crate::clients::cluster::error::ClusterError;
use crate::clients::cluster::settings::{Settings, Source};

/// The provider block's own credential.
const TOKEN: Source = Source::Setting("kubernetes.token");

/// Trims and checks the credentials, runs the program that gives them, and makes all of them known as secrets. Answers when
/// they end.
pub(super) async fn settle(
    config: &mut Config,
    settings: &Settings,
    source: &Source,
) -> Result<Option<Timestamp>, ClusterError> {
    let bad = |fault: String| ClusterError::BadSource { source_of_settings: source.clone(), fault };
    let program = config.auth_info.exec.take();
    let mut user = as_map(&config.auth_info).map_err(bad)?;
    learn_all(&user);
    let by_file = match text(&user, "tokenFile") {
        Some(path) => Some(read_token(&mut user, &path).await),
        None => None,
    };
    let program = program.filter(|_| !has_login(&user));
    let until = match (by_file, text(&user, "token"), program) {
        // What is read counts before the token beside it (client-go, `tools/clientcmd/api`, TokenFile).
        (Some(Ok(())), _, _) | (None, None, None) => None,
        (_, Some(token), _) => {
            user.remove("tokenFile");
            user.insert("token".to_owned(), json!(trimmed(&token, settings, source)?));
            None
        }
        (Some(Err(fault)), None, _) => return Err(bad(fault)),
        (None, None, Some(program)) => run(&mut user, &program).await.map_err(bad)?,
    };
    config.auth_info = serde_json::from_value(Value::Object(user)).map_err(|error| bad(error.to_string()))?;
    Ok(until)
}

/// The token without what is around it; blamed is who gave it.
fn trimmed(token: &str, settings: &Settings, source: &Source) -> Result<String, ClusterError> {
    let (place, named) = if settings.token.is_some() { (&TOKEN, "it") } else { (source, "the user's token") };
    let fault =
        |unfit: Unfit| ClusterError::BadSource { source_of_settings: place.clone(), fault: format!("{named} {unfit}") };
    credential::token(token).map(str::to_owned).map_err(fault)
}

fn as_map(user: &AuthInfo) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(user) {
        Ok(Value::Object(user)) => Ok(user),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn text(user: &Map<String, Value>, name: &str) -> Option<String> {
    user.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn learn_all(user: &Map<String, Value>) {
    for secret in ["token", "password"].iter().filter_map(|name| user.get(*name)?.as_str()) {
        learn(secret);
    }
    if let Some(encoded) = user.get("client-key-data").and_then(Value::as_str) {
        learn(encoded);
        if let Some(key) = STANDARD.decode(encoded).ok().and_then(|key| String::from_utf8(key).ok()) {
            learn(&key);
        }
    }
    let provider = user.get("auth-provider").and_then(|provider| provider.get("config")).and_then(Value::as_object);
    for (name, value) in provider.into_iter().flatten() {
        learn_named(name, value.as_str().unwrap_or_default());
    }
}

/// Whether the user logs in by other means than a token or a program.
fn has_login(user: &Map<String, Value>) -> bool {
    let given = |name: &str| user.get(name).is_some_and(|value| !value.is_null());
    given("auth-provider") || (given("username") && given("password"))
}

/// A token in a file. The client reads the file again when it changes, but takes it as it is: what has white space around
/// it is read once.
async fn read_token(user: &mut Map<String, Value>, path: &str) -> Result<(), String> {
    let read = tokio::fs::read_to_string(path).await;
    let content = read.map_err(|error| format!("the token file {path:?} cannot be read: {error}"))?;
    let token = credential::token(&content).map_err(|unfit| format!("the token file {path:?} {unfit}"))?;
    learn(token);
    user.remove("token");
    if token.len() < content.len() {
        user.remove("tokenFile");
        user.insert("token".to_owned(), json!(token));
    }
    Ok(())
}

async fn run(user: &mut Map<String, Value>, program: &ExecConfig) -> Result<Option<Timestamp>, String> {
    let given = exec::run(program).await?;
    if let Some(token) = &given.token {
        let fit =
            credential::token(token.expose()).map_err(|unfit| format!("the token of the exec program {unfit}"))?;
        user.insert("token".to_owned(), json!(fit));
    }
    if let Some((certificate, key)) = &given.identity {
        user.insert("client-certificate-data".to_owned(), json!(STANDARD.encode(certificate)));
        user.insert("client-key-data".to_owned(), json!(STANDARD.encode(key.expose())));
    }
    Ok(given.until)
}
