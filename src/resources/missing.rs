//! Warns in a plan of namespaces and service accounts that are not there.

use std::time::Duration;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

/// How long all questions together may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many questions are asked at most.
const AT_MOST: usize = 40;

/// What is told, and at which attributes.
pub struct Missing<'a> {
    /// What may fail.
    pub what: &'a str,
    /// The attribute that names the namespaces.
    pub namespaces: &'a str,
    /// The attribute that names the accounts.
    pub accounts: &'a str,
}

impl Missing<'_> {
    /// Looks for namespaces, and for accounts in those that are there. What cannot be asked is not told.
    pub async fn look(&self, cx: &Cx, namespaces: &[String], accounts: &[(String, String)]) -> Vec<Explanation> {
        let Some((cluster, budget)) = asking(cx) else { return Vec::new() };
        let places = namespaces.iter().map(|name| ObjectRef::of_namespace(name)).collect();
        let gone = absent(cx, cluster, &budget, places).await;
        let is_there = |namespace: &str| !gone.iter().any(|object| object.name == namespace);
        // A controller makes `default` in each namespace.
        let named = accounts.iter().filter(|(namespace, name)| name != "default" && is_there(namespace));
        let places = named.map(|(namespace, name)| ObjectRef::service_account(namespace, name)).collect();
        let lost = absent(cx, cluster, &budget, places).await;
        let namespace = (
            gone,
            "make it first, or correct its name; let the attribute come from the resource that makes it",
            self.namespaces,
        );
        let account =
            (lost, "make it first, or correct its name: an apply waits a minute for it, and then fails", self.accounts);
        [namespace, account].into_iter().filter_map(|(objects, next, at)| self.told(&objects, next, at)).collect()
    }

    fn told(&self, objects: &[ObjectRef], next: &str, at: &str) -> Option<Explanation> {
        let names: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let told = Explanation::new("BERTH-K8S-072", self.what).next(next).at(at);
        (!names.is_empty()).then(|| told.on(format!("{}, which does not exist yet", names.join(", "))))
    }
}

/// Whether an object is missing for certain, and no plan of this run is to make it.
pub async fn is_missing(cx: &Cx, object: &ObjectRef) -> bool {
    let Some((cluster, budget)) = asking(cx) else { return false };
    !absent(cx, cluster, &budget, vec![object.clone()]).await.is_empty()
}

/// The cluster, where a plan may ask it, and for how long.
fn asking(cx: &Cx) -> Option<(&Cluster, Budget)> {
    let cluster = cx.provider().cluster().ok().filter(|_| !cx.provider().is_offline())?;
    Some((cluster, cx.budget().at_most(PATIENCE)))
}

/// Those that are missing for certain, and that no plan of this run is to make.
async fn absent(cx: &Cx, cluster: &Cluster, budget: &Budget, objects: Vec<ObjectRef>) -> Vec<ObjectRef> {
    let wanted = objects.into_iter().filter(|object| !cx.provider().holdings().is_planned(&object.key()));
    let seen = cluster.look_at(budget, wanted.take(AT_MOST)).await.into_iter();
    seen.filter(|(_, found)| found.is_none()).map(|(object, _)| object).collect()
}
