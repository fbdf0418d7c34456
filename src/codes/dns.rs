//! What resolvers and name servers answer.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-DNS-001",
        "The address of a resolver cannot be read.",
        "Give each resolver as `ip` or `ip:port`, such as `9.9.9.9` or `[2620:fe::fe]:53`.",
    ),
    lasting(
        "BERTH-DNS-002",
        "The resolvers of the system cannot be read.",
        "Set `dns = { resolvers = [...] }` in the provider block.",
    ),
    passing(
        "BERTH-DNS-003",
        "No resolver, or no server of the zone, answers this machine.",
        "Check `dns.resolvers`, and that this machine may ask them. In a network that lets no DNS out set `dns.check \
         = \"recursive\"` with your own resolvers, or `\"none\"`.",
    ),
    lasting(
        "BERTH-DNS-004",
        "No zone is found for a name: it is misspelt, or the zone is not delegated from its parent.",
        "Correct the name, or delegate the zone. For a private zone set `dns.resolvers` to servers that know it.",
    ),
    lasting(
        "BERTH-DNS-005",
        "A chain of CNAMEs runs in a circle, or has more steps than CAs follow.",
        "Let it end at a name without a CNAME, within eight steps.",
    ),
    passing(
        "BERTH-DNS-006",
        "A record was written, and the zone's servers did not all show it within the time.",
        "Look at what each server answered: a private twin of the zone, a delegation to other servers, a firewall. If \
         they were only slow, apply again.",
    ),
    passing(
        "BERTH-DNS-007",
        "The time was used up, or the run was interrupted, while DNS was asked.",
        "Apply again; give more time in `timeouts` if it stays.",
    ),
    lasting(
        "BERTH-DNS-008",
        "A record that must exist (`must_exist`) does not.",
        "Make the record first, or set `must_exist = false` and use `found`.",
    ),
    lasting("BERTH-DNS-009", "A name or type cannot be asked for.", "Correct it. SPF policies are `TXT` records."),
    lasting(
        "BERTH-DNS-010",
        "A warning: the servers of a zone give unlike answers.",
        "Wait until the zone's changes are on all of its servers, and read again.",
    ),
    lasting(
        "BERTH-DNS-011",
        "A delegation of a challenge is written, and does not lead where it should.",
        "Remove the CNAME at the target, or delegate to where the chain ends.",
    ),
];
