//! Permission statements as a user writes them, and the policy document made of them.

use serde_json::{Map, Value};

use super::document::same_policy;
use super::limits::Problem;

/// The policy language's current version
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>).
pub const VERSION: &str = "2012-10-17";

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `Allow`.
    #[default]
    Allow,
    /// `Deny`.
    Deny,
}

impl Effect {
    /// Reads the word in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Allow, Self::Deny].into_iter().find(|effect| effect.as_str().eq_ignore_ascii_case(text.trim()))
    }

    /// As IAM writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// One condition: `test` (an operator such as `StringEquals`) on `variable` for any of `values`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// The operator.
    pub test: String,
    /// The context key.
    pub variable: String,
    /// Any of these.
    pub values: Vec<String>,
}

/// One statement of a permission policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Statement {
    /// Its name within the document: letters and digits, unique.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// `service:Action`, with wildcards.
    pub actions: Vec<String>,
    /// ARNs, with wildcards, or `*`.
    pub resources: Vec<String>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

/// The statements as a minified policy document, with sorted lists; the same statements in another order of
/// actions, resources or conditions give the same text.
pub fn policy_json(statements: &[Statement]) -> String {
    let statements: Vec<_> = statements.iter().map(statement_json).collect();
    serde_json::json!({ "Version": VERSION, "Statement": statements }).to_string()
}

/// All that is wrong with the statements in themselves, each with the attribute to blame below `root`
/// (`statements[0].actions`).
pub fn problems(root: &str, statements: &[Statement]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let at = format!("{root}[{index}]");
        let twin = |sid: &&String| statements.iter().take(index).any(|before| before.sid.as_ref() == Some(*sid));
        if let Some(sid) = statement.sid.as_ref().filter(twin) {
            problems
                .push(Problem::new(format!("{at}.sid"), format!("the sid `{sid}` is used by an earlier statement")));
        }
        statement_problems(&at, statement, &mut problems);
    }
    problems
}

/// The statements of a policy document; none if it says anything that they cannot say (`NotAction`, principals).
pub fn parse_policy(document: &str) -> Option<Vec<Statement>> {
    let parsed: Value = serde_json::from_str(document).ok()?;
    let statements = list(parsed.get("Statement")?).into_iter().map(parse_statement).collect::<Option<Vec<_>>>()?;
    same_policy(&policy_json(&statements), document).then_some(statements)
}

fn parse_statement(statement: &Value) -> Option<Statement> {
    let mut conditions = Vec::new();
    for (test, variables) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (variable, values) in variables.as_object()? {
            conditions.push(Condition { test: test.clone(), variable: variable.clone(), values: texts(values) });
        }
    }
    Some(Statement {
        sid: statement.get("Sid").and_then(Value::as_str).map(str::to_owned),
        effect: Effect::parse(statement.get("Effect")?.as_str()?)?,
        actions: texts(statement.get("Action")?),
        resources: texts(statement.get("Resource")?),
        conditions,
    })
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        single => vec![single],
    }
}

fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn statement_problems(at: &str, statement: &Statement, problems: &mut Vec<Problem>) {
    let mut blame = |attribute: &str, text: String| problems.push(Problem::new(format!("{at}.{attribute}"), text));
    if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.bytes().all(|octet| octet.is_ascii_alphanumeric())) {
        blame("sid", format!("the sid `{sid}` may hold only letters and digits (A–Z, a–z, 0–9)"));
    }
    if statement.actions.is_empty() {
        blame("actions", "a statement needs at least one action, such as `s3:GetObject`".to_owned());
    }
    if statement.resources.is_empty() {
        blame("resources", "a statement needs at least one resource: an ARN, or `*`".to_owned());
    }
    for (index, action) in statement.actions.iter().enumerate().filter(|(_, action)| !is_action(action)) {
        blame(&format!("actions[{index}]"), format!("`{action}` is no action; expected `service:Action` or `*`"));
    }
    for (index, resource) in statement.resources.iter().enumerate().filter(|(_, resource)| !is_resource(resource)) {
        blame(&format!("resources[{index}]"), format!("`{resource}` is no resource; expected an ARN or `*`"));
    }
    for (index, condition) in statement.conditions.iter().enumerate() {
        if condition.values.is_empty() {
            blame(&format!("conditions[{index}].values"), "a condition needs at least one value".to_owned());
        }
        if condition.test.is_empty() || condition.variable.is_empty() {
            blame(&format!("conditions[{index}]"), "a condition needs a test and a variable".to_owned());
        }
    }
}

fn is_action(action: &str) -> bool {
    let service_ok = |service: &str| {
        !service.is_empty()
            && service.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'*'))
    };
    let verb_ok = |verb: &str| {
        !verb.is_empty()
            && verb.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'*' | b'?' | b'-' | b'_'))
    };
    action == "*" || action.split_once(':').is_some_and(|(service, verb)| service_ok(service) && verb_ok(verb))
}

fn is_resource(resource: &str) -> bool {
    resource == "*" || (resource.starts_with("arn:") && resource.split(':').count() >= 6)
}

fn statement_json(statement: &Statement) -> Value {
    let mut json = Map::new();
    json.insert("Action".into(), one_or_list(&statement.actions));
    if !statement.conditions.is_empty() {
        json.insert("Condition".into(), conditions_json(&statement.conditions));
    }
    json.insert("Effect".into(), statement.effect.as_str().into());
    json.insert("Resource".into(), one_or_list(&statement.resources));
    if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.is_empty()) {
        json.insert("Sid".into(), sid.as_str().into());
    }
    json.into()
}

