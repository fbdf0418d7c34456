//! What differs in the cluster from what was declared.

use serde_json::Value;

/// How many differences of one object are told.
const TOLD: usize = 5;

/// Tells where `found` does not have what `declared` says. What only `found` has does not count: the
/// cluster fills in defaults and others own fields of their own.
pub fn differences(declared: &Value, found: &Value) -> Vec<String> {
    let mut told = Vec::new();
    compare("", declared, found, &mut told);
    told.truncate(TOLD);
    told
}

fn compare(path: &str, declared: &Value, found: &Value, told: &mut Vec<String>) {
    match (declared, found) {
        (Value::Object(declared), Value::Object(found)) => {
            for (name, value) in declared {
                compare(&format!("{path}.{name}"), value, found.get(name).unwrap_or(&Value::Null), told);
            }
        }
        (Value::Array(declared), Value::Array(found)) if declared.len() == found.len() => {
            for (index, (declared, found)) in declared.iter().zip(found).enumerate() {
                compare(&format!("{path}[{index}]"), declared, found, told);
            }
        }
        _ if is_empty(declared) && is_empty(found) => {}
        _ if declared == found || is_same_quantity(declared, found) => {}
        _ => told.push(format!("{path} is {}, declared {}", shown(found), shown(declared))),
    }
}

/// The API leaves out what is empty.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A value fit for a sentence; long texts are told by their length.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) if text.len() > 60 => format!("another text of {} characters", text.chars().count()),
        other => {
            let text = other.to_string();
            if text.len() > 60 { "another value".to_owned() } else { text }
        }
    }
}

/// The API writes quantities in its own way: `1000m` comes back as `1`.
fn is_same_quantity(declared: &Value, found: &Value) -> bool {
    match (declared.as_str().and_then(quantity), found.as_str().and_then(quantity)) {
        (Some(declared), Some(found)) => declared == found,
        _ => false,
    }
}

/// Whether a text is a quantity of memory, storage or processors.
pub fn is_quantity(text: &str) -> bool {
    quantity(text).is_some()
}

/// A quantity in thousandths: a number and a suffix.
/// Source: Kubernetes API reference, "Quantity".
fn quantity(text: &str) -> Option<i128> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(split)?;
    let factor: i128 = match suffix {
        "m" => 1,
        "" => 1000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1000 << 10,
        "Mi" => 1000 << 20,
        "Gi" => 1000 << 30,
        "Ti" => 1000 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 9)?;
    let scaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(scaled * factor / 10_i128.pow(digits))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_cluster_adds_is_no_drift() {
        let declared = json!({ "spec": { "ports": [{ "port": 443 }], "nodeSelector": {}, "tolerations": [] } });
        let found = json!({ "spec": { "ports": [{ "port": 443, "nodePort": 30000 }], "clusterIP": "10.0.0.1" } });
        assert_eq!(differences(&declared, &found), Vec::<String>::new());
    }

    #[test]
    fn tells_path_and_both_values() {
        let declared = json!({ "spec": { "replicas": 2, "containers": [{ "image": "a" }] } });
        let found = json!({ "spec": { "replicas": 5, "containers": [{ "image": "b" }] } });
        assert_eq!(
            differences(&declared, &found),
            [".spec.containers[0].image is \"b\", declared \"a\"", ".spec.replicas is 5, declared 2"]
        );
        assert_eq!(differences(&json!({ "a": "x" }), &json!({})), [".a is absent, declared \"x\""]);
    }

    #[test]
    fn quantities_are_compared_by_what_they_mean() {
        for (declared, found) in [("1000m", "1"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi")] {
            assert_eq!(differences(&json!(declared), &json!(found)), Vec::<String>::new(), "{declared}");
        }
        assert_eq!(differences(&json!("1Gi"), &json!("1G")).len(), 1);
    }

    #[test]
    fn long_texts_are_not_repeated() {
        let told = differences(&json!({ "data": "x".repeat(200) }), &json!({ "data": "y".repeat(300) }));
        assert_eq!(told, [".data is another text of 300 characters, declared another text of 200 characters"]);
    }
}
