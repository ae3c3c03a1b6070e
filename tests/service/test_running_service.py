"""`errata serve` as a process, over real HTTP."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

from errata.operations.service_keys import add_first_key
from errata.workspace import Workspace
from tests.command_line import in_this_process as errata
from tests.running_service import running


def test_the_first_admin_s_key_is_printed_once_and_opens_the_door(laid_out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(laid_out, folder)
    with running(folder) as service:
        with service.client(service.first_key) as client:
            assert "Sign out" in client.get("/").text
        with service.client() as stranger:
            refused = stranger.get("/")
            assert refused.status_code == 401
            assert refused.headers["content-type"] == "application/problem+json"
            assert "Authorization: Bearer KEY" in refused.json()["detail"]
        assert service.first_key not in folder.joinpath("errata.db").read_bytes().decode("latin-1")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
    assert "Traceback" not in "".join(service.out)
    assert errata("audit", "-w", folder).stdout.count("keys add") == 1
    assert add_first_key(Workspace.find(folder), "tests") is None


def test_a_port_that_is_taken_is_one_sentence(laid_out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(laid_out, folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = errata("serve", "-w", folder, "--port", str(port), check=False)
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1 and "say another with --host or --port" in " ".join(done.stderr.split())
    assert not errata("keys", "list", "-w", folder, "--json").stdout.strip("[]\n "), "no key was made for nobody to see"