/// Conditions of one test and variable are joined: IAM takes any of their values.
fn conditions_json(conditions: &[Condition]) -> Value {
    let mut tests: std::collections::BTreeMap<&str, std::collections::BTreeMap<&str, Vec<String>>> =
        std::collections::BTreeMap::new();
    for condition in conditions {
        let variables = tests.entry(&condition.test).or_default();
        variables.entry(&condition.variable).or_default().extend(condition.values.iter().cloned());
    }
    let variables = |variables: std::collections::BTreeMap<&str, Vec<String>>| -> Value {
        variables
            .into_iter()
            .map(|(name, values)| (name.to_owned(), one_or_list(&values)))
            .collect::<Map<_, _>>()
            .into()
    };
    tests.into_iter().map(|(test, names)| (test.to_owned(), variables(names))).collect::<Map<_, _>>().into()
}

/// A single text as it is, several as a sorted list: the shortest form, for the size limits.
fn one_or_list(texts: &[String]) -> Value {
    let mut texts: Vec<_> = texts.to_vec();
    texts.sort();
    texts.dedup();
    match texts.as_slice() {
        [single] => single.as_str().into(),
        _ => texts.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::irsa::document::same_policy;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    fn read() -> Statement {
        Statement {
            sid: Some("Read".into()),
            actions: texts(&["s3:ListBucket", "s3:GetObject"]),
            resources: texts(&["arn:aws:s3:::b/*"]),
            conditions: vec![Condition {
                test: "StringEquals".into(),
                variable: "aws:PrincipalTag/team".into(),
                values: texts(&["b", "a"]),
            }],
            ..Statement::default()
        }
    }

    #[test]
    fn writes_the_shortest_form_with_sorted_lists() {
        let expected = concat!(
            r#"{"Statement":[{"Action":["s3:GetObject","s3:ListBucket"],"#,
            r#""Condition":{"StringEquals":{"aws:PrincipalTag/team":["a","b"]}},"#,
            r#""Effect":"Allow","Resource":"arn:aws:s3:::b/*","Sid":"Read"}],"Version":"2012-10-17"}"#
        );
        assert_eq!(policy_json(&[read()]), expected);
    }

    #[test]
    fn joins_conditions_of_one_test_and_variable() {
        let condition =
            |value: &str| Condition { test: "StringLike".into(), variable: "k".into(), values: texts(&[value]) };
        let statement = Statement { conditions: vec![condition("b"), condition("a")], ..read() };
        assert!(policy_json(&[statement]).contains(r#""Condition":{"StringLike":{"k":["a","b"]}}"#));
    }

    #[test]
    fn reads_back_what_it_wrote_and_nothing_else() {
        let mut sorted = read();
        sorted.actions.sort();
        sorted.conditions[0].values.sort();
        assert_eq!(parse_policy(&policy_json(&[read()])), Some(vec![sorted]));
        assert_eq!(parse_policy(r#"{"Statement":{"Effect":"Allow","NotAction":"a:b","Resource":"*"}}"#), None);
    }

    #[test]
    fn blames_each_bad_attribute() {
        let bad = Statement {
            sid: Some("not ok".into()),
            actions: texts(&["s3:GetObject", "GetObject"]),
            resources: vec![],
            conditions: vec![Condition { test: "Bool".into(), variable: "k".into(), values: vec![] }],
            ..Statement::default()
        };
        let problems = problems("statements", &[read(), bad, read()]);
        let attributes: Vec<_> = problems.iter().map(|problem| problem.attribute.as_str()).collect();
        assert_eq!(
            attributes,
            [
                "statements[1].sid",
                "statements[1].resources",
                "statements[1].actions[1]",
                "statements[1].conditions[0].values",
                "statements[2].sid",
            ]
        );
    }

    #[test]
    fn takes_actions_and_resources_with_wildcards() {
        for action in ["*", "s3:*", "ec2:Describe*", "route53:GetChange", "s3:Get?bject", "execute-api:Invoke"] {
            assert!(is_action(action), "{action}");
        }
        for resource in ["*", "arn:aws:s3:::bucket", "arn:aws:route53:::change/*", "arn:*:iam::*:role/x"] {
            assert!(is_resource(resource), "{resource}");
        }
        assert!(!is_resource("bucket") && !is_resource("arn:aws:s3"));
    }

    #[test]
    fn reads_the_effect_in_any_case() {
        assert_eq!(Effect::parse("allow"), Some(Effect::Allow));
        assert_eq!(Effect::parse("DENY"), Some(Effect::Deny));
        assert_eq!(Effect::parse("permit"), None);
    }

    proptest! {
        #[test]
        fn order_of_actions_never_changes_the_text(actions in proptest::collection::vec("[a-z]{2}:[A-Z][a-z]{1,3}", 1..6)) {
            let forward = Statement { actions: actions.clone(), ..read() };
            let backward = Statement { actions: actions.into_iter().rev().collect(), ..read() };
            let (forward, backward) = (policy_json(&[forward]), policy_json(&[backward]));
            prop_assert_eq!(&forward, &backward);
            prop_assert!(same_policy(&forward, &backward));
        }
    }
}
