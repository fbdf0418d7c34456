//! What EKS Pod Identity wants of a role's trust policy, and shows in a Pod.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html>

use serde_json::{Value, json};

/// Who assumes the role for the Pods.
pub const SERVICE: &str = "pods.eks.amazonaws.com";
/// What it must be allowed.
pub const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];
/// What EKS's webhook gives to the containers of a Pod whose account has an association, for the AWS SDKs.
pub const VARIABLE: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The actions that a trust policy does not allow to Pod Identity; all of them if it cannot be read. Conditions are not
/// looked at: EKS tells them apart by the tags of its sessions.
pub fn missing_actions(trust_policy: &str) -> Vec<&'static str> {
    let policy: Value = serde_json::from_str(trust_policy).unwrap_or_default();
    let statements = listed(policy.get("Statement"));
    let allowed: Vec<&str> =
        statements.into_iter().filter(|statement| is_for_pods(statement)).flat_map(actions).collect();
    let is_missing = |action: &&str| !allowed.iter().any(|pattern| matches(pattern, action));
    ACTIONS.into_iter().filter(is_missing).collect()
}

/// A trust policy that admits EKS Pod Identity beside whom it admits already.
pub fn admitting(trust_policy: &str) -> String {
    let mut policy: Value = serde_json::from_str(trust_policy).unwrap_or_default();
    if let Some(statements) = policy.get_mut("Statement").and_then(Value::as_array_mut) {
        statements.push(statement());
    }
    policy.to_string()
}

/// A trust policy without the statement that [`admitting`] adds, and whether it had it.
pub fn without(trust_policy: &str) -> (String, bool) {
    let mut policy: Value = serde_json::from_str(trust_policy).unwrap_or_default();
    let statements: Vec<Value> = listed(policy.get("Statement")).into_iter().cloned().collect();
    let others: Vec<Value> = statements.iter().filter(|statement| !is_ours(statement)).cloned().collect();
    let is_admitted = others.len() < statements.len();
    if is_admitted && let Some(policy) = policy.as_object_mut() {
        policy.insert("Statement".to_owned(), Value::Array(others));
        return (Value::Object(policy.clone()).to_string(), true);
    }
    (trust_policy.to_owned(), false)
}

fn statement() -> Value {
    json!({ "Action": ACTIONS, "Effect": "Allow", "Principal": { "Service": SERVICE } })
}

/// Whether a statement says just what ours does, in whatever form IAM keeps it.
fn is_ours(statement: &Value) -> bool {
    let mut allowed = actions(statement);
    allowed.sort_unstable();
    let members = statement.as_object();
    let is_plain = |name: &String| matches!(name.as_str(), "Action" | "Effect" | "Principal" | "Sid");
    is_for_pods(statement)
        && allowed == ACTIONS
        && statement.get("Principal").and_then(Value::as_object).is_some_and(|principal| principal.len() == 1)
        && listed(statement.pointer("/Principal/Service")).len() == 1
        && members.is_some_and(|members| members.keys().all(is_plain))
}

/// Whether EKS gave a Pod its association's role: some container has the address of the agent on the node.
pub fn is_given(pod: &Value) -> bool {
    let containers = listed(pod.pointer("/spec/containers"));
    let mut variables = containers.into_iter().flat_map(|container| listed(container.get("env")));
    variables.any(|variable| variable.get("name").and_then(Value::as_str) == Some(VARIABLE))
}

fn is_for_pods(statement: &Value) -> bool {
    let services = listed(statement.pointer("/Principal/Service"));
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
        && services.into_iter().any(|service| service.as_str() == Some(SERVICE))
}

fn actions(statement: &Value) -> Vec<&str> {
    listed(statement.get("Action")).into_iter().filter_map(Value::as_str).collect()
}

/// IAM compares actions without case; `*` stands for any end.
fn matches(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, _)) => action.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(action),
    }
}

/// IAM writes one of something without a list.
fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn missing(principal: &Value, action: &Value) -> Vec<&'static str> {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": action });
        missing_actions(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string())
    }

    #[test]
    fn both_actions_are_wanted_in_whatever_form_iam_takes_them() {
        let pods = json!({ "Service": SERVICE });
        assert_eq!(missing(&pods, &json!(["sts:AssumeRole", "sts:TagSession"])), [] as [&str; 0]);
        assert_eq!(missing(&json!({ "Service": ["ec2.amazonaws.com", SERVICE] }), &json!("STS:*")), [] as [&str; 0]);
        assert_eq!(missing(&pods, &json!("*")), [] as [&str; 0]);
        assert_eq!(missing(&pods, &json!("sts:assumerole")), ["sts:TagSession"]);
        assert_eq!(missing(&json!({ "Service": "ec2.amazonaws.com" }), &json!("sts:*")), ACTIONS);
        assert_eq!(missing(&json!({ "Federated": "x" }), &json!("sts:AssumeRoleWithWebIdentity")), ACTIONS);
        assert_eq!(missing_actions("no json"), ACTIONS);
    }

    #[test]
    fn they_may_stand_in_two_statements_but_not_in_a_denial() {
        let one = |effect: &str, action: &str| json!({ "Effect": effect, "Principal": { "Service": SERVICE }, "Action": action });
        let both = json!({ "Statement": [one("Allow", "sts:AssumeRole"), one("Allow", "sts:TagSession")] });
        assert_eq!(missing_actions(&both.to_string()), [] as [&str; 0]);
        let denied = json!({ "Statement": [one("Allow", "sts:AssumeRole"), one("Deny", "sts:TagSession")] });
        assert_eq!(missing_actions(&denied.to_string()), ["sts:TagSession"]);
    }

    #[test]
    fn what_was_added_is_found_again_and_nothing_else_taken_for_it() {
        let other =
            json!({ "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" } });
        let policy = json!({ "Version": "2012-10-17", "Statement": [other] }).to_string();
        let both = admitting(&policy);
        assert_eq!(missing_actions(&both), [] as [&str; 0]);
        assert_eq!(without(&both), (policy.clone(), true));
        assert_eq!(without(&policy), (policy.clone(), false));
        // IAM keeps lists of one and the order of actions as it likes.
        let mut kept: Value = serde_json::from_str(&both).unwrap();
        kept["Statement"][1]["Action"] = json!(["sts:TagSession", "sts:AssumeRole"]);
        kept["Statement"][1]["Principal"]["Service"] = json!([SERVICE]);
        assert_eq!(without(&kept.to_string()), (policy, true));
        kept["Statement"][1]["Condition"] = json!({ "StringEquals": { "aws:RequestTag/kubernetes-namespace": "a" } });
        assert!(!without(&kept.to_string()).1, "a condition is more than ours says");
    }

    #[test]
    fn a_pod_shows_whether_it_was_given_the_role() {
        let pod = |variable: &str| json!({ "spec": { "containers": [{ "name": "a", "env": [{ "name": variable, "value": "x" }] }] } });
        assert!(is_given(&pod(VARIABLE)));
        assert!(!is_given(&pod("AWS_WEB_IDENTITY_TOKEN_FILE")));
        assert!(!is_given(&json!({ "spec": { "containers": [{ "name": "a" }] } })));
    }
}
