//! Issuers and Certificates of cert-manager.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-CM-001",
        "The definitions of cert-manager are not installed in the cluster.",
        "Install cert-manager first, for example by a `berth_manifest` that the issuer or certificate depends on.",
    ),
    lasting(
        "BERTH-CM-002",
        "The installed cert-manager does not have a field that is declared.",
        "Take the attribute out, or install the version that the message names, with its definitions.",
    ),
    lasting(
        "BERTH-CM-003",
        "An issuer or certificate cannot be imported: the id cannot be read, or there is none of this name.",
        "Write the id as NAMESPACE/NAME, or as NAME of a ClusterIssuer, and check it.",
    ),
    lasting(
        "BERTH-CM-004",
        "An issuer or certificate is declared in a way that cert-manager would refuse or could not use.",
        "Correct the attribute that the message points at.",
    ),
];
