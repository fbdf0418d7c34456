//! An installation that another tool made, or that a state has lost.

use crate::domain::cert_manager::release::parsed;
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::apply_set::said_to_take_over;
use crate::resources::tenancy;
use crate::sdk::{Computed, Result};

use super::Declared;
use super::observing::controller;

/// The note of the private state that the next apply takes everything over that the manifest declares.
pub const IMPORTED: &str = "imported";

const WHAT: &str = "Cannot import cert-manager";

/// The installation of a namespace. What belongs to it is known once a manifest is: the first apply takes it over.
pub async fn imported(cx: &Cx, id: &str) -> Result<Declared> {
    let namespace = id.trim();
    if namespace.is_empty() || namespace.contains('/') {
        return Err(refused("the id names no namespace", "write the id as the namespace that the controller runs in"));
    }
    let Some((object, version)) = controller(cx, namespace).await? else {
        return Err(refused(
            &format!("no Deployment of the namespace `{namespace}` is cert-manager's controller"),
            "correct the namespace (`kubectl get deployments -A -l app=cert-manager`), or declare it without import",
        ));
    };
    let cluster = cx.provider().cluster()?;
    let found = cluster.get(cx.budget(), &object).await.map_err(|error| error.explain(WHAT))?;
    if let Some(found) = &found {
        tenancy::take_over(cx, found);
    }
    cx.remember(IMPORTED, &true);
    Ok(state(namespace, &object, version.map(|version| version.to_string())))
}

fn refused(why: &str, next: &str) -> Explanation {
    Explanation::new("BERTH-CM-009", WHAT).on(why.to_owned()).next(next.to_owned())
}

fn state(namespace: &str, controller: &ObjectRef, version: Option<String>) -> Declared {
    let version = version.filter(|version| parsed(version).is_some());
    Declared {
        manifest_sha256: Computed::Null,
        version: version.map_or(Computed::Null, Computed::Known),
        namespace: Computed::Known(namespace.to_owned()),
        wait: true,
        objects: Computed::Known(vec![crate::domain::manifest::id(controller)]),
        drift: Computed::Known(vec![said_to_take_over(controller)]),
        phases: Computed::Null,
        ..Declared::default()
    }
}
