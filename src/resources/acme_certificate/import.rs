//! Certificates that exist already: in a Secret of the cluster, or in files.

use crate::domain::certificate::Chain;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::{Private, Result, Secret};

use super::destination::{get, pair};
use super::model::Certificate;
use super::model::destination::Destination;

/// Before the path of a certificate in a file.
const FILE: &str = "file:";
/// Between it and the path of the key.
const KEY: &str = ",key=";
/// The note of the private state: the path of the key's file, until the first apply has taken the key in.
const NOTE: &str = "key_file";

/// The certificate that an id names: `NAMESPACE/NAME`, or `file:CHAIN` with or without `,key=KEY`.
pub async fn import(cx: &Cx, id: &str) -> Result<Certificate> {
    if let Some(paths) = id.strip_prefix(FILE) {
        return from_files(cx, paths).await;
    }
    match id.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => from_secret(cx, namespace, name).await,
        _ => Err(Explanation::new("BERTH-ACME-040", format!("Cannot import a certificate as `{id}`")).next(
            "give the Secret that holds it, as `NAMESPACE/NAME`, or files in PEM, as `file:CHAIN` or `file:CHAIN,key=KEY`",
        )),
    }
}

async fn from_secret(cx: &Cx, namespace: &str, name: &str) -> Result<Certificate> {
    let place = Destination { namespace: namespace.to_owned(), name: name.to_owned(), ..Destination::default() };
    let secret = get(cx, &place.object()).await?;
    if let Some(secret) = &secret {
        tenancy::take_over(cx, secret);
    }
    let Some((chain, _)) = secret.as_ref().and_then(pair) else {
        let what = format!("Cannot import the certificate of the Secret {namespace}/{name}");
        let found = if secret.is_some() { "it holds no certificate with a key" } else { "it does not exist" };
        return Err(Explanation::new("BERTH-ACME-049", what)
            .said("the cluster", found)
            .next("name a Secret with the entries `tls.crt` and `tls.key`"));
    };
    Ok(Certificate { kubernetes_secret: Some(place), ..Certificate::existing(&chain) })
}

/// The key is looked at and stays in its file: its path is noted, for the first apply to put the key where the configuration
/// wants it.
async fn from_files(cx: &Cx, paths: &str) -> Result<Certificate> {
    let (path, key) = paths.split_once(KEY).map_or((paths, None), |(path, key)| (path, Some(key)));
    let text = read(path).await?;
    let chain = Chain::parse(text.expose()).map_err(|error| {
        Explanation::new("BERTH-ACME-073", "Cannot import the certificate")
            .on(format!("file {path}"))
            .said("the reader", error.to_string())
            .next("give a file in PEM that holds the certificate, and after it those between it and the root")
    })?;
    if chain.facts.is_ca {
        return Err(Explanation::new("BERTH-ACME-116", "Cannot import the certificate")
            .on(format!("file {path}"))
            .said("the reader", format!("its first certificate, `{}`, is a CA's and no server's", chain.facts.subject))
            .next("give a file that begins with the certificate itself; those between it and the root come after it"));
    }
    if let Some(key) = key {
        fitting(&chain, &read(key).await?, key)?;
        let absolute = tokio::fs::canonicalize(key).await.unwrap_or_else(|_| key.into());
        cx.remember(NOTE, &absolute.to_string_lossy());
    }
    Ok(Certificate::existing(&chain))
}

fn fitting(chain: &Chain, key: &Secret, path: &str) -> Result<()> {
    let fault = match chain.facts.matches_key(key.expose()) {
        Ok(true) => return Ok(()),
        Ok(false) => "it is the key of another certificate".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Explanation::new("BERTH-ACME-074", "Cannot use the key of the imported certificate")
        .on(format!("file {path}"))
        .said("the reader", fault)
        .next("give the private key of this certificate in PEM, without a password"))
}

async fn read(path: &str) -> Result<Secret> {
    tokio::fs::read_to_string(path).await.map(Secret::new).map_err(|error| {
        Explanation::new("BERTH-ACME-075", "Cannot read the certificate to import")
            .on(format!("file {path}"))
            .said("the system", error.to_string())
            .next("check the path, which starts at the working directory, and who may read the file")
    })
}

/// Whether an import has noted where the key is.
pub fn has_noted_key(notes: &Private) -> bool {
    notes.get::<String>(NOTE).is_some()
}

/// The key of an imported certificate, from the file that was noted; `None` if none was.
pub async fn noted_key(cx: &Cx, chain: &Chain) -> Result<Option<Secret>> {
    let Some(path) = cx.recall::<String>(NOTE) else { return Ok(None) };
    let key = read(&path).await?;
    fitting(chain, &key, &path)?;
    Ok(Some(key))
}

/// The key has found its place.
pub fn forget(cx: &Cx) {
    cx.forget(NOTE);
}
