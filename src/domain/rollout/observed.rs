//! The parts of Deployments, Pods and Events that a judgement needs, as the API names them.
//!
//! Source: Kubernetes API reference, `apps/v1` Deployment, `v1` Pod, `v1` Event.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A Deployment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Name and generation.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: DeploymentSpec,
    /// What is.
    pub status: Option<DeploymentStatus>,
}

/// What every object has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The object's name.
    pub name: String,
    /// Where it is; empty for what belongs to the whole cluster.
    pub namespace: String,
    /// Tells it apart from others of the same name, earlier and later.
    pub uid: String,
    /// Counts the changes of `spec`.
    pub generation: i64,
    /// When it was made, RFC 3339.
    pub creation_timestamp: Option<String>,
    /// Marks by name.
    pub labels: BTreeMap<String, String>,
    /// Free texts by name.
    pub annotations: BTreeMap<String, String>,
    /// Since when the object is on its way out.
    pub deletion_timestamp: Option<String>,
}

/// What a Deployment shall be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeploymentSpec {
    /// How many Pods; the cluster's default is 1.
    pub replicas: Option<i32>,
    /// Whether somebody has told the cluster to leave its Pods as they are.
    pub paused: bool,
    /// What each Pod is made from, as the API writes it.
    pub template: Value,
}

/// What a Deployment keeps for each of its templates, and what makes the Pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplicaSet {
    /// Labels and annotations.
    pub metadata: Metadata,
    /// What it makes Pods from.
    pub spec: ReplicaSetSpec,
}

/// What a `ReplicaSet` makes Pods from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplicaSetSpec {
    /// The template, as the API writes it.
    pub template: Value,
}

/// How far a Deployment is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeploymentStatus {
    /// The generation that the rest tells of.
    pub observed_generation: i64,
    /// All Pods, old and new.
    pub replicas: i32,
    /// Pods of the newest template.
    pub updated_replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods that have been ready long enough.
    pub available_replicas: i32,
    /// Remarks.
    pub conditions: Vec<Condition>,
}

/// A remark on an object's state.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// What it is about: `PodScheduled`.
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

/// A Pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Name and annotations.
    pub metadata: Metadata,
    /// Where it runs.
    pub spec: PodSpec,
    /// How it is.
    pub status: PodStatus,
}

/// Where a Pod runs, and what it asks of the node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node; empty until one is chosen.
    pub node_name: String,
    /// What it mounts.
    pub volumes: Vec<Volume>,
    /// What it runs.
    pub containers: Vec<ContainerSpec>,
}

/// Something that a Pod mounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume {
    /// A claimed volume, if it is one.
    pub persistent_volume_claim: Option<ClaimSource>,
}

/// Which claim.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimSource {
    /// Its name.
    pub claim_name: String,
}

/// What a container shall be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerSpec {
    /// Where it listens.
    pub ports: Vec<Port>,
}

/// A port of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Port {
    /// The port of the node that leads to it, if one does.
    pub host_port: Option<i32>,
}

/// A claim on a volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Claim {
    /// Its name.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: ClaimSpec,
    /// What is.
    pub status: ClaimStatus,
}

/// What a claim asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimSpec {
    /// The class that is to provide it; none if the cluster has no default.
    pub storage_class_name: Option<String>,
}

/// Whether a claim has its volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClaimStatus {
    /// `Pending`, `Bound` or `Lost`.
    pub phase: String,
}

/// How a Pod is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// Remarks.
    pub conditions: Vec<Condition>,
    /// Containers that run before the others.
    pub init_container_statuses: Vec<Container>,
    /// The containers.
    pub container_statuses: Vec<Container>,
}

/// How a container is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The image by digest; empty until it is pulled.
    #[serde(rename = "imageID")]
    pub image_id: String,
    /// Whether it serves.
    pub ready: bool,
    /// How often it was started again.
    pub restart_count: i32,
    /// How it is now.
    pub state: ContainerState,
    /// How it was before the last start.
    pub last_state: ContainerState,
}

/// One of three states.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// It runs.
    pub running: Option<Running>,
    /// It has not been started.
    pub waiting: Option<Waiting>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// A container that runs.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Running {}

/// Why a container does not run yet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

/// How a container ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// A word for programs.
    pub reason: String,
    /// The exit code.
    pub exit_code: i32,
}

/// Something that happened to an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// `Normal` or `Warning`.
    pub r#type: String,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: Option<String>,
    /// When it happened last, RFC 3339.
    pub last_timestamp: Option<String>,
}
