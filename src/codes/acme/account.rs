//! Accounts and their keys.

use super::super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-ACME-030",
        "An account key has no source, or more than one.",
        "Set exactly one of `pem_wo`, `file`, `env` and `kubernetes_secret`.",
    ),
    lasting(
        "BERTH-ACME-031",
        "A key is to be made, and has no place to be kept.",
        "Set `account_key.kubernetes_secret`, or make the key yourself and leave `generate` out.",
    ),
    lasting(
        "BERTH-ACME-032",
        "Something is to be done at the CA on destroy, and the account key will not be there then.",
        "Give the key by `file`, `env` or `kubernetes_secret`: a write-only value is not there on destroy.",
    ),
    lasting(
        "BERTH-ACME-033",
        "The account key is not where the configuration says.",
        "Apply the `berth_acme_account` that makes it first, by a reference or `depends_on`, or put the key there.",
    ),
    lasting(
        "BERTH-ACME-034",
        "The file or variable with the account key cannot be read.",
        "Check the path, which starts at the working directory, or set the variable where Terraform runs.",
    ),
    lasting(
        "BERTH-ACME-035",
        "A warning: the account is lost, because its key is gone or the CA has ended it.",
        "Apply: a new account is made where berth makes the key; else give another account key. Certificates stay as \
         they are.",
    ),
    lasting(
        "BERTH-ACME-036",
        "The new key of an account is the key of another account.",
        "Give a key that no account has, or use that other account from here on with `-replace`.",
    ),
    lasting(
        "BERTH-ACME-037",
        "The id of an import of an account cannot be read.",
        "Give the account's URL, with the directory in the provider block; or `DIRECTORY_URL,ACCOUNT_URL`.",
    ),
    lasting(
        "BERTH-ACME-038",
        "No ACME directory is given.",
        "Set `directory_url`, or `acme = { directory_url = \"...\" }` in the provider block.",
    ),
    lasting(
        "BERTH-ACME-039",
        "The CA knows the key, and does not take it back: its account is deactivated or revoked.",
        "Give another account key; nothing was changed.",
    ),
    lasting(
        "BERTH-ACME-052",
        "The account's key cannot be changed: the CA does not know the new one, and the old one is not given.",
        "Give the old key as `previous_account_key`, or have a new account made with `-replace`.",
    ),
    lasting(
        "BERTH-ACME-053",
        "`key_generation` is set where the provider makes no key.",
        "Leave it out, or set `account_key.generate = true`.",
    ),
    passing("BERTH-ACME-054", "The CA took a new account key, and did not know it a moment later.", "Apply again."),
    lasting(
        "BERTH-ACME-099",
        "A warning: a destroy has left the account as it is, because another resource or state has it by now.",
        "Nothing: it is deactivated there, if that is asked there.",
    ),
    lasting(
        "BERTH-ACME-110",
        "The CA tells nothing of the account of a key without an external account binding.",
        "Set `account_url` to the `account_url` of the `berth_acme_account` whose key this is.",
    ),
    lasting(
        "BERTH-ACME-115",
        "A warning: another external account binding changes nothing, as an account is bound when it is made.",
        "Apply with `-replace` and another account key to have an account that is bound so; else leave the binding as \
         it was.",
    ),
    lasting(
        "BERTH-ACME-119",
        "A warning: an attribute that makes an account key is set where the key is only read.",
        "Leave it out, and set it at the `berth_acme_account` of this key.",
    ),
];
