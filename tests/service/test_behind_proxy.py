"""A real nginx and a real Caddy from Debian in front of a real service, with the configurations of docs/serving.md."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.command_line import in_this_process as errata
from tests.conftest import ROOT
from tests.running_service import RunningService, running

NAME = "chapters.example.org"
_STARTED_WITHIN = 60

pytestmark = pytest.mark.slow


def documented(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/serving.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "chapters.pem", folder / "chapters.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    made += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    key.chmod(0o644)  # a proxy that gives up root must read it
    return certificate, key


def placed(text: str, service: RunningService, folder: Path) -> str:
    certificate, key = folder / "chapters.pem", folder / "chapters.key"
    places = {"/etc/ssl/chapters.pem": certificate, "/etc/ssl/chapters.key": key}
    for documented_place, place in places.items():
        text = text.replace(documented_place, str(place))
    return text.replace("http://127.0.0.1:8765", service.address).replace(
        "127.0.0.1:8765", service.address.removeprefix("http://")
    )


def nginx(service: RunningService, folder: Path, port: int) -> list[str]:
    server = placed(documented("nginx"), service, folder).replace("listen 443", f"listen 127.0.0.1:{port}")
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"pid {folder}/pid; error_log {folder}/log;\nuser root;\nevents {{}}\n"
    text += f"http {{ access_log off; {temporary}\n{server}\n}}\n"
    (folder / "nginx.conf").write_text(text)
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def caddy(service: RunningService, folder: Path, port: int) -> list[str]:
    site = placed(documented("caddy"), service, folder).replace(f"{NAME} {{", f"https://{NAME}:{port} {{")
    text = f"{{\n admin off\n auto_https disable_redirects\n storage file_system {folder}/caddy\n}}\n{site}"
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES: dict[str, Callable[[RunningService, Path, int], list[str]]] = {"nginx": nginx, "caddy": caddy}


@contextmanager
def proxied(command: list[str], port: int, folder: Path) -> Iterator[None]:
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
        try:
            _wait(process, port, folder)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + _STARTED_WITHIN
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the proxy did not start: {(folder / 'out').read_text()}")


@pytest.fixture(params=PROXIES)
def through(
    request: pytest.FixtureRequest, laid_out: Path, tmp_path: Path
) -> Iterator[tuple[RunningService, httpx.Client, Path]]:
    name = request.param
    if shutil.which(name) is None or shutil.which("openssl") is None:
        pytest.skip(f"{name} or openssl is not installed: apt-get install {name} openssl")
    workspace = tmp_path / "workspace"
    shutil.copytree(laid_out, workspace)
    certificate(tmp_path)
    with running(workspace, "--allow-host", NAME, "--proxy", "127.0.0.1") as service:
        port = free_port()
        trusted = ssl.create_default_context(cafile=str(tmp_path / "chapters.pem"))
        with proxied(PROXIES[name](service, tmp_path, port), port, tmp_path):
            transport = _ByName(port, trusted)
            with httpx.Client(base_url=f"https://{NAME}:{port}", transport=transport, timeout=60) as client:
                yield service, client, workspace


class _ByName(httpx.BaseTransport):
    """Finds the name on this machine, as a resolver would, and checks the certificate for it."""

    def __init__(self, port: int, trusted: ssl.SSLContext) -> None:
        self._port = port
        self._inner = httpx.HTTPTransport(verify=trusted)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        address = request.url.copy_with(host="127.0.0.1", port=self._port)
        request.extensions["sni_hostname"] = NAME
        return self._inner.handle_request(
            httpx.Request(
                request.method, address, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )


def test_a_person_signs_in_over_tls(through: tuple[RunningService, httpx.Client, Path]) -> None:
    service, client, workspace = through
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    answer = client.post("/sign-in", data={"key": service.first_key}, headers=forged)
    assert answer.status_code == 303, answer.text
    assert answer.headers["set-cookie"].startswith("__Host-errata=") and "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] and answer.headers["content-security-policy"]
    cookie = answer.headers["set-cookie"].partition(";")[0]
    page = client.get("/", headers={"Cookie": cookie})
    token = re.search(r'csrf-token" content="(\w+)"', page.text)
    assert page.status_code == 200 and token is not None
    origin = {"Cookie": cookie, "Origin": str(client.base_url).rstrip("/"), "X-CSRF-Token": token[1]}
    assert client.post("/sign-out", headers=origin).status_code == 303
    entries = json.loads(errata("audit", "-w", workspace, "--json").stdout)
    assert {entry["address"] for entry in entries if entry["act"] == "POST /sign-in"} == {"127.0.0.1"}


def test_what_the_service_refuses_comes_through(through: tuple[RunningService, httpx.Client, Path]) -> None:
    _, client, _ = through
    assert client.get("/").json()["status"] == 401
    assert client.post("/sign-in", content=b"a" * 21_000_000).status_code == 413
    assert client.get("/%2e%2e/%2e%2e/etc/passwd").status_code in (400, 404)
    assert client.get("/", headers={"Host": "evil.test"}).status_code in (200, 421), "Caddy answers nothing itself"


def test_what_is_said_in_a_stream_is_heard_at_once(through: tuple[RunningService, httpx.Client, Path]) -> None:
    service, client, _ = through
    client.headers["Authorization"] = f"Bearer {service.first_key}"
    stream = client.post("/v1/streams", json={}).json()["stream"]
    line = {"start": 0.0, "end": 5.0, "text": "Good evening."}
    with client.stream("GET", f"/v1/streams/{stream}/events?lines=true") as heard:
        lines = heard.iter_lines()
        assert next(lines).startswith(":"), "the answer has begun"
        assert client.post(f"/v1/streams/{stream}/lines", json={"position": 0, "lines": [line]}).status_code == 200
        assert "Good evening." in next(one for one in lines if one.startswith("data:")), "and no proxy keeps it back"
