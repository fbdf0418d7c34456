//! The provider block.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-PROVIDER-001",
        "A setting of the provider block is not known yet, because it comes from a resource that does not exist yet. \
         A warning in a refresh.",
        "Apply what the setting depends on first, for example with `-target`; until then the objects stay as the \
         state knows them.",
    ),
    lasting(
        "BERTH-PROVIDER-002",
        "The file with the CA of a registry cannot be read.",
        "Correct `ca_file` in the provider's `registries`: the path starts at the working directory.",
    ),
    lasting(
        "BERTH-PROVIDER-003",
        "Settings of the provider block that belong together are incomplete, or contradict each other.",
        "Complete or remove what the message names.",
    ),
];
