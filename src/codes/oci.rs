//! Images, charts and tags in registries.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-OCI-001",
        "What is to be pushed or read is not named so that it is found: its file, its name within an archive, its platform, \
         its destination.",
        "Correct the attribute that the message points at.",
    ),
    lasting(
        "BERTH-OCI-002",
        "What is to be pushed is no image, not all of it is there, or it cannot be read.",
        "Make it anew; the message names what is missing or damaged.",
    ),
    lasting(
        "BERTH-OCI-003",
        "A registry does not accept the login, or does not allow it to do this.",
        "Correct the login in `registries` of the provider block or in the Docker configuration, or have it allowed.",
    ),
    passing(
        "BERTH-OCI-004",
        "A registry does not answer, is in trouble, or wants to be asked less often. It was tried for two minutes.",
        "Apply again once it answers. If the same apply makes the registry, name it in `depends_on`.",
    ),
    lasting(
        "BERTH-OCI-005",
        "A registry does not have the repository, tag or digest.",
        "Correct host, path and tag, or make it first.",
    ),
    lasting(
        "BERTH-OCI-006",
        "A registry, or something before it, refuses what is asked, or cannot be spoken to as it is.",
        "Do what the message says; it quotes the registry.",
    ),
    lasting(
        "BERTH-OCI-007",
        "What was read does not have the digest that it should have: it is damaged, or changed since the plan.",
        "Plan and apply again, or make the source anew. Nothing was stored under a wrong digest.",
    ),
    lasting(
        "BERTH-OCI-008",
        "The destination stands for something else already: another state, tool or person has pushed it, or your own chart has \
         changed and its version has not.",
        "Use another tag, raise the version of your own chart, import what is there, or set `overwrite = true`. \
         `terraform destroy -refresh=false` passes by a plan that fails for a chart's files.",
    ),
    lasting(
        "BERTH-OCI-009",
        "Two resources of one configuration push to the same destination.",
        "Give one of them another tag, or remove it. Of two that one apply makes, nothing is pushed for the second one.",
    ),
    passing(
        "BERTH-OCI-010",
        "The time for pushing or reading was over, or it was interrupted.",
        "Apply again: what the registry has is not sent again. Allow more in `timeouts` if it was slow.",
    ),
    lasting(
        "BERTH-OCI-011",
        "A program that the Docker configuration names for a registry gives no login.",
        "Run the program as the message says, or give the registry a login in `registries` of the provider block.",
    ),
    lasting(
        "BERTH-OCI-012",
        "A warning: a destroy has left a tag that stands for something else by now, or that another resource pushes.",
        "Nothing needs to be done; remove it with the registry's own tools if nobody needs it.",
    ),
    lasting(
        "BERTH-OCI-013",
        "A registry takes off no tags, so that `delete_on_destroy` cannot be done.",
        "Let the registry allow deletion (`delete_enabled` of a `berth_registry`), or set `delete_on_destroy = false`, apply, \
         and destroy then.",
    ),
    lasting(
        "BERTH-OCI-014",
        "A warning in the plan: the file or folder that is to be pushed, or the image that is to be copied, is not there yet.",
        "Nothing needs to be done if something in the same run makes it; else correct the path or the reference.",
    ),
    lasting(
        "BERTH-OCI-015",
        "An import does not find what the id names.",
        "Correct the id, or declare it without import: the next apply pushes it.",
    ),
    lasting(
        "BERTH-OCI-016",
        "Files are no Helm chart: `Chart.yaml` is missing or wrong, or charts that it depends on are not in `charts/`.",
        "Correct the chart; the message names what is wrong. `helm dependency build` brings dependencies into `charts/`.",
    ),
    lasting(
        "BERTH-OCI-017",
        "What an artifact is to be attached to is not in its repository.",
        "Push it there first, or correct `subject`. Something in another repository cannot be attached to.",
    ),
    lasting(
        "BERTH-OCI-018",
        "A file or folder of an artifact cannot be taken: it cannot be read, is too large to be packed, is no zip archive where it is \
         declared as one, or is a folder whose media type does not tell how it is packed.",
        "Correct it; the message names what is wrong and the attribute.",
    ),
    lasting(
        "BERTH-OCI-019",
        "A registry has no API for what is attached to a manifest, and the tag `sha256-…` that stands in for it cannot be kept: it \
         stands for something else, or others write it all the time.",
        "Take that tag off if nobody needs what it stands for, then apply again.",
    ),
    lasting(
        "BERTH-OCI-020",
        "OpenTofu would not install what is declared as a package of modules or as a release of a provider.",
        "Do what the message says: it names the type, the layer or the tag that OpenTofu looks for.",
    ),
    lasting(
        "BERTH-OCI-021",
        "A warning in the plan: what an image's tag stands for where a mirror copies it from could not be found out. What was mirrored of it stays \
         as it is.",
        "Nothing needs to be done if it passes. Else give that registry a login, or leave the image out.",
    ),
    lasting(
        "BERTH-OCI-022",
        "A warning in the plan: the cluster does not tell which images its Pods use. The images that were found before stay in the mirror.",
        "Nothing needs to be done if it passes. The account that plans needs `list` for `pods`.",
    ),
];
