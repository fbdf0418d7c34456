//! The parts of Deployments, Pods and Events that a judgement needs, as the API names them.
//!
//! Source: Kubernetes API reference, `apps/v1` Deployment, `v1` Pod, `v1` Event.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    /// Counts the changes of `spec`.
    pub generation: i64,
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
    /// What each Pod is made from.
    pub template: Template,
}

/// What Pods are made from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    /// What each Pod carries.
    pub metadata: Metadata,
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

/// Where a Pod runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node; empty until one is chosen.
    pub node_name: String,
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
