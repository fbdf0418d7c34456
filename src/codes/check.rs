//! The check of a registry.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-CHECK-001",
        "A check of a registry cannot begin: its host, CA or login cannot be used, or the node has no image to pull.",
        "Correct the attribute that the message points at.",
    ),
    lasting(
        "BERTH-CHECK-002",
        "The registry fails the check. The message names the step: resolve, tls, anonymous, login, push, pull or \
         in_cluster, and which ones passed.",
        "Do what the message says of that step. What may heal by itself, such as a name that is not visible yet, has \
         been waited for.",
    ),
    lasting(
        "BERTH-CHECK-003",
        "A node cannot pull the image that an action asks for.",
        "See that the image exists, that the service account has a pull secret for its registry, and that the node trusts \
         the registry's certificate (`berth_node_trust`). The message has the node's words.",
    ),
];
