//! Looks at what the cluster holds of pull secrets and of the accounts that use them.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::clients::cluster::{Cluster, ClusterError, pull_secrets};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Tenure, owner_of};
use crate::provider::Cx;
use crate::resources::tenancy;

use super::writing::namespaces;
use super::{AT_ONCE, Declared, digest, taking_over};

/// What is said of a Secret whose digest would let guesses of its logins be checked.
const WITHOUT_KEY: &str = "has no key for the digest of its logins: an earlier berth wrote it, or somebody changed it";

/// What the cluster holds.
#[derive(Default)]
pub struct Observed {
    /// The Secrets, as `NAMESPACE/NAME`.
    pub secrets: Vec<String>,
    /// The accounts that use them, as `NAMESPACE/ACCOUNT`.
    pub bound: Vec<String>,
    /// What differs from what was declared.
    pub drift: Vec<String>,
    /// The fingerprint of the logins found.
    pub digest: Option<String>,
    /// Whether any namespace is to have the Secret.
    pub is_wanted: bool,
}

/// Looks at every namespace that has or should have the Secret.
pub async fn observe(cx: &Cx, cluster: &Cluster, model: &Declared) -> Result<Observed, ClusterError> {
    let wanted = namespaces(cx, cluster, model).await?;
    let mut all = wanted.clone();
    all.extend(model.places().into_iter().filter(|place| !wanted.contains(place)));
    let looks = stream::iter(all).map(|namespace| of_namespace(cx, cluster, model, &wanted, namespace));
    let looks: Vec<Observed> = looks.buffered(AT_ONCE).try_collect().await?;
    let mut seen = Observed { is_wanted: !wanted.is_empty(), ..Observed::default() };
    for look in looks {
        seen.secrets.extend(look.secrets);
        seen.bound.extend(look.bound);
        seen.drift.extend(look.drift);
        seen.digest = seen.digest.or(look.digest);
    }
    seen.secrets.sort();
    seen.bound.sort();
    Ok(seen)
}

async fn of_namespace(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    wanted: &[String],
    namespace: String,
) -> Result<Observed, ClusterError> {
    let mut seen = Observed::default();
    let is_wanted = wanted.contains(&namespace);
    let object = ObjectRef::secret(&namespace, &model.name);
    let found = cluster.get(cx.budget(), &object).await?;
    tenancy::recover(cx, &object, found.as_ref());
    let claim = model.claim(cx.known_owner(), wanted);
    let is_foreign = found.as_ref().is_some_and(|secret| claim.tenure(secret) == Tenure::Foreign);
    if is_foreign && taking_over::is_given(model, &object) {
        seen.secrets.push(format!("{namespace}/{}", model.name));
        seen.drift.push(taking_over::said_of(&object));
        look_at_accounts(cx, cluster, model, &namespace, &mut seen).await?;
        return Ok(seen);
    }
    let Some(secret) = found.filter(|secret| claim.tenure(secret) == Tenure::Ours) else {
        seen.drift.extend(is_wanted.then(|| format!("{object} is missing")));
        return Ok(seen);
    };
    if !is_wanted {
        seen.drift.push(format!("the namespace {namespace} no longer matches and still has the Secret"));
    } else if owner_of(&secret).is_none() {
        seen.drift.push(format!("{object} does not bear the mark of its owner"));
    }
    seen.secrets.push(format!("{namespace}/{}", model.name));
    let digest = digest::of(&secret);
    if digest.is_none() {
        seen.drift.push(format!("{object} {WITHOUT_KEY}"));
    } else if model.digest.get().is_some_and(|known| Some(known) != digest.as_ref()) {
        seen.drift.push(format!("{object} holds other logins than were declared"));
    }
    seen.digest = digest;
    if is_wanted {
        look_at_accounts(cx, cluster, model, &namespace, &mut seen).await?;
    }
    Ok(seen)
}

/// Which of the accounts use the Secret.
async fn look_at_accounts(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespace: &str,
    seen: &mut Observed,
) -> Result<(), ClusterError> {
    for account in &model.service_accounts {
        let object = ObjectRef::service_account(namespace, account);
        let found = cluster.get(cx.budget(), &object).await?;
        if found.is_some_and(|found| pull_secrets(&found).contains(&model.name.as_str())) {
            seen.bound.push(format!("{namespace}/{account}"));
        } else {
            seen.drift.push(format!("{object} does not use the Secret {}", model.name));
        }
    }
    Ok(())
}
