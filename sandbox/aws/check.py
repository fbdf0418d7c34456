"""Proves that the sandbox's AWS refuses what the real one documents, and takes what is nearly the same.

Each forbidden request is sent beside one that is allowed, so that a rule that refuses everything shows as well. It works in
a zone and with names of its own, and leaves nothing behind. Prints one line a claim; the exit status tells.

Usage: check.py (the AWS_* environment names the endpoint)
"""

import contextlib
import json
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# What is forbidden must come to the server: botocore would refuse some of it by itself.
UNCHECKED = Config(parameter_validation=False, retries={"max_attempts": 0})
route53 = boto3.client("route53", config=UNCHECKED)
iam = boto3.client("iam", config=UNCHECKED)
RUN = uuid.uuid4().hex[:8]
ZONE = f"check-{RUN}.test"
failures = []


def claim(words, holds, seen=""):
    print(f"{'ok   ' if holds else 'FAIL '} {words}{'' if holds else f': {seen}'}")
    if not holds:
        failures.append(words)


def passes(words, call):
    try:
        call()
        claim(words, True)
    except ClientError as error:
        claim(words, False, error)


def refuses(words, code, part, call):
    """The call is refused with this code, in words that hold `part`."""
    try:
        call()
        claim(words, False, "it was taken")
    except ClientError as error:
        said = error.response["Error"]
        claim(words, said["Code"] == code and part in said["Message"], error)


# ---- Route 53


class Zone:
    """A zone of this run's own."""

    def __init__(self):
        self.id = route53.create_hosted_zone(Name=ZONE, CallerReference=RUN)["HostedZone"]["Id"].split("/")[-1]

    def change(self, *changes):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": item} for action, item in changes]}
        route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)

    def sets(self):
        pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.id)
        return [item for page in pages for item in page["ResourceRecordSets"]]

    def named(self, name):
        return [item for item in self.sets() if item["Name"] == f"{name}.{ZONE}."]

    def own(self, kind):
        return next(item for item in self.sets() if item["Type"] == kind and item["Name"] == f"{ZONE}.")

    def empty(self):
        own = [self.own("SOA"), self.own("NS")]
        if rest := [item for item in self.sets() if item not in own]:
            self.change(*[("DELETE", item) for item in rest])

    def remove(self):
        self.empty()
        route53.delete_hosted_zone(Id=self.id)


def record(name, kind="A", *values, ttl=60, **more):
    name = f"{name}.{ZONE}" if name else ZONE
    values = values or {"A": ["192.0.2.1"], "CNAME": [f"target.{ZONE}"], "TXT": ['"a"']}.get(kind, ["x"])
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values], **more}


def weighted(name, identifier, weight=1, **more):
    return record(name, SetIdentifier=identifier, Weight=weight, **more)


def check_route53():
    zone = Zone()
    try:
        for part in (check_apex, check_cname, check_order, check_groups, check_sizes, check_values, check_what_moto_forgets):
            part(zone)
            zone.empty()
    finally:
        zone.remove()


def check_apex(zone):
    soa, ns = zone.own("SOA"), zone.own("NS")
    refuses("the SOA stays", "InvalidChangeBatch", "exactly one SOA record", lambda: zone.change(("DELETE", soa)))
    refuses("the last NS set stays", "InvalidChangeBatch", "at least one NS record", lambda: zone.change(("DELETE", ns)))
    passes("both may be replaced", lambda: zone.change(("DELETE", ns), ("UPSERT", {**soa, "TTL": 60}), ("CREATE", ns)))
    passes("and be put back", lambda: zone.change(("UPSERT", soa)))
    refuses("no CNAME at the apex", "InvalidChangeBatch", "not permitted at apex", lambda: zone.change(("CREATE", record("", "CNAME"))))
    delegation = record("sub", "NS", "ns1.example.")
    zone.change(("CREATE", delegation))
    passes("a delegation may go", lambda: zone.change(("DELETE", delegation)))


