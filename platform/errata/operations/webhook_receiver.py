"""A small server to which another tool says that something has changed: it wakes whoever waits, and believes no more.

What changed is not read from the message; it is asked of the tool itself, by its own address.
"""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple

from errata.errors import BadInput, Unavailable

SECONDS = 10
"""That a sender may take for its message."""
LARGEST = 65_536
"""Bytes of a message: it only says that there is one."""


class Receiver(NamedTuple):
    secret: str
    """What a message's header must hold; drawn anew each time."""
    changed: Event
    """Set by each message that holds it."""
    port: int


@contextmanager
def receiving(host: str, port: int, header: str) -> Iterator[Receiver]:
    """Listens for the block; `header` is where a message has the secret. Raises Unavailable where it can't listen."""
    secret, changed = secrets.token_urlsafe(32), Event()

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS
        server_version, sys_version = "errata", ""

        def do_POST(self) -> None:
            proven = hmac.compare_digest(self.headers.get(header, "").encode(), secret.encode())
            length = self.headers.get("Content-Length", "0")
            fits = length.isdecimal() and int(length) <= LARGEST
            if proven and fits:
                self.rfile.read(int(length))
                changed.set()
            self.send_response(204 if proven and fits else 413 if proven else 403)
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: a scanner's lines would hide ours."""

    class HookServer(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        server = HookServer((host, port), Handler)
    except OSError as error:
        raise Unavailable(f"nothing can listen on {host}:{port} ({error.strerror}); give --listen another") from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Receiver(secret, changed, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def host_and_port(address: str) -> tuple[str, int]:
    """Of `HOST:PORT`. Raises BadInput."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise BadInput(f"--listen {address!r} is no address to listen on; write HOST:PORT, as 127.0.0.1:8766")
    return host.strip("[]"), int(port)
