#!/usr/bin/env python3
"""A forward proxy, as companies have one: CONNECT, plain HTTP and SOCKS5, with or without a login, or with a page for all.

One line for each request goes to the log: what was asked for, and whether it was let through.
"""

import argparse
import base64
import os
import select
import socket
import socketserver
import struct
import sys
import threading
from urllib.parse import urlsplit


class Refused(Exception):
    """The proxy says no; its status line is the message."""


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            if self.server.options.socks:
                self.socks()
            else:
                self.http()
        except (OSError, ValueError, struct.error):
            pass

    def note(self, target, outcome):
        with self.server.lock, open(self.server.options.log, "a", encoding="utf-8") as log:
            log.write(f"{target} {outcome}\n")

    def http(self):
        first = self.rfile.readline(65536).decode("latin-1")
        if not first.strip():
            return
        method, target, _ = first.split(None, 2)
        headers = []
        while (line := self.rfile.readline(65536)) not in (b"\r\n", b"\n", b""):
            headers.append(line)
        try:
            self.judge(headers)
        except Refused as refusal:
            self.note(target, refusal)
            page = f"<html><head><title>{refusal}</title></head><body>{refusal}</body></html>".encode()
            head = f"HTTP/1.1 {refusal}\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n"
            if str(refusal).startswith("407"):
                head += 'Proxy-Authenticate: Basic realm="corp"\r\n'
            self.wfile.write(head.encode() + b"\r\n" + page)
            return
        self.note(target, "passed")
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            self.join(host, int(port), b"", b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            self.forward(method, urlsplit(target), headers)

    def judge(self, headers):
        options = self.server.options
        if options.refuse:
            raise Refused(options.refuse)
        if options.login:
            wanted = b"basic " + base64.b64encode(options.login.encode())
            given = [line.split(b":", 1)[1].strip() for line in headers if line.lower().startswith(b"proxy-authorization:")]
            if [it[:6].lower() + it[6:] for it in given] != [wanted]:
                raise Refused("407 Proxy Authentication Required")

    def forward(self, method, url, headers):
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        kept = [line for line in headers if not line.lower().startswith((b"proxy-", b"connection:"))]
        head = f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(kept) + b"Connection: close\r\n\r\n"
        self.join(url.hostname, url.port or 80, head, b"")

    def join(self, host, port, onward, back):
        with socket.create_connection((host.strip("[]"), port), timeout=20) as server:
            self.wfile.write(back)
            server.sendall(onward)
            ends = {self.connection: server, server: self.connection}
            pending = self.rfile.read1(65536) if self.buffered() else b""
            if pending:
                server.sendall(pending)
            while True:
                ready, _, _ = select.select(list(ends), [], [], 60)
                if not ready:
                    return
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    def buffered(self):
        """Whether the reader took more than the head from the connection."""
        self.connection.setblocking(False)
        try:
            return bool(self.rfile.peek(1))
        except (BlockingIOError, OSError):
            return False
        finally:
            self.connection.setblocking(True)

    def socks(self):
        version, count = struct.unpack("!BB", self.rfile.read(2))
        self.rfile.read(count)
        self.wfile.write(struct.pack("!BB", version, 0))
        _, _, _, kind = struct.unpack("!BBBB", self.rfile.read(4))
        if kind == 3:
            host = self.rfile.read(self.rfile.read(1)[0]).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, self.rfile.read(4 if kind == 1 else 16))
        (port,) = struct.unpack("!H", self.rfile.read(2))
        self.note(f"{host}:{port}", "passed")
        self.join(host, port, b"", struct.pack("!BBBBIH", 5, 0, 0, 1, 0, 0))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", required=True)
    parser.add_argument("--login", help="USER:PASSWORD that is wanted")
    parser.add_argument("--refuse", help="status line that everybody is refused with")
    parser.add_argument("--socks", action="store_true", help="speak SOCKS5")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.options, server.lock = options, threading.Lock()
        print(server.server_address[1], flush=True)
        if options.until_eof:
            threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server.serve_forever()


if __name__ == "__main__":
    main()
