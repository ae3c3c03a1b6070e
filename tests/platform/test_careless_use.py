"""What careless and hostile people give us: each is one sentence and an exit code, and no terminal obeys it."""

from __future__ import annotations

import errno
import io
import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from errata.cli.app import run
from errata.database.record import Record
from errata.domain.chapter import Chapter
from errata.errors import BadInput, NotFound, Unavailable
from errata.inference.artefact import CARD, MANIFEST, Card, read_training_transcripts, seal, verify
from errata.loop.clear_workspace import clear_workspace
from errata.loop.deletion_target import DeletionTarget
from errata.loop.night_plan import begin_night
from errata.loop.stages import run_stages
from errata.operations.model_names import resolve_model
from errata.operations.reviewing import appoint
from errata.settings import FILE, read_settings
from errata.workspace import Workspace
from retrain.training_rows import read_rows
from tests.command_line import in_this_process
from tests.made_up_params import write_params
from tests.made_up_record import correction, talk

STAGES = (
    "retrain.snapshot",
    "retrain.curate",
    "retrain.augment",
    "retrain.mix",
    "retrain.train",
    "retrain",
    "evaluation.harness",
    "registry.export",
    "registry.parity",
    "registry",
)


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Workspace:
    """A folder with a record that the command line takes for a workspace."""
    (tmp_path / FILE).touch()
    write_params(tmp_path)
    return Workspace.find(tmp_path)


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_can_t_begin_says_why_in_one_sentence(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [stage])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(stage, run_name="__main__")
    said = capfd.readouterr().err
    assert end.value.code == NotFound.exit_code
    assert said.startswith("errata: ") and said.count("\n") == 1


def test_a_title_is_no_command_to_a_terminal(workspace: Workspace) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m[bold]title"
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"), "train")
        for name in ("ann\x1b[8m", "bob"):
            store.corrections.add(correction(1, (Chapter(0.0, f"{hostile} {name}"),), name))
    for words in (("conflicts",), ("reviewers",), ("status",)):
        done = in_this_process(*words, "-w", workspace.root)
        assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout)
    assert "[bold]title" in in_this_process("conflicts", "-w", workspace.root).stdout
    (conflict,) = json.loads(in_this_process("conflicts", "-w", workspace.root, "--json").stdout)
    assert conflict["sides"][0]["chapters"][0]["title"] == f"{hostile} ann\x1b[8m", "data stays as it is"


def test_a_terminal_without_our_letters_is_no_fault(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["errata", "status", "-w", str(workspace.root)])
    with pytest.raises(SystemExit) as end:
        run()
    assert not end.value.code
    out.flush()
    assert b"champion    \\u2013" in out.buffer.getvalue()


def test_an_argument_that_is_no_text_is_refused_before_any_database_sees_it() -> None:
    done = in_this_process("forget", "half a character: \udcff", "--by", "ann", "--why", "x", check=False)
    assert done.returncode == 2 and "not UTF-8" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("label", ["", "../x", "/x", ".", "..", "a'b", "a\nb", "a\x1b[2J", "x" * 61, "a/b", " "])
def test_a_night_s_label_is_a_name_and_no_path(workspace: Workspace, label: str) -> None:
    with pytest.raises(BadInput, match=r"^a night can't be called"):
        begin_night(workspace, label)
    assert begin_night(workspace, "Zweite Nacht: 2026-03-01").training_watermark == 0


@pytest.mark.parametrize("name", ["/nowhere/at/all", "**x", "../", "[", "abcd*", "", "abcdef0123456789.partial"])
def test_what_names_no_model_is_one_sentence(workspace: Workspace, name: str) -> None:
    (workspace.models / "abcdef0123456789.partial").mkdir(parents=True)
    with pytest.raises(NotFound, match="there is no model"):
        resolve_model(workspace, name)


def test_settings_in_another_encoding_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes('model_name = "Übung"'.encode("latin-1"))
    with pytest.raises(BadInput, match=r"errata\.toml is not TOML"):
        read_settings(tmp_path)


@pytest.mark.parametrize("damaged", ["", "[]", "3", '{"template": "inline"}', '{"template": "inline", "context": "x"}'])
def test_a_model_with_a_damaged_card_is_one_sentence(tmp_path: Path, damaged: str) -> None:
    (tmp_path / CARD).write_text(damaged)
    with pytest.raises((BadInput, NotFound), match=CARD):
        Card.read(tmp_path)


