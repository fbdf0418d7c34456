//! Trust on the nodes.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-TRUST-001",
        "What is said of a registry for the nodes is nothing, or nothing that a runtime of theirs reads.",
        "Set certificates, mirrors or both; CRI-O reads its mirrors in registries.conf of the nodes.",
    ),
    lasting(
        "BERTH-TRUST-002",
        "What shall be imported does not exist, or `berth_node_trust` did not make it.",
        "Correct the id, `NAMESPACE/NAME`; or declare it without import, and apply.",
    ),
    lasting(
        "BERTH-TRUST-003",
        "A warning: some nodes did not answer while what was written to them was to be taken away, and keep it.",
        "Take the registry's folder away on those nodes, if they come back and should not trust it any more.",
    ),
    lasting("BERTH-TRUST-004", "The id of an import is of another form.", "Write it as `NAMESPACE/NAME`."),
    lasting(
        "BERTH-TRUST-005",
        "A node says what no waiting mends: its containerd reads no folders, or somebody else wrote a file that is declared.",
        "Name the configuration that containerd reads, and its folder; or remove the file on the node.",
    ),
];
