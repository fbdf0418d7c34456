//! Policy documents in one normal form, so that order and spelling make no difference.
//!
//! Grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value};

/// Whether two policy documents mean the same: whatever the order of statements, actions, resources,
/// principals and condition values, single value or list, case of actions and of the effect, and white space.
///
/// A text that is no JSON object equals only itself.
pub fn same_policy(mine: &str, theirs: &str) -> bool {
    match (canonical(mine), canonical(theirs)) {
        (Some(mine), Some(theirs)) => mine == theirs,
        _ => mine == theirs,
    }
}

/// The normal form as minified JSON; none for a text that is no JSON object.
pub fn canonical(document: &str) -> Option<String> {
    let Ok(Value::Object(document)) = serde_json::from_str(document) else { return None };
    Some(Value::Object(document_form(document)).to_string())
}

fn document_form(document: Map<String, Value>) -> Map<String, Value> {
    let mut normal = Map::new();
    for (key, value) in document {
        match key.as_str() {
            "Statement" => drop(normal.insert(key, statements(value))),
            "Id" if value.as_str() == Some("") => {}
            _ => drop(normal.insert(key, value)),
        }
    }
    normal.entry("Version").or_insert_with(|| "2008-10-17".into());
    normal
}

fn statements(value: Value) -> Value {
    let statements = in_a_list(value).into_iter().map(|statement| match statement {
        Value::Object(statement) => Value::Object(statement_form(statement)),
        other => other,
    });
    sorted(statements.collect())
}

fn statement_form(statement: Map<String, Value>) -> Map<String, Value> {
    let mut normal = Map::new();
    for (key, value) in statement {
        let value = match key.as_str() {
            "Sid" if value.as_str() == Some("") => continue,
            "Effect" => effect(value),
            "Action" | "NotAction" => set(value, |action| action.to_ascii_lowercase()),
            "Resource" | "NotResource" => set(value, |resource| resource),
            "Principal" | "NotPrincipal" => principals(value),
            "Condition" => conditions(value),
            _ => value,
        };
        normal.insert(key, value);
    }
    normal
}

fn effect(value: Value) -> Value {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("allow") => "Allow".into(),
        Some("deny") => "Deny".into(),
        _ => value,
    }
}

/// `"*"` and `{"AWS": "*"}` mean the same; an account's number is short for its root's ARN.
fn principals(value: Value) -> Value {
    let Value::Object(kinds) = value else {
        return if value.as_str() == Some("*") { serde_json::json!({ "AWS": ["*"] }) } else { value };
    };
    let whole = |name: String| {
        let is_account = name.len() == 12 && name.bytes().all(|octet| octet.is_ascii_digit());
        if is_account { format!("arn:aws:iam::{name}:root") } else { name }
    };
    kinds.into_iter().map(|(kind, names)| (kind, set(names, whole))).collect::<Map<_, _>>().into()
}

/// Condition keys are read without regard to case; their values are a set of texts.
fn conditions(value: Value) -> Value {
    let Value::Object(operators) = value else { return value };
    let mut normal = Map::new();
    for (operator, keys) in operators {
        let keys = match keys {
            Value::Object(keys) => without_case(keys).into(),
            other => other,
        };
        normal.insert(operator, keys);
    }
    normal.into()
}

/// The values by key; those of keys that differ by case only stand together.
fn without_case(keys: Map<String, Value>) -> Map<String, Value> {
    let mut normal: Map<String, Value> = Map::new();
    for (key, values) in keys {
        let known = normal.remove(&key.to_ascii_lowercase()).map(in_a_list).unwrap_or_default();
        let all = known.into_iter().chain(in_a_list(values)).collect::<Vec<_>>();
        normal.insert(key.to_ascii_lowercase(), set(all.into(), |text| text));
    }
    normal
}

/// One text or a list of texts, as a sorted list of texts without doubles.
fn set(value: Value, form: impl Fn(String) -> String) -> Value {
    let texts = in_a_list(value).into_iter().map(|item| match item {
        Value::String(text) => Value::String(form(text)),
        Value::Bool(_) | Value::Number(_) => Value::String(item.to_string()),
        other => other,
    });
    let Value::Array(mut texts) = sorted(texts.collect()) else { return Value::Null };
    texts.dedup();
    texts.into()
}

fn in_a_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        other => vec![other],
    }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(Value::to_string);
    values.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference() {
        let cases = [
            ("order of keys", r#"{"Version":"1","Statement":[]}"#, r#"{ "Statement": [], "Version": "1" }"#),
            ("one statement", r#"{"Statement":{"Sid":"a"}}"#, r#"{"Statement":[{"Sid":"a"}]}"#),
            ("order of statements", r#"{"Statement":[{"Sid":"a"},{"Sid":"b"}]}"#, {
                r#"{"Statement":[{"Sid":"b"},{"Sid":"a"}]}"#
            }),
            ("case of effect", r#"{"Statement":{"Effect":"allow"}}"#, r#"{"Statement":{"Effect":"Allow"}}"#),
            (
                "one action",
                r#"{"Statement":{"Action":"s3:GetObject"}}"#,
                r#"{"Statement":{"Action":["S3:getobject"]}}"#,
            ),
            ("order of actions", r#"{"Statement":{"Action":["a:x","b:y"]}}"#, {
                r#"{"Statement":{"Action":["b:y","a:x","a:x"]}}"#
            }),
            ("empty sid", r#"{"Statement":{"Sid":"","Effect":"Deny"}}"#, r#"{"Statement":{"Effect":"Deny"}}"#),
            ("everyone", r#"{"Statement":{"Principal":"*"}}"#, r#"{"Statement":{"Principal":{"AWS":["*"]}}}"#),
            ("account", r#"{"Statement":{"Principal":{"AWS":"123456789012"}}}"#, {
                r#"{"Statement":{"Principal":{"AWS":["arn:aws:iam::123456789012:root"]}}}"#
            }),
            ("condition", r#"{"Statement":{"Condition":{"Bool":{"aws:SecureTransport":true}}}}"#, {
                r#"{"Statement":{"Condition":{"Bool":{"aws:securetransport":["true"]}}}}"#
            }),
            ("missing version", r#"{"Statement":[]}"#, r#"{"Version":"2008-10-17","Statement":[]}"#),
        ];
        for (case, mine, theirs) in cases {
            assert!(same_policy(mine, theirs), "{case}");
        }
    }

    #[test]
    fn meaning_makes_a_difference() {
        let cases = [
            (r#"{"Statement":{"Effect":"Allow"}}"#, r#"{"Statement":{"Effect":"Deny"}}"#),
            (r#"{"Statement":{"Resource":"a"}}"#, r#"{"Statement":{"Resource":"A"}}"#),
            (r#"{"Statement":{"Action":"a:x"}}"#, r#"{"Statement":{"NotAction":"a:x"}}"#),
            (r#"{"Version":"2012-10-17","Statement":[]}"#, r#"{"Statement":[]}"#),
            (r#"{"Statement":{"Condition":{"StringEquals":{"k":"V"}}}}"#, {
                r#"{"Statement":{"Condition":{"StringEquals":{"k":"v"}}}}"#
            }),
            ("not json", "{}"),
        ];
        for (mine, theirs) in cases {
            assert!(!same_policy(mine, theirs), "{mine} {theirs}");
        }
    }
}
