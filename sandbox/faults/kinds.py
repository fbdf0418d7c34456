"""What can be done to a call: each kind tells whether the server gets it, and makes of the server's answer the client's."""

import json
from typing import Callable, NamedTuple, Optional


class Call(NamedTuple):
    """A request. Service and action are known for AWS's signed calls, "-" for others."""

    number: int
    method: str
    target: str
    service: str
    action: str
    headers: list
    body: bytes

    def same(self):
        """What a call has in common with its next try."""
        return self.method, self.target, self.action


class Answer(NamedTuple):
    """An HTTP answer; only the first `cut` octets of the body are sent, then the connection ends."""

    status: int
    headers: list
    body: bytes
    cut: Optional[int] = None


class Kind(NamedTuple):
    """One way to disturb a call. `answer` gives none where the connection ends without an answer."""

    meaning: str
    forward: bool
    answer: Callable[[Call, Optional[Answer]], Optional[Answer]]
    delays: bool = False
    holds: bool = False


# The protocols of AWS's services: https://smithy.io/2.0/aws/protocols/.
XML_NAMESPACES = {
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def aws_error(call, status, code, message):
    """An error in the words of the call's service."""
    identifier = f"fault-{call.number}"
    if call.service == "s3":
        body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{identifier}</RequestId></Error>"
        return Answer(status, [("Content-Type", "application/xml")], body.encode())
    if call.service in XML_NAMESPACES:
        body = (f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{XML_NAMESPACES[call.service]}"><Error><Type>Sender</Type>'
                f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>{identifier}</RequestId></ErrorResponse>")
        return Answer(status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", identifier)], body.encode())
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", identifier)]
    return Answer(status, headers, json.dumps({"message": message}).encode())


def problem(status, kind, detail, *headers):
    """An error of an ACME server (RFC 8555 §6.7)."""
    document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}
    return Answer(status, [("Content-Type", "application/problem+json"), *headers], json.dumps(document).encode())


def is_refused_nonce(answer):
    """The ACME server did no work: the request is to come again with another nonce (RFC 8555 §6.5)."""
    return b"error:badNonce" in answer.body


def is_aws(call):
    return call.service != "-"


def throttled(call, _answer=None):
    """How each API says that it was asked too often."""
    if not is_aws(call):
        return problem(429, "rateLimited", "too many requests", ("Retry-After", "1"))
    if call.service == "s3":
        return aws_error(call, 503, "SlowDown", "Please reduce your request rate.")
    by_xml = call.service in XML_NAMESPACES
    return aws_error(call, 400 if by_xml else 429, "Throttling" if by_xml else "TooManyRequestsException", "Rate exceeded")


def busy_zone(call, _answer):
    """Route53 says this while it works on the last change of the same zone."""
    if call.service != "route53" or call.method == "GET":
        return throttled(call)
    message = "The request was rejected because Route 53 was still processing a prior request."
    return aws_error(call, 400, "PriorRequestNotComplete", message)


def denied(call, _answer):
    """How each API says that the caller may not."""
    if call.target.startswith(("/api/", "/apis/")):
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
                  "message": "forbidden: an injected refusal"}
        return Answer(403, [("Content-Type", "application/json")], json.dumps(status).encode())
    if not is_aws(call):
        return problem(403, "unauthorized", "an injected refusal")
    return aws_error(call, 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/x is not authorized to perform this action")


def failed(call, _answer):
    if not is_aws(call):
        return problem(500, "serverInternal", "an injected failure")
    return aws_error(call, 500, "InternalFailure", "The request processing has failed because of an unknown error.")


def unavailable(_call, _answer):
    return Answer(503, [("Content-Type", "text/plain")], b"no server is available to handle this request\n")


def denied(call, _answer):
    """A permission is missing."""
    if not is_aws(call):
        return problem(403, "unauthorized", "an injected failure")
    return aws_error(call, 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/x is not authorized to perform this")


def later(_call, _answer):
    body = json.dumps({"type": "about:blank", "title": "busy"}).encode()
    return Answer(503, [("Content-Type", "application/problem+json"), ("Retry-After", "1")], body)


def page(status):
    body = b"<!DOCTYPE html><html><head><title>Oops</title></head><body><h1>An error page</h1></body></html>\n"
    return lambda _call, _answer: Answer(status, [("Content-Type", "text/html")], body)


def nothing(_call, _answer):
    return None


def same(_call, answer):
    return answer


def shortened(_call, answer):
    """Whole as HTTP, but half of the document is missing."""
    return answer._replace(body=answer.body[: len(answer.body) // 2])


def torn(_call, answer):
    """The connection ends in the middle of the body."""
    return answer._replace(cut=len(answer.body) // 2)


def old_nonce(call, _answer):
    return problem(400, "badNonce", "an injected failure") if call.method == "POST" else failed(call, None)


KINDS = {
    "drop": Kind("the connection ends before the server gets the call", False, nothing),
    "lose": Kind("the server does the work, and the connection ends without its answer", True, nothing),
    "tear": Kind("the server does the work, and half of the body arrives", True, torn),
    "delay": Kind("the answer comes late", True, same, delays=True),
    "throttle": Kind("refused as too fast, in the words of the API", False, throttled),
    "busy": Kind("Route53 still works on the zone's last change; elsewhere as throttle", False, busy_zone),
    "deny": Kind("403 before the work, in the words of the API", False, denied),
    "fail": Kind("500 before the work", False, failed),
    "fail-after": Kind("500 after the work", True, failed),
    "unavailable": Kind("503 of a proxy, in plain text", False, unavailable),
    "deny": Kind("403: a permission is missing", False, denied),
    "later": Kind("503 with Retry-After: 1", False, later),
    "page": Kind("502 with an HTML page", False, page(502)),
    "good-page": Kind("200 with an HTML page instead of the document", False, page(200)),
    "shorten": Kind("the answer with half of its document", True, shortened),
    "old-nonce": Kind("ACME's badNonce", False, old_nonce),
    "pass": Kind("left alone; with --once it counts a call", True, same),
    "hold": Kind("never answered, and the server never gets it; ends when the client goes away", False, nothing, holds=True),
    "hold-after": Kind("the server does the work, and the client waits for the answer until it goes away", True, nothing, holds=True),
}
