//! What the CA refuses, and what becomes of orders.

use super::super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-ACME-001",
        "The CA's server has a TLS certificate that this machine does not trust.",
        "Set `ca_file` or `ca_pem` to the root that signed the server's certificate (not the root that the CA issues \
         with), or look for a proxy that answers in its place. Nothing was sent.",
    ),
    lasting(
        "BERTH-ACME-002",
        "`ca_file` or `ca_pem` holds no certificate that can be read.",
        "Give one or more root certificates as PEM blocks of type CERTIFICATE.",
    ),
    passing(
        "BERTH-ACME-003",
        "The CA does not answer: a name that does not resolve, a proxy, a firewall, a connection that breaks.",
        "Check `directory_url`, the network and HTTPS_PROXY, and apply again.",
    ),
    lasting(
        "BERTH-ACME-004",
        "What answers at the directory's URL does not speak ACME.",
        "Check that `directory_url` is the URL of an ACME directory, and that no proxy or login page answers in its \
         place.",
    ),
    lasting(
        "BERTH-ACME-005",
        "The CA has counted too many requests, orders or failures.",
        "Wait until the moment that the message names. For trials use the CA's staging directory, keep the names as \
         they are, and let renewals follow the CA.",
    ),
    lasting(
        "BERTH-ACME-006",
        "The CA does not issue for one of the names, by its policy.",
        "Remove or replace the name; nothing was issued.",
    ),
    lasting(
        "BERTH-ACME-007",
        "The CA's terms of service are not agreed to, or have changed.",
        "Read them, and set `terms_of_service_agreed = true`.",
    ),
    lasting(
        "BERTH-ACME-008",
        "The CA wants every account to be bound to one of its own system.",
        "Get a key id and an HMAC key from the CA, and set `external_account_binding`.",
    ),
    lasting(
        "BERTH-ACME-009",
        "The CA has no account with this key.",
        "Register the key with a `berth_acme_account` first, or check that `directory_url` is the CA where it is \
         registered.",
    ),
    lasting(
        "BERTH-ACME-010",
        "The account key cannot be read, or the CA does not take keys of this kind.",
        "Give a private key as PEM (ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits and more), or let the \
         provider make one.",
    ),
    lasting(
        "BERTH-ACME-011",
        "The account may not do this: it is deactivated, or the order belongs to another account.",
        "Check the account's status at the CA, and use the key of an account in good standing.",
    ),
    lasting(
        "BERTH-ACME-012",
        "The CA could not validate a name. Not to be tried again without a change: CAs limit failed validations.",
        "Correct what the CA saw, then apply again: a new order is made. The message has what was seen from this \
         machine beside it.",
    ),
    passing(
        "BERTH-ACME-013",
        "The order cannot be completed any more: it expired, or the CA gave it up.",
        "Apply again: a new order is made.",
    ),
    lasting(
        "BERTH-ACME-014",
        "The CA offers no challenge of the chosen kind for a name.",
        "Choose one of those it offers: a wildcard is proved by dns-01, an IP address by http-01. Or use another CA.",
    ),
    lasting(
        "BERTH-ACME-015",
        "The certificate's key or signing request cannot be made or is refused by the CA.",
        "Check `key_type`, `dns_names` and `csr_pem`. No certificate was issued.",
    ),
    lasting(
        "BERTH-ACME-016",
        "The CA has no such function, for example no revocation or no renewal information.",
        "Leave the setting out, or choose a CA that offers it.",
    ),
    passing(
        "BERTH-ACME-017",
        "The CA issued something that is not the certificate which was ordered.",
        "Apply again: a new certificate is ordered. If it stays, ask the CA.",
    ),
    passing(
        "BERTH-ACME-018",
        "The CA has trouble of its own.",
        "Apply again later; if the CA named a time, the message has it.",
    ),
    lasting(
        "BERTH-ACME-019",
        "The CA refuses, for a reason that berth knows no better words for than the CA's.",
        "Correct what the CA names in its words, and apply again.",
    ),
    passing(
        "BERTH-ACME-020",
        "The time for the operation was used up while the CA was asked or waited for.",
        "Apply again: an open order is gone on with, not repeated. Or give more time in `timeouts`.",
    ),
    lasting(
        "BERTH-ACME-021",
        "The run was interrupted while the CA was asked or waited for.",
        "Apply again: an open order is gone on with, not repeated.",
    ),
    lasting(
        "BERTH-ACME-022",
        "The external account binding of a new account cannot be made, or the CA refuses it.",
        "Check `key_id` and `hmac_key_wo` of `external_account_binding`; no account was made.",
    ),
];
