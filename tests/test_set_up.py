"""`make setup`: what pip is told holds for uv; an older, broken or contested `.venv` comes out right."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import set_up
from tests.conftest import ROOT

BACKEND = """
from pathlib import Path
from zipfile import ZipFile

def build_editable(folder, *_):
    name = "errata-0.1.0-py3-none-any.whl"
    with ZipFile(Path(folder) / name, "w") as wheel:
        wheel.writestr("errata.pth", str(Path.cwd()))
        wheel.writestr("errata-0.1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: errata\\nVersion: 0.1.0\\n")
        wheel.writestr("errata-0.1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("errata-0.1.0.dist-info/RECORD", "")
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


class Checkout:
    """Another project with this one's set-up, whose packages are empty and lie in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        shutil.copy(ROOT / "set_up.py", root)
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PROJECT)
        (root / "wheels").mkdir()
        for package in ("torch==2.13.0", "staying==1.0", "staying==2.0", "leaving==1.0", "own==1.0"):
            _write_wheel(root / "wheels", *package.split("=="))
        self.lock("torch==2.13.0", "staying==1.0", "leaving==1.0")
        self.environment = {**os.environ, "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(root / "wheels")}
        self.command = [sys.executable, str(root / "set_up.py")]

    def lock(self, *packages: str) -> None:
        (self.root / "requirements.lock").write_text("\n".join(packages) + "\n")

    def set_up(self) -> str:
        done = subprocess.run(self.command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def uv(self, *words: str) -> list[str]:
        command = [self.root / ".venv/bin/uv", "pip", *words, "--python", self.root / ".venv/bin/python"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def packages(self) -> set[str]:
        return {package for package in self.uv("freeze") if "==" in package and not package.startswith(("uv=", "pip="))}


def _write_wheel(folder: Path, name: str, version: str) -> None:
    about = f"{name}-{version}.dist-info"
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "Träger eins")


@pytest.mark.slow
def test_a_new_lock_file_brings_the_environment_up_to_date(checkout: Checkout) -> None:
    checkout.set_up()
    assert {"torch==2.13.0", "staying==1.0", "leaving==1.0"} <= checkout.packages()
    assert checkout.set_up() == "", "nothing is to be done"
    checkout.uv("install", "own==1.0")
    checkout.lock("torch==2.13.0", "staying==2.0")
    checkout.set_up()
    packages = checkout.packages()
    assert {"torch==2.13.0", "staying==2.0", "own==1.0"} <= packages
    assert not [package for package in packages if package.startswith("leaving")]


@pytest.mark.slow
def test_what_was_interrupted_or_lost_its_python_is_made_anew(checkout: Checkout) -> None:
    checkout.set_up()
    half = checkout.root / ".venv" / "half-made"
    half.touch()
    (checkout.root / ".venv" / ".ready").unlink()
    checkout.set_up()
    assert not half.exists()
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    checkout.set_up()
    assert "staying==1.0" in checkout.packages()


@pytest.mark.slow
def test_torch_comes_from_the_index_that_is_named_and_stays(checkout: Checkout) -> None:
    _write_wheel(checkout.root / "wheels", "torch", "2.13.0+cpu")
    checkout.set_up()
    assert "torch==2.13.0+cpu" in checkout.packages()
    mirror = checkout.root / "mirror" / "torch"
    mirror.mkdir(parents=True)
    _write_wheel(mirror, "torch", "2.13.0+cu1")
    name = next(mirror.glob("*.whl")).name
    (mirror / "index.html").write_text(f'<a href="{name.replace("+", "%2B")}">{name}</a>')
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=mirror.parent)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        checkout.environment["TORCH_INDEX"] = f"http://127.0.0.1:{server.server_port}"
        checkout.set_up()
        server.shutdown()
    assert "torch==2.13.0+cu1" in checkout.packages()
    del checkout.environment["TORCH_INDEX"]
    assert checkout.set_up() == ""
    checkout.lock("torch==2.13.0", "staying==2.0")
    checkout.set_up()
    assert {"torch==2.13.0+cu1", "staying==2.0"} <= checkout.packages()


@pytest.mark.slow
def test_two_at_once_wait_for_one_another(checkout: Checkout) -> None:
    both = [
        subprocess.Popen(checkout.command, env=checkout.environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [each.communicate()[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert sum("waiting for it" in each for each in said) == 1
    assert "staying==1.0" in checkout.packages()


@pytest.mark.slow
def test_a_package_that_cannot_be_had_ends_the_set_up_and_a_mended_lock_goes_on(checkout: Checkout) -> None:
    checkout.lock("torch==2.13.0", "absent==1.0")
    refused = subprocess.run(checkout.command, env=checkout.environment, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "absent" in refused.stderr
    assert "The set-up stopped for the reason above" in refused.stderr
    checkout.lock("torch==2.13.0", "staying==2.0")
    checkout.set_up()
    assert "staying==2.0" in checkout.packages()


def test_pip_s_configuration_holds_for_uv_but_for_what_uv_is_told_itself() -> None:
    listed = """:env:.cert='/env.pem'
:env:.disable-pip-version-check='1'
global.cert='/global.pem'
global.extra-index-url='https://one/simple\\nhttps://two/simple'
global.find-links='/a /b'
global.index-url='https://pip/simple'
install.find-links='/c'
"""
    settings = set_up.uv_settings(listed, {"UV_DEFAULT_INDEX": "https://uv/simple", "HOME": "/home"})
    assert settings == {
        "SSL_CERT_FILE": "/env.pem",
        "UV_INDEX": "https://one/simple https://two/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/c",
        "UV_DEFAULT_INDEX": "https://uv/simple",
        "HOME": "/home",
    }
    assert set_up.uv_settings("", {"HOME": "/home"}) == {"HOME": "/home"}


def test_torch_is_the_cpu_s_where_no_nvidia_driver_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(set_up, "NVIDIA", tmp_path / "version")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert set_up.torch_backend() == "cpu"
    (tmp_path / "nvidia-smi").touch(mode=0o755)
    assert set_up.torch_backend() == "auto"
    (tmp_path / "nvidia-smi").unlink()
    (tmp_path / "version").touch()
    assert set_up.torch_backend() == "auto"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert set_up.main() == 1
    assert "git is missing" in capfd.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    assert set_up.main() == 1
    assert f"python{sys.version_info[0]}.{sys.version_info[1]}-venv" in capfd.readouterr().err


@pytest.mark.parametrize("python", ["/nowhere/python3", "false"])
def test_a_python_that_does_not_fit_is_refused_in_one_sentence(python: str) -> None:
    done = subprocess.run(["make", "-s", "setup", f"PYTHON={python}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("Errata needs Python 3.11 or 3.12"), done.stderr


def test_the_lock_holds_all_that_the_project_asks_for() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    missing = [str(one) for one in asked if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))]
    assert not missing, "add to requirements.lock what pip freeze says of them"
