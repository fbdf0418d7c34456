//! Logins to registries: files of them, and tokens.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-LOGIN-001",
        "A login to a registry cannot be used: its host, user, password or CA is missing or is none.",
        "Correct the attribute that the message points at.",
    ),
    lasting(
        "BERTH-LOGIN-002",
        "A password file cannot be written: a user or password is none that it can hold.",
        "Correct the user that the message names. A password has at most 72 bytes.",
    ),
    lasting(
        "BERTH-LOGIN-003",
        "A registry or its token server gives no token: it does not accept the login, or cannot be used as it is.",
        "Do what the message says; it quotes the registry.",
    ),
    passing(
        "BERTH-LOGIN-004",
        "A registry or its token server does not answer, is in trouble, or takes too long.",
        "Apply again once it answers. If the same apply makes the registry, name it in `depends_on`.",
    ),
    lasting(
        "BERTH-LOGIN-005",
        "A warning: the token of a registry ran out while something in the run still used it.",
        "Apply again if something was refused after that. Have the registry give tokens that hold longer.",
    ),
];
