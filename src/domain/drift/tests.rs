//! What counts as a difference, and what does not.

use proptest::prelude::*;

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
    let known = own_deviations(&declared, &stored);
    assert_eq!(known.keys().collect::<Vec<_>>(), [".requests.memory", ".tolerations"]);
    assert_eq!(own_differences(&declared, &stored, &known), Vec::<String>::new());

    let edited = json!({
        "requests": { "memory": "1Gi", "cpu": "2" }, "tolerations": [{ "key": "a" }, { "key": "b" }],
    });
    assert_eq!(
        own_differences(&declared, &edited, &known),
        [".requests.cpu is \"2\", declared \"50m\"", ".requests.memory is \"1Gi\", declared \"64Mi\""]
    );
    assert_eq!(own_differences(&declared, &declared, &known), Vec::<String>::new(), "the webhook is gone");
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
        let known = own_deviations(&declared, &stored);
        prop_assert_eq!(own_differences(&declared, &stored, &known), Vec::<String>::new());
        prop_assert_eq!(known.is_empty(), differences(&declared, &stored).is_empty());
    }
}

#[test]
fn what_others_add_to_lists_is_no_drift_and_what_they_change_of_ours_is() {
    let owned = |steps: Value| json!([{ "manager": "berth", "operation": "Apply", "fieldsV1": { "f:ports": steps } }]);
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

#[test]
fn what_is_declared_empty_and_filled_later_is_drift() {
    let by =
        |who: &str, operation: &str, steps: Value| json!({ "manager": who, "operation": operation, "fieldsV1": steps });
    let declared = json!({
        "rules": [], "podSelector": {}, "limits": { "add": [] }, "labels": {}, "emptyDir": {}, "filled": {}, "none": null,
    });
    let ours = by("berth", "Apply", json!({ "f:podSelector": {}, "f:labels": {}, "f:emptyDir": {}, "f:filled": {} }));
    let stored = json!({
        "metadata": { "managedFields": [ours] }, "rules": null, "podSelector": {}, "emptyDir": {}, "filled": { "a": "webhook" },
    });
    let known = own_deviations(&declared, &stored);
    assert_eq!(own_differences(&declared, &stored, &known), Vec::<String>::new());

    let theirs = json!({
        "f:rules": {}, "f:podSelector": {}, "f:limits": { "f:add": {} }, "f:labels": { "f:b": {} }, "f:hostPath": {},
    });
    let edited = json!({
        "metadata": { "managedFields": [ours, by("kubectl", "Update", theirs)] }, "rules": ["*"], "podSelector": { "a": "b" },
        "limits": { "add": ["SYS_ADMIN"] }, "labels": { "b": "c" }, "hostPath": {}, "filled": { "a": "webhook" }, "none": 1,
    });
    assert_eq!(
        own_differences(&declared, &edited, &known),
        [
            ".emptyDir is absent, declared {}",
            ".limits.add is [\"SYS_ADMIN\"], declared []",
            ".podSelector is {\"a\":\"b\"}, declared {}",
            ".rules is [\"*\"], declared []",
        ]
    );
    let unknown = own_differences(&declared, &edited, &Deviations::new());
    assert_eq!(unknown, Vec::<String>::new(), "what was stored at the write is not known");
    let healed = json!({ "rules": [], "podSelector": {}, "emptyDir": {}, "filled": {}, "metadata": { "managedFields": [ours] } });
    assert_eq!(own_differences(&declared, &healed, &known), Vec::<String>::new(), "the webhook is gone");
}

#[test]
fn of_two_ports_of_one_number_each_is_compared_with_its_own() {
    let step = |protocol: &str| format!("k:{{\"port\":53,\"protocol\":\"{protocol}\"}}");
    let fields = json!({ "f:ports": { (step("UDP")): {}, (step("TCP")): {} } });
    let found = |tcp: &str| {
        json!({ "metadata": { "managedFields": [{ "manager": "berth", "operation": "Apply", "fieldsV1": fields }] },
            "ports": [{ "port": 53, "protocol": "UDP", "name": "udp" }, { "port": 53, "protocol": "TCP", "name": tcp }] })
    };
    let udp = json!({ "port": 53, "protocol": "UDP", "name": "udp" });
    let tcp = json!({ "port": 53, "name": "tcp" });
    for (ports, place) in [(json!([udp, tcp]), 1), (json!([tcp, udp]), 0), (json!([tcp]), 0)] {
        let declared = json!({ "ports": ports });
        assert_eq!(own_deviations(&declared, &found("tcp")), Deviations::new());
        let told = own_differences(&declared, &found("x"), &Deviations::new());
        assert_eq!(told, [format!(".ports[{place}].name is \"x\", declared \"tcp\"")]);
    }
}

#[test]
fn pull_secrets_that_others_bind_to_an_account_are_no_drift() {
    let declared = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "imagePullSecrets": [{ "name": "own" }] });
    let found = |names: &[&str]| {
        let owned = json!([{ "manager": "berth", "operation": "Update", "fieldsV1": { "f:imagePullSecrets": {} } }]);
        let list: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "metadata": { "managedFields": owned }, "apiVersion": "v1", "kind": "ServiceAccount", "imagePullSecrets": list })
    };
    let none = Deviations::new();
    assert_eq!(own_differences(&declared, &found(&["own", "pull"]), &none), Vec::<String>::new());
    assert_eq!(own_differences(&declared, &found(&["pull"]), &none).len(), 1);
}
