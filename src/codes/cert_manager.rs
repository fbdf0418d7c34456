//! Issuers and Certificates of cert-manager.

use super::{Code, lasting, passing};

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
    lasting(
        "BERTH-CM-005",
        "The manifest of cert-manager cannot be read, or is none of a release.",
        "Give the path of `cert-manager.yaml` as the project publishes it, or of what `helm template` makes of the chart with its \
         definitions. Relative paths begin where Terraform runs.",
    ),
    lasting(
        "BERTH-CM-006",
        "The manifest is not the one that is declared: it has another digest or version.",
        "Correct `manifest_sha256` or `version` if the file is the one that is meant; else fetch it anew.",
    ),
    passing(
        "BERTH-CM-007",
        "The cluster takes no Issuer after cert-manager was installed or changed.",
        "Look at the Pods of the webhook and of the injector. The control plane must reach the webhook's port: on private nodes it \
         needs a firewall rule. The next apply goes on.",
    ),
    lasting(
        "BERTH-CM-008",
        "After a change of cert-manager, Certificates have another certificate than before, or are gone (a warning).",
        "Where a key or a certificate is pinned, renew the pin; else nothing needs to be done.",
    ),
    lasting(
        "BERTH-CM-009",
        "An installation of cert-manager cannot be imported: the id names no namespace, or no controller runs there.",
        "Find the namespace with `kubectl get deployments -A -l app=cert-manager`.",
    ),
    lasting(
        "BERTH-CM-010",
        "What lies between the release of cert-manager that runs and the one that is planned hits objects of this cluster, or \
         minor releases are leapt over (a warning of the plan).",
        "Do what the warning says before the apply, for each object that it names.",
    ),
    lasting(
        "BERTH-CM-011",
        "The namespace of cert-manager does not exist, and its manifest does not make it.",
        "Make the namespace first, or put a document of kind Namespace into the manifest.",
    ),
    lasting(
        "BERTH-CM-012",
        "Secrets of ClusterIssuers are in the namespace that cert-manager moves to with other content, or are renewed where they were (a warning).",
        "Compare the two, and declare the Certificate that fills such a Secret in the new namespace.",
    ),
    lasting(
        "BERTH-CM-013",
        "A backup of cert-manager cannot be imported: the id cannot be read, or its Secret holds none.",
        "Write the id as NAMESPACE/NAME of the Secret.",
    ),
    lasting(
        "BERTH-CM-014",
        "A backup of cert-manager is none, or is larger than a Secret may be.",
        "Copy the Secret of the backup to the place that is named; divide a large one by `namespaces`.",
    ),
    lasting(
        "BERTH-CM-015",
        "What a backup of cert-manager holds is there in another form, and was left as it is (a warning).",
        "Look at what is there; set `overwrite` to replace it by what the backup has.",
    ),
    lasting(
        "BERTH-CM-016",
        "A backup of cert-manager would have nothing any more, and is not written over one that has something.",
        "Put the last one back with `restore = true`; if the loss is meant, remove its Secret first.",
    ),
    lasting(
        "BERTH-CM-017",
        "A backup of cert-manager has no longer what the one before it had (a warning).",
        "If that is not meant, restore with `former = true` before it is taken once more.",
    ),
    lasting(
        "BERTH-CM-018",
        "A backup of cert-manager lacks what belongs to it: Secrets that issuers need, or namespaces that are named (a warning).",
        "Correct `namespaces` or `controller_namespace`, or make what is missing, and take it anew by `triggers`.",
    ),
    passing(
        "BERTH-CM-019",
        "The manifest of cert-manager cannot be fetched from its address (in a plan, a warning).",
        "Let the machine that applies reach the address, by a proxy if need be; or fetch the manifest elsewhere and give its path.",
    ),
    lasting(
        "BERTH-CM-020",
        "The Certificate that is to be issued anew is not there.",
        "Correct namespace and name; `kubectl get certificates -A` lists all of them.",
    ),
    lasting(
        "BERTH-CM-021",
        "A certificate was to be issued anew, and that failed: the former one is still in the Secret.",
        "Mend what the message names, and apply or invoke the action again.",
    ),
];
