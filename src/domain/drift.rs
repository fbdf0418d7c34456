//! What differs in the cluster from what was declared.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::digest::sha256_hex;

use super::manifest::fields::{self, Elements, Structure};
use super::quantity::Quantity;

/// How many differences of one object are told.
const TOLD: usize = 5;

/// What the API server stored otherwise than we declared it when we did: by place, a digest of what it stored. A webhook that
/// changes objects on their way in does so each time, and nobody can set it right.
pub type Deviations = BTreeMap<String, String>;

/// Where `stored`, the API server's answer to our own declaration, is not what `declared` says.
pub fn deviations(declared: &Value, stored: &Value) -> Deviations {
    let found = compared(declared, stored);
    found.into_iter().map(|difference| (difference.path, digest_of(difference.found))).collect()
}

/// Tells where `found` does not have what `declared` says. What only `found` has does not count: the
/// cluster fills in defaults and others own fields of their own.
pub fn differences(declared: &Value, found: &Value) -> Vec<String> {
    differences_but(declared, found, &Deviations::new())
}

/// As [`differences`], without what was stored so when it was declared.
pub fn differences_but(declared: &Value, found: &Value, known: &Deviations) -> Vec<String> {
    let new = |it: &Difference<'_>| known.get(&it.path) != Some(&digest_of(it.found));
    let differences = compared(declared, found);
    differences.iter().filter(|it| new(it)).take(TOLD).map(ToString::to_string).collect()
}

/// As [`deviations`], of an object that others may add to: elements of its lists are found as its managers tell them apart.
pub fn own_deviations(declared: &Value, stored: &Value) -> Deviations {
    let mut found = Vec::new();
    compare(String::new(), declared, stored, &fields::structure(stored), &mut found);
    found.into_iter().map(|difference| (difference.path, digest_of(difference.found))).collect()
}

/// As [`differences_but`], of an object that others may add to.
pub fn own_differences(declared: &Value, found: &Value, known: &Deviations) -> Vec<String> {
    let mut differences = Vec::new();
    compare(String::new(), declared, found, &fields::structure(found), &mut differences);
    let new = differences.iter().filter(|it| known.get(&it.path) != Some(&digest_of(it.found)));
    new.take(TOLD).map(ToString::to_string).collect()
}

/// One place where the two differ.
struct Difference<'a> {
    path: String,
    declared: &'a Value,
    found: &'a Value,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, declared {}", self.path, shown(self.found), shown(self.declared))
    }
}

fn digest_of(value: &Value) -> String {
    sha256_hex(value.to_string().as_bytes())
}

fn compared<'a>(declared: &'a Value, found: &'a Value) -> Vec<Difference<'a>> {
    let mut differences = Vec::new();
    compare(String::new(), declared, found, &[], &mut differences);
    differences
}

fn compare<'a>(
    path: String,
    declared: &'a Value,
    found: &'a Value,
    owned: &[Value],
    differences: &mut Vec<Difference<'a>>,
) {
    match (declared, found) {
        // The API leaves out what is empty, and others may fill what we leave so.
        (declared, _) if is_empty(declared) => {}
        (Value::Object(declared), Value::Object(found)) => {
            for (name, value) in declared {
                let below = fields::below_member(owned, name);
                let found = found.get(name).unwrap_or(&Value::Null);
                compare(format!("{path}.{name}"), value, found, &below, differences);
            }
        }
        (Value::Array(elements), Value::Array(members)) => {
            compare_lists(&path, (declared, elements), (found, members), owned, differences);
        }
        _ if declared == found || is_same_quantity(declared, found) => {}
        _ => differences.push(Difference { path, declared, found }),
    }
}

fn compare_lists<'a>(
    path: &str,
    (declared, elements): (&'a Value, &'a [Value]),
    (found, members): (&'a Value, &'a [Value]),
    owned: &[Value],
    differences: &mut Vec<Difference<'a>>,
) {
    match Structure::new(owned).elements() {
        Elements::Keys(names) => {
            for (index, element) in elements.iter().enumerate() {
                let is_it = |member: &&Value| names.iter().all(|name| is_same_key(element.get(name), member.get(name)));
                let member = members.iter().find(is_it).unwrap_or(&Value::Null);
                let below = fields::below_element(owned, member);
                compare(format!("{path}[{index}]"), element, member, &below, differences);
            }
        }
        Elements::Values if elements.iter().all(|element| members.contains(element)) => {}
        Elements::Places if elements.len() == members.len() => {
            for (index, (element, member)) in elements.iter().zip(members).enumerate() {
                compare(format!("{path}[{index}]"), element, member, &[], differences);
            }
        }
        Elements::Values | Elements::Places => differences.push(Difference { path: path.to_owned(), declared, found }),
    }
}

