"""Makes moto's Route 53 refuse what the real one documents, and do the rest of a change batch as a whole.

moto itself takes nearly any batch, does it change by change, forgets geoproximity and CIDR settings, removes sets of one
identifier from all names of the zone, and refuses a CREATE of what was removed since by its journal. So only its answers,
listings and objects are used; what a batch does to a zone is written here.
"""

import threading

from moto.route53.exceptions import HostedZoneNotEmpty, Route53ClientError
from moto.route53.models import RecordSet, Route53Backend

import change_batches as rules

# The routing policies, by the element that tells them in a request and by moto's attribute.
POLICIES = {
    "Weight": ("weighted", "weight"),
    "Region": ("latency", "region"),
    "Failover": ("failover", "failover"),
    "GeoLocation": ("geolocation", "geo_location"),
    "MultiValueAnswer": ("multivalue answer", "multi_value_answer"),
    "CidrRoutingConfig": ("cidr", "cidr_routing_config"),
    "GeoProximityLocation": ("geoproximity", "geo_proximity_location"),
}
# Two batches of one zone must not look at the same state.
LOCK = threading.Lock()


def frozen(value):
    """A value of a request or of moto that can be compared: texts for numbers and truths."""
    if isinstance(value, dict):
        return tuple(sorted((key, frozen(member)) for key, member in value.items() if member is not None))
    if isinstance(value, list):
        return tuple(map(frozen, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def alias_of(alias):
    """An alias target; its name means the same in any writing."""
    return frozen({**alias, "DNSName": rules.canonical(alias["DNSName"])}) if alias else None


def asked(record):
    """The record set of a request."""
    routing = [(kind, frozen(record[element])) for element, (kind, _) in POLICIES.items() if record.get(element) is not None]
    ttl = record.get("TTL")
    return rules.RecordSet(
        rules.canonical(record["Name"]), record["Type"], record.get("SetIdentifier"), routing[0] if routing else None,
        int(ttl) if ttl is not None else None, tuple(sorted(one["Value"] for one in record.get("ResourceRecords") or [])),
        alias_of(record.get("AliasTarget")), record.get("HealthCheckId"),
    )


def kept(record):
    """A record set that moto keeps."""
    routing = [(kind, getattr(record, attribute, None)) for kind, attribute in POLICIES.values()]
    routing = [(kind, frozen(value)) for kind, value in routing if value is not None]
    ttl = record.ttl
    return rules.RecordSet(
        rules.canonical(record.name), record.type, record.set_identifier, routing[0] if routing else None,
        int(ttl) if ttl is not None else None, tuple(sorted(record.records or [])), alias_of(record.alias_target),
        record.health_check_id,
    )


def check_form(change):
    """What makes a change no change at all, whatever the zone holds."""
    action, record = change["Action"], change["ResourceRecordSet"]
    if action not in ("CREATE", "UPSERT", "DELETE"):
        raise rules.Refused("InvalidInput", f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to "
                            "enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.")
    where = f"in Change with [Action={action}, Name={record['Name']}, Type={record['Type']}, SetIdentifier={record.get('SetIdentifier', 'null')}]"
    plain = record.get("TTL") is not None and bool(record.get("ResourceRecords"))
    partly = record.get("TTL") is not None or bool(record.get("ResourceRecords"))
    if plain == bool(record.get("AliasTarget")) or (record.get("AliasTarget") and partly):
        found = "more than one" if plain else "none"
        raise rules.Refused("InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
                            f"TrafficPolicyInstanceId], but found {found} {where}")
    policies = [element for element in POLICIES if record.get(element) is not None]
    if record.get("SetIdentifier") is not None and len(policies) != 1:
        found = "more than one" if policies else "none"
        raise rules.Refused("InvalidInput", f"Invalid request: Expected exactly one of [{', '.join(POLICIES)}], but found {found} {where}")
    if policies and record.get("SetIdentifier") is None:
        raise rules.Refused("InvalidInput", f"Invalid request: Missing field 'SetIdentifier' {where}")


def made(record):
    """moto's own object for a record set of a request."""
    values = [one["Value"] for one in record.get("ResourceRecords") or []]
    new = RecordSet({**record, "Name": rules.canonical(record["Name"]), "ResourceRecords": values})
    # moto has no place for these two, but lists them if they are there.
    new.cidr_routing_config = record.get("CidrRoutingConfig")
    new.geo_proximity_location = record.get("GeoProximityLocation")
    return new


def change_record_sets(backend, zone_id, changes):
    zone = backend.get_hosted_zone(zone_id)
    with LOCK:
        there = {kept(record).key: record for record in zone.rrsets}
        try:
            for change in changes:
                check_form(change)
            wishes = [(change["Action"], asked(change["ResourceRecordSet"])) for change in changes]
            rules.judge(zone.name, [kept(record) for record in zone.rrsets], wishes)
        except rules.Refused as refused:
            raise Route53ClientError(refused.code, refused.message) from None
        for change, (action, wish) in zip(changes, wishes):
            if action == "DELETE":
                del there[wish.key]
            else:
                there[wish.key] = made(change["ResourceRecordSet"])
                share_ttl(there, wish)
        zone.rrsets = list(there.values())


def share_ttl(there, wish):
    """All sets of a multivalue answer take the TTL that was given last.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-multivalue.html"""
    if wish.routing and wish.routing[0] == "multivalue answer":
        for (name, kind, _), record in there.items():
            if (name, kind) == wish.key[:2]:
                record.ttl = wish.ttl


def delete_zone(backend, zone_id):
    """A zone with more than its own SOA and NS is kept; moto lets delegations go with it."""
    zone = backend.get_hosted_zone(zone_id)
    own = {(rules.canonical(zone.name), kind) for kind in ("SOA", "NS")}
    if any(kept(record).key[:2] not in own for record in zone.rrsets):
        raise HostedZoneNotEmpty()
    return moto_delete_zone(backend, zone_id)


def create_zone(backend, *arguments, **named):
    """moto gives a new zone an SOA whose value is no text."""
    zone = moto_create_zone(backend, *arguments, **named)
    for record in zone.rrsets:
        record.records = [one["Value"] if isinstance(one, dict) else one for one in record.records]
    return zone


moto_create_zone = Route53Backend.create_hosted_zone
moto_delete_zone = Route53Backend.delete_hosted_zone


def teach():
    """Puts these in the place of moto's own."""
    Route53Backend.change_resource_record_sets = change_record_sets
    Route53Backend.create_hosted_zone = create_zone
    Route53Backend.delete_hosted_zone = delete_zone