def check_cname(zone):
    address, alias = record("a"), record("a", "CNAME")
    zone.change(("CREATE", address))
    refuses("no CNAME beside an A", "InvalidChangeBatch", "conflicts with other records", lambda: zone.change(("UPSERT", alias)))
    refuses("nor before the A goes", "InvalidChangeBatch", "conflicts", lambda: zone.change(("CREATE", alias), ("DELETE", address)))
    passes("a CNAME in the place of an A", lambda: zone.change(("DELETE", address), ("CREATE", alias)))
    refuses("no A beside a CNAME", "InvalidChangeBatch", "conflicting RRSet of type  CNAME", lambda: zone.change(("CREATE", address)))
    refuses("nor in one batch", "InvalidChangeBatch", "conflicting RRSet",
            lambda: zone.change(("CREATE", record("b", "CNAME")), ("CREATE", record("b", "TXT"))))
    passes("a CNAME beside other names", lambda: zone.change(("CREATE", record("b", "CNAME")), ("CREATE", record("c", "TXT"))))


def check_order(zone):
    one = record("o")
    zone.change(("CREATE", one))
    refuses("no CREATE of what is there", "InvalidChangeBatch", "but it already exists", lambda: zone.change(("CREATE", one)))
    refuses("in another writing of the name neither", "InvalidChangeBatch", "but it already exists",
            lambda: zone.change(("CREATE", {**one, "Name": one["Name"].upper() + "."})))
    refuses("nor twice in a batch", "InvalidChangeBatch", "already exists",
            lambda: zone.change(("CREATE", record("p")), ("CREATE", record("p", "A", "192.0.2.2"))))
    refuses("no DELETE of what is not there", "InvalidChangeBatch", "but it was not found", lambda: zone.change(("DELETE", record("q"))))
    for words, other in (("another TTL", {**one, "TTL": 61}), ("other values", record("o", "A", "192.0.2.9"))):
        refuses(f"no DELETE with {words}", "InvalidChangeBatch", "do not match the current values", lambda: zone.change(("DELETE", other)))
    refuses("a batch with a fault", "InvalidChangeBatch", "not found", lambda: zone.change(("CREATE", record("r")), ("DELETE", record("q"))))
    claim("does nothing at all", not zone.named("r"), zone.named("r"))
    passes("removed and made anew in a batch", lambda: zone.change(("DELETE", one), ("CREATE", record("o", "A", "192.0.2.2"))))
    passes("removed", lambda: zone.change(("DELETE", record("o", "A", "192.0.2.2"))))
    passes("and made again as it once was", lambda: zone.change(("CREATE", one)))


def check_groups(zone):
    zone.change(("CREATE", weighted("w", "a")))
    refuses("no simple set beside routed ones", "InvalidChangeBatch", "other RRSets exist", lambda: zone.change(("UPSERT", record("w"))))
    refuses("one routing policy in a group", "InvalidChangeBatch", "non-latency set exists",
            lambda: zone.change(("CREATE", record("w", SetIdentifier="b", Region="eu-west-1"))))
    refuses("weighted sets have one TTL", "InvalidChangeBatch", "must contain the same TTL",
            lambda: zone.change(("CREATE", weighted("w", "b", ttl=61))))
    refuses("one set an identifier", "InvalidChangeBatch", "but it already exists", lambda: zone.change(("CREATE", weighted("w", "a", 2))))
    passes("a second set of the group", lambda: zone.change(("CREATE", weighted("w", "b"))))
    passes("another TTL for all of it", lambda: zone.change(("UPSERT", weighted("w", "a", ttl=61)), ("UPSERT", weighted("w", "b", ttl=61))))
    zone.change(("CREATE", record("s")))
    refuses("no routed set beside a simple one", "InvalidChangeBatch", "non-weighted set exists",
            lambda: zone.change(("CREATE", weighted("s", "a"))))
    passes("routed in the place of simple", lambda: zone.change(("DELETE", record("s")), ("CREATE", weighted("s", "a"))))
    zone.change(("CREATE", record("l", SetIdentifier="a", Region="eu-west-1")))
    refuses("one latency set a region", "InvalidChangeBatch", "latency RRSet",
            lambda: zone.change(("CREATE", record("l", SetIdentifier="b", Region="eu-west-1"))))
    passes("another region", lambda: zone.change(("CREATE", record("l", SetIdentifier="b", Region="eu-west-2"))))
    refuses("a routed set has an identifier", "InvalidInput", "Missing field 'SetIdentifier'",
            lambda: zone.change(("CREATE", record("m", Weight=1))))
    refuses("an identifier comes with a policy", "InvalidInput", "but found none", lambda: zone.change(("CREATE", record("m", SetIdentifier="a"))))


