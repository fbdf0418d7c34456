//! Values, schemas and the talk with Terraform.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-SDK-001",
        "The values that the state holds of an object cannot be read: the state was edited by hand, or berth has a \
         defect.",
        "Restore the state as it was. If nobody edited it, report a defect.",
    ),
    lasting(
        "BERTH-SDK-002",
        "berth broke its own plan: an apply came out unlike what the plan showed.",
        "Report a defect, with the configuration of the object. The object exists, and the state holds it as it is.",
    ),
    lasting(
        "BERTH-SDK-003",
        "berth left a value open after an apply.",
        "Report a defect, with the configuration of the object.",
    ),
    lasting(
        "BERTH-SDK-004",
        "Objects of this type cannot be imported.",
        "Declare the object without import, and apply.",
    ),
    lasting(
        "BERTH-SDK-005",
        "A value that Terraform sent cannot be read.",
        "Report a defect, with the versions of Terraform and berth.",
    ),
    lasting(
        "BERTH-SDK-006",
        "A value cannot be written for Terraform.",
        "Report a defect, with the versions of Terraform and berth.",
    ),
    lasting(
        "BERTH-SDK-007",
        "berth panicked. Only this call was ended, and what was done before it stands.",
        "Run again with TF_LOG=ERROR, and report a defect with the panic's message.",
    ),
    lasting(
        "BERTH-SDK-008",
        "Terraform asked for remote work before it configured the provider.",
        "Report a defect, with the versions of Terraform and berth.",
    ),
    lasting(
        "BERTH-SDK-009",
        "This version of berth has no such type or function.",
        "Use a newer version, or correct the name.",
    ),
    lasting(
        "BERTH-SDK-010",
        "An attribute has a value that it cannot have.",
        "Correct the value; the message says what is allowed. Nothing was changed.",
    ),
    lasting("BERTH-SDK-011", "A warning: an attribute is deprecated.", "Use what the message names in its place."),
    lasting(
        "BERTH-SDK-012",
        "The host knows no write-only arguments, and would store a secret in its state.",
        "Use Terraform 1.11 or OpenTofu 1.11, or newer.",
    ),
    lasting(
        "BERTH-SDK-013",
        "The state was written by Terraform 0.11 or older.",
        "Bring the state to a newer Terraform first.",
    ),
    lasting(
        "BERTH-SDK-014",
        "The stored state of an object cannot be decoded: it was edited by hand, or berth has a defect.",
        "Restore the state as it was. If nobody edited it, report a defect.",
    ),
    lasting(
        "BERTH-SDK-015",
        "A `moved` block names a type of another provider that berth cannot take over.",
        "Import the object as the new type, and remove the old one from the state.",
    ),
    lasting(
        "BERTH-SDK-016",
        "What is made cannot be marked as a resource's own, because the machine gives no random numbers.",
        "Apply on another machine.",
    ),
    lasting("BERTH-SDK-017", "A member of a list, set or map is null.", "Leave it out, as the message shows."),
    lasting(
        "BERTH-SDK-018",
        "A required attribute is null.",
        "Give it a value. A variable without a default that nothing sets is null, and so is an output of a module that has none.",
    ),
    lasting(
        "BERTH-SDK-030",
        "A warning: a write-only value is given without its version, so that nobody notices when it changes.",
        "Set its `..._wo_version` to a number, and change that whenever the value changes.",
    ),
    lasting(
        "BERTH-SDK-031",
        "The provider block cannot be read as Terraform sent it.",
        "Report a defect, with the provider block without its secrets.",
    ),
    lasting(
        "BERTH-SDK-040",
        "An import by `identity` names a type whose objects have none.",
        "Import by `id` if the type's page shows one, or declare the object without import.",
    ),
    lasting(
        "BERTH-SDK-041",
        "The identity in an `import` block cannot be read.",
        "Write it as the page of the type shows it.",
    ),
    lasting(
        "BERTH-SDK-042",
        "The stored identity of an object cannot be decoded: the state was edited by hand, or berth has a defect.",
        "Restore the state as it was. If nobody edited it, report a defect.",
    ),
    lasting(
        "BERTH-SDK-090",
        "A warning: a password or key ends in a line break, as files do. It counts as part of it, so that the login fails.",
        "Take it off: `trimspace(file(\"...\"))`.",
    ),
];
