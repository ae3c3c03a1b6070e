"""What `pip install errata-*.whl` brings is enough: no file is read from a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.command_line import Errata
from tests.conftest import ROOT

SOURCES = {"platform/errata": "errata", "retrain": "retrain", "evaluation": "evaluation", "registry": "registry"}
PROJECT_FILES = ("migrations", "dvc.yaml", "params.yaml")


def _tracked(folder: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    expected = {path.replace(source, package, 1) for source, package in SOURCES.items() for path in _tracked(source)}
    expected |= {f"errata/_project/{path}" for name in PROJECT_FILES for path in _tracked(name)}
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == expected


@pytest.mark.slow
def test_a_wheel_alone_chapters_a_file(installed: Errata, tmp_path: Path) -> None:
    talk = tmp_path / "Gespräch über Bäume.srt"
    lines = ["Welcome to the show.", "Today we plant a tree.", "First the soil.", "And that is all for today."]
    cues = [f"{n + 1}\n00:00:{n * 9:02d},000 --> 00:00:{n * 9 + 8:02d},000\n{line}\n" for n, line in enumerate(lines)]
    talk.write_text("\n".join(cues))
    assert "0:00" in installed("chapters", talk).stdout


@pytest.mark.slow
def test_a_wheel_alone_makes_a_workspace_that_is_whole(installed: Errata, tmp_path: Path) -> None:
    installed("init", tmp_path / "ws")
    assert (tmp_path / "ws" / "dvc.yaml").read_bytes() == (ROOT / "dvc.yaml").read_bytes()
    assert installed("fsck", "-w", tmp_path / "ws").returncode == 0
