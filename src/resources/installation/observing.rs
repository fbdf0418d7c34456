//! Looks at what the cluster holds of an installation.

use std::time::Duration;

use serde_json::Value;

use crate::clients::download::Patience;
use crate::domain::cert_manager::release::is_controller;
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::resources::objects::content::Content;
use crate::sdk::Result;

use super::Declared;
use super::release::{content, read};
use super::source::{Reader, is_address};
use super::webhook::{self, NOT_SEEN_ANSWERING};

const WHAT: &str = "Cannot read the objects of cert-manager";

/// How long a refresh may be held up by fetching a manifest.
const FETCHING: Duration = Duration::from_secs(10);

/// The state with what differs from it; `None` if nothing of it is there.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let mut set = model.set();
    let was_silent = set.drift.iter().any(|it| it == NOT_SEEN_ANSWERING);
    let is_far = is_address(&model.manifest);
    let near = if is_far { Content::default() } else { declared(cx, &model).await };
    if !set.refresh(cx, &near, WHAT).await? {
        return Ok(None);
    }
    // What is far is fetched only where something differs, to tell what.
    if is_far && !set.drift.is_empty() {
        set.refresh(cx, &declared(cx, &model).await, WHAT).await?;
    }
    if was_silent && !webhook::answers(cx).await {
        set.drift.push(NOT_SEEN_ANSWERING.to_owned());
    }
    model.absorb(&set);
    Ok(Some(model))
}

/// What is declared, where the manifest is there and the one that was applied: of anything else, what the cluster holds is
/// compared by digest alone.
async fn declared(cx: &Cx, model: &Declared) -> Content {
    let said = model.said();
    let asks = (!cx.provider().is_offline()).then_some(Patience::SHORT);
    let reader = Reader { cx, budget: cx.budget().at_most(FETCHING), asks, what: WHAT };
    match read(&reader, &model.manifest, said).await {
        Ok(read) if said.sha256.is_some() => content(&read.release),
        _ => Content::default(),
    }
}

/// The Deployment of a namespace's controller.
pub async fn controller(cx: &Cx, namespace: &str) -> Result<Option<Value>> {
    let like = ObjectRef::deployment(namespace, "");
    let found = cx.provider().cluster()?.list(cx.budget(), &like, "").await;
    Ok(found.map_err(|error| error.explain(WHAT))?.into_iter().find(is_controller))
}