@pytest.mark.parametrize("damaged", ["", "[]", "3", '{"errata.json": 3}', '{"errata.json": {}}', '{"errata.json": []}'])
def test_a_model_with_a_damaged_manifest_is_one_sentence(tmp_path: Path, damaged: str) -> None:
    Card("inline", 512).write(tmp_path)
    seal(tmp_path)
    (tmp_path / MANIFEST).write_text(damaged)
    with pytest.raises(NotFound, match="no finished model"):
        verify(tmp_path)


@pytest.mark.parametrize("damaged", ["", "{", "3", "[3]"])
def test_a_model_that_does_not_say_what_it_has_seen_is_one_sentence(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "training_transcripts.json").write_text(damaged)
    with pytest.raises((BadInput, NotFound), match="training_transcripts"):
        read_training_transcripts(tmp_path)


@pytest.mark.slow
def test_what_is_wrong_with_the_pipeline_is_shown(
    laid_out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(laid_out, tmp_path / "workspace"))
    whole = (root / "dvc.yaml").read_text()
    (root / "dvc.yaml").write_text("stages: [")
    with pytest.raises(BadInput, match=r"dvc\.yaml isn't YAML .*copy the project's own over it: cp "):
        run_stages(root)
    (root / "dvc.yaml").write_text(whole.replace("cmd: python -m retrain.curate", "command: 3"))
    with pytest.raises(Unavailable, match="for the reason above"):
        run_stages(root)
    assert "'./dvc.yaml' validation failed" in capfd.readouterr().err


def test_nobody_is_appointed_by_a_name_that_no_index_takes(workspace: Workspace) -> None:
    for name, by in (("x" * 501, "ann"), ("bob", "x" * 501)):
        with pytest.raises(BadInput, match="501 characters"):
            appoint(workspace, name, "adjudicator", by)


def test_a_table_that_can_t_be_read_may_hold_what_is_to_be_forgotten(workspace: Workspace) -> None:
    target, scores = DeletionTarget("t", frozenset({1}), frozenset()), workspace.root / "scores" / "items.parquet"
    scores.parent.mkdir()
    scores.write_bytes(b"PAR1 cut short")
    assert target.is_in(scores.read_bytes())
    assert target.was_mixed(b"[") and target.was_mixed(b"3") and not target.was_mixed(b"[]")
    with pytest.raises(BadInput, match=r"items\.parquet can't be read, and so may hold it"):
        clear_workspace(workspace, target, [])


def test_rows_of_a_stage_that_are_cut_short_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadInput, match=rf"can't be read .*; delete {tmp_path} and run the night again"):
        read_rows(tmp_path / "rows.parquet")


def test_a_skipped_night_says_why_and_that_it_may_run_yet(workspace: Workspace) -> None:
    for _ in range(2):
        done = in_this_process("nightly", "--date", "quiet", "-w", workspace.root)
        assert "no correction is new" in done.stdout and "run it again when one is" in done.stdout
        assert "report" not in done.stdout


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on"),
        (OSError(errno.ENOSPC, "No space left on device", "/somewhere"), 5, "no space is left at /somewhere"),
        (OSError(errno.ENOSPC, "No space left on device"), 5, "no space is left; make room"),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), 5, "no space is left; make room"),
    ],
)
def test_who_is_interrupted_or_lacks_room_is_told_that_it_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: int, says: str
) -> None:
    def stop(_: Workspace) -> None:
        raise problem

    monkeypatch.setattr("errata.operations.status.loop_status", stop)
    done = in_this_process("status", "-w", workspace.root, check=False)
    assert done.returncode == code and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"errata: {says}")


def test_a_file_that_was_put_into_a_sealed_model_is_found_wherever_it_lies(tmp_path: Path) -> None:
    Card("inline", 512).write(tmp_path)
    identity = seal(tmp_path)
    (tmp_path / "below").mkdir()
    assert verify(tmp_path) == identity
    for name in ("extra.json", f"below/{CARD}"):
        (tmp_path / name).write_text("{}")
        with pytest.raises(NotFound, match=f"{name} was not sealed with its model"):
            verify(tmp_path)
        (tmp_path / name).unlink()


def test_a_lock_that_a_killed_git_has_left_is_named_in_one_sentence(laid_out: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(laid_out, tmp_path / "workspace"))
    (root / "new.txt").touch()
    (root / ".git" / "index.lock").touch()
    with pytest.raises(Unavailable, match=r"index\.lock': File exists\.") as refusal:
        Workspace(root).commit("x")
    assert "\n" not in str(refusal.value)
