//! Pull secrets.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-PULL-001",
        "A pull secret cannot be written: it has no namespaces, a login has no password, or a name or password is \
         none that the format can hold.",
        "Correct the attribute that the message points at. Passwords are not stored, and are needed for each change.",
    ),
    lasting(
        "BERTH-PULL-002",
        "A pull secret cannot be imported: the id cannot be read, or there is no Secret of this name and type.",
        "Write the id as NAMESPACE/NAME, and check it.",
    ),
    lasting(
        "BERTH-PULL-003",
        "The key for the digest of the logins cannot be made, because the machine gives no random numbers.",
        "Apply on another machine.",
    ),
    lasting(
        "BERTH-PULL-004",
        "A warning: a pull secret was imported without its passwords, and the apply sets those that are declared.",
        "Nothing needs to be done; leave `password_wo` out to keep the one that the Secret has.",
    ),
];
