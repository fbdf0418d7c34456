//! Objects that exist already: imported by their names, or moved from the state of another provider.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, Item, Scope, fields, phase};
use crate::domain::ownership::owner_of;
use crate::domain::yaml;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::apply_set::said_to_take_over;
use crate::resources::tenancy;
use crate::sdk::{Computed, MoveSource, Result, Set};

use super::{Declared, IMPORTED};

/// The manifest that declared these objects, or the names of objects that are to be taken over.
pub async fn imported(cx: &Cx, id: &str) -> Result<Declared> {
    let what = "Cannot import the objects of a manifest";
    let cluster = cx.provider().cluster()?;
    let mut objects = Vec::new();
    for id in id.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        objects.push(manifest::of_id(id).ok_or_else(|| unreadable(what, id))?);
    }
    if objects.is_empty() {
        return Err(unreadable(what, id));
    }
    objects.sort_by_key(|object| (phase(object), object.clone()));
    objects.dedup();
    let (mut declared, mut drift, mut manager) = (Vec::new(), Vec::new(), None);
    for object in &objects {
        cluster
            .kind(cx.budget(), &object.api_version, &object.kind)
            .await
            .map_err(|error| error.explain(what).on(manifest::id(object)))?;
        let found = cluster.get(cx.budget(), object).await.map_err(|error| error.explain(what))?;
        let found = found.ok_or_else(|| absent(what, object))?;
        match (owner_of(&found), fields::marker(&found)) {
            (Some(owner), Some(marker)) => {
                refuse_mixture(cx, &owner, what, object)?;
                tenancy::take_over(cx, &found);
                manager = manager.or_else(|| Some(marker.to_owned()));
                declared.extend(manifest::declaration(&found, marker));
            }
            _ => drift.push(said_to_take_over(object)),
        }
    }
    let text = (!declared.is_empty()).then(|| yaml::written(&declared));
    cx.remember(IMPORTED, &true);
    Ok(of_objects(text, &objects, drift, manager))
}

/// One state has one mark.
fn refuse_mixture(cx: &Cx, owner: &crate::owner::Owner, what: &str, object: &ObjectRef) -> Result<()> {
    match cx.known_owner() {
        Some(known) if known != *owner => Err(Explanation::new("BERTH-K8S-089", what)
            .on(format!("{object}, which another manifest made than the objects before it in the id"))
            .next("import the objects of each manifest by themselves")),
        _ => Ok(()),
    }
}

fn unreadable(what: &str, id: &str) -> Explanation {
    Explanation::new("BERTH-K8S-089", what).on(format!("`{id}`")).next(
        "name each object as `apps/v1/Deployment/NAMESPACE/NAME`, or `v1/Namespace/NAME` where it is in none, with commas between them",
    )
}

fn absent(what: &str, object: &ObjectRef) -> Explanation {
    Explanation::new("BERTH-K8S-089", what)
        .on(format!("{object}, which does not exist"))
        .next("correct the id, or declare it without import: the next apply makes it")
}

fn of_objects(yaml: Option<String>, objects: &[ObjectRef], drift: Vec<String>, manager: Option<String>) -> Declared {
    Declared {
        yaml,
        secrets_yaml_wo: None,
        secrets_yaml_wo_version: None,
        namespace: "default".to_owned(),
        field_manager: manager.unwrap_or_else(|| crate::domain::kubernetes::FIELD_MANAGER.to_owned()),
        force_conflicts: false,
        adopt: false,
        wait: true,
        wait_for: None,
        delete_order: None,
        keep: Set(vec!["CustomResourceDefinition".to_owned(), "PersistentVolumeClaim".to_owned()]),
        objects: Computed::Known(objects.iter().map(manifest::id).collect()),
        drift: Computed::Known(drift),
        timeouts: None,
    }
}

