//! Permission statements as a user writes them, and the policy document made of them.

use serde_json::{Map, Value};

use super::document::same_policy;

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

impl Condition {
    /// Whether a policy has one list of values for both: the test is the same, and context keys have no case
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>).
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.test.eq_ignore_ascii_case(&other.test) && self.variable.eq_ignore_ascii_case(&other.variable)
    }
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
    /// All actions but these, instead of `actions`.
    pub not_actions: Vec<String>,
    /// ARNs, with wildcards, or `*`.
    pub resources: Vec<String>,
    /// All resources but these, instead of `resources`.
    pub not_resources: Vec<String>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

/// The statements as a minified policy document, with sorted lists; the same statements in another order of
/// actions, resources or conditions give the same text.
pub fn policy_json(statements: &[Statement]) -> String {
    let statements: Vec<_> = statements.iter().map(statement_json).collect();
    serde_json::json!({ "Version": VERSION, "Statement": statements }).to_string()
}

/// The statements of a policy document; none if it says anything that they cannot say (principals).
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
    let listed = |key: &str| statement.get(key).map(texts).unwrap_or_default();
    Some(Statement {
        sid: statement.get("Sid").and_then(Value::as_str).map(str::to_owned),
        effect: Effect::parse(statement.get("Effect")?.as_str()?)?,
        actions: listed("Action"),
        not_actions: listed("NotAction"),
        resources: listed("Resource"),
        not_resources: listed("NotResource"),
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

fn statement_json(statement: &Statement) -> Value {
    let mut json = Map::new();
    insert(&mut json, "Action", &statement.actions, &statement.not_actions);
    if !statement.conditions.is_empty() {
        json.insert("Condition".into(), conditions_json(&statement.conditions));
    }
    json.insert("Effect".into(), statement.effect.as_str().into());
    insert(&mut json, "Resource", &statement.resources, &statement.not_resources);
    if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.is_empty()) {
        json.insert("Sid".into(), sid.as_str().into());
    }
    json.into()
}

/// An element, or its opposite where that is given instead.
fn insert(json: &mut Map<String, Value>, element: &str, given: &[String], excluded: &[String]) {
    if !given.is_empty() || excluded.is_empty() {
        json.insert(element.to_owned(), one_or_list(given));
    }
    if !excluded.is_empty() {
        json.insert(format!("Not{element}"), one_or_list(excluded));
    }
}

/// Conditions of one test and variable are joined: IAM takes any of their values. What that would make wider is a
/// mistake (`mistakes.rs`).
fn conditions_json(conditions: &[Condition]) -> Value {
    let mut joined: Vec<Condition> = Vec::new();
    for condition in conditions {
        match joined.iter_mut().find(|known| known.is_twin_of(condition)) {
            Some(known) => known.values.extend(condition.values.iter().cloned()),
            None => joined.push(condition.clone()),
        }
    }
    let mut tests = Map::new();
    for condition in joined {
        let test = tests.entry(condition.test).or_insert_with(|| Map::new().into());
        if let Some(variables) = test.as_object_mut() {
            variables.insert(condition.variable, one_or_list(&condition.values));
        }
    }
    tests.into()
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
        let [mut upper, lower] = [condition("b"), condition("a")];
        upper.variable = "K".into();
        let statement = Statement { conditions: vec![lower, upper], ..read() };
        assert!(
            policy_json(&[statement]).contains(r#""Condition":{"StringLike":{"k":["a","b"]}}"#),
            "keys have no case"
        );
    }

    #[test]
    fn reads_back_what_it_wrote_and_nothing_else() {
        let mut sorted = read();
        sorted.actions.sort();
        sorted.conditions[0].values.sort();
        assert_eq!(parse_policy(&policy_json(&[read()])), Some(vec![sorted]));
        let principal =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}}"#;
        assert_eq!(parse_policy(principal), None);
        let but = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":"a:b","NotResource":["c","d"]}}"#;
        let statements = parse_policy(but).unwrap();
        assert_eq!((&statements[0].not_actions, &statements[0].not_resources), (&texts(&["a:b"]), &texts(&["c", "d"])));
        assert!(same_policy(&policy_json(&statements), but));
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
