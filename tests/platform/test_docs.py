"""Documents that cannot lie: every command and every setting stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from errata.cli.app import app, importing
from errata.cli.judge_app import judges
from errata.cli.record_app import record
from errata.cli.score_app import score
from errata.settings import NAMES
from errata.tasks.templates import TEMPLATES

DOCS = Path(__file__).parents[2] / "docs"
ROOT = DOCS.parent


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text()
    apps = (app, record, score)
    commands = [str(command.name) for each in apps for command in each.registered_commands]
    commands += [f"judges {command.name}" for command in judges.registered_commands]
    commands += [f"import {command.name}" for command in importing.registered_commands]
    missing = [name for name in commands if f"errata {name}" not in text]
    assert not missing


def test_every_setting_is_documented() -> None:
    text = (DOCS / "workspace.md").read_text()
    assert not [name for name in NAMES if name not in text]


def test_every_template_and_stage_is_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text()
    assert not [name for name in TEMPLATES if f"`{name}`" not in text]
    commands = [stage["cmd"] for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()]
    assert not [command for command in commands if command.split()[-1] not in text]


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_every_place_that_a_map_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:platform|retrain|evaluation|registry|docs|tests)/[\w./-]*)`", (ROOT / page).read_text())
    assert len(named) > 10
    assert not [place for place in named if not (ROOT / place).exists()]


def test_every_name_that_the_map_gives_stands_in_the_file_beside_it() -> None:
    """`FORMATS`, of `kinds.py`; a `Source` (`evaluation/judges/request.py`): names of code, and the file after them."""
    table = (ROOT / "docs/architecture.md").read_text().partition("## Which file to open")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)` \(`([\w./-]+\.py)`", table)
    assert len(named) >= 3
    assert not [(name, file) for name, file in named if not re.search(rf"\b{name}\b", (ROOT / file).read_text())]
