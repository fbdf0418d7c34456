"""What Route 53 refuses of a change batch, judged by the zone's record sets as they stand and the batch alone.

Its words are those of the service, as users meet them; its rules are those of these pages:
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html (order, atomicity, DELETE)
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html (routing policies, identifiers)
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html (sizes)
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html (CNAME, TXT)

Changes are looked at in their order, so what excludes another set must go before that comes. Only what holds for a zone
or a group as a whole is judged when all changes are done: SOA and NS of the zone itself, and one TTL of weighted sets.
"""

import ipaddress
import re
from typing import NamedTuple, Optional

MOST_RECORDS = 1000
MOST_CHARACTERS = 32000
LONGEST_TTL = 2**31 - 1


class RecordSet(NamedTuple):
    """A record set, in the form in which two that are the same are equal."""

    name: str
    type: str
    identifier: Optional[str]
    # The routing policy and what it says: ("weighted", 10); none for a simple set.
    routing: Optional[tuple]
    ttl: Optional[int]
    values: tuple
    alias: Optional[tuple]
    health_check: Optional[str]

    @property
    def key(self):
        return self.name, self.type, self.identifier

    def __str__(self):
        identifier = f", set-identifier='{self.identifier}'" if self.identifier is not None else ""
        return f"[name='{self.name}', type='{self.type}'{identifier}]"


class Refused(Exception):
    """The code that the service answers, and its words."""

    def __init__(self, code, *messages):
        super().__init__(code, *messages)
        self.code = code
        listed = "[" + ", ".join(messages) + "]"
        self.message = listed if code == "InvalidChangeBatch" else messages[0]


def canonical(name):
    """A name as the service keeps it: small letters, an asterisk in octal digits, a dot at the end.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html"""
    return name.lower().rstrip(".").replace("*", r"\052") + "."


def judge(zone, live, changes):
    """Raises what the service would answer. `live` are the zone's record sets, `changes` pairs of action and set."""
    check_size(changes)
    zone, sets = canonical(zone), {one.key: one for one in live}
    batch = Batch(zone, sets)
    for action, one in changes:
        batch.take(action, one)
    batch.finish()
    if batch.faults:
        raise Refused("InvalidChangeBatch", *batch.faults)


def check_size(changes):
    """An UPSERT counts twice, in records and in characters."""
    weights = [(2 if action == "UPSERT" else 1, one.values) for action, one in changes]
    if sum(weight * len(values) for weight, values in weights) > MOST_RECORDS:
        raise Refused("InvalidChangeBatch", f"Number of records limit of {MOST_RECORDS} exceeded.")
    if sum(weight * sum(map(len, values)) for weight, values in weights) > MOST_CHARACTERS:
        raise Refused("InvalidChangeBatch", f"Number of characters limit of {MOST_CHARACTERS} exceeded.")


class Batch:
    """A zone while the changes of a batch are done to it."""

    def __init__(self, zone, sets):
        self.zone = zone
        self.sets = dict(sets)
        self.by_name = {}
        for one in self.sets.values():
            self.by_name.setdefault(one.name, {})[one.key] = one
        self.faults = []
        self.seen = {}

    def take(self, action, one):
        fault = name_fault(one, self.zone) or (value_fault(one) if action != "DELETE" else None) or self.repeated(action, one)
        if not fault:
            fault = self.delete(one) if action == "DELETE" else self.put(action, one)
        self.faults += [fault] if fault else []
        if not fault and action != "DELETE":
            self.sets[one.key] = self.by_name.setdefault(one.name, {})[one.key] = one

    def repeated(self, action, one):
        """A set may be changed once; removed and made anew counts as once."""
        before = self.seen.get(one.key)
        self.seen[one.key] = action
        if before is None or (before == "DELETE" and action != "DELETE"):
            return None
        if "CREATE" in (before, action) and action != "DELETE":
            return f"Tried to create resource record set {one} but it already exists"
        return f"The request contains an invalid set of changes for a resource record set '{one.type} {one.name}'"

    def delete(self, one):
        there = self.sets.get(one.key)
        if there is None:
            return f"Tried to delete resource record set {one} but it was not found"
        if there != one:
            return f"Tried to delete resource record set {one} but the values provided do not match the current values"
        del self.sets[one.key], self.by_name[one.name][one.key]
        return None

    def put(self, action, one):
        if action == "CREATE" and one.key in self.sets:
            return f"Tried to create resource record set {one} but it already exists"
        others = [other for key, other in self.by_name.get(one.name, {}).items() if key != one.key]
        return self.cname_fault(one, others) or group_fault(one, [other for other in others if other.type == one.type])

    def cname_fault(self, one, others):
        if one.type == "CNAME" and one.name == self.zone:
            return f"RRSet of type CNAME with DNS name {one.name} is not permitted at apex in zone {self.zone}"
        if one.type == "CNAME" and any(other.type != "CNAME" for other in others):
            return (f"RRSet of type CNAME with DNS name {one.name} is not permitted as it conflicts with other records with the "
                    f"same DNS name in zone {self.zone}")
        if one.type != "CNAME" and any(other.type == "CNAME" for other in others):
            return (f"RRSet of type {one.type} with DNS name {one.name} is not permitted because a conflicting RRSet of type  "
                    f"CNAME with the same DNS name already exists in zone {self.zone}")
        return None

    def finish(self):
        """What holds for the zone and its groups once all is done."""
        own = [one.type for one in self.by_name.get(self.zone, {}).values()]
        if own.count("SOA") != 1:
            self.faults.append("A HostedZone must contain exactly one SOA record.")
        if "NS" not in own:
            self.faults.append("A HostedZone must contain at least one NS record for the zone itself.")
        for name, kind in sorted({(name, kind) for name, kind, _ in self.seen}):
            group = [one for one in self.by_name.get(name, {}).values() if one.type == kind and one.routing]
            weighted = [one for one in group if one.routing[0] == "weighted" and one.ttl is not None]
            if len({one.ttl for one in weighted}) > 1:
                identifier = next(key[2] for key in self.seen if key[:2] == (name, kind))
                self.faults.append(f"RRSet with DNS name {name} and type {kind}, SetIdentifier {identifier} cannot be created as "
                                   "weighted sets must contain the same TTL.")


