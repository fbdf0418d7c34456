"""How other CAs than pebble behave: each manner refuses calls before pebble gets them, or makes of pebble's answer another one.

Seen in the wild, each with its source: Boulder's front end (refusals of `replaces`, reasons of revocation), ZeroSSL (a
Retry-After of a day), Dogtag (an order that stays ready), nginx-acme and ansible's community.crypto (bindings for every
question), frameworks that label empty answers as HTML, servers in Java and Go that write nulls.
"""

import base64
import json

from kinds import problem

ACCOUNTS, ORDERS, ORDER, FINALIZE, REVOKE = "/sign-me-up", "/order-plz", "/my-order/", "/finalize-order/", "/revoke-cert"
NULLS = {
    "meta": {"website": None, "caaIdentities": None, "profiles": None},
    "status": {"error": None, "certificate": None, "notBefore": None, "replaces": None},
    "type": {"subproblems": None, "instance": None},
    "newNonce": {"keyChange2": None, "newAuthz": None},
    "identifier": {"wildcard": None, "expires": None},
}


def part(call, name):
    """A part of a signed request: `protected` or `payload`."""
    try:
        text = json.loads(call.body)[name]
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) or "null") or {}
    except (ValueError, KeyError, TypeError):
        return {}


def refuses_unbound(call, _count):
    """An account is spoken of only by those who bind it."""
    if call.target == ACCOUNTS and "externalAccountBinding" not in part(call, "payload"):
        return problem(400, "externalAccountRequired", "no external account binding")
    return None


def refuses_replaces(status, kind):
    def refuse(call, _count):
        replaces = call.target == ORDERS and "replaces" in part(call, "payload")
        return problem(status, kind, "an injected refusal of `replaces`") if replaces else None
    return refuse


def lags(call, count):
    """Another server of the CA has not heard yet that the order is ready."""
    if call.target.startswith(FINALIZE) and count(FINALIZE) <= 2:
        return problem(403, "orderNotReady", "Order's status (\"pending\") is not acceptable for finalization")
    return None


def revokes_by_key_only(call, _count):
    if call.target == REVOKE and "kid" in part(call, "protected"):
        return problem(403, "unauthorized", "the account may not revoke this certificate")
    return None


def takes_few_reasons(call, _count):
    if call.target == REVOKE and part(call, "payload").get("reason") not in (None, 0, 1, 4, 5):
        return problem(400, "badRevocationReason", "unsupported revocation reason code provided")
    return None


def fails_orders(call, _count):
    return problem(500, "serverInternal", "the database is away") if call.target == ORDERS else None


def document(answer):
    try:
        read = json.loads(answer.body)
        return read if isinstance(read, dict) else None
    except ValueError:
        return None


def with_nulls(call, answer):
    """Members that are absent are written as null."""
    read = document(answer)
    if read is None:
        return answer
    for member, nulls in NULLS.items():
        if member in read:
            target = read["meta"] if member == "meta" else read
            for name, null in nulls.items():
                target.setdefault(name, null)
    return answer._replace(body=json.dumps(read).encode())


def empty_pages(_call, answer):
    """What is empty is HTML, says the framework."""
    if answer.body:
        return answer
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-type"]
    return answer._replace(headers=headers + [("Content-Type", "text/html; charset=utf-8")])


def forbids_nonces(_call, answer):
    """A used nonce is forbidden, not bad."""
    return answer._replace(status=403) if b"error:badNonce" in answer.body else answer


def pauses(seconds):
    def paused(call, answer):
        if not call.target.startswith((ORDER, FINALIZE)):
            return answer
        headers = [(name, value) for name, value in answer.headers if name.lower() != "retry-after"]
        return answer._replace(headers=headers + [("Retry-After", seconds)])
    return paused


def stays_ready(call, answer):
    """The order is worked on and still called ready."""
    read = document(answer)
    if not call.target.startswith(FINALIZE) or read is None or answer.status >= 300:
        return answer
    read.pop("certificate", None)
    return answer._replace(body=json.dumps({**read, "status": "ready"}).encode())


def odd_links(_call, answer):
    """Links in one header, with relations and titles that hold separators."""
    targets = [value.split(">")[0].lstrip("<") for name, value in answer.headers if name == "Link" and "alternate" in value]
    if not targets:
        return answer
    headers = [header for header in answer.headers if header[0] != "Link"]
    joined = ", ".join(f'<{target}>; title="chain, <other>; rel=up"; rel="up alternate"' for target in targets)
    return answer._replace(headers=headers + [("Link", joined)])


REFUSALS = {
    "unbound-refused": refuses_unbound,
    "replaces-forbidden": refuses_replaces(403, "unauthorized"),
    "replaces-fails": refuses_replaces(500, "serverInternal"),
    "orders-fail": fails_orders,
    "finalize-lags": lags,
    "revoked-by-key-only": revokes_by_key_only,
    "few-reasons": takes_few_reasons,
}
CHANGES = {
    "nulls": with_nulls,
    "empty-pages": empty_pages,
    "nonces-forbidden": forbids_nonces,
    "pause-of-a-day": pauses("86400"),
    "no-pause": pauses("0"),
    "stays-ready": stays_ready,
    "odd-links": odd_links,
}
MANNERS = [*REFUSALS, *CHANGES]


class Authority:
    """The CA behind, with the manners of others."""

    def __init__(self, behind, manners):
        self.behind, self.manners, self.counts = behind, manners, {}

    def ask(self, call):
        refusals = (REFUSALS[name](call, self.count) for name in self.manners if name in REFUSALS)
        refusal = next((answer for answer in refusals if answer), None)
        if refusal:
            self.behind.write_down(call, refusal)
        answer = refusal or self.behind.ask(call)
        for name in self.manners:
            answer = CHANGES[name](call, answer) if name in CHANGES else answer
        return answer

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]


