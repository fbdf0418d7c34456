//! Solvers of http-01 challenges: made for one order, and taken away with everything that belongs to them.

use futures_util::future::join_all;
use kube::api::DeleteParams;
use kube::core::params::Preconditions;
use serde_json::Value;

use crate::domain::http01_solver::{APPLICATION, Site, Solver};
use crate::domain::kubernetes::{INSTANCE, ObjectRef, is_ours};
use crate::retry::Budget;

use super::{Cluster, ClusterError};

impl Cluster {
    /// Makes a solver, in place of what an earlier run may have left at its site, and waits until its Pod serves.
    pub async fn start_solver(&self, budget: &Budget, solver: &Solver) -> Result<(), ClusterError> {
        for object in self.remove_solver(budget, &solver.site).await? {
            // A controller may hold an Ingress back until its load balancer forgot it.
            self.wait_until_gone(budget, &object).await?;
        }
        let manifests = solver.manifests();
        let made = join_all(manifests.iter().map(|manifest| self.create(budget, manifest))).await;
        made.into_iter().collect::<Result<Vec<_>, _>>()?;
        match solver.site.pod() {
            Some(pod) => {
                let labels = format!("{INSTANCE}={}", solver.site.name);
                self.wait_for_rollout(budget, &pod, &labels).await.map(|_| ())
            }
            None => Ok(()),
        }
    }

    /// Takes a solver away, what of it there is; answers what there was. What is not ours stays.
    ///
    /// # Errors
    /// The first failure, after everything else was tried as well.
    pub async fn remove_solver(&self, budget: &Budget, site: &Site) -> Result<Vec<ObjectRef>, ClusterError> {
        let objects = site.objects();
        let removed = join_all(objects.iter().map(|object| self.remove_part(budget, object, &site.name))).await;
        let there =
            removed.into_iter().zip(&objects).map(|(removed, object)| removed.map(|was| was.then(|| object.clone())));
        Ok(there.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    async fn remove_part(&self, budget: &Budget, object: &ObjectRef, instance: &str) -> Result<bool, ClusterError> {
        let found = self.get(budget, object).await?;
        let Some(found) = found.filter(|found| is_ours(found, APPLICATION, instance)) else { return Ok(false) };
        let uid = found.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
        let preconditions = Some(Preconditions { uid, resource_version: None });
        // No program runs in it that needed time to end.
        let at_once = DeleteParams { grace_period_seconds: Some(0), preconditions, ..DeleteParams::default() };
        self.delete_with(budget, object, at_once).await.map(|()| true)
    }
}
