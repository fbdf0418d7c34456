//! What a plan can know of a manifest, without a cluster.

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::content::Content;
use crate::resources::objects::has_drifted;
use crate::resources::objects::written::scope_in;
use crate::resources::write_only::warn_of_write_only;
use crate::sdk::{Model as _, Plan, Result, Secret, Seen, Value, View};

use super::{Declared, IMPORTED};

/// What tells of the objects.
const OF_THE_TEXT: [&str; 4] = ["yaml", "namespace", "objects", "drift"];

/// Fills in the objects that will be there, and warns of what the apply will refuse.
pub async fn refine(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    warn_of_write_only(&Declared::attributes(), plan);
    if cx.recall::<bool>(IMPORTED).is_some() && !has_drifted(plan) {
        keep_as_imported(plan);
    }
    let foreseen = foresee(plan);
    let planned = foreseen.as_ref().map(|objects| ids(objects));
    // Documents that are not stored may declare other objects without another version of them.
    let is_other = match (&planned, plan.prior().at("objects")) {
        (Some(planned), Seen::Known(before)) => planned != before,
        _ => false,
    };
    if !(plan.is_create() || plan.is_change() || has_drifted(plan) || is_other) {
        return Ok(());
    }
    plan.leave_open(&["drift"]);
    match planned {
        Some(planned) => plan.set("objects", planned),
        None => plan.leave_open(&["objects"]),
    }
    if let Some(objects) = foreseen {
        tell_unmatched(plan, &objects);
        if let Some(model) = plan.model::<Declared>() {
            model.set().look(cx, plan, &objects).await;
        }
    }
    Ok(())
}

/// An import names each object's namespace. A text that leaves it to `namespace` declares the same, and changes nothing: the
/// state stays as it is until something else does.
fn keep_as_imported(plan: &mut Plan<'_>) {
    let before = prior_objects(plan);
    let parts = |view: View<'_>| {
        let content = Content::read(view.text("yaml"), None, view.text("namespace")?).ok()?;
        let parts = content.parts(scope_in(&before))?;
        Some(parts.into_iter().map(|part| (part.object, part.manifest)).collect::<Vec<_>>())
    };
    if parts(plan.prior()).is_none_or(|prior| parts(plan.planned()) != Some(prior)) {
        return;
    }
    let planned = OF_THE_TEXT.map(|name| (name, plan.planned().value().member(name).clone()));
    plan.keep(&OF_THE_TEXT);
    if plan.is_change() {
        for (name, value) in planned {
            plan.set(name, value);
        }
    }
}

fn ids(objects: &[ObjectRef]) -> Value {
    Value::List(objects.iter().map(|object| Value::from(manifest::id(object))).collect())
}

/// The objects, if the texts are known, and where each belongs.
fn foresee(plan: &Plan<'_>) -> Option<Vec<ObjectRef>> {
    let view = plan.planned();
    let (open, secret) = (view.at("yaml"), plan.config().at("secrets_yaml_wo"));
    if open.is_unknown() || secret.is_unknown() {
        return None;
    }
    let secret = secret.known().and_then(Value::as_str).map(Secret::new);
    let content = Content::read(open.known().and_then(Value::as_str), secret.as_ref(), view.text("namespace")?).ok()?;
    let (scopes, before) = (content.scopes(), prior_objects(plan));
    let as_before = scope_in(&before);
    let scope = |object: &ObjectRef| scopes.scope(object.group(), &object.kind).or_else(|| as_before(object));
    Some(content.parts(scope)?.into_iter().map(|part| part.object).collect())
}

fn prior_objects(plan: &Plan<'_>) -> Vec<ObjectRef> {
    let ids = plan.prior().read::<Vec<String>>("objects").unwrap_or_default();
    ids.iter().filter_map(|id| manifest::of_id(id)).collect()
}

/// Warns of a wish that no object of the text fits.
fn tell_unmatched(plan: &mut Plan<'_>, objects: &[ObjectRef]) {
    let Some(model) = plan.model::<Declared>() else { return };
    for (index, wish) in model.wait_for.iter().flatten().enumerate() {
        if !objects.iter().any(|object| wish.wishes().fit(object)) {
            let what = format!("Nothing will be waited for: no {} of the manifest fits this", wish.kind);
            let next = "correct kind, name and namespace, or take it out";
            plan.warn(&Explanation::new("BERTH-K8S-087", what).next(next).at(format!("wait_for[{index}]")));
        }
    }
}
