//! Which images a mirror has: those that are named, and those that Pods name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::clients::cluster::ClusterError;
use crate::domain::image::ImageReference;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::oci::mirror::{Fault, Mirror, Mirrored};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Attr as _, Diagnostics, Result, Set, Value, View};

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

/// The note of what Pods used at the last refresh, and of which Pods that was told.
const IN_USE: &str = "in_use";

/// Notes at a refresh what the Pods use; while the cluster does not tell, the earlier note counts.
pub async fn note(cx: &Cx, pods: Option<&Pods>, mirror: &Mirror, known: &Known) {
    let Some(pods) = pods else { return cx.forget(IN_USE) };
    match of_pods(cx, pods, mirror, known).await {
        Ok(used) => remember(cx, pods, &used),
        Err(_) if cx.provider().is_offline() => {}
        Err(error) => cx.warn(&unlisted(&error)),
    }
}

/// Notes what the Pods use.
pub fn remember(cx: &Cx, pods: &Pods, used: &BTreeSet<String>) {
    cx.remember(IN_USE, &(meant(pods), used));
}

/// What was noted of these very Pods.
pub fn noted(cx: &Cx, pods: &Pods) -> Option<BTreeSet<String>> {
    let (of, used) = cx.recall::<(String, BTreeSet<String>)>(IN_USE)?;
    (of == meant(pods)).then_some(used)
}

fn meant(pods: &Pods) -> String {
    format!("{:?}", pods.encode())
}

fn unlisted(error: &Explanation) -> Explanation {
    Explanation::new("BERTH-OCI-022", "Which images the Pods use cannot be told now")
        .said("The look at the cluster", error.cause())
        .next("nothing needs to be done if this passes: the images that were found before stay in the mirror")
        .at("pods")
}

/// The images of the mirror, with the digests of their copies, by their names.
pub type Known = BTreeMap<String, (Mirrored, Option<String>)>;

/// What the Pods of the cluster name. `known` are the mirror's images, with the names that they have there.
pub async fn of_pods(cx: &Cx, pods: &Pods, mirror: &Mirror, known: &Known) -> Result<BTreeSet<String>> {
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
    Ok(named.iter().flat_map(|name| in_use(name, mirror, known, &excluded)).collect())
}

fn untold(error: &ClusterError) -> Explanation {
    error.explain("Cannot tell which images the Pods of the cluster use").at("pods")
}

/// The names of images in a Pod.
fn images_of(pod: &Json) -> Vec<String> {
    let containers = CONTAINERS.iter().filter_map(|kind| pod.get("spec")?.get(kind)?.as_array());
    containers.flatten().filter_map(|it| it.get("image")?.as_str().map(str::to_owned)).collect()
}

/// The images of the set that a Pod means: a copy in the mirror stands for all that it may have been copied from.
fn in_use(name: &str, mirror: &Mirror, known: &Known, excluded: &[Mirror]) -> Vec<String> {
    let Ok(image) = name.parse::<ImageReference>() else { return Vec::new() };
    if !mirror.holds(&image) {
        let is_excluded = excluded.iter().any(|it| it.holds(&image));
        return if is_excluded { Vec::new() } else { vec![name.to_owned()] };
    }
    let of = |is_meant: &dyn Fn(&Mirrored, Option<&str>) -> bool| -> Vec<String> {
        let meant = known.iter().filter(|(_, (it, digest))| is_meant(it, digest.as_deref()));
        meant.map(|(name, _)| name.clone()).collect()
    };
    let exact = of(&|it, digest| it.is_named(&image, digest));
    if exact.is_empty() { of(&|it, _| it.is_beside(&image)) } else { exact }
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
        let digests = ["1", "2"].map(|digit| format!("sha256:{}", digit.repeat(64)));
        let pinned = digests.each_ref().map(|digest| format!("nginx@{digest}"));
        let names = ["nginx:1.27", "docker.io/library/nginx:1.27", "nginx:2", &pinned[0], &pinned[1]];
        let all = mirror.all(names).unwrap().into_iter();
        let known: Known = all
            .map(|(name, it)| {
                let digest = it.source.digest.clone();
                (name, (it, digest))
            })
            .collect();
        let excluded = [Mirror::at("ghcr.io/team", true).unwrap()];
        let meant = |name: &str| in_use(name, &mirror, &known, &excluded);
        let here = "hub.test/m/docker.io/library/nginx";
        let both = ["docker.io/library/nginx:1.27", "nginx:1.27"];
        assert_eq!(meant(&format!("{here}:1.27")), both);
        assert_eq!(meant(&format!("{here}:1.27@sha256:{}", "9".repeat(64))), both, "what a webhook has pinned");
        assert_eq!(meant(&format!("{here}@{}", digests[1])), [pinned[1].as_str()]);
        assert_eq!(meant(&format!("{here}@sha256:{}", "9".repeat(64))).len(), names.len(), "any of them");
        assert!(meant("hub.test/m/others/app:1").is_empty() && meant("ghcr.io/team/app").is_empty());
        assert_eq!(meant("ghcr.io/teams/app"), ["ghcr.io/teams/app"]);
        assert!(meant("not an image").is_empty());
    }
}
