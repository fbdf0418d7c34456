//! Which images a mirror has: those that are named, and those that Pods name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::clients::cluster::ClusterError;
use crate::domain::image::ImageReference;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::oci::mirror::{Fault, Mirror, Mirrored};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Diagnostics, Result, Set, Value, View};

use super::model::Pods;

/// Where a Pod names images (Kubernetes: `PodSpec`).
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Finds mistakes in the combination of the arguments.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    if config.at("images").is_null() && config.at("pods").is_null() {
        let told = Explanation::new("BERTH-OCI-001", "The mirror has no images");
        found.error(&told.next("name them in images, or take those of a cluster's Pods with pods = {}").at("images"));
    }
    let Some(mirror) = mirror(config) else { return };
    if let Err(fault) = mirror.all(declared(config).iter().map(String::as_str)) {
        found.error(&wrong("These images cannot be mirrored together", &fault));
    }
}

/// The failure of images that cannot be mirrored together.
pub fn wrong(what: &str, fault: &Fault) -> Explanation {
    let next = match fault {
        Fault::Name { .. } => "correct the name, or leave it out",
        Fault::Together { .. } => "leave one of them out, or keep their hosts in the paths with keep_host = true",
    };
    Explanation::new("BERTH-OCI-001", what)
        .on(fault.to_string())
        .next(format!("{next}; nothing was copied"))
        .at("images")
}

/// Where the images are to lie, as far as that is known.
pub fn mirror(view: View<'_>) -> Option<Mirror> {
    let keeps_hosts = if view.at("keep_host").is_null() { true } else { view.truth("keep_host")? };
    Mirror::at(view.text("destination")?, keeps_hosts).ok()
}

/// The images that are named.
pub fn declared(view: View<'_>) -> BTreeSet<String> {
    view.read::<Set<String>>("images").into_iter().flat_map(|images| images.0).collect()
}

/// Whose images are meant beside those.
pub fn pods(view: View<'_>) -> Option<Pods> {
    view.read::<Pods>("pods")
}

/// Whether it is known which images are meant.
pub fn are_known(view: View<'_>) -> bool {
    ["images", "pods"]
        .iter()
        .all(|part| view.at(part).is_null() || view.at(part).known().is_some_and(Value::is_wholly_known))
}

/// What the Pods of the cluster name. `known` are the mirror's images, with the names that they have there.
pub async fn of_pods(
    cx: &Cx,
    pods: &Pods,
    mirror: &Mirror,
    known: &BTreeMap<String, Mirrored>,
) -> Result<BTreeSet<String>> {
    let cluster = cx.provider().cluster()?;
    let places: Vec<Option<String>> = match &pods.namespaces {
        Some(namespaces) => namespaces.iter().cloned().map(Some).collect(),
        None => vec![None],
    };
    let mut named = BTreeSet::new();
    for namespace in places {
        let like = ObjectRef { namespace, ..ObjectRef::pod("", "") };
        let read = cluster.each_page(cx.budget(), &like, |page| named.extend(page.iter().flat_map(images_of))).await;
        read.map_err(|error| untold(&error))?;
    }
    let excluded: Vec<Mirror> = pods.exclude.iter().flatten().filter_map(|text| Mirror::at(text, true).ok()).collect();
    Ok(named.iter().filter_map(|name| in_use(name, mirror, known, &excluded)).collect())
}

fn untold(error: &ClusterError) -> Explanation {
    error.explain("Cannot tell which images the Pods of the cluster use").at("pods")
}

/// The names of images in a Pod.
fn images_of(pod: &Json) -> Vec<String> {
    let containers = CONTAINERS.iter().filter_map(|kind| pod.get("spec")?.get(kind)?.as_array());
    containers.flatten().filter_map(|it| it.get("image")?.as_str().map(str::to_owned)).collect()
}

/// The image of the set that a Pod means, if it means one: the copy in the mirror stands for what it was copied from.
fn in_use(name: &str, mirror: &Mirror, known: &BTreeMap<String, Mirrored>, excluded: &[Mirror]) -> Option<String> {
    let image: ImageReference = name.parse().ok()?;
    if mirror.holds(&image) {
        let of = known.iter().find(|(_, mirrored)| mirrored.is_named(&image));
        return of.map(|(name, _)| name.clone());
    }
    (!excluded.iter().any(|it| it.holds(&image))).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_containers_of_a_pod_count() {
        let pod = json!({ "spec": { "containers": [{ "image": "a" }, { "image": "b" }], "initContainers": [{ "image": "c" }],
            "ephemeralContainers": [{ "image": "d" }] } });
        assert_eq!(images_of(&pod), ["a", "b", "c", "d"]);
        assert!(images_of(&json!({})).is_empty());
    }

    #[test]
    fn a_copy_that_is_in_use_keeps_its_image() {
        let mirror = Mirror::at("hub.test/m", true).unwrap();
        let known = mirror.all(["nginx:1.27"]).unwrap();
        let excluded = [Mirror::at("ghcr.io/team", true).unwrap()];
        let meant = |name| in_use(name, &mirror, &known, &excluded);
        assert_eq!(meant("hub.test/m/docker.io/library/nginx:1.27").as_deref(), Some("nginx:1.27"));
        assert_eq!(meant("hub.test/m/others/app:1"), None);
        assert_eq!(meant("ghcr.io/team/app"), None);
        assert_eq!(meant("ghcr.io/teams/app").as_deref(), Some("ghcr.io/teams/app"));
        assert_eq!(meant("not an image"), None);
    }
}