def check_sizes(zone):
    many = [("CREATE", record(f"n{number}")) for number in range(1001)]
    refuses("a batch has at most 1000 records", "InvalidChangeBatch", "limit of 1000", lambda: zone.change(*many))
    passes("1000 are taken", lambda: zone.change(*many[:1000]))
    zone.empty()
    refuses("an UPSERT counts twice", "InvalidChangeBatch", "limit of 1000", lambda: zone.change(*[("UPSERT", item) for _, item in many[:501]]))
    text = '"' + "x" * 198 + '"'
    long = [("CREATE", record(f"t{number}", "TXT", text)) for number in range(161)]
    refuses("a batch has at most 32000 characters", "InvalidChangeBatch", "limit of 32000", lambda: zone.change(*long))
    passes("32000 are taken", lambda: zone.change(*long[:160]))


def check_values(zone):
    for words, part, wrong, right in (
        ("a label has at most 63 characters", "DomainLabelTooLong", record("x" * 64), record("x" * 63)),
        ("a label is not empty", "DomainLabelEmpty", record("x..y"), record("x.y")),
        ("a name is within the zone", "is not permitted in zone", {**record("z"), "Name": f"z{ZONE}"}, record("z")),
        ("a name has no blanks", "UnsupportedCharacter", record("b b"), record(r"b\040b")),
        ("an A is an address", "ARRDATAIllegalIPv4Address", record("v", "A", "a.example"), record("v")),
        ("a TXT stands in quotes", "InvalidCharacterString", record("t", "TXT", "a"), record("t", "TXT", '"a" "b\\"c"')),
        ("values differ", "Duplicate Resource Record", record("d", "A", "192.0.2.1", "192.0.2.1"), record("d", "A", "192.0.2.1", "192.0.2.2")),
    ):
        refuses(words, "InvalidChangeBatch", part, lambda: zone.change(("CREATE", wrong)))
        passes(f"{words}: right", lambda: zone.change(("CREATE", right)))


def check_what_moto_forgets(zone):
    zone.change(("CREATE", weighted("i", "same")), ("CREATE", weighted("j", "same")))
    zone.change(("DELETE", weighted("i", "same")))
    claim("an identifier is one name's", not zone.named("i") and len(zone.named("j")) == 1, zone.sets())
    cidr = {"CollectionId": "c8c02a84-aaaa-bbbb-e0d2-d833a2f80106", "LocationName": "*"}
    place = {"AWSRegion": "eu-west-1", "Bias": 10}
    zone.change(("CREATE", record("k", SetIdentifier="a", CidrRoutingConfig=cidr)))
    claim("CIDR settings are kept", zone.named("k")[0].get("CidrRoutingConfig") == cidr, zone.named("k"))
    zone.change(("CREATE", record("g", SetIdentifier="a", GeoProximityLocation=place)))
    claim("geoproximity settings are kept", zone.named("g")[0].get("GeoProximityLocation") == place, zone.named("g"))
    answers = [record("mv", "A", f"192.0.2.{number}", SetIdentifier=str(number), MultiValueAnswer=True, ttl=number) for number in (10, 20)]
    zone.change(*[("CREATE", item) for item in answers])
    claim("multivalue answers share the last TTL", [item["TTL"] for item in zone.named("mv")] == [20, 20], zone.named("mv"))
    zone.change(("CREATE", record("D")))
    claim("names are kept in small letters", len(zone.named("d")) == 1, zone.sets())
    zone.change(("CREATE", record("*.W")))
    claim("and an asterisk in octal digits", len(zone.named(r"\052.w")) == 1, zone.sets())


# ---- IAM


