"""Documents that cannot lie: every command and every setting stands in them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import cast

import pytest
import typer
import yaml
from typer.core import TyperGroup

from errata.cli.ablate_app import ablate
from errata.cli.app import app
from errata.cli.connect_app import connecting
from errata.cli.import_app import importing
from errata.cli.judge_app import judges
from errata.cli.record_app import record
from errata.cli.release_app import release
from errata.cli.score_app import score
from errata.cli.service_app import keys, service
from errata.documents.ablation import Ablation
from errata.documents.outcome import Outcome
from errata.documents.recall import Recall
from errata.documents.seed_spread import SeedSpread
from errata.loop.compare import ModelComparison
from errata.operations.importing import ImportReport
from errata.operations.label_studio_sync import SyncReport
from errata.operations.predicting import PredictionRun
from errata.operations.review_tasks import TaskFile
from errata.operations.status import LoopStatus
from errata.settings import NAMES
from errata.tasks.templates import TEMPLATES
from errata.wording.glossary import GLOSSARY

DOCS = Path(__file__).parents[2] / "docs"
ROOT = DOCS.parent


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text()
    apps = (app, release, record, score, ablate, service)
    commands = [str(command.name) for each in apps for command in each.registered_commands]
    commands += [f"keys {command.name}" for command in keys.registered_commands]
    commands += [f"judges {command.name}" for command in judges.registered_commands]
    commands += [f"import {command.name}" for command in importing.registered_commands]
    commands += [f"connect {command.name}" for command in connecting.registered_commands]
    missing = [name for name in commands if f"errata {name}" not in text]
    assert not missing


def _options(group: TyperGroup, words: str = "errata") -> Iterator[tuple[str, str]]:
    """Each command with each of its long options, but for the workspace, which all have."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _options(command, f"{words} {name}")
        else:
            flags = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
            yield from ((f"{words} {name}", flag) for flag in flags if flag != "--workspace")


def test_every_option_stands_in_its_command_s_row() -> None:
    rows = [line for line in (DOCS / "cli.md").read_text().splitlines() if line.startswith("| `errata ")]
    options = list(_options(cast(TyperGroup, typer.main.get_command(app))))
    assert ("errata judges ask", "--contender") in options
    missing = [
        (command, flag)
        for command, flag in options
        if not any(re.match(rf"\| `{command}\b", row) and re.search(rf"{flag}\b", row) for row in rows)
    ]
    assert not missing


@pytest.mark.parametrize(
    ("command", "result"),
    [
        ("status", LoopStatus),
        ("import", ImportReport),
        ("nightly", Outcome),
        ("predict", PredictionRun),
        ("seeds", SeedSpread),
        ("ablate", Ablation),
        ("tasks", TaskFile),
        ("connect", SyncReport),
        ("judges recall", Recall),
        ("compare", ModelComparison),
    ],
)
def test_every_key_of_a_command_s_json_is_documented(command: str, result: type) -> None:
    entries = (DOCS / "cli.md").read_text().partition("## Stable JSON")[2].partition("\n## ")[0].split("\n- ")
    text = next(entry for entry in entries if f"`{command}`: " in entry)
    assert not [field.name for field in fields(result) if not re.search(rf"\b{field.name}\b", text)]


def test_every_setting_is_documented() -> None:
    text = (DOCS / "workspace.md").read_text()
    assert not [name for name in NAMES if name not in text]


def test_every_template_and_stage_is_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text()
    assert not [name for name in TEMPLATES if f"`{name}`" not in text]
    commands = [stage["cmd"] for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()]
    assert not [command for command in commands if command.split()[-1] not in text]


@pytest.mark.parametrize(
    ("page", "least"),
    [
        ("README.md", 10),
        ("docs/architecture.md", 10),
        ("docs/cli.md", 1),
        ("docs/gate.md", 3),
        ("docs/judges.md", 1),
        ("docs/measurements.md", 0),
        ("docs/workspace.md", 0),
    ],
)
def test_every_place_that_a_page_names_is_there(page: str, least: int) -> None:
    folders = "platform|errata|retrain|evaluation|registry|docs|tests"
    named = re.findall(rf"`((?:{folders})/[\w./-]*)`", (ROOT / page).read_text())
    assert len(named) >= least
    assert not [place for place in named if not (ROOT / place).exists()]


def _links(page: Path) -> Iterator[tuple[str, str, str]]:
    """Each link that leads to a file here: its page, the file from the root on, and the heading that it names."""
    for target, heading in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text()):
        if "://" not in target:
            file = (page.parent / target).resolve() if target else page
            yield page.name, str(file.relative_to(ROOT)), heading


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_that_git_keeps_and_to_a_heading_in_it() -> None:
    tracked = set(subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines())
    links = [link for page in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))) for link in _links(page)]
    assert ("reviewers.md", "docs/pictures/sheet.png", "") in links
    assert ("reviewers.md", "docs/cli.md", "files-that-are-read") in links
    assert not [link for link in links if link[1] not in tracked]
    assert not [link for link in links if link[2] and link[2] not in _anchors(ROOT / link[1])]


def test_every_name_that_the_map_gives_stands_in_the_file_beside_it() -> None:
    """`FORMATS`, of `kinds.py`; a `Source` (`evaluation/judges/request.py`): names of code, and the file after them."""
    table = (ROOT / "docs/architecture.md").read_text().partition("## Which file to open")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)` \(`([\w./-]+\.py)`", table)
    assert len(named) >= 3
    assert not [(name, file) for name, file in named if not re.search(rf"\b{name}\b", (ROOT / file).read_text())]


def test_the_glossary_is_the_one_that_reports_show() -> None:
    rows = [line.strip("| ").split(" | ", 1) for line in (DOCS / "glossary.md").read_text().splitlines()[5:]]
    assert dict(rows) == GLOSSARY
