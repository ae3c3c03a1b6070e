"""What comes next for a workspace: `init`, `status` and `doctor` say it, and other commands' refusals lead there."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import get_args

import pytest

from errata.cli.print_next_step import COMMANDS, REASONS
from errata.domain.prediction import Prediction
from errata.errors import NotFound
from errata.loop.judging import check_judges, grade_recall
from errata.loop.night_report import write_report
from errata.operations.next_step import NextStep, next_step
from errata.workspace import Workspace
from registry.promotion import install_day0
from tests.command_line import in_this_process
from tests.made_up_record import chapters, correction, talk

DAY0 = "d" * 64


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    found = Workspace.find(Path(shutil.copytree(laid_out, tmp_path / "Träger eins")))
    with found.record.write() as store:
        install_day0(store, DAY0, "test")
    return found


def test_each_step_follows_from_what_waits(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errata.loop.moved_aliases.with_mlflow", lambda _, status: status)

    def status_says() -> str:
        return in_this_process("status", "-w", workspace.root).stdout.splitlines()[-1]

    assert next_step(workspace) == "import"
    with workspace.record.write() as store:
        seq = store.transcripts.add(talk("one"), "train").seq
    assert next_step(workspace) == "predict"
    with workspace.record.write() as store:
        store.predictions.add(Prediction(seq, DAY0, "inline@1", chapters(0)))
    assert next_step(workspace) == "review"
    with workspace.record.write() as store:
        store.corrections.add(correction(seq, chapters(0, 50)))
    assert next_step(workspace) == "night"
    assert status_says() == f"errata nightly -w {shlex.quote(str(workspace.root))}"


def test_every_step_has_its_command() -> None:
    assert COMMANDS.keys() == REASONS.keys() == set(get_args(NextStep))


def test_a_report_before_the_first_night_says_how_to_run_one(workspace: Workspace) -> None:
    for label in (None, "2026-03-01"):
        with pytest.raises(NotFound, match="yet; run one: errata nightly -w"):
            write_report(workspace, label)


def test_a_forgotten_workspace_is_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = in_this_process("status", check=False)
    assert done.returncode == 3 and "name one with -w, or make one with: errata init DIR\n" in done.stderr


def test_a_folder_in_which_init_would_refuse_is_not_advised(tmp_path: Path) -> None:
    free, taken = tmp_path / "free", tmp_path / "taken"
    for folder in (free, taken):
        folder.mkdir()
    (taken / "talk.vtt").touch()
    with pytest.raises(NotFound, match=f"errata init {free}$"):
        Workspace.find(free)
    with pytest.raises(NotFound, match=r"errata init DIR$"):
        Workspace.find(taken)


def test_judges_that_nobody_named_are_one_sentence(workspace: Workspace) -> None:
    done = in_this_process("judges", "check", "-w", workspace.root, check=False)
    assert done.returncode == 3 and done.stdout == "" and "names no judges" in done.stderr
    with pytest.raises(NotFound, match="names no judges"):
        check_judges(workspace)
    with pytest.raises(NotFound, match="names no judges"):
        grade_recall(workspace, workspace.root, workspace.root, workspace.root)
