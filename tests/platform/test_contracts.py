"""Who may import whom: the contracts hold, forbid what their names say, and forget no module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = {"errata": "platform/errata", "retrain": "retrain", "evaluation": "evaluation", "registry": "registry"}


def lint(root: Path) -> str:
    """What import-linter finds broken, by the contract's name; empty where all is kept."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "platform"), str(root)])}
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    assert "Broken contracts" in done.stdout, done.stdout + done.stderr
    return " ".join(done.stdout.partition("Broken contracts")[2].split())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's code, to break contracts in."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    for place in PACKAGES.values():
        shutil.copytree(ROOT / place, root / place, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    return root


@pytest.fixture
def added(copy: Path) -> Iterator[Path]:
    """A module that the copy has for one test; its text is the test's."""
    yield copy
    for path in copy.rglob("newcomer.py"):
        path.unlink()


def test_the_contracts_hold() -> None:
    assert lint(ROOT) == ""


def test_a_new_room_of_the_platform_must_be_given_its_place(added: Path) -> None:
    (added / "platform" / "errata" / "newcomer.py").touch()
    assert "not listed as layers: - errata.newcomer" in lint(added)


@pytest.mark.parametrize(
    ("package", "imported", "contract"),
    [
        ("platform/errata/domain", "errata.files", "inside the platform"),
        ("platform/errata/documents", "errata.database.store", "inside the platform"),
        ("platform/errata/inference", "errata.operations.status", "inside the platform"),
        ("platform/errata/operations", "errata.loop.night", "inside the platform"),
        ("platform/errata/cli", "registry.gate", "its roof aside"),
        ("platform/errata/operations", "evaluation.items", "its roof aside"),
        ("evaluation/report", "errata.loop.night_report", "stand on inference and what is below it"),
        ("registry/export", "errata.operations.status", "stand on inference and what is below it"),
        ("evaluation", "retrain.mix", "evaluation imports errata alone"),
        ("retrain", "evaluation.items", "retrain imports errata, and evaluation.metrics alone"),
        ("registry", "retrain.mix", "registry imports errata and evaluation"),
        ("registry", "mlflow", "mlflow is imported where registry tells it alone"),
    ],
)
def test_a_new_module_is_under_them(added: Path, package: str, imported: str, contract: str) -> None:
    (added / package / "newcomer.py").write_text(f"import {imported}\n")
    assert contract in lint(added)


def test_every_package_of_the_wheel_is_under_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES.values())
    assert project["tool"]["importlinter"]["root_packages"] == list(PACKAGES)
