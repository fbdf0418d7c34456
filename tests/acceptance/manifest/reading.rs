//! Texts are read as kubectl reads them.

use serde_json::Value;

use super::{declared, joined};
use crate::kubectl::{Namespace, kubectl, object};
use crate::workspace::Workspace;

/// Scalars of which readers of YAML think differently.
const SCALARS: &str = r#"yes|no|on|off|y|n|True|tRUE|~|null|0777|0o17|-010|09|0x1F|0b11|1_000|1.0|1e3|0.25|.5|1.2.3|12:30|2001-01-01|100m|+12|e3|''|"yes"|!!str 12|0.1e-2|1e400|1.5e300|123456789012345678901234567890|0777_1|4_|0b12|0x|<<|=|1.|+.5|2001-1-1x|1979-05-27T07:32:00Z|-0b11|0o8|_1|1__0|-.5|!!float 1|!!int "3"|!!binary aGk=|!foo yes|1e21|00|-0|1e-7"#;

/// Keys that are no texts.
const KEYS: &str = "    yes: 1\n    12: 2\n    1.50: 3\n    2001-01-01: 5\n";

#[test]
#[ignore = "needs the sandbox"]
fn yaml_is_read_as_kubectl_reads_it() {
    let entries: Vec<String> =
        SCALARS.split('|').enumerate().map(|(index, scalar)| format!("    e{index}: {scalar}")).collect();
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nspec:\n  scalars:\n{}\n  keys:\n{KEYS}",
        entries.join("\n")
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    // It prints what it has read, and asks nobody.
    let arguments = ["patch", "--local", "--type=merge", "-o", "json", "-p", "{}", "-f", file.path().to_str().unwrap()];
    let printed = kubectl(&arguments);
    let theirs: Value = serde_json::from_slice(&printed.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&printed.stderr)));
    let ours = &berth::domain::yaml::documents(&text).unwrap()[0].value;
    assert_eq!(ours["spec"]["keys"], theirs["spec"]["keys"]);
    for (index, scalar) in SCALARS.split('|').enumerate() {
        let at = |read: &Value| read["spec"]["scalars"][format!("e{index}")].clone();
        let (ours, theirs) = (at(ours), at(&theirs));
        // Numbers may be written in more than one way.
        let bits = |value: &Value| value.as_f64().map(f64::to_bits);
        assert!(
            ours == theirs || (bits(&ours).is_some() && bits(&ours) == bits(&theirs)),
            "{scalar}: {ours}, kubectl: {theirs}"
        );
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_tools_write_into_texts_is_declared_owned_and_removed() {
    let namespace = Namespace::new("manifest");
    let document = |name: &str, metadata: &str, data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {}, {metadata}}}\ndata: {data}\n",
            namespace.0
        )
    };
    let text = joined(&[
        document("bare", "annotations: null, labels: null", "{a: b}"),
        document(
            "leaving",
            "deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0, uid: x",
            "{a: b}",
        ),
        document("letters", "generation: 3", r#"{a: "x \u0085 y \u2028 \x7f \uffff"}"#),
    ]);
    let workspace = Workspace::new(&declared(&text, "  timeouts = { create = \"20s\" }"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let letters = object(&namespace.0, "configmap", "letters").unwrap()["data"]["a"].clone();
    assert_eq!(letters, "x \u{85} y \u{2028} \u{7f} \u{ffff}");
    let owner =
        |name: &str| object(&namespace.0, "configmap", name).unwrap()["metadata"]["annotations"]["berth/owner"].clone();
    assert!(owner("bare").is_string() && owner("bare") == owner("leaving"));
    workspace.destroy().succeeds();
    for name in ["bare", "leaving", "letters"] {
        assert!(object(&namespace.0, "configmap", name).is_none(), "{name}");
    }
}