def name_fault(one, zone):
    labels = re.split(r"(?<!\\)\.", one.name.rstrip("."))
    if any(not label for label in labels):
        return f"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '{one.name}'"
    if any(len(re.sub(r"\\\d{3}", "x", label)) > 63 for label in labels):
        return f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{one.name}'"
    if len(one.name) > 255:
        return f"FATAL problem: DomainTooLong (Domain is too long) encountered with '{one.name}'"
    if any((ord(letter) <= 32 or ord(letter) > 126) for letter in one.name):
        return f"FATAL problem: UnsupportedCharacter (Value contains unsupported characters) encountered with '{one.name}'"
    if one.name != zone and not one.name.endswith("." + zone):
        return f"RRSet with DNS name {one.name} is not permitted in zone {zone}"
    if one.type == "NS" and labels[0] == r"\052":
        return f"RRSet of type NS with DNS name {one.name} is not permitted: wildcards are not supported for NS records"
    return None


def value_fault(one):
    """The faults of values that are cheap to see; more of them are only the service's to find."""
    if one.ttl is not None and not 0 <= one.ttl <= LONGEST_TTL:
        return f"Invalid TTL: {one.ttl}"
    if len(set(one.values)) < len(one.values):
        return f"Duplicate Resource Record: '{one.values}'"
    if one.type == "CNAME" and len(one.values) > 1:
        return f"RRSet of type CNAME with DNS name {one.name} may have one resource record"
    for value in one.values:
        fault = VALUE_FAULTS.get(one.type, lambda _value: None)(value)
        if fault:
            return f"Invalid Resource Record: FATAL problem: {fault} encountered with '{value}'"
    return None


def address_fault(version, code):
    def fault(value):
        try:
            return None if ipaddress.ip_address(value).version == version else code
        except ValueError:
            return code
    return fault


def text_fault(value):
    if not re.fullmatch(r'\s*("([^"\\]|\\.)*"\s*)+', value):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
    if any(len(re.sub(r"\\(\d{3}|.)", "x", part)) > 255 for part in parts):
        return "CharacterStringTooLong (Value is too long)"
    return None


VALUE_FAULTS = {
    "A": address_fault(4, "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
    "AAAA": address_fault(6, "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"),
    "TXT": text_fault,
}


def group_fault(one, others):
    """What the sets of one name and type must have in common, and what not."""
    if one.routing == ("failover", "PRIMARY") and one.alias is None and not one.health_check:
        return "A non-alias primary ResourceRecordSet must have an associated health check."
    if not others:
        return None
    if one.routing is None:
        return f"RRSet with DNS name {one.name}, type {one.type} cannot be created as other RRSets exist with the same name and type."
    kind, wish = one.routing
    which = f"RRSet with DNS name {one.name}, type {one.type}, SetIdentifier {one.identifier}"
    if any(other.routing is None or other.routing[0] != kind for other in others):
        if kind == "multivalue answer":
            return f"{which} cannot be created because a non {kind} rrset exists with the same name and type."
        return f"{which} cannot be created as a non-{kind} set exists with the same name and type."
    if kind in ("latency", "failover", "geolocation", "cidr") and any(other.routing[1] == wish for other in others):
        return f"{which} cannot be created because a {kind} RRSet with the same name, type and {kind} value already exists."
    return None
