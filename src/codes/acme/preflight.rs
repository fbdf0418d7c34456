//! What plans look at before anything is ordered.

use super::super::{Code, lasting};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-ACME-090",
        "A warning: CAA records forbid the CA to issue for a name.",
        "Change the CAA records as the message says, or use a CA that they name.",
    ),
    lasting(
        "BERTH-ACME-091",
        "A warning: the challenge's record goes to a zone that the world does not ask: it is not delegated, or to \
         other servers, or another zone answers for the name.",
        "Correct the delegation, or write to the zone that answers (`dns01.zone_id`).",
    ),
    lasting(
        "BERTH-ACME-092",
        "A warning: the CNAME at the challenge's name leads nowhere, or to a zone that these credentials do not have.",
        "Let it lead to a name in a zone of yours (`berth_dns01_delegation`), or write with a role of the account \
         that has the zone.",
    ),
    lasting(
        "BERTH-ACME-093",
        "A warning: a CNAME stands where the challenge's TXT record belongs.",
        "Set `dns01.follow_cname = true`, publish the record where the CNAME leads to, or remove the CNAME.",
    ),
    lasting(
        "BERTH-ACME-094",
        "A warning: a wildcard record answers for the challenge's name.",
        "Do what the message says of this wildcard: where it is a CNAME, the CA follows it.",
    ),
    lasting(
        "BERTH-ACME-095",
        "A warning: a private zone is in the way: the challenge's record goes to it, or it hides the record of the \
         public zone from the resolvers in use.",
        "Choose the public zone, or resolvers outside of the private zone's networks, as the message says. For a CA \
         within your network set `dns01.zone_visibility = \"private\"`.",
    ),
    lasting(
        "BERTH-ACME-096",
        "A warning: AWS would not let the provider write the challenge's records.",
        "Allow what the message names; `required_permissions` gives the policy.",
    ),
    lasting(
        "BERTH-ACME-097",
        "A warning: a name that is to be proved by a file has no address.",
        "Make a record that leads to where the file is served, and let what proves the name depend on it.",
    ),
];
