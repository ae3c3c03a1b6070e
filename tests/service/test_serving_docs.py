"""The lines of docs/serving.md that call the API, as they stand there, against a running service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from tests.conftest import ROOT
from tests.stub_serving import stub_serving

CURLS = re.findall(r"^    (curl -X .*?)\n(?!      )", (ROOT / "docs/serving.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def service(workspace: Workspace) -> Iterator[str]:
    with stub_serving(workspace) as address:
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_curl_of_the_page_is_answered(workspace: Workspace, service: str, tmp_path: Path) -> None:
    assert len(CURLS) >= 3
    key = add_key(workspace, "app", "predictor", "tests").key
    known = {"prediction": "", "stream": ""}
    for curl in CURLS:
        answered = {name.upper(): value for name, value in known.items()}
        environment = {**os.environ, **answered, "ERRATA": service, "KEY": key, "no_proxy": "*"}
        done = subprocess.run(  # noqa: S602 - the page's own lines, for a shell
            curl.replace("curl ", "curl -sS --fail-with-body ", 1),
            shell=True,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, f"{curl}\n{done.stdout}{done.stderr}"
        known = {name: json.loads(done.stdout).get(name, value) for name, value in known.items()}


def test_the_unit_is_one(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    found = re.search(r"```ini\n(.*?)```", (ROOT / "docs/serving.md").read_text(), re.DOTALL)
    assert found is not None
    unit = tmp_path / "errata.service"
    unit.write_text(found[1].replace("/opt/errata/.venv/bin/errata", "/bin/true").replace("User=errata", "User=root"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "errata.service" not in done.stderr, done.stderr
