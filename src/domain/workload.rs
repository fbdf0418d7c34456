//! What well-known workloads of a cluster may do in AWS: their projects' published policies, as narrow as the arguments
//! allow.

mod arguments;
mod autoscaler;
mod cert_manager;
mod external_dns;
mod external_secrets;
mod images;
mod karpenter;
mod load_balancer;
mod place;
mod registry;
mod storage;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::irsa::Statement;
pub use arguments::{Arguments, Kind, Parameter};

/// A workload, and the arguments that narrow its policy.
#[derive(Debug)]
pub struct Workload {
    /// What it is called here.
    pub name: &'static str,
    /// What it does, in one clause.
    pub about: &'static str,
    /// The arguments of its own, beside those of [`arguments::EVERYWHERE`].
    pub parameters: &'static [Parameter],
    /// Its policy. The arguments have been checked against the parameters.
    statements: fn(&Arguments<'_>) -> Result<Vec<Statement>, WorkloadError>,
}

impl Workload {
    /// All its arguments.
    pub fn arguments(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().chain(arguments::EVERYWHERE)
    }
}

/// Every workload that is known, in the order of their names.
pub static WORKLOADS: [&Workload; 11] = [
    &load_balancer::CONTROLLER,
    &cert_manager::CERT_MANAGER,
    &autoscaler::CLUSTER_AUTOSCALER,
    &storage::EBS_CSI,
    &images::PULL_THROUGH,
    &images::READ,
    &storage::EFS_CSI,
    &external_dns::EXTERNAL_DNS,
    &external_secrets::EXTERNAL_SECRETS,
    &karpenter::KARPENTER,
    &registry::REGISTRY_S3,
];

/// Why there is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// Nothing is known of this workload.
    #[error("no workload is called `{0}`; known are {known}", known = known())]
    Unknown(String),
    /// The workload has no such argument.
    #[error("`{workload}` takes no argument `{argument}`; it takes {known}")]
    UnknownArgument {
        /// The workload.
        workload: &'static str,
        /// What was given.
        argument: String,
        /// What it takes, in words.
        known: String,
    },
    /// The workload cannot do without this argument.
    #[error("`{workload}` needs the argument `{argument}`: {about}")]
    Missing {
        /// The workload.
        workload: &'static str,
        /// What is missing.
        argument: &'static str,
        /// What it is.
        about: &'static str,
    },
    /// An argument has the wrong type or value.
    #[error("the argument `{argument}` {problem}")]
    Wrong {
        /// Which.
        argument: String,
        /// What is wrong with it, as a clause.
        problem: String,
    },
}

fn known() -> String {
    quoted(WORKLOADS.iter().map(|workload| workload.name))
}

/// Names in backticks, with commas between them.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The statements that a workload needs.
///
/// # Errors
/// An unknown workload or argument, with those that are known; a missing or malformed argument.
pub fn statements(name: &str, arguments: &Map<String, Value>) -> Result<Vec<Statement>, WorkloadError> {
    let workload = WORKLOADS.iter().find(|workload| workload.name == name);
    let workload = workload.ok_or_else(|| WorkloadError::Unknown(name.to_owned()))?;
    (workload.statements)(&Arguments::check(workload, arguments)?)
}

/// Every workload with its arguments, as a list in Markdown.
pub fn reference() -> String {
    let workload = |workload: &&Workload| {
        let arguments = workload.parameters.iter().map(Parameter::in_words).collect::<String>();
        format!("- `{}`: {}.\n{arguments}", workload.name, workload.about)
    };
    WORKLOADS.iter().map(workload).collect()
}

/// A statement that allows these actions of one service on these resources.
fn allow(sid: &str, service: &str, actions: &[&str], resources: impl IntoIterator<Item = String>) -> Statement {
    Statement {
        sid: Some(sid.to_owned()),
        actions: actions.iter().map(|action| format!("{service}:{action}")).collect(),
        resources: resources.into_iter().collect(),
        ..Statement::default()
    }
}

/// All resources.
fn anything() -> [String; 1] {
    ["*".to_owned()]
}

impl Statement {
    /// With one more condition.
    fn when<S: Into<String>>(
        mut self,
        test: &str,
        variable: impl Into<String>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions.push(super::irsa::Condition { test: test.to_owned(), variable: variable.into(), values });
        self
    }

    /// With actions of another service.
    fn and(mut self, service: &str, actions: &[&str]) -> Self {
        self.actions.extend(actions.iter().map(|action| format!("{service}:{action}")));
        self
    }
}