/// An object of the kubernetes or kubectl provider becomes ours; content of Secrets stays behind. `None` for all other types.
pub fn moved(source: &MoveSource) -> Option<Result<Declared>> {
    let is_of = |r#type: &str, provider: &str| source.r#type == r#type && source.provider.ends_with(provider);
    if is_of("kubernetes_manifest", "/hashicorp/kubernetes") {
        let manifest = source.state.pointer("/manifest/value").or_else(|| source.state.pointer("/manifest"));
        return Some(of_manifest(manifest.cloned().unwrap_or_default(), source));
    }
    if is_of("kubectl_manifest", "/kubectl") {
        let text = source.state.get("yaml_body").and_then(Value::as_str).unwrap_or_default();
        let first = yaml::documents(text).ok().and_then(|mut read| (!read.is_empty()).then(|| read.remove(0).value));
        return Some(of_manifest(first.unwrap_or_default(), source));
    }
    None
}

fn of_manifest(mut object: Value, source: &MoveSource) -> Result<Declared> {
    if let Some(Value::String(namespace)) = source.state.get("override_namespace")
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.insert("namespace".to_owned(), namespace.as_str().into());
    }
    let items = manifest::items(&object.to_string());
    let Some(item) = items.ok().and_then(|mut items| items.pop()) else {
        return Err(Explanation::new("BERTH-K8S-090", format!("Cannot take over the state of a `{}`", source.r#type))
            .next("import the object by its name instead, and remove the old resource from state"));
    };
    let scope = scope_of(&item, source);
    let placed = item.placed(scope, "default");
    let object = ObjectRef::of(&placed).unwrap_or_else(|| item.reference());
    let text = (!item.has_secret_data()).then(|| yaml::written([&placed]));
    Ok(of_objects(text, std::slice::from_ref(&object), vec![said_to_take_over(&object)], None))
}

/// Where the object lives: as its kind does, or else as the other provider's state has it.
fn scope_of(item: &Item, source: &MoveSource) -> Scope {
    let object = item.reference();
    let known = manifest::Scopes::of([item]).scope(object.group(), &object.kind);
    let stored = ["/object/value/metadata/namespace", "/object/metadata/namespace", "/namespace"];
    let is_stored =
        stored.iter().any(|path| source.state.pointer(path).and_then(Value::as_str).is_some_and(|it| !it.is_empty()));
    known.unwrap_or(if is_stored || object.namespace.is_some() { Scope::Namespaced } else { Scope::Cluster })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sdk::Model as _;

    fn source(r#type: &str, provider: &str, state: Value) -> MoveSource {
        MoveSource { provider: provider.to_owned(), r#type: r#type.to_owned(), version: 0, state }
    }

    #[test]
    fn manifests_of_other_providers_are_taken_over_without_what_secrets_hold() {
        let kubernetes = "registry.terraform.io/hashicorp/kubernetes";
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a", "namespace": "b" }, "data": { "k": "v" } });
        let state = json!({ "manifest": { "value": object, "type": "object" }, "object": {} });
        let taken = moved(&source("kubernetes_manifest", kubernetes, state)).unwrap().unwrap();
        assert_eq!(taken.objects.get().unwrap(), &["v1/ConfigMap/b/a"]);
        assert!(taken.yaml.as_ref().is_some_and(|text| text.contains("k: v")));
        assert_eq!(taken.set().drift.len(), 1);

        let body = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData: {p: hunter2}\n";
        let state = json!({ "yaml_body": body, "yaml_incluster": "x", "namespace": "" });
        let taken = moved(&source("kubectl_manifest", "registry.terraform.io/alekc/kubectl", state)).unwrap().unwrap();
        assert_eq!(taken.objects.get().unwrap(), &["v1/Secret/default/a"]);
        assert_eq!(taken.encode().member("yaml"), &crate::sdk::Value::Null);
        assert!(moved(&source("kubernetes_pod_v1", kubernetes, json!({}))).is_none());
    }
}