/// A part of a key that is not declared has a default, such as the protocol of a port.
fn is_same_key(declared: Option<&Value>, found: Option<&Value>) -> bool {
    declared.is_none() || declared == found
}

/// Whether a value says nothing.
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
    match (declared.as_str().and_then(Quantity::parse), found.as_str().and_then(Quantity::parse)) {
        (Some(declared), Some(found)) => declared == found && !declared.is_capped(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_cluster_adds_is_no_drift() {
        let declared = json!({ "spec": { "ports": [{ "port": 443 }], "nodeSelector": {}, "tolerations": [] } });
        let found = json!({ "spec": { "ports": [{ "port": 443, "nodePort": 30000 }], "clusterIP": "10.0.0.1" } });
        assert_eq!(differences(&declared, &found), Vec::<String>::new());
    }

    #[test]
    fn what_others_put_where_we_leave_it_empty_is_no_drift() {
        let toleration = json!([{ "key": "kubernetes.io/arch", "value": "amd64" }]);
        let found = json!({ "tolerations": toleration, "nodeSelector": { "a": "b" }, "affinity": { "c": 1 } });
        let declared = json!({ "tolerations": [], "nodeSelector": {}, "affinity": null });
        assert_eq!(differences(&declared, &found), Vec::<String>::new());
    }

    #[test]
    fn what_the_cluster_stored_otherwise_from_the_first_is_no_drift_and_what_changed_since_is() {
        let declared = json!({ "requests": { "memory": "64Mi", "cpu": "50m" }, "tolerations": [{ "key": "a" }] });
        let stored = json!({
            "requests": { "memory": "512Mi", "cpu": "50m" }, "tolerations": [{ "key": "a" }, { "key": "b" }],
        });
        let known = deviations(&declared, &stored);
        assert_eq!(known.keys().collect::<Vec<_>>(), [".requests.memory", ".tolerations"]);
        assert_eq!(differences_but(&declared, &stored, &known), Vec::<String>::new());

        let edited = json!({
            "requests": { "memory": "1Gi", "cpu": "2" }, "tolerations": [{ "key": "a" }, { "key": "b" }],
        });
        assert_eq!(
            differences_but(&declared, &edited, &known),
            [".requests.cpu is \"2\", declared \"50m\"", ".requests.memory is \"1Gi\", declared \"64Mi\""]
        );
        assert_eq!(differences_but(&declared, &declared, &known), Vec::<String>::new(), "the webhook is gone");
    }

    /// Any small document.
    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3_i64).prop_map(Value::from),
            "[a-c]{0,2}|[0-9]{1,4}(m|Mi|Gi)?".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(document in document()) {
            prop_assert_eq!(differences(&document, &document), Vec::<String>::new());
        }

        #[test]
        fn whatever_the_cluster_stored_at_once_is_no_drift(declared in document(), stored in document()) {
            let known = deviations(&declared, &stored);
            prop_assert_eq!(differences_but(&declared, &stored, &known), Vec::<String>::new());
            prop_assert_eq!(known.is_empty(), differences(&declared, &stored).is_empty());
        }
    }

    #[test]
    fn what_others_add_to_lists_is_no_drift_and_what_they_change_of_ours_is() {
        let owned =
            |steps: Value| json!([{ "manager": "berth", "operation": "Apply", "fieldsV1": { "f:ports": steps } }]);
        let steps = json!({ "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {}, "f:name": {} } });
        let found = |name: &str| {
            json!({ "metadata": { "managedFields": owned(steps.clone()) }, "ports": [
                { "port": 9, "protocol": "TCP" }, { "port": 80, "protocol": "TCP", "name": name } ] })
        };
        let declared = json!({ "ports": [{ "port": 80, "name": "web" }] });
        let none = Deviations::new();
        assert_eq!(own_differences(&declared, &found("web"), &none), Vec::<String>::new());
        assert_eq!(own_differences(&declared, &found("x"), &none), [".ports[0].name is \"x\", declared \"web\""]);
        let known = own_deviations(&declared, &found("x"));
        assert_eq!(own_differences(&declared, &found("x"), &known), Vec::<String>::new());
        let gone = json!({ "metadata": { "managedFields": owned(steps.clone()) }, "ports": [] });
        assert_eq!(own_differences(&declared, &gone, &none).len(), 1);
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
