//! Puts a backup back.

use serde_json::{Map, Value};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::differences;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::MARKS;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::cert_manager;
use crate::resources::missing::is_missing;
use crate::resources::objects::patiently;
use crate::sdk::{Plan, Result};

use super::Declared;
use super::gathering::listed;
use super::taking::{self, FORMER, KEY};

/// What to do where there is no backup.
const TO_FIND_ONE: &str = "copy the Secret of the backup to this place, or correct `secret`; where a resource of this configuration \
                           takes it, add depends_on = [that resource]";

/// What became of an object of a backup.
enum Put {
    /// It is there as the backup has it.
    Back,
    /// It was there in another form, and stays so.
    Left,
}

/// Warns in a plan of a restore for which there is no Secret, and which nothing in this plan makes.
pub async fn foresee(cx: &Cx, plan: &mut Plan<'_>, secret: &ObjectRef) {
    if is_missing(cx, secret).await {
        plan.warn(&none(secret, &format!("The restore of `{secret}` will find no backup")));
    }
}

fn none(secret: &ObjectRef, what: &str) -> Explanation {
    let told = Explanation::new("BERTH-CM-014", what);
    told.on(format!("{secret}, which does not exist or holds no backup")).next(TO_FIND_ONE).at("secret")
}

/// Puts back what lies in the Secret, in its order. What was put back stays, whatever follows.
pub async fn put_back(cx: &Cx, model: &mut Declared) -> Result<()> {
    let secret = model.secret.reference();
    let what = format!("Cannot restore the backup `{secret}`");
    let cluster = cx.provider().cluster()?;
    let found = cluster.get(cx.budget(), &secret).await.map_err(|error| error.explain(&what).at("secret"))?;
    let key = if model.former { FORMER } else { KEY };
    let Some(bytes) = found.as_ref().and_then(|found| taking::content(found, key)) else {
        return Err(none(&secret, &what));
    };
    let backup = taking::read(&bytes, &what)?.only(|it| model.covers(it), &model.parts());
    let backup = backup.moved_to(&model.controller_namespace);
    let (mut back, mut left, mut homeless) = (Vec::new(), Vec::new(), Vec::new());
    for object in &backup.objects {
        let Some(reference) = ObjectRef::of(object) else { continue };
        match patiently(cx, || put(cx, cluster, object, &reference, model.overwrite)).await {
            Ok(Put::Back) => back.push(reference),
            Ok(Put::Left) => left.push(reference.to_string()),
            Err(error) if is_of_the_namespace(&error) => homeless.push((reference.to_string(), error)),
            Err(error) => {
                let told = cert_manager::explained(&error.without_content(), &what);
                return Err(told.on(reference.to_string()).at("secret"));
            }
        }
    }
    tell_left(cx, &left);
    if let Some((_, error)) = homeless.first() {
        let names: Vec<String> = homeless.iter().map(|(name, _)| name.clone()).collect();
        let told = error.explain(&what).on(listed(&names));
        return Err(told.adding("all else was put back; `namespaces` can leave a namespace out").at("namespaces"));
    }
    model.digest.set(taking::digest(&bytes));
    model.holds(back.iter());
    Ok(())
}

/// Whether only what is in one namespace cannot be put back.
fn is_of_the_namespace(error: &ClusterError) -> bool {
    matches!(error, ClusterError::NamespaceMissing { .. } | ClusterError::NamespaceTerminating { .. })
}

/// Makes an object that is not there; one that is on its way out is waited for. What is there otherwise is left, or replaced if
/// that is wanted.
async fn put(
    cx: &Cx,
    cluster: &Cluster,
    object: &Value,
    reference: &ObjectRef,
    overwrites: bool,
) -> std::result::Result<Put, ClusterError> {
    loop {
        let Some(found) = cluster.settled(cx.budget(), reference).await? else {
            match cluster.create(cx.budget(), object).await {
                // Somebody made it meanwhile.
                Err(ClusterError::Foreign { .. }) => {}
                made => return made.map(|_| Put::Back),
            }
            continue;
        };
        if is_same(object, &found) {
            return Ok(Put::Back);
        }
        if !overwrites {
            return Ok(Put::Left);
        }
        if cluster.update(cx.budget(), reference, |found| replace(found, object)).await?.is_some() {
            return Ok(Put::Back);
        }
    }
}

/// Whether an object is as the backup has it.
fn is_same(object: &Value, found: &Value) -> bool {
    differences(&content(object), found).is_empty() && differences(&content(found), object).is_empty()
}

/// What an object consists of, beside its name.
fn content(object: &Value) -> Value {
    let members = object.as_object().into_iter().flatten();
    let parts = members.filter(|(name, _)| matches!(name.as_str(), "spec" | "data" | "type"));
    Value::Object(parts.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Makes an object what the backup has of it. Its marks stay: whoever owns it by now still does.
fn replace(found: &mut Value, object: &Value) -> bool {
    let Some(members) = found.as_object_mut() else { return false };
    if let Value::Object(content) = content(object) {
        members.extend(content);
    }
    for name in ["labels", "annotations"] {
        let entries =
            object.pointer(&format!("/metadata/{name}")).and_then(Value::as_object).cloned().unwrap_or_default();
        let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
        let kept = metadata.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if let Some(kept) = kept.as_object_mut() {
            kept.extend(entries.into_iter().filter(|(entry, _)| !MARKS.contains(&entry.as_str())));
        }
    }
    true
}

fn tell_left(cx: &Cx, left: &[String]) {
    if left.is_empty() {
        return;
    }
    let told = Explanation::new("BERTH-CM-015", "Some of the backup is there in another form, and was left as it is")
        .on(listed(left))
        .next(
            "look at what is there: a key of an ACME account that was made anew is another account; `overwrite = true` replaces it \
             by what the backup has",
        );
    cx.warn(&told);
}
