"""`errata show ID`: all that is known of one talk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.file_names import ITEMS
from errata.documents.outcome import NO_OUTCOME
from errata.documents.scored_items import ScoredItemRow, write_scored_items
from errata.domain.prediction import Prediction
from errata.settings import FILE
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_record import add, chapters, correction, misheard, talk


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Workspace:
    (tmp_path / FILE).touch()
    with record.write() as store:
        seq = store.transcripts.add(talk("garden-1", channel="garden"), "train").seq
        store.transcripts.add(misheard(talk("garden-1"), "garden-1-copy"), "anchor")
        asked = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", chapters(0, 50), ("a line is torn",)))
        store.corrections.add(correction(seq, chapters(0, 40), "ann", prediction=asked.seq))
        store.nights.begin("n1", 0, store.watermark())
        store.nights.finish(replace(NO_OUTCOME, night="n1", verdict="bootstrap"))
    row = ScoredItemRow(
        night="n1",
        part="fresh",
        name="champion",
        model="m" * 64,
        transcript=seq,
        external_id="garden-1",
        channel="garden",
        correction=4,
        kind="edit",
        reviewer="ann",
        f1=66.7,
        equal_split_f1=20.0,
        reference="[]",
        prediction="[]",
    )
    write_scored_items(tmp_path / "nights" / "n1" / ITEMS, [row, replace(row, transcript=99)])
    return Workspace.find(tmp_path)


def test_it_tells_what_was_answered_said_and_scored_in_order(workspace: Workspace) -> None:
    said = in_this_process("show", "garden-1", "-w", workspace.root).stdout
    order = (
        "Talk garden-1",
        "channel     garden",
        "garden-1-copy",
        "prediction 3",
        "a line is torn",
        "edit 4",
        "label",
    )
    assert sorted(order, key=said.index) == list(order)
    assert "role        anchor (its own was train; a twin's is stricter)" in said
    assert "66.7" in said and "bootstrap" in said
    assert max(map(len, said.splitlines())) <= 80


def test_json_has_the_same_without_the_words(workspace: Workspace) -> None:
    view = json.loads(in_this_process("show", "garden-1", "-w", workspace.root, "--json").stdout)
    assert (view["own_role"], view["role"], view["twins"]) == ("train", "anchor", ["garden-1-copy"])
    assert [event["kind"] for event in view["events"]] == ["edit"] and view["label"]["correction"] == 4
    assert [(score["night"], score["f1"]) for score in view["scores"]] == [("n1", 66.7)]
    assert "text" not in view


def test_text_prints_the_words(workspace: Workspace) -> None:
    lines = in_this_process("show", "garden-1", "--text", "-w", workspace.root).stdout.splitlines()
    assert len(lines) == 12 and lines[1].startswith("00:00:10 ")


def test_an_unknown_id_suggests_the_nearest(workspace: Workspace) -> None:
    done = in_this_process("show", "gardn-1", "-w", workspace.root, check=False)
    assert done.returncode == 3 and "the nearest are 'garden-1', 'garden-1-copy'" in done.stderr
    done = in_this_process("show", "zzzz", "-w", workspace.root, check=False)
    assert done.returncode == 3 and "import it first" in done.stderr


def test_what_people_differ_on_has_no_label(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        store.corrections.add(correction(1, chapters(0, 70), "bob"))
    view = json.loads(in_this_process("show", "garden-1", "-w", workspace.root, "--json").stdout)
    assert (view["label"], view["unlabelled"]) == (None, "conflict")
    assert "reviewers differ" in in_this_process("show", "garden-1", "-w", workspace.root).stdout


def test_a_talk_of_which_nothing_was_said_has_none(record: Record, tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    add(record, talk("bare"))
    said = in_this_process("show", "bare", "-w", tmp_path).stdout
    assert "nobody has said anything of it" in said and "scores" not in said
