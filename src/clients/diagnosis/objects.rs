//! Questions to the cluster, many at once.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError, Selection};
use crate::domain::diagnosis::Snapshot;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::Container;
use crate::retry::Budget;

use super::{CLUSTER_TIME, Gathering};

/// How many questions are on their way at once.
const AT_ONCE: usize = 16;

/// How many objects of one kind are looked at.
const MOST: u32 = 500;

/// How many lines of a log are read.
const LOG_LINES: i64 = 60;

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// For one object.
    Get(ObjectRef),
    /// For all of a kind.
    List(Listing),
}

/// Which objects of a kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listing {
    api_version: &'static str,
    kind: &'static str,
    namespace: Option<String>,
    labels: String,
    fields: String,
    /// Whether what is not among them does not exist, as far as the diagnosis cares.
    is_whole: bool,
}

/// All of a kind, in a namespace or in the cluster.
pub(super) fn all(api_version: &'static str, kind: &'static str, namespace: Option<&str>) -> Listing {
    Listing {
        api_version,
        kind,
        namespace: namespace.map(str::to_owned),
        labels: String::new(),
        fields: String::new(),
        is_whole: true,
    }
}

/// The events that warn: of one object, or of all in a namespace. No rule reads another one.
pub(super) fn warnings(namespace: &str, of: Option<&str>) -> Ask {
    let of = of.map(|name| format!(",involvedObject.name={name}")).unwrap_or_default();
    all("v1", "Event", Some(namespace)).with_fields(&format!("type=Warning{of}")).into()
}

impl Listing {
    /// Those with these labels.
    pub fn labelled(self, labels: &str) -> Self {
        Self { labels: labels.to_owned(), is_whole: false, ..self }
    }

    /// Those with these fields.
    pub fn with_fields(self, fields: &str) -> Self {
        Self { fields: fields.to_owned(), is_whole: false, ..self }
    }

    /// Nothing else of the kind matters.
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    fn place(&self) -> String {
        self.namespace.as_ref().map_or_else(|| self.kind.to_owned(), |namespace| format!("{} {namespace}", self.kind))
    }
}

impl From<Listing> for Ask {
    fn from(listing: Listing) -> Self {
        Self::List(listing)
    }
}

/// What one question brought.
enum Brought {
    Objects(Vec<Value>, Option<String>),
    Absent(String),
    Unread(String, String),
}

impl Gathering<'_> {
    /// Asks all questions that were not answered yet, each once, and keeps the answers.
    ///
    /// # Errors
    /// The cluster cannot be asked at all.
    pub async fn ask(&mut self, asks: impl IntoIterator<Item = Ask>) -> Result<(), ClusterError> {
        let Some(cluster) = self.world.cluster else { return Ok(()) };
        let budget = self.budget.at_most(CLUSTER_TIME);
        let asks = anew(&self.seen, asks);
        let questions = stream::iter(asks).map(|ask| brought(cluster, &budget, ask));
        let answers: Vec<_> = questions.buffer_unordered(AT_ONCE).collect().await;
        for answer in answers {
            self.keep(answer?);
        }
        Ok(())
    }

    fn keep(&mut self, brought: Brought) {
        match brought {
            Brought::Objects(objects, place) => {
                self.seen.listed.extend(place);
                for object in objects {
                    if object.get("kind").and_then(Value::as_str) == Some("Secret") {
                        self.secrets.push(object.clone());
                    }
                    self.seen.add(object);
                }
            }
            Brought::Absent(object) => {
                self.seen.absent.insert(object);
            }
            Brought::Unread(what, why) => {
                self.seen.unread.insert(what, why);
            }
        }
    }

    /// Reads what containers have logged, of those in trouble in the run before as well.
    pub async fn read_logs(&mut self, pods: &[Value], lines: Option<i64>) {
        let Some(cluster) = self.world.cluster else { return };
        let budget = self.budget.at_most(CLUSTER_TIME);
        let wanted: Vec<(ObjectRef, Container)> = pods.iter().flat_map(containers).collect();
        let logs = stream::iter(wanted).map(|(pod, container)| log(cluster, &budget, pod, container, lines));
        let found: Vec<_> = logs.buffer_unordered(AT_ONCE).collect().await;
        for (place, read) in found {
            match read {
                Ok(lines) => {
                    self.seen.logs.insert(place, lines);
                }
                Err(why) => {
                    self.seen.unread.insert(format!("log of {place}"), why);
                }
            }
        }
    }

    /// The objects of a kind so far.
    pub fn found(&self, kind: &str) -> Vec<Value> {
        self.seen.all(kind, None).cloned().collect()
    }
}

/// What is to be asked in addition to what was seen.
fn anew(seen: &Snapshot, asks: impl IntoIterator<Item = Ask>) -> Vec<Ask> {
    let mut new: Vec<Ask> = Vec::new();
    for ask in asks {
        let is_known = match &ask {
            Ask::Get(object) => seen.get(object).found().is_some(),
            Ask::List(listing) => listing.is_whole && seen.listed.contains(&listing.place()),
        };
        if !is_known && !new.contains(&ask) {
            new.push(ask);
        }
    }
    new
}

