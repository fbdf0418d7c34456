#!/usr/bin/env python3
"""Stands before an HTTP server and disturbs a part of the calls: `proxy.py --help`, and README.md beside the sandbox.

It prints its URL, and writes a line to a log for each disturbed call: epoch-milliseconds number kind service method
target action. The same seed disturbs the calls of the same numbers in the same way. A call that is held is a second line
once it waits, of the kind "held".
"""

import argparse
import collections
import http.client
import http.server
import json
import random
import select
import ssl
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

from authorities import MANNERS, Authority
from kinds import KINDS, Answer, Call, is_refused_nonce, throttled

FORM = "application/x-www-form-urlencoded"
# Of one connection only (RFC 9110 §7.6.1), or made anew for each answer.
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}

MOST_IN_A_ROW = 2


class Plan:
    """Decides what happens to each call, from a seed, and writes down what did."""

    def __init__(self, options):
        self.seed, self.share, self.kinds = options.seed, options.share, options.kinds
        self.limit, self.unlimited = options.limit, options.unlimited
        self.once = list(options.once)
        self.lock = threading.Lock()
        self.number = 0
        self.recent = collections.defaultdict(collections.deque)
        self.in_a_row = collections.defaultdict(int)
        self.log = open(options.log, "a", buffering=1, encoding="utf-8") if options.log else None

    def arm(self, line):
        """One more of `--once`; without words, none at all."""
        with self.lock:
            self.once = self.once + [once(line)] if line else []

    def next_number(self):
        with self.lock:
            self.number += 1
            return self.number

    def kind_for(self, call):
        """The name of the kind of fault; "limit" for a call beyond the limit; none for a call to be left alone. And the wish
        that it comes from, if it was wished."""
        with self.lock:
            wish = self._once(call)
            name = wish[1] if wish else self._by_chance(call) or self._beyond_limit(call)
            return name, wish

    def not_yet(self, wish):
        """The call was not the one that was meant."""
        with self.lock:
            self.once.insert(0, wish)

    def got_through(self, call, answer):
        """The call was left alone. One whose nonce was refused comes again as if it had not been made."""
        if not is_refused_nonce(answer):
            with self.lock:
                self.in_a_row.pop(call.same(), None)

    def note(self, call, name):
        if self.log:
            fields = (int(time.time() * 1000), call.number, name, call.service, call.method, call.target, call.action)
            self.log.write(" ".join(map(str, fields)) + "\n")

    def _once(self, call):
        words = f"{call.method} {call.target} {call.action}"
        for index, (text, _name) in enumerate(self.once):
            if text in words:
                return self.once.pop(index)
        return None

    def _by_chance(self, call):
        """Drawn for each number by itself, so that it does not depend on the order of concurrent calls. No call is disturbed
        more than `MOST_IN_A_ROW` times: what ends a client's patience is asked for by `--once`, not met by bad luck."""
        drawn = random.Random(f"{self.seed}/{call.number}")
        if drawn.random() >= self.share or self.in_a_row[call.same()] == MOST_IN_A_ROW:
            return None
        self.in_a_row[call.same()] += 1
        return drawn.choice(self.kinds)

    def _beyond_limit(self, call):
        """Each service serves `limit` calls in any second; refused calls do not count."""
        if self.limit is None or call.service in self.unlimited:
            return None
        served, now = self.recent[call.service], time.monotonic()
        while served and served[0] <= now - 1:
            served.popleft()
        if len(served) >= self.limit:
            return "limit"
        served.append(now)
        return None


class Upstream:
    """The server behind; one connection for each call."""

    def __init__(self, options):
        url = urlsplit(options.upstream)
        self.address = url.netloc
        self.context = ssl.create_default_context(cafile=options.upstream_ca) if url.scheme == "https" else None
        self.left_out = options.leave_out
        self.record = open(options.record, "a", buffering=1, encoding="utf-8") if options.record else None

    def ask(self, call):
        answer = self._asked(call)
        self.write_down(call, answer)
        return self._without(answer) if self.left_out else answer

    def write_down(self, call, answer):
        if self.record:
            self.record.write(f"{answer.status} {call.method} {call.target}\n")

    def _without(self, answer):
        """The answer without the members that are left out, if it is a JSON object that has them."""
        try:
            document = json.loads(answer.body)
            kept = {name: value for name, value in document.items() if name not in self.left_out}
        except (ValueError, AttributeError):
            return answer
        return answer if len(kept) == len(document) else answer._replace(body=json.dumps(kept).encode())

    def _asked(self, call):
        connection, answer = self._begun(call)
        try:
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in NOT_PASSED_ON]
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _begun(self, call, timeout=60):
        if self.context:
            connection = http.client.HTTPSConnection(self.address, timeout=timeout, context=self.context)
        else:
            connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            connection.putrequest(call.method, call.target, skip_host=True, skip_accept_encoding=True)
            for name, value in call.headers:
                if name.lower() != "connection":
                    connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(call.body)
            return connection, connection.getresponse()
        except OSError:
            connection.close()
            raise

    def follow(self, call, handler):
        """Passes an answer on as it comes, until one of the two ends it."""
        connection, answer = self._begun(call, timeout=600)
        try:
            handler.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in NOT_PASSED_ON:
                    handler.send_header(name, value)
            handler.send_header("Connection", "close")
            handler.end_headers()
            while part := answer.read1(65536):
                handler.wfile.write(part)
        except OSError:
            pass
        finally:
            handler.close_connection = True
            connection.close()


