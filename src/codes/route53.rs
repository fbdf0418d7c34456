//! Zones and records of Route53.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-ROUTE53-001",
        "No hosted zone of the account holds the name, or there is none of this id.",
        "Correct the name or id, make the zone, or use credentials of the account that has it. The message lists the \
         zones there are.",
    ),
    lasting(
        "BERTH-ROUTE53-002",
        "A record, or one that excludes it, is there already, and nobody in this run takes it away.",
        "Import it by the id in the message, remove it, or set `overwrite = true` where the message offers that. It \
         was not changed.",
    ),
    lasting(
        "BERTH-ROUTE53-003",
        "Route53 refuses the content of a record.",
        "Correct what Route53 names in its words; nothing of this record was changed.",
    ),
    lasting(
        "BERTH-ROUTE53-004",
        "Several hosted zones of the account have this name.",
        "Name one of them by `zone_id`; the message lists their ids.",
    ),
    lasting(
        "BERTH-ROUTE53-005",
        "A CNAME, or record sets of a traffic policy, stand at a name that several owners share, so that no value \
         fits beside them.",
        "Write the value where the CNAME leads to, or remove what stands there.",
    ),
    lasting(
        "BERTH-ROUTE53-006",
        "A record has more values than one request to Route53 may hold.",
        "Divide the values over several names.",
    ),
    passing(
        "BERTH-ROUTE53-007",
        "A change was accepted, and not all of Route53's servers knew it when the time was over.",
        "Apply again, or ask with the command in the message. The record is written; `wait = \"none\"` does not wait.",
    ),
    lasting(
        "BERTH-ROUTE53-008",
        "A text is no DNS name, or becomes too long with what is put before or after it.",
        "Correct the name.",
    ),
    lasting("BERTH-ROUTE53-020", "The id of an import cannot be read.", "Write it as the message shows."),
    lasting(
        "BERTH-ROUTE53-021",
        "There is no record of the id that was to be imported.",
        "Check zone, name, type and value.",
    ),
    lasting(
        "BERTH-ROUTE53-022",
        "A name does not belong to the zone that it is to be written to.",
        "Name the zone that holds it, or correct the name.",
    ),
    lasting(
        "BERTH-ROUTE53-023",
        "A record's values, alias, type or routing do not fit together or are none that DNS or Route53 knows.",
        "Correct the attribute that the message points at; nothing was changed.",
    ),
    lasting(
        "BERTH-ROUTE53-024",
        "A record cannot be marked for ExternalDNS: there is no name for its TXT record.",
        "Leave `external_dns_owner` out for this record, or declare it in a resource of its own, as the message says.",
    ),
    lasting(
        "BERTH-ROUTE53-025",
        "A warning: ExternalDNS keeps the same record, by a TXT record beside it.",
        "Declare the name in one place only: take it from ExternalDNS, or remove it here.",
    ),
    lasting(
        "BERTH-ROUTE53-026",
        "The state of an `aws_route53_record` cannot be taken over by a `moved` block.",
        "Refresh it with the AWS provider first, or import the record and remove the old one from the state.",
    ),
    lasting(
        "BERTH-ROUTE53-027",
        "A challenge is to be written to a private zone, which no CA can ask.",
        "Name a public zone; nothing was changed.",
    ),
    lasting(
        "BERTH-ROUTE53-028",
        "Two resources of this run declare the same record.",
        "Declare it once. Where one takes it over from the other, remove that one first.",
    ),
    passing(
        "BERTH-ROUTE53-029",
        "The run was ended while Route53 had a request and had not answered: whether the change was made is not known.",
        "Apply again. If the change was made, the message then names the id by which it is imported.",
    ),
    lasting(
        "BERTH-ROUTE53-030",
        "A warning: the zone's own SOA and NS records stay, as a zone cannot be without them.",
        "Nothing: they are no longer managed here, and all else was done.",
    ),
    lasting(
        "BERTH-ROUTE53-031",
        "A name is written out in full, belongs to another zone of the account, and would be put below this zone's \
         name.",
        "Name the other zone, or write the whole name out if that is what is meant; nothing was changed.",
    ),
    lasting(
        "BERTH-ROUTE53-032",
        "A warning: an earlier move of a record has left something behind.",
        "Apply: it is removed then.",
    ),
    lasting(
        "BERTH-ROUTE53-033",
        "A warning: two new records of this configuration exclude each other, such as a CNAME and anything beside it.",
        "Remove one of them, or correct its name; Route53 refuses one of the two.",
    ),
    lasting(
        "BERTH-ROUTE53-034",
        "A warning: a TXT value looks as if it were written in another provider's notation.",
        "Write plain text, or the whole value in quotation marks as Route53 has it; or leave it, if it is meant so.",
    ),
    lasting(
        "BERTH-ROUTE53-035",
        "A warning: a routing policy may be none that Route53 takes. It is sent as it is.",
        "Correct it if it is a mistake; Route53 has the last word.",
    ),
    lasting(
        "BERTH-ROUTE53-036",
        "A warning: a record that is to be made is in the zone already, or one beside which it cannot stand.",
        "Import it, set `overwrite = true` to replace it, or choose another name. Nothing, if this apply removes it.",
    ),
    lasting(
        "BERTH-ROUTE53-037",
        "A listing of records does not say of which zone.",
        "Set `zone` to its name, or `zone_id`.",
    ),
    lasting(
        "BERTH-ROUTE53-038",
        "The destroy of a resource would remove a record that another resource of this state has taken over.",
        "Take the former resource out of the state, by a `removed` block with `destroy = false` or by `state rm`.",
    ),
    lasting(
        "BERTH-ROUTE53-039",
        "A warning: a destroy leaves a record that another resource of this state has taken over.",
        "Nothing: it is that one's by now.",
    ),
];
