//! Taints that Pods tolerate, as several types declare them.

use serde::{Deserialize, Serialize};

use crate::domain::kubernetes;
use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Model, Value, View, check};

/// A taint that is tolerated.
#[derive(Clone, Debug, Default, PartialEq, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// The taint's key. Default: all.
    pub key: Option<String>,
    /// `Equal` or `Exists`; `Lt` or `Gt` where the cluster compares numbers.
    #[attr(check = check::one_of(&["Equal", "Exists", "Lt", "Gt"]))]
    pub operator: Option<String>,
    /// The taint's value.
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`. Default: all.
    #[attr(check = check::one_of(&["NoSchedule", "PreferNoSchedule", "NoExecute"]))]
    pub effect: Option<String>,
}

impl From<&Toleration> for kubernetes::Toleration {
    fn from(model: &Toleration) -> Self {
        let Toleration { key, operator, value, effect } = model.clone();
        Self { key, operator, value, effect }
    }
}

/// Tests what belongs together in each of the tolerations of an attribute (Kubernetes, `ValidateTolerations`).
pub fn check(config: View<'_>, attribute: &str, found: &mut Diagnostics) {
    let all = config.at(attribute).known().and_then(Value::elements).unwrap_or_default();
    for (index, toleration) in all.iter().enumerate() {
        let Some((what, next)) = fault(View::new(toleration)) else { continue };
        found.error(&Explanation::new("BERTH-K8S-092", what).next(next).at(format!("{attribute}[{index}]")));
    }
}

/// What is wrong with one, and what to do.
fn fault(toleration: View<'_>) -> Option<(&'static str, &'static str)> {
    let text = |name: &str| toleration.text(name).filter(|text| !text.is_empty());
    let exists = text("operator") == Some("Exists");
    if exists && text("value").is_some() {
        let next = "remove the value, or use the operator \"Equal\"";
        return Some(("A toleration with the operator `Exists` has no value", next));
    }
    let is_open = toleration.at("operator").is_unknown() || toleration.at("key").is_unknown();
    if !is_open && !exists && text("key").is_none() {
        let next = "set the key, or operator = \"Exists\" to tolerate every taint";
        return Some(("A toleration without a key must have the operator `Exists`", next));
    }
    None
}
