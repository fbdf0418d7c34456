//! Policies of workloads.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[lasting(
    "BERTH-POLICY-001",
    "The policy of a workload cannot be written from its arguments.",
    "Correct the argument that the message names; nothing was asked of AWS.",
)];
