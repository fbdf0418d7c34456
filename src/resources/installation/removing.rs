//! Takes an installation away.

use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::resources::objects::ApplySet;
use crate::sdk::Result;

use super::Declared;

const WHAT: &str = "Cannot remove cert-manager";

/// What the webhook makes for itself, which nobody misses.
const MADE_BY_IT: &str = "cert-manager-webhook-ca";

/// Removes everything but the definitions, with what only the webhook's own runs have left, which would keep the namespace.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let set = model.set();
    let (namespaces, others): (Vec<_>, Vec<_>) = set.objects.iter().cloned().partition(|it| it.kind == "Namespace");
    let of = |objects: Vec<ObjectRef>| ApplySet { objects, lead: set.objects.first().cloned(), ..set.clone() };
    of(others).take_away(cx, WHAT).await?;
    if let Some(namespace) = model.namespace.get().filter(|_| !set.objects.is_empty()) {
        let cluster = cx.provider().cluster()?;
        let secret = ObjectRef::secret(namespace, MADE_BY_IT);
        cluster.delete(cx.budget(), &secret, None).await.map_err(|error| error.explain(WHAT))?;
    }
    of(namespaces).take_away(cx, WHAT).await
}