async fn brought(cluster: &Cluster, budget: &Budget, ask: Ask) -> Result<Brought, ClusterError> {
    match ask {
        Ask::Get(object) => match cluster.get(budget, &object).await {
            Ok(Some(found)) => Ok(Brought::Objects(vec![found], None)),
            Ok(None) => Ok(Brought::Absent(object.to_string())),
            Err(error) => unread(object.to_string(), error),
        },
        Ask::List(listing) => {
            let like = ObjectRef {
                api_version: listing.api_version.to_owned(),
                kind: listing.kind.to_owned(),
                namespace: listing.namespace.clone(),
                name: String::new(),
            };
            let selection = Selection { labels: &listing.labels, fields: &listing.fields, limit: MOST };
            let place = Some(listing.place()).filter(|_| listing.is_whole);
            match cluster.select(budget, &like, &selection).await {
                Ok(found) => {
                    let place = place.filter(|_| found.len() < MOST as usize);
                    Ok(Brought::Objects(found, place))
                }
                // The kind is not known: there is none of it.
                Err(error) if error.is_absence() => Ok(Brought::Objects(Vec::new(), place)),
                Err(error) => unread(listing.place(), error),
            }
        }
    }
}

fn unread(what: String, error: ClusterError) -> Result<Brought, ClusterError> {
    match error {
        error if error.is_unanswered() || error.is_interrupt() => Err(error),
        error @ ClusterError::Unauthorized { .. } => Err(error),
        ClusterError::Forbidden { verb, .. } => {
            Ok(Brought::Unread(what, format!("it may not be read ({verb} is not allowed)")))
        }
        error => Ok(Brought::Unread(what, error.told())),
    }
}

fn containers(pod: &Value) -> Vec<(ObjectRef, Container)> {
    let Some(object) = ObjectRef::of(pod) else { return Vec::new() };
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let all = statuses.iter().filter_map(|place| pod.pointer(place)?.as_array()).flatten();
    let read = all.filter_map(|it| serde_json::from_value::<Container>(it.clone()).ok());
    let has_run = |it: &Container| it.state.running.is_some() || it.state.terminated.is_some() || it.restart_count > 0;
    read.filter(has_run).map(|it| (object.clone(), it)).collect()
}

/// The lines of a container's log, those of the run before first.
async fn log(
    cluster: &Cluster,
    budget: &Budget,
    pod: ObjectRef,
    container: Container,
    lines: Option<i64>,
) -> (String, Result<Vec<String>, String>) {
    let place = format!("{}/{} {}", pod.namespace.as_deref().unwrap_or_default(), pod.name, container.name);
    let lines = lines.unwrap_or(LOG_LINES);
    let mut all = Vec::new();
    if is_in_trouble(&container)
        && let Ok(before) = cluster.pod_log(budget, &pod, &container.name, lines, true).await
    {
        all.extend(kept(&before));
    }
    match cluster.pod_log(budget, &pod, &container.name, lines, false).await {
        Ok(now) => all.extend(kept(&now)),
        Err(ClusterError::Forbidden { .. }) => return (place, Err("it may not be read".to_owned())),
        Err(_) => {}
    }
    (place, Ok(all))
}

/// Whether what a container said before its last start matters: what serves again is over it.
fn is_in_trouble(container: &Container) -> bool {
    container.restart_count > 0 && !container.ready
}

/// The kubelet answers with success that a log is removed already.
fn kept(log: &str) -> Vec<String> {
    let lines = log.lines().filter(|line| !line.starts_with("unable to retrieve container logs"));
    lines.map(|line| line.chars().take(1000).collect()).collect()
}

/// Whether anything was seen that way; for a stage that builds on another.
pub(super) fn pointers(objects: &[Value], pointer: &str) -> Vec<String> {
    objects.iter().filter_map(|it| it.pointer(pointer)?.as_str().map(str::to_owned)).collect()
}

/// The snapshot's objects of a kind whose field has that value.
pub(super) fn with<'a>(
    seen: &'a Snapshot,
    kind: &'a str,
    pointer: &'a str,
    value: &'a str,
) -> impl Iterator<Item = &'a Value> {
    seen.all(kind, None).filter(move |it| it.pointer(pointer).and_then(Value::as_str) == Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_container_said_before_a_crash_is_over_once_it_is_ready() {
        let container = |ready, restart_count| Container { ready, restart_count, ..Container::default() };
        let asked = [(true, 1), (false, 1), (false, 0)].map(|(ready, count)| is_in_trouble(&container(ready, count)));
        assert_eq!(asked, [false, true, false]);
    }

    #[test]
    fn nothing_is_asked_twice() {
        let (pod, other) = (ObjectRef::pod("apps", "web"), ObjectRef::pod("apps", "other"));
        let mut seen = Snapshot::default();
        seen.add(json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "namespace": "apps", "name": "web" } }));
        seen.listed.insert("Service apps".to_owned());
        let services = || all("v1", "Service", Some("apps"));
        let asks = [
            Ask::Get(pod),
            Ask::Get(other.clone()),
            Ask::Get(other.clone()),
            services().into(),
            services().labelled("a=b").into(),
            warnings("apps", None),
            warnings("apps", None),
        ];
        let asked = anew(&seen, asks);
        assert_eq!(asked, [Ask::Get(other), services().labelled("a=b").into(), warnings("apps", None)]);
    }
}
