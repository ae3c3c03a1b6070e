"""A proxy that answers for every site itself, by a certificate of its own: what programs download comes from here.

Programs come here by HTTPS_PROXY, and trust it by SSL_CERT_FILE; yt-dlp trusts certifi's file instead.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = bytes | int | None
"""Content, or the number of an error; None of what isn't there."""
Site = Callable[[str, str, bytes], Answer]
"""Answers by host, path (with its query) and what was sent."""


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


@dataclass
class MadeUpInternet:
    site: Site
    asked: list[str] = field(default_factory=list)
    """Host and path of each request."""

    def answer(self, host: str, path: str, sent: bytes) -> Answer:
        self.asked.append(host + path.partition("?")[0])
        return self.site(host, path, sent)


@contextmanager
def made_up_internet(site: Site, hosts: list[str], folder: Path, patch: pytest.MonkeyPatch) -> Iterator[MadeUpInternet]:
    """All that programs ask of `hosts` in the block is answered by `site`; other hosts they don't reach."""
    internet = MadeUpInternet(site)
    certificate = _certificate(hosts, folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(internet, context)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name in ("HTTPS_PROXY", "https_proxy"):
            patch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1")
        patch.setenv("SSL_CERT_FILE", str(certificate))
        patch.setattr("certifi.where", lambda: str(certificate))
        yield internet
        server.shutdown()


def _handler(internet: MadeUpInternet, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.partition(":")[0]
            self.send_response(200)
            self.end_headers()
            self.request = context.wrap_socket(self.request, server_side=True)
            self.setup()  # what is read and written is what is inside, from now on
            self.close_connection = False

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, sent: bytes) -> None:
            answer = internet.answer(self.host, self.path, sent)
            content = answer if isinstance(answer, bytes) else b""
            self.send_response(404 if answer is None else answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    return Proxy


def _certificate(hosts: list[str], folder: Path) -> Path:
    """A key and a certificate by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made up")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path
