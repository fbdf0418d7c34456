"""Serves moto's AWS APIs on every address of the sandbox and writes one line for each API call to a log.

A line reads: epoch-milliseconds service method path?query Action status key. Action is the form field of IAM and STS,
"-" for the others. The access key that signed the call comes last, so that a run with a key of its own finds its calls.
Calls signed with the sandbox's own access key (its DNS server polls every second) are left out.

Usage: server.py PORT REQUEST_LOG OWN_ACCESS_KEY
"""

import io
import sys
import threading
import time
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

import associations
import audiences
import roles
import zones

FORM = "application/x-www-form-urlencoded"


class QuietHandler(MotoRequestHandler):
    """Leaves out werkzeug's own line for each request; the request log has what matters."""

    def log_request(self, *_args):
        pass


def credential(environ):
    """The access key and the service of a signed request; "-" where it is not signed."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
    return (scope[0], scope[3]) if len(scope) == 5 else ("-", "-")


def form_action(environ):
    """The Action field of a form; the body is put back for the application."""
    if not environ.get("CONTENT_TYPE", "").startswith(FORM):
        return "-"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode("utf-8", "replace")).get("Action", ["-"])[0]


class RequestLog:
    """WSGI middleware: one line for each API call, written when its status is known."""

    def __init__(self, application, path, own_key):
        self.application = application
        self.file = open(path, "a", buffering=1, encoding="utf-8")
        self.own_key = own_key
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        key, service = credential(environ)
        target = environ.get("REQUEST_URI", environ["PATH_INFO"])
        if key == self.own_key or environ["PATH_INFO"].startswith("/moto-api"):
            return self.application(environ, start_response)
        method, action = environ["REQUEST_METHOD"], form_action(environ)

        def logging_start_response(status, headers, *rest):
            self.write(service, method, target, action, status.split()[0], key)
            return start_response(status, headers, *rest)

        return self.application(environ, logging_start_response)

    def write(self, *fields):
        with self.lock:
            self.file.write(" ".join((str(int(time.time() * 1000)), *fields)) + "\n")


def main():
    port, path, own_key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    for part in (associations, audiences, roles, zones):
        part.teach()
    application = RequestLog(DomainDispatcherApplication(create_backend_app), path, own_key)
    run_simple("0.0.0.0", port, application, threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