def statement(**more):
    return {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


TRUST = policy(statement(Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/oidc.example"}))


def permissions(characters):
    """A policy of just so many characters."""
    action = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/"}
    filled = policy({**action, "Resource": action["Resource"] + "x" * (characters - len("".join(policy(action).split())))})
    assert len("".join(filled.split())) == characters
    return filled


def tags(*pairs):
    return [{"Key": key, "Value": value} for key, value in pairs]


def name(part):
    return f"check-{RUN}-{part}"


@contextlib.contextmanager
def role(part, **more):
    """A role that is gone afterwards."""
    iam.create_role(RoleName=name(part), AssumeRolePolicyDocument=TRUST, **more)
    try:
        yield name(part)
    finally:
        for item in iam.list_attached_role_policies(RoleName=name(part))["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name(part), PolicyArn=item["PolicyArn"])
        for item in iam.list_role_policies(RoleName=name(part))["PolicyNames"]:
            iam.delete_role_policy(RoleName=name(part), PolicyName=item)
        iam.delete_role(RoleName=name(part))


def make(role_name, document=TRUST, **more):
    """Makes a role and removes it again."""
    iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=document, **more)
    iam.delete_role(RoleName=role_name)


def check_iam():
    for part in (check_roles, check_trust, check_tags, check_inline_policies, check_managed_policies, check_providers):
        part()


def check_roles():
    long = name("r") + "x" * (64 - len(name("r")))
    refuses("a role's name has at most 64 characters", "ValidationError", "at 'roleName'", lambda: make(long + "x"))
    passes("64 are taken", lambda: make(long))
    for words, part, wrong, right in (
        ("a path ends with a slash", "path is invalid", {"Path": "/team"}, {"Path": "/team/"}),
        ("a path has at most 512 characters", "at 'path'", {"Path": f"/{'x' * 511}/"}, {"Path": f"/{'x' * 510}/"}),
        ("a description has at most 1000 characters", "at 'description'", {"Description": "x" * 1001}, {"Description": "x" * 1000}),
        ("a session lasts at most 12 hours", "at 'maxSessionDuration'", {"MaxSessionDuration": 43201}, {"MaxSessionDuration": 43200}),
    ):
        refuses(words, "ValidationError", part, lambda: make(name("r"), **wrong))
        passes(f"{words}: right", lambda: make(name("r"), **right))
    nowhere = f"arn:aws:iam::123456789012:policy/{name('nowhere')}"
    refuses("a boundary is a policy that exists", "NoSuchEntity", "does not exist", lambda: make(name("r"), PermissionsBoundary=nowhere))
    passes("one that exists", lambda: make(name("r"), PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"))
    with role("Case"):
        refuses("names differ by more than case", "EntityAlreadyExists", "already exists", lambda: make(name("case")))
    passes("the name is free again", lambda: make(name("case")))


def check_trust():
    for words, document in (
        ("a trust policy is JSON", "{"),
        ("a trust policy names a principal", policy(statement())),
        ("a trust policy names no resource", policy(statement(Principal={"AWS": "*"}, Resource="*"))),
        ("a trust policy has statements", "{}"),
    ):
        refuses(words, "MalformedPolicyDocument", "", lambda: make(name("t"), document))
        with role("u"):
            refuses(f"{words}, when it is changed too", "MalformedPolicyDocument", "",
                    lambda: iam.update_assume_role_policy(RoleName=name("u"), PolicyDocument=document))
    def sized(characters):
        short = policy(statement(Principal={"AWS": "*"}, Sid=""))
        return policy(statement(Principal={"AWS": "*"}, Sid="x" * (characters - len("".join(short.split())))))
    refuses("a trust policy has at most 2048 characters", "LimitExceeded", "ACLSizePerRole: 2048", lambda: make(name("t"), sized(2049)))
    passes("2048 are taken", lambda: make(name("t"), sized(2048)))


def check_tags():
    twins = tags(("Team", "a"), ("team", "b"))
    refuses("tag keys differ by more than case", "InvalidInput", "Duplicate tag keys", lambda: make(name("g"), Tags=twins))
    many = tags(*[(str(number), "") for number in range(51)])
    refuses("a role has at most 50 tags", "ValidationError", "at 'tags'", lambda: make(name("g"), Tags=many))
    with role("h", Tags=many[:50]) as made:
        refuses("also with those it had", "LimitExceeded", "Cannot exceed quota", lambda: iam.tag_role(RoleName=made, Tags=many[50:]))
        passes("one of them may change", lambda: iam.tag_role(RoleName=made, Tags=tags(("1", "x"))))
    with role("i", Tags=twins[:1]) as made:
        refuses("twins may not be added either", "InvalidInput", "Duplicate tag keys", lambda: iam.tag_role(RoleName=made, Tags=twins))
        iam.tag_role(RoleName=made, Tags=twins[1:])
        there = iam.list_role_tags(RoleName=made)["Tags"]
        claim("a key in other letters replaces", there == twins[1:], there)


def check_inline_policies():
    with role("p") as made:
        def put(part, characters):
            iam.put_role_policy(RoleName=made, PolicyName=part, PolicyDocument=permissions(characters))
        passes("10240 characters are taken", lambda: put("a", 10240))
        refuses("inline policies have at most 10240 characters in all", "LimitExceeded", "Maximum policy size of 10240", lambda: put("b", 200))
        passes("a smaller one makes room", lambda: put("a", 10040))
        passes("which another may take", lambda: put("b", 200))
        put("b", 150)
        refuses("a policy is well-formed", "MalformedPolicyDocument", "",
                lambda: iam.put_role_policy(RoleName=made, PolicyName="c", PolicyDocument="{"))


def check_managed_policies():
    def create(part, characters=200):
        return iam.create_policy(PolicyName=name(part), PolicyDocument=permissions(characters))["Policy"]["Arn"]
    refuses("a managed policy has at most 6144 characters", "LimitExceeded", "PolicySize: 6144", lambda: create("m", 6145))
    arns = [create(f"m{number}", 6144 if number == 0 else 200) for number in range(11)]
    try:
        claim("6144 are taken", True)
        with role("q") as made:
            for arn in arns[:10]:
                iam.attach_role_policy(RoleName=made, PolicyArn=arn)
            refuses("a role has at most 10 managed policies", "LimitExceeded", "PoliciesPerRole: 10",
                    lambda: iam.attach_role_policy(RoleName=made, PolicyArn=arns[10]))
            passes("one of them may be attached again", lambda: iam.attach_role_policy(RoleName=made, PolicyArn=arns[0]))
            refuses("a policy that is attached stays", "DeleteConflict", "", lambda: iam.delete_policy(PolicyArn=arns[0]))
            iam.detach_role_policy(RoleName=made, PolicyArn=arns[0])
            passes("after one is gone there is room", lambda: iam.attach_role_policy(RoleName=made, PolicyArn=arns[10]))
    finally:
        for arn in arns:
            iam.delete_policy(PolicyArn=arn)


def check_providers():
    url = f"https://oidc.example/{RUN}"
    arns = []
    def create(**more):
        given = {"Url": url, "ClientIDList": ["a"], "ThumbprintList": ["A" * 40], **more}
        arns.append(iam.create_open_id_connect_provider(**given)["OpenIDConnectProviderArn"])
    refuses("tag keys of a provider differ by more than case", "InvalidInput", "Duplicate tag keys", lambda: create(Tags=tags(("Team", "a"), ("team", "b"))))
    refuses("a provider has at most 5 thumbprints", "InvalidInput", "Thumbprint list", lambda: create(ThumbprintList=[str(n) * 40 for n in range(6)]))
    refuses("a provider has at most 100 audiences", "LimitExceeded", "ClientIdsPer", lambda: create(ClientIDList=[str(n) for n in range(101)]))
    passes("5 and 100 are taken", lambda: create(ThumbprintList=[str(n) * 40 for n in range(4)] + ["A" * 40], ClientIDList=[str(n) for n in range(100)]))
    try:
        there = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arns[0])
        claim("thumbprints are kept in small letters", "a" * 40 in there["ThumbprintList"], there["ThumbprintList"])
        refuses("one of each issuer", "EntityAlreadyExists", "already exists", create)
        refuses("nor may one more audience be added", "LimitExceeded", "ClientIdsPer",
                lambda: iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arns[0], ClientID="one more"))
        refuses("nor six thumbprints be set", "InvalidInput", "Thumbprint list",
                lambda: iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arns[0], ThumbprintList=[str(n) * 40 for n in range(6)]))
    finally:
        for arn in arns:
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def main():
    started = time.monotonic()
    check_route53()
    check_iam()
    print(f"{len(failures)} of the claims do not hold ({time.monotonic() - started:.1f} s)")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
