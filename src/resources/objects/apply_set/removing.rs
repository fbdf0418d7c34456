//! Takes away what has left the texts, and all of it in the end.

use crate::clients::cluster::ClusterError;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::super::declaring::explained;
use super::super::written::look;
use super::super::{Removed, Tenant};
use super::ApplySet;

impl ApplySet {
    /// Removes what is no longer declared. What does not go stays in the state.
    pub(super) async fn remove_left(&self, tenant: &Tenant<'_>, leaving: &[ObjectRef], what: &str) -> Result<()> {
        if leaving.is_empty() {
            return Ok(());
        }
        self.remove(tenant, leaving, what).await?;
        for object in leaving {
            tenancy::release(tenant.cx, object);
        }
        Ok(())
    }

    /// Removes everything.
    ///
    /// # Errors
    /// Something did not go; the next call goes on.
    pub async fn take_away(&self, cx: &Cx, what: &str) -> Result<()> {
        let cluster = cx.provider().cluster()?;
        if self.objects.is_empty() {
            return Ok(());
        }
        let owner = tenancy::recovered(cx, &self.own_of(&self.objects), what).await?;
        let Some(claim) = self.claim(owner) else { return Ok(()) };
        let tenant = Tenant::of(cx, cluster, &claim, &self.manager);
        self.remove(&tenant, &self.objects, what).await?;
        for object in &self.objects {
            tenancy::release(cx, object);
        }
        Ok(())
    }

    /// Removes objects; what their programs have made for themselves goes after them, and before their namespace.
    async fn remove(&self, tenant: &Tenant<'_>, objects: &[ObjectRef], what: &str) -> Result<()> {
        let Some(residue) = self.residue else { return self.remove_all(tenant, objects, what).await };
        let (namespaces, others): (Vec<_>, Vec<_>) = objects.iter().cloned().partition(|it| it.kind == "Namespace");
        let (cx, cluster) = (tenant.cx, tenant.cluster);
        let programs: Vec<ObjectRef> = others.iter().filter(|it| it.kind == "Deployment").cloned().collect();
        let running = look(cx, cluster, &programs).await.map_err(|error| error.explain(what))?;
        self.remove_all(tenant, &others, what).await?;
        let gone = look(cx, cluster, &programs).await.map_err(|error| error.explain(what))?;
        // Where a program is somebody else's by now, it was left, and so is what it made.
        let ended = running.iter().zip(&gone).filter(|(_, now)| now.is_none());
        for residue in ended.filter_map(|(program, _)| residue(program.as_ref()?)) {
            cluster.delete(cx.budget(), &residue, None).await.map_err(|error| error.explain(what))?;
        }
        self.remove_all(tenant, &namespaces, what).await
    }

    async fn remove_all(&self, tenant: &Tenant<'_>, objects: &[ObjectRef], what: &str) -> Result<()> {
        let there = there(tenant, objects).await.map_err(|error| error.explain(what))?;
        let removed = tenant.remove(&there, &self.kept).await;
        removed.tell(tenant.cx, what);
        self.tell_kept(tenant.cx, &removed, what);
        self.failed(removed, what)
    }

    fn tell_kept(&self, cx: &Cx, removed: &Removed, what: &str) {
        if removed.kept.is_empty() {
            return;
        }
        let names: Vec<_> = removed.kept.iter().map(ToString::to_string).collect();
        let told = Explanation::new("BERTH-K8S-088", format!("{what}: some are kept"))
            .on(names.join(", "))
            .next(self.kept.advice);
        cx.warn(&told);
    }

    fn failed(&self, removed: Removed, what: &str) -> Result<()> {
        let mut failures = removed.failures.into_iter();
        let Some(first) = failures.next() else { return Ok(()) };
        let others = failures.map(|(object, error)| format!("{}: {}", manifest::id(&object), error.told()));
        Err(explained(&first, what, self.attribute).seen(others))
    }
}

/// Where they are to be taken away. A kind that is served no more has no objects.
async fn there(tenant: &Tenant<'_>, objects: &[ObjectRef]) -> std::result::Result<Vec<ObjectRef>, ClusterError> {
    let kept = tenant.cluster.kept(tenant.cx.budget(), objects).await?;
    Ok(kept.into_iter().flatten().collect())
}
