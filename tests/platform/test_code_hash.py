"""Which code a night's results depend on: its hash is the checkout's own, wherever that lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from errata.loop.code_hash import PACKAGES, code_hash
from tests.conftest import ROOT

SOURCES = [ROOT / "platform" / "errata", *(ROOT / name for name in PACKAGES[1:])]


def checkout(folder: Path) -> list[Path]:
    """The product's code below `folder`, as it is installed here."""
    copies = []
    for source in SOURCES:
        copy = folder / source.name
        for path in source.rglob("*.py"):
            target = copy / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        copies.append(copy)
    return copies


def edited(packages: Iterable[Path], name: str) -> str:
    package = next(package for package in packages if package.name == name.partition("/")[0])
    with (package.parent / name).open("a") as file:
        file.write("# another line\n")
    return code_hash(packages)


@pytest.mark.parametrize("above", ["demo", "report", "cli", "somewhere"])
def test_the_folders_above_a_checkout_say_nothing_of_its_code(tmp_path: Path, above: str) -> None:
    packages = checkout(tmp_path / above / "errata" / "checkout")
    assert code_hash(packages) == code_hash()
    assert edited(packages, "errata/loop/gate_step.py") != code_hash()


@pytest.mark.parametrize(
    "name",
    [
        "errata/domain/chapter.py",
        "errata/loop/conclusion.py",
        "errata/operations/importing.py",
        "retrain/train.py",
        "evaluation/harness.py",
        "registry/gate.py",
    ],
)
def test_whatever_decides_counts(tmp_path: Path, name: str) -> None:
    assert edited(checkout(tmp_path), name) != code_hash()


@pytest.mark.parametrize(
    "name",
    ["errata/cli/app.py", "errata/demo/days.py", "errata/loop/night_report.py", "evaluation/report/page.py"],
)
def test_what_only_prints_or_shows_does_not(tmp_path: Path, name: str) -> None:
    assert edited(checkout(tmp_path), name) == code_hash()


def test_a_file_is_more_than_its_bytes(tmp_path: Path) -> None:
    """Two files that change places are other code."""
    packages = checkout(tmp_path)
    one, other = tmp_path / "registry" / "gate.py", tmp_path / "registry" / "policy.py"
    one.rename(tmp_path / "aside.py")
    other.rename(one)
    (tmp_path / "aside.py").rename(other)
    assert code_hash(packages) != code_hash()
