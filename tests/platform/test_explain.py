"""`errata explain ID`: where a talk has gone, from its import to training, and why not further."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.document import write_document
from errata.documents.file_names import AUGMENTED, LEFT_OUT, MIXTURE, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.stage_reports import MixtureReport
from errata.loop.explain import DrawnRow, explain
from errata.settings import FILE
from errata.workspace import Workspace
from retrain import augment, curate
from retrain.row_index import read_index, write_index
from retrain.snapshot import snapshot
from tests.command_line import in_this_process
from tests.made_up_params import write_params
from tests.made_up_record import add, chapters, correction, misheard, talk


@pytest.fixture
def workspace(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """After the stages of a night; the mixture is of two talks, one of them replayed with a copy."""
    (tmp_path / FILE).touch()
    for name in ("kept", "replayed", "idle"):
        add(record, talk(name, channel="Gardens"), "train", 0, 40, 80)
    add(record, talk("held"), "train", 0, 40)
    add(record, misheard(talk("held"), "strict"), "sealed")
    with record.write() as store:
        store.corrections.add(correction(store.transcripts.find("kept"), chapters(0, 30)))
        watermark = store.watermark()
    add(record, talk("fresh"), "train", 0, 40)
    add(record, talk("silent"), "train")
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, augment={"share": 1.0}, curate={"sources": {"Gardens": {"weight": 0.5}}})
    Night("n1", watermark, watermark, "d", "d", 0, "", 0, "c").write(tmp_path)
    snapshot(record, SNAPSHOT, watermark)
    curate.main()
    augment.main()
    rows = read_index(AUGMENTED / ROWS)
    names = list(zip(rows["external_id"].to_pylist(), rows["altered"].to_pylist(), strict=True))
    drawn = [names.index(("kept", "")), *(place for place, (name, _) in enumerate(names) if name == "replayed")]
    write_index(MIXTURE / ROWS, rows.take(drawn))
    report = MixtureReport(new=1, replayed=2, examples=2, tokens=9, labels=3, left_out=1)
    write_document(MIXTURE / STAGE_REPORT, report)
    seq = rows["transcript"].to_pylist()[drawn[0]]
    fault = {"external_id": "kept", "transcript": seq, "reason": "it takes 600 tokens, more than the context of 512"}
    (MIXTURE / LEFT_OUT).write_text(json.dumps(fault) + "\n")
    return Workspace.find(tmp_path)


def test_a_talk_is_followed_through_the_stages(workspace: Workspace) -> None:
    kept, trace = explain(workspace, "kept"), explain(workspace, "kept").trace
    assert [(event.kind, event.counts) for event in kept.events] == [("edit", False), ("edit", True)]
    assert trace is not None and trace.is_curated and not trace.left_out
    assert trace.drawn == (DrawnRow("", True, 0.5),)
    assert "600 tokens" in trace.examples_left_out[0]
    again = explain(workspace, "replayed").trace
    assert again is not None
    assert [(row.altered, row.is_new) for row in again.drawn] == [("", False), (again.copies[0], False)]


def test_each_stop_has_its_reason(workspace: Workspace) -> None:
    def said(name: str) -> str:
        return " ".join(in_this_process("explain", name, "-w", workspace.root).stdout.split())

    assert "role sealed, for its twin strict is; its own was train" in said("held")
    assert "left out: its leak group is held out (sealed)" in said("held")
    assert "not drawn" in said("idle")
    assert "is a fresh item first, and may train the night after" in said("fresh")
    assert "none: nobody has said anything of it" in said("silent") and "nothing to train on by then" in said("silent")
    assert "again, in the replay, with the weight 0.5" in said("replayed")
    assert "1 window not learnt from" in said("kept") and "as new" in said("kept")
    assert "learnt by no model" in said("kept") and "scored on no night" in said("kept")


def test_it_fits_a_terminal_and_is_one_document(workspace: Workspace) -> None:
    lines = in_this_process("explain", "held", "-w", workspace.root).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    document = json.loads(in_this_process("explain", "held", "-w", workspace.root, "--json").stdout)
    assert document["trace"]["left_out"] == "its leak group is held out (sealed)"
    assert document["twins"] == [{"external_id": "strict", "own_role": "sealed"}]


def test_before_the_first_night_there_is_nothing_of_stages(record: Record, tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    add(record, talk("a"), "train", 0)
    assert explain(Workspace.find(tmp_path), "a").trace is None
