//! Puts a backup back.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::patiently;
use crate::sdk::Result;

use super::{Declared, taking};

/// Puts back what lies in the Secret, in its order. What was put back stays, whatever follows.
pub async fn put_back(cx: &Cx, model: &mut Declared) -> Result<()> {
    let secret = model.secret.reference();
    let what = format!("Cannot restore the backup `{secret}`");
    let cluster = cx.provider().cluster()?;
    let found = cluster.get(cx.budget(), &secret).await.map_err(|error| error.explain(&what).at("secret"))?;
    let Some(bytes) = found.as_ref().and_then(taking::content) else {
        let told =
            Explanation::new("BERTH-CM-014", what).on(format!("{secret}, which does not exist or holds no backup"));
        return Err(told.next("copy the Secret of the backup to this place, or correct `secret`").at("secret"));
    };
    let backup = taking::read(&bytes, &what)?.moved_to(&model.controller_namespace);
    let (mut restored, mut left) = (Vec::new(), Vec::new());
    for object in &backup.objects {
        let Some(reference) = ObjectRef::of(object) else { continue };
        let made = patiently(cx, || put(cx, cluster, object, model.overwrite)).await;
        let told = |error: ClusterError| error.without_content().explain(&what).on(reference.to_string()).at("secret");
        if made.map_err(told)? {
            restored.push(reference);
        } else {
            left.push(reference.to_string());
        }
    }
    tell_left(cx, &left);
    model.digest.set(taking::digest(&bytes));
    model.holds(restored.iter());
    Ok(())
}

/// Answers whether it was made; what exists is left, or replaced if that is wanted.
async fn put(cx: &Cx, cluster: &Cluster, object: &Value, overwrites: bool) -> std::result::Result<bool, ClusterError> {
    if overwrites {
        return cluster.apply(cx.budget(), object).await.map(|_| true);
    }
    match cluster.create(cx.budget(), object).await {
        Err(ClusterError::Foreign { .. }) => Ok(false),
        made => made.map(|_| true),
    }
}

fn tell_left(cx: &Cx, left: &[String]) {
    if left.is_empty() {
        return;
    }
    let told = Explanation::new("BERTH-CM-015", "Some of the backup was there already, and was left as it is")
        .on(left.join(", "));
    cx.warn(&told.next("nothing needs to be done; `overwrite = true` replaces it by what the backup has"));
}
