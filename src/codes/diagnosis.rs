//! What a diagnosis itself fails at. Causes have codes of their own: `domain::diagnosis::Cause`.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-DIAG-001",
        "It is not said what is to be diagnosed, or it is said twice.",
        "Name a Certificate, or the Secret that it writes; a Pod by namespace and name; a registry as `HOST` or `HOST:PORT`.",
    ),
    lasting(
        "BERTH-DIAG-002",
        "A file that `diagnose` is to read or write cannot be used.",
        "Correct the path that the message names.",
    ),
];
