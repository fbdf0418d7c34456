//! The registry.

use super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-REG-001",
        "A registry cannot be imported: the id cannot be read, or berth made no registry of this name.",
        "Write the id as NAMESPACE/NAME, and check it; a registry that another tool made is declared without import, \
         under another name.",
    ),
    lasting(
        "BERTH-REG-002",
        "Attributes of a registry are missing or exclude each other, or its image has no name that can be read.",
        "Correct the attribute that the message points at.",
    ),
    lasting(
        "BERTH-REG-003",
        "The Secret with the certificate that the registry itself shall serve does not exist, or holds no certificate \
         with a key.",
        "Make the certificate first: let `tls.secret_name` come from the resource that writes the Secret.",
    ),
    lasting(
        "BERTH-REG-004",
        "The registry's own secret cannot be made, because the machine gives no random numbers.",
        "Apply on another machine.",
    ),
    lasting(
        "BERTH-REG-005",
        "The users of a registry cannot be written: a password is missing, or a line of `htpasswd` cannot be read.",
        "Set `password_wo` of each user at each change: it is not stored. Correct what the message names.",
    ),
    lasting(
        "BERTH-REG-006",
        "A warning: clients will not reach the registry, because a certificate, an Ingress class or an issuer is \
         missing or does not fit.",
        "Make or correct what the message names.",
    ),
    lasting(
        "BERTH-REG-008",
        "A warning: the volume of an earlier registry was kept, which this one never came to use.",
        "Apply again to use it, or delete the claim with kubectl.",
    ),
    lasting(
        "BERTH-REG-009",
        "A warning: the registry's service account was kept, because other Pods run as it.",
        "Remove it with kubectl when they are gone.",
    ),
    lasting(
        "BERTH-REG-010",
        "A warning: everyone who reaches the registry may use it without a login.",
        "Give it `users` or `htpasswd`; if it is meant so, set `anonymous = true`.",
    ),
    lasting(
        "BERTH-REG-011",
        "The volume of a registry cannot be changed so: claims never shrink, and keep their class and modes.",
        "Set the former value again. For another volume save the images, delete the claim as the message says, and \
         apply with `-replace`.",
    ),
    lasting(
        "BERTH-REG-012",
        "Somebody has deleted the claim of a registry's volume. The cluster keeps it while Pods use it, and the images go \
         with the last of them.",
        "Copy the images elsewhere while the Pods run; then scale the Deployment to 0 and apply again.",
    ),
    lasting(
        "BERTH-REG-013",
        "A warning: the size of a volume, or what Pods ask for or may use, is hardly meant so, such as memory in `m`, which \
         is a thousandth of a byte.",
        "Correct the unit: `512Mi` for memory and storage, `500m` for processors.",
    ),
    lasting(
        "BERTH-REG-014",
        "A warning: a bucket's name or region is none that AWS has.",
        "Correct it; for a storage that is not AWS's set `storage.s3.endpoint`.",
    ),
    lasting(
        "BERTH-REG-015",
        "A warning: the registry's Ingress or load balancer has no address, though others of its class have one; or its Gateway has \
         not accepted its route.",
        "See what the controller says of it; where it only takes longer, nothing needs to be done.",
    ),
    lasting(
        "BERTH-REG-016",
        "There is no registry of this name to restart, or `berth_registry` did not make it.",
        "Correct name and namespace; what others made, `kubectl rollout restart` restarts.",
    ),
    lasting(
        "BERTH-REG-017",
        "A warning: passwords reach the registry in clear text, since its Ingress or Gateway has no TLS.",
        "Set `tls.secret_name` or `ingress.issuer`; where something before the registry ends TLS, set `external_tls = true`.",
    ),
    lasting(
        "BERTH-REG-018",
        "A warning: a registry was imported without its passwords, and the apply sets those that are declared.",
        "Nothing needs to be done; leave `password_wo` of a user out to keep the one that the registry knows.",
    ),
    lasting(
        "BERTH-REG-090",
        "A warning: a cache is to be one of an address where no registry answers.",
        "Set `proxy.remote_url` to the registry's own address, of Docker Hub `https://registry-1.docker.io`, without `/v2`.",
    ),
];
