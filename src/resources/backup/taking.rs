//! Takes a backup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::digest::sha256_hex;
use crate::domain::cert_manager::backup::{Backup, Fault, Part, secrets};
use crate::domain::kubernetes::{ObjectRef, owner_labels};
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::cert_manager::API_VERSION;
use crate::resources::objects::side_by_side;
use crate::resources::tenancy;
use crate::sdk::{Result, Secret};

use super::{APPLICATION, Declared, WRITTEN, claim};

/// The key of the Secret under which it lies.
const KEY: &str = "backup.json.gz";

/// How much a Secret takes (Kubernetes: `MaxSecretSize`).
const LARGEST: usize = 1 << 20;

/// The digest of a backup's bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// The bytes in a Secret.
pub fn content(secret: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(secret.get("data")?.get(KEY)?.as_str()?).ok()
}

/// The backup in these bytes.
///
/// # Errors
/// They are none.
pub fn read(bytes: &[u8], what: &str) -> Result<Backup> {
    Backup::unpacked(bytes).map_err(|fault| {
        let why = match fault {
            Fault::Unreadable(words) => format!("it cannot be unpacked: {words}"),
            Fault::OtherForm => "it is no backup of this form".to_owned(),
        };
        Explanation::new("BERTH-CM-014", what)
            .on(why)
            .next("take the backup anew, or copy its Secret anew")
            .at("secret")
    })
}

/// Gathers what belongs to a backup and writes it.
pub async fn take(cx: &Cx, model: &mut Declared, is_new: bool) -> Result<()> {
    let secret = model.secret.reference();
    let what = format!("Cannot take the backup `{secret}`");
    let cluster = cx.provider().cluster()?;
    if !is_new {
        tenancy::recovered(cx, std::slice::from_ref(&secret), &what).await?;
    }
    let owner = tenancy::claim(cx, &secret, &what).map_err(|error| error.at("secret"))?;
    let claim = Claim { is_open: is_new, ..claim(&secret, Some(owner)) };
    let taken = write(cx, cluster, model, &claim).await;
    if is_new {
        tenancy::finish_own(cx, &claim, &what, "secret").await?;
    }
    let (backup, digest) = taken.map_err(|failure| failure.explained(&what))?;
    cx.remember(WRITTEN, &digest);
    model.digest.set(digest);
    model.holds(backup.references().collect::<Vec<_>>().iter());
    Ok(())
}

enum Failure {
    Cluster(Box<ClusterError>),
    TooLarge(usize),
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(Box::new(error))
    }
}

impl Failure {
    fn explained(self, what: &str) -> Explanation {
        match self {
            Self::Cluster(error) => error.explain(what).at("secret"),
            Self::TooLarge(size) => Explanation::new("BERTH-CM-014", what)
                .on(format!("it has {size} bytes, and a Secret takes {LARGEST}"))
                .next("divide it: several backups, each of some `namespaces`")
                .at("namespaces"),
        }
    }
}

async fn write(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    claim: &Claim,
) -> std::result::Result<(Backup, String), Failure> {
    let backup = gathered(cx, cluster, model).await?;
    let bytes = backup.packed();
    if bytes.len() > LARGEST {
        return Err(Failure::TooLarge(bytes.len()));
    }
    let encoded = Secret::new(STANDARD.encode(&bytes));
    let ObjectRef { name, namespace, .. } = &claim.lead;
    let manifest = json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": name, "namespace": namespace, "labels": owner_labels(APPLICATION, &claim.instance) },
        "data": { KEY: encoded.expose() } });
    let applied = cluster.apply_own(cx.budget(), &manifest, claim).await;
    match applied {
        Ok(_) => cx.exists(),
        Err(error) if error.may_be_done() => {
            cx.exists();
            return Err(error.without_content().into());
        }
        Err(error) => return Err(error.without_content().into()),
    }
    Ok((backup, digest(&bytes)))
}

async fn gathered(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<Backup, ClusterError> {
    let parts = model.parts();
    let (mut issuers, mut certificates) = (Vec::new(), Vec::new());
    for kind in ["ClusterIssuer", "Issuer"] {
        issuers.extend(listed(cx, cluster, kind).await?);
    }
    certificates.extend(listed(cx, cluster, "Certificate").await?);
    for all in [&mut issuers, &mut certificates] {
        all.retain(|it| it.pointer("/metadata/namespace").and_then(Value::as_str).is_none_or(|it| model.covers(it)));
    }
    let all: Vec<Value> = issuers.iter().chain(&certificates).cloned().collect();
    let looks = secrets(&all, &model.controller_namespace, &parts).into_iter();
    let looks = looks.map(|secret| async move { cluster.get(cx.budget(), &secret).await });
    let found: Vec<Option<Value>> = side_by_side(looks).await.into_iter().collect::<std::result::Result<_, _>>()?;
    let issuers = issuers.iter().filter(|_| parts.contains(&Part::Issuers));
    let certificates = certificates.iter().filter(|_| parts.contains(&Part::Certificates));
    Ok(Backup::of(&model.controller_namespace, found.iter().flatten().chain(issuers).chain(certificates)))
}

async fn listed(cx: &Cx, cluster: &Cluster, kind: &str) -> std::result::Result<Vec<Value>, ClusterError> {
    cluster.list(cx.budget(), &ObjectRef::of_cluster(API_VERSION, kind, ""), "").await
}
