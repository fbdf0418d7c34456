//! Takes a backup.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::digest::sha256_hex;
use crate::domain::cert_manager::backup::{Backup, Fault};
use crate::domain::kubernetes::{ObjectRef, owner_labels};
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::cert_manager;
use crate::resources::tenancy;
use crate::sdk::{Result, Secret};

use super::gathering::{gathered, listed};
use super::{APPLICATION, Declared, WRITTEN, claim};

/// The keys of the Secret under which the backup lies, and the one before it.
pub const KEY: &str = "backup.json.gz";
pub const FORMER: &str = "former.json.gz";

/// How much a Secret takes (Kubernetes: `MaxSecretSize`).
const LARGEST: usize = 1 << 20;

/// The digest of a backup's bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// The bytes in a Secret, under that key.
pub fn content(secret: &Value, key: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.get("data")?.get(key)?.as_str()?).ok()
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
            Fault::Stranger(object) => {
                format!("it holds {object}, which belongs to no backup: somebody has changed it")
            }
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
    let taken = taken(cx, cluster, model, &claim, &what).await;
    let finished = if is_new { tenancy::finish_own(cx, &claim, &what, "secret").await } else { Ok(()) };
    let (backup, digest) = taken?;
    finished?;
    cx.remember(WRITTEN, &digest);
    model.digest.set(digest);
    model.holds(backup.references().collect::<Vec<_>>().iter());
    Ok(())
}

async fn taken(cx: &Cx, cluster: &Cluster, model: &Declared, claim: &Claim, what: &str) -> Result<(Backup, String)> {
    let told = |error: ClusterError| cert_manager::explained(&error.without_content(), what).at("secret");
    let standing = cluster.admit(cx.budget(), &claim.lead, claim).await.map_err(told)?;
    let gathered = gathered(cx, cluster, model).await.map_err(told)?;
    gathered.tell(cx, &format!("The backup `{}`", claim.lead));
    let bytes = gathered.backup.packed();
    let last = standing.as_ref().and_then(|standing| content(standing, KEY));
    let last = last.and_then(|bytes| Some((Backup::unpacked(&bytes).ok()?, bytes)));
    if let Some((last, _)) = &last {
        tell_lost(cx, last, &gathered.backup, what)?;
    }
    if bytes.len() > LARGEST {
        return Err(too_large(bytes.len(), what));
    }
    // What lies there, or, if that is the same, what lay there before.
    let last = last.map(|(_, last)| last).filter(|last| *last != bytes);
    let former = last.or_else(|| content(standing.as_ref()?, FORMER));
    let former = former.filter(|former| former.len() + bytes.len() <= LARGEST);
    let applied = cluster.apply_own(cx.budget(), &manifest(claim, &bytes, former.as_deref()), claim).await;
    if applied.as_ref().err().is_none_or(ClusterError::may_be_done) {
        cx.exists();
    }
    applied.map_err(told)?;
    Ok((gathered.backup, digest(&bytes)))
}

/// Tells what the last backup had and this one has not. One that has nothing any more is not written over it.
fn tell_lost(cx: &Cx, former: &Backup, backup: &Backup, what: &str) -> Result<()> {
    let here: BTreeSet<ObjectRef> = backup.references().collect();
    let lost: Vec<String> = former.references().filter(|it| !here.contains(it)).map(|it| it.to_string()).collect();
    if lost.is_empty() {
        return Ok(());
    }
    if here.is_empty() {
        return Err(Explanation::new("BERTH-CM-016", what)
            .on(format!("the last one, which has {}, while the cluster has nothing of it any more", listed(&lost)))
            .next("put it back with restore = true; if the loss is meant, remove the Secret first")
            .at("restore"));
    }
    let told =
        Explanation::new("BERTH-CM-017", "The backup has no longer what the one before it had").on(listed(&lost)).next(
            "nothing needs to be done if that is meant; else restore with former = true before it is taken once more",
        );
    cx.warn(&told);
    Ok(())
}

fn too_large(size: usize, what: &str) -> Explanation {
    Explanation::new("BERTH-CM-014", what)
        .on(format!("it has {size} bytes, and a Secret takes {LARGEST}"))
        .next("divide it: several backups, each of some `namespaces`")
        .at("namespaces")
}

fn manifest(claim: &Claim, bytes: &[u8], former: Option<&[u8]>) -> Value {
    let encoded = |bytes: &[u8]| Secret::new(STANDARD.encode(bytes));
    let mut data = json!({ KEY: encoded(bytes).expose() });
    if let (Some(former), Some(data)) = (former, data.as_object_mut()) {
        data.insert(FORMER.to_owned(), json!(encoded(former).expose()));
    }
    let ObjectRef { name, namespace, .. } = &claim.lead;
    let labels = owner_labels(APPLICATION, &claim.instance);
    json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": name, "namespace": namespace, "labels": labels }, "data": data })
}
