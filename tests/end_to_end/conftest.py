"""The command line as people run it: in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from errata.loop.init import init
from tests.command_line import Done, Errata, in_a_process, json_of
from tests.conftest import ROOT
from tests.made_up_old_workspace import OldWorkspace


@pytest.fixture(scope="session")
def errata() -> Errata:
    return in_a_process


@pytest.fixture(scope="session")
def as_json(errata: Errata) -> Callable[..., Any]:
    return json_of(errata)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*pip, "--wheel-dir", folder, ROOT], check=True)
    return next(folder.glob("errata-*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Errata:
    """`errata` of the wheel alone, in an environment of its own that borrows the libraries of this one."""
    folder = tmp_path_factory.mktemp("Träger eins")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True)
    own = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib"))  # its own .pth, the checkout's, isn't read
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"NO_COLOR": "1"}

    def run(*words: str | Path, check: bool = True) -> Done:
        command = [str(folder / "venv" / "bin" / "errata"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
        assert done.returncode == 0 or not check, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def promoted_workspace(tmp_path_factory: pytest.TempPathFactory) -> OldWorkspace:
    """With a promotion of `second`, whose server export ships, and MLflow told of all."""
    old = OldWorkspace(tmp_path_factory.mktemp("promoted") / "workspace")
    init(old.place.root)
    return old


@pytest.fixture
def place(promoted_workspace: OldWorkspace) -> Iterator[OldWorkspace]:
    yield promoted_workspace
    init(promoted_workspace.place.root)  # what a test moved in MLflow goes back


@pytest.fixture
def released(place: OldWorkspace) -> Iterator[Callable[[str], None]]:
    """Sets parameters of the group `release`, for the test."""
    params = place.place.root / "params.yaml"
    before = params.read_text()

    def release(values: str) -> None:
        params.write_text(f"{before}release: {{{values}}}\n")

    yield release
    params.write_text(before)
