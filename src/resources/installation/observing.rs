//! Looks at what the cluster holds of an installation.

use crate::domain::cert_manager::release::{is_controller, version_of};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::resources::objects::content::Content;
use crate::sdk::Result;

use super::Declared;
use super::release::{Said, content, read};
use super::webhook::{self, NOT_SEEN_ANSWERING};

const WHAT: &str = "Cannot read the objects of cert-manager";

/// The state with what differs from it; `None` if nothing of it is there.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let mut set = model.set();
    let was_silent = set.drift.iter().any(|it| it == NOT_SEEN_ANSWERING);
    if !set.refresh(cx, &declared(&model).await, WHAT).await? {
        return Ok(None);
    }
    if was_silent && !webhook::answers(cx).await {
        set.drift.push(NOT_SEEN_ANSWERING.to_owned());
    }
    model.absorb(&set);
    Ok(Some(model))
}

/// What is declared, where the manifest is there and the one that was applied: of anything else, what the cluster holds is
/// compared by digest alone.
async fn declared(model: &Declared) -> Content {
    let said = Said { sha256: model.manifest_sha256.get().map(String::as_str), ..model.said() };
    match read(&model.manifest, said, WHAT).await {
        Ok(read) if said.sha256.is_some() => content(&read.release),
        _ => Content::default(),
    }
}

/// The controller of a namespace, and its version.
pub async fn controller(cx: &Cx, namespace: &str) -> Result<Option<(ObjectRef, Option<semver::Version>)>> {
    let like = ObjectRef::deployment(namespace, "");
    let cluster = cx.provider().cluster()?;
    let found = cluster.list(cx.budget(), &like, "").await.map_err(|error| error.explain(WHAT))?;
    let controller = found.iter().find(|it| is_controller(&as_deployment(it)));
    Ok(controller.and_then(|it| {
        let name = it.pointer("/metadata/name")?.as_str()?;
        Some((ObjectRef::deployment(namespace, name), version_of(it)))
    }))
}

/// Elements of a list need not name their kind.
pub fn as_deployment(element: &serde_json::Value) -> serde_json::Value {
    let mut element = element.clone();
    if let Some(members) = element.as_object_mut() {
        members.entry("kind").or_insert_with(|| "Deployment".into());
    }
    element
}
