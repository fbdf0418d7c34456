//! An installation that another tool made, or that a state has lost.

use serde_json::Value;

use crate::domain::cert_manager::release::version_of;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
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
    let Some(found) = controller(cx, namespace).await? else {
        return Err(refused(
            &format!("no Deployment of the namespace `{namespace}` is cert-manager's controller"),
            "correct the namespace (`kubectl get deployments -A -l app=cert-manager`), or declare it without import",
        ));
    };
    tenancy::take_over(cx, &found);
    cx.remember(IMPORTED, &true);
    Ok(state(namespace, &found))
}

fn refused(why: &str, next: &str) -> Explanation {
    Explanation::new("BERTH-CM-009", WHAT).on(why.to_owned()).next(next.to_owned())
}

fn state(namespace: &str, controller: &Value) -> Declared {
    let object = ObjectRef::of(controller);
    Declared {
        manifest_sha256: Computed::Null,
        version: version_of(controller).map_or(Computed::Null, |version| Computed::Known(version.to_string())),
        namespace: Computed::Known(namespace.to_owned()),
        wait: true,
        objects: Computed::Known(object.iter().map(manifest::id).collect()),
        drift: Computed::Known(object.iter().map(said_to_take_over).collect()),
        phases: Computed::Null,
        passed: Computed::Null,
        ..Declared::default()
    }
}