def is_followed(call):
    """Whether it is a watch of Kubernetes, which is answered bit by bit
    (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes)."""
    return call.method == "GET" and parse_qs(urlsplit(call.target).query).get("watch") in (["true"], ["1"])


def credential_service(headers):
    """The service that a call is signed for (SigV4's credential scope); "-" for an unsigned one."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    return scope[3] if len(scope) == 5 else "-"


def form_action(headers, body):
    if not headers.get("Content-Type", "").startswith(FORM):
        return "-"
    return parse_qs(body.decode("utf-8", "replace")).get("Action", ["-"])[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_call(self):
        plan, upstream, delay = self.server.plan, self.server.upstream, self.server.delay
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service, action = credential_service(self.headers), form_action(self.headers, body)
        # STS calls of a web identity are not signed.
        service = "sts" if service == "-" and action.startswith("Assume") else service
        call = Call(plan.next_number(), self.command, self.path, service, action, self.headers.items(), body)
        name, wish = plan.kind_for(call)
        if name is None and is_followed(call):
            return upstream.behind.follow(call, self)
        if name is None:
            answer = upstream.ask(call)
            plan.got_through(call, answer)
            return self.reply(answer)
        if name == "limit":
            plan.note(call, name)
            return self.reply(throttled(call))
        kind = KINDS[name]
        answer = upstream.ask(call) if kind.forward else None
        if wish and answer and is_refused_nonce(answer):
            # The server did no work; the client comes again.
            plan.not_yet(wish)
            return self.reply(answer)
        plan.note(call, name)
        if kind.delays:
            time.sleep(delay)
        if kind.holds:
            plan.note(call, "held")
            self.wait_for_the_end()
        return self.reply(kind.answer(call, answer))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_call

    def wait_for_the_end(self):
        """Until the client closes the connection: it has nothing else to send while it waits for the answer."""
        select.select([self.connection], [], [])

    def reply(self, answer):
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut])
        self.close_connection = self.close_connection or answer.cut is not None

    def log_message(self, *_args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, options):
        host, _, port = options.listen.rpartition(":")
        super().__init__((host, int(port)), Handler)
        self.plan, self.delay = Plan(options), options.delay
        self.upstream = Authority(Upstream(options), options.manner)
        if options.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.certificate, options.key)
            # The handshake is left to the connection's own thread.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if options.certificate else "http"
        self.url = f"{scheme}://{host}:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A client that went away is none of our business; anything else is told."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


def once(text):
    words, _, kind = text.rpartition(":")
    if not words or kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{text} is not TEXT:KIND")
    return words, kind


def kinds(text):
    names = text.split(",")
    for name in names:
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(KINDS)}")
    return names


def options():
    table = "\n".join(f"  {name:<12} {kind.meaning}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(description="Stands before an HTTP server and disturbs a part of the calls.",
                                     epilog=f"kinds of faults:\n{table}", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, help="the server, http://HOST:PORT or https://HOST:PORT")
    parser.add_argument("--upstream-ca", help="what the server's certificate is signed with")
    parser.add_argument("--listen", default="127.0.0.1:0", help="where to listen; port 0 chooses a free one")
    parser.add_argument("--certificate", help="speak TLS, with this certificate")
    parser.add_argument("--key", help="the certificate's key")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.0, help="the part of the calls that are disturbed, 0 to 1")
    parser.add_argument("--kinds", type=kinds, default=["drop", "lose", "delay", "throttle", "fail", "unavailable"])
    parser.add_argument("--once", type=once, action="append", default=[], metavar="TEXT:KIND",
                        help="disturbs the next call whose `METHOD TARGET ACTION` holds the text; may be repeated")
    parser.add_argument("--record", help="a file that gets `STATUS METHOD TARGET` for each call that the server answered")
    parser.add_argument("--leave-out", action="append", default=[], metavar="MEMBER",
                        help="takes a member out of every JSON object that is answered; may be repeated")
    parser.add_argument("--manner", action="append", default=[], choices=MANNERS,
                        help="behave as CAs other than pebble do (authorities.py tells each); may be repeated")
    parser.add_argument("--limit", type=int, help="calls a second that each service answers; others are throttled")
    parser.add_argument("--unlimited", type=lambda text: text.split(","), default=["sts"], help="services without the limit")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds that a late answer waits")
    parser.add_argument("--log", help="a file that gets a line for each disturbed call")
    parser.add_argument("--until-eof", action="store_true",
                        help="end when standard input ends; each line there is one more --once, an empty one ends all, and is "
                             "answered when it holds")
    return parser.parse_args()


def follow_input(server):
    for line in sys.stdin:
        server.plan.arm(line.strip())
        print(line.strip(), flush=True)
    server.shutdown()


def main():
    given = options()
    server = Server(given)
    print(server.url, flush=True)
    if given.until_eof:
        threading.Thread(target=follow_input, args=[server], daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
