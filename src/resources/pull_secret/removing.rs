//! Takes pull secrets away, and off the accounts that we bound.

use crate::clients::cluster::{Cluster, ClusterError, Removal};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure};
use crate::provider::Cx;
use crate::resources::tenancy;

use super::bindings::Bindings;
use super::{Declared, Failures};

/// Takes the Secret out of namespaces that are no longer named, and off accounts that are no longer named. Answers the
/// namespaces that still have it.
pub async fn tidy(
    cx: &Cx,
    cluster: &Cluster,
    (before, model, namespaces): (&[String], &Declared, &[String]),
    bindings: &mut Bindings,
    claim: &Claim,
    failures: &mut Failures,
) -> Vec<String> {
    let gone = bindings.places(before.to_vec()).into_iter().filter(|namespace| !namespaces.contains(namespace));
    let gone: Vec<String> = gone.collect();
    let left = remove(cx, cluster, &model.name, &gone, bindings, claim, failures).await;
    for namespace in namespaces {
        let mut accounts = bindings.of(namespace);
        accounts.retain(|account| !model.service_accounts.iter().any(|it| it == account));
        if let Err(error) = bindings.unbind(cx, cluster, namespace, accounts, &model.name).await {
            failures.push((namespace.clone(), error));
        }
    }
    left
}

/// Takes the Secret out of these namespaces, off the accounts first that we bound, as far as it goes. Answers where it is
/// left.
pub async fn remove(
    cx: &Cx,
    cluster: &Cluster,
    name: &str,
    namespaces: &[String],
    bindings: &mut Bindings,
    claim: &Claim,
    failures: &mut Failures,
) -> Vec<String> {
    let (mut left, mut removals) = (Vec::new(), Vec::new());
    for namespace in namespaces {
        match remove_from(cx, cluster, name, namespace, bindings, claim).await {
            Ok(removal) => removals.push((ObjectRef::secret(namespace, name), removal)),
            Err(error) => {
                left.push(namespace.clone());
                failures.push((namespace.clone(), error));
            }
        }
    }
    tenancy::tell_left(cx, &format!("Removing the pull secret `{name}`"), removals);
    left
}

async fn remove_from(
    cx: &Cx,
    cluster: &Cluster,
    name: &str,
    namespace: &str,
    bindings: &mut Bindings,
    claim: &Claim,
) -> Result<Removal, ClusterError> {
    let object = ObjectRef::secret(namespace, name);
    let found = cluster.get(cx.budget(), &object).await?;
    // Whoever has the Secret now needs the accounts as they are.
    if found.is_some_and(|found| claim.tenure(&found) != Tenure::Ours) {
        return Ok(Removal::Left);
    }
    bindings.unbind(cx, cluster, namespace, bindings.of(namespace), name).await?;
    let removal = cluster.delete_own(cx.budget(), &object, claim).await?;
    cluster.wait_until_left(cx.budget(), &object, claim).await?;
    Ok(removal)
}
