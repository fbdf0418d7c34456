//! Certificates: their settings, destinations, imports.

use super::super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-ACME-040",
        "The id of an import of a certificate cannot be read.",
        "Give the Secret as `NAMESPACE/NAME`, or files as `file:CHAIN` or `file:CHAIN,key=KEY`.",
    ),
    lasting(
        "BERTH-ACME-041",
        "The certificate in the state cannot be read, and so not be revoked.",
        "Set `revoke_on_destroy = false`, or revoke it with another tool, and destroy again.",
    ),
    lasting(
        "BERTH-ACME-042",
        "The private key of the certificate would be kept nowhere.",
        "Set `kubernetes_secret`, or `private_key_in_state = true`, or give a signing request of your own as \
         `csr_pem`.",
    ),
    lasting(
        "BERTH-ACME-043",
        "A certificate for your own signing request is to be stored with a private key, which berth does not have.",
        "Leave `kubernetes_secret` and `private_key_in_state` out, or leave `csr_pem` out.",
    ),
    lasting(
        "BERTH-ACME-044",
        "A number under `renewal` is out of range.",
        "Give a number above 0; a fraction below 1.",
    ),
    lasting(
        "BERTH-ACME-045",
        "`common_name` is none of the certificate's names, or too long.",
        "Leave it out, or name one of the `dns_names` of at most 64 characters.",
    ),
    lasting("BERTH-ACME-046", "A text under `kubernetes_secret` cannot be a name in Kubernetes.", "Correct the name."),
    lasting(
        "BERTH-ACME-047",
        "A challenge's record has no name that DNS can hold, for example after a CNAME was followed.",
        "Correct the CNAME at `_acme-challenge`, or set `dns01.follow_cname = false`.",
    ),
    passing(
        "BERTH-ACME-048",
        "A certificate was to be moved to another Secret, and the old one holds its key no more.",
        "Apply again: the refresh sees that, and a new certificate is made.",
    ),
    lasting(
        "BERTH-ACME-049",
        "The Secret of an import does not exist, or holds no certificate with a key.",
        "Name a Secret with the entries `tls.crt` and `tls.key`.",
    ),
    lasting(
        "BERTH-ACME-050",
        "A warning: records of challenges could not be removed.",
        "Remove them by hand. They do no harm, but CAs refuse names with too many of them.",
    ),
    lasting(
        "BERTH-ACME-055",
        "A warning: the CA has no chain to the root in `preferred_chain`, and its first was taken.",
        "Name one of the roots that the message lists, or leave `preferred_chain` out.",
    ),
    lasting(
        "BERTH-ACME-056",
        "The signing request cannot be read, or asks for other names than the certificate, or for what no CA issues.",
        "Make the request for exactly the names in `dns_names` and `ip_addresses`; its common name counts as one.",
    ),
    lasting(
        "BERTH-ACME-057",
        "IP addresses are to be proved by DNS, which cannot be done.",
        "Prove them by a file (`http01`, or `challenge = \"http-01\"` of an order), or leave `ip_addresses` out.",
    ),
    lasting(
        "BERTH-ACME-058",
        "A certificate or order has neither names nor addresses.",
        "Give `dns_names` or `ip_addresses`.",
    ),
    lasting(
        "BERTH-ACME-059",
        "The files of http-01 challenges cannot be served at the given address.",
        "Give an address of this machine, and a port that is free and that this user may listen at.",
    ),
    lasting(
        "BERTH-ACME-060",
        "A wildcard is to be proved by a file, which cannot be done.",
        "Set `challenge = \"dns-01\"`, or make another order for the wildcards.",
    ),
    lasting(
        "BERTH-ACME-061",
        "A warning: a certificate must be made anew, and its order is made by another resource.",
        "Apply; if the order is not made anew by itself, have it made with `-replace`.",
    ),
    lasting(
        "BERTH-ACME-062",
        "The state of an `acme_certificate` cannot be taken over by a `moved` block.",
        "Declare a new `berth_acme_certificate`, and forget the old one with a `removed` block.",
    ),
    lasting(
        "BERTH-ACME-063",
        "A warning: the CA will refuse this certificate, as its limit is used up by what this account issued.",
        "Keep the certificate there is, or wait until the moment that the message names.",
    ),
    lasting(
        "BERTH-ACME-064",
        "A warning: this certificate will be the last before the CA's limit.",
        "Apply if it is needed; for experiments take the CA's staging directory, or set `rehearsal`.",
    ),
    lasting(
        "BERTH-ACME-070",
        "A keystore has no password, or two.",
        "Set exactly one of `password_secret_ref` and `password_wo` (with `password_wo_version`).",
    ),
    lasting(
        "BERTH-ACME-071",
        "The Secret with the password of a keystore does not exist, or lacks that entry.",
        "Make the Secret first, by a reference or `depends_on`, or correct its name.",
    ),
    lasting(
        "BERTH-ACME-072",
        "A keystore, or another entry of the certificate's Secret, cannot be made.",
        "Correct the password; a write-only one must be given at each apply.",
    ),
    lasting(
        "BERTH-ACME-073",
        "The file of an import holds no certificate chain that can be read.",
        "Give a file in PEM with the certificate, and after it those between it and the root.",
    ),
    lasting(
        "BERTH-ACME-074",
        "The key of an import does not belong to the certificate, or cannot be read.",
        "Give the private key of this certificate in PEM, without a password.",
    ),
    lasting(
        "BERTH-ACME-075",
        "A file of an import cannot be read.",
        "Check the path, which starts at the working directory, and who may read the file.",
    ),
    lasting(
        "BERTH-ACME-076",
        "A warning: an imported certificate comes without its key, and is issued anew.",
        "To keep it, forget it with a `removed` block or `state rm`, and import it with its key or by its Secret.",
    ),
    lasting(
        "BERTH-ACME-077",
        "One Secret is to get the certificate twice.",
        "Name each Secret once, and the first not among its copies.",
    ),
    lasting(
        "BERTH-ACME-080",
        "What answers on port 80 of a name is not the file of the challenge. The CA was not told to look, so that no \
         validation was lost.",
        "Let the name point at the load balancer of the class, without another Ingress, redirect or login before the \
         path. If only this machine is led elsewhere, set `http01.wait = \"ready\"`.",
    ),
    lasting(
        "BERTH-ACME-081",
        "`http01` says neither or both ways to serve the files.",
        "Set exactly one of `ingress_class` and `listen`.",
    ),
    lasting(
        "BERTH-ACME-082",
        "`http01.ingress_class` has no namespace for its Ingress.",
        "Set `http01.namespace`, for example to that of `kubernetes_secret`.",
    ),
    lasting(
        "BERTH-ACME-083",
        "An attribute of `http01` belongs to another way of serving than the one that is set.",
        "Leave one of the two out.",
    ),
    lasting(
        "BERTH-ACME-084",
        "A wildcard stands in `http01.names`, and cannot be proved by a file.",
        "Leave it out there: it is proved by `dns01`.",
    ),
    lasting(
        "BERTH-ACME-098",
        "A certificate that is proved by standing records is to be rehearsed at another CA, which those records do \
         not name.",
        "Leave `rehearsal` or `dns_persist01` out.",
    ),
    lasting(
        "BERTH-ACME-111",
        "A warning: the CA issued a certificate that lives much longer or shorter than the one before.",
        "Set `profile` to have one lifetime always. The certificate is good, and its renewal follows its own lifetime.",
    ),
    lasting(
        "BERTH-ACME-112",
        "A warning: a certificate was not revoked, as it needs no revocation or can have none.",
        "Nothing: the destroy goes on.",
    ),
    lasting(
        "BERTH-ACME-113",
        "The account cannot revoke the certificate, and the certificate's own key is not here to do it.",
        "Set `revoke_on_destroy = false`, apply, and destroy then.",
    ),
    lasting(
        "BERTH-ACME-114",
        "A warning: Let's Encrypt takes no revocation for the reason `affiliation_changed`.",
        "Set another `revocation_reason`; as it is, a destroy revokes without a reason.",
    ),
    lasting(
        "BERTH-ACME-116",
        "The file of an import begins with a CA's certificate.",
        "Give a file that begins with the certificate itself; those between it and the root come after it.",
    ),
    lasting(
        "BERTH-ACME-117",
        "The key of a keystore is to have an alias that the CA's certificates have there.",
        "Choose another alias, such as `certificate`, or leave `ca_pem` out.",
    ),
    lasting(
        "BERTH-ACME-118",
        "A name is too long to be proved by a DNS record, whose own name would be longer than DNS allows.",
        "Take a shorter name, or prove it by http-01, which needs no record.",
    ),
    lasting(
        "BERTH-ACME-120",
        "A warning: the creation was interrupted, and the order and its key are noted in the state.",
        "Apply again: the order is completed, and no other one is made.",
    ),
    lasting(
        "BERTH-ACME-121",
        "A warning: a name cannot be proved by a record, for which the account has no hosted zone.",
        "Correct the name or `dns01.zone_id`, or set `dns01.assume_role`. Nothing, if this apply makes the zone.",
    ),
    lasting(
        "BERTH-ACME-122",
        "A warning: the names cannot be proved by files, for which the cluster has no such Ingress class.",
        "Correct `http01.ingress_class`, or install the controller. Nothing, if this apply installs it.",
    ),
    lasting(
        "BERTH-ACME-123",
        "A certificate of an `order` has `renew_triggers`.",
        "Leave them out, and have the order made anew: by `replace_triggered_by` in its `lifecycle` block.",
    ),
];
