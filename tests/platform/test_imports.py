"""Transcripts into the record, through the command line: what is new, what is known, and what is refused by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from errata.cli.app import run
from errata.database.record import Record
from errata.database.store import Store
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow
from errata.operations.importing import import_corrections, import_rows, import_transcripts
from errata.workspace import Workspace
from tests.made_up_record import talk
from tests.platform.importing import EDIT, empty_workspace, errata, imported, label, reviews


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("NO_COLOR", "1")
    return empty_workspace(tmp_path / "workspace")


def both_files(folder: Path, talks: list[Transcript], **changes: dict[str, Any]) -> Path:
    """chapter-llama's two files; `changes` alters the metadata of a talk."""
    metadata: dict[str, Any] = {
        each.external_id: {
            "duration": each.duration,
            "title": each.title,
            "channel_id": each.channel,
            "chapters": {"0": "Opening", "50": "Soil"},
            **changes.get(each.external_id, {}),
        }
        for each in talks
    }
    speech = {
        each.external_id: {
            "text": [s.text for s in each.segments],
            "start": [s.start for s in each.segments],
            "end": [s.end for s in each.segments],
        }
        for each in talks
    }
    folder.mkdir(exist_ok=True)
    (folder / "chapters.json").write_text(json.dumps(metadata))
    (folder / "asrs.json").write_text(json.dumps(speech))
    return folder


def test_transcripts_go_in_once_with_their_chapters_as_references(workspace: Workspace, tmp_path: Path) -> None:
    folder = both_files(tmp_path / "talks", [talk("t"), talk("u")], u={"chapters": {}})
    assert imported(workspace, "transcripts", folder) == {
        "read": 2,
        "new": 2,
        "duplicate": 0,
        "rejected": 0,
        "left_out": {},
        "rejects_file": None,
        "reasons": [],
        "shown": {},
        "adjustments": {},
        "unread": {},
        "undated": 0,
        "joined": {"talks": 0, "groups": 0, "held_out": 0},
    }
    found = label(workspace)
    assert found is not None
    assert (found.kind, found.reviewer, [c.start for c in found.chapters]) == ("reference", "", [0.0, 50.0])
    assert label(workspace, "u") is None, "an empty list says that none are known"
    again = imported(workspace, "transcripts", folder)
    assert (again["new"], again["duplicate"]) == (0, 2)
    with workspace.record.read() as store:
        assert store.counts() == {"transcripts": 2, "predictions": 0, "corrections": 1, "leak_links": 0}


def test_a_role_that_is_declared_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    errata(workspace, "import", "transcripts", both_files(tmp_path / "talks", [talk("t")]), "--role", "sealed")
    found = label(workspace)
    assert found is not None and found.role == "sealed"
    refused = errata(workspace, "import", "transcripts", tmp_path / "talks", "--role", "train")
    assert refused.exit_code == 2, "nothing may be declared fit for training"


def test_a_talk_that_may_train_can_not_be_declared_held_out_afterwards(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("open"), "train")
        store.transcripts.add(talk("held"), "sealed")
        with pytest.raises(BadInput, match=r"'open' came as 'train', .* can't become 'anchor'"):
            store.transcripts.add(talk("open"), "anchor")
        assert not store.transcripts.add(talk("held"), "dev").new, "stricter than was asked"
        assert not store.transcripts.add(talk("open"), "train").new


def test_a_refused_transcript_is_mended_and_imported(workspace: Workspace, tmp_path: Path) -> None:
    folder = both_files(tmp_path / "talks", [talk("t"), talk("u")], u={"chapters": {"500": "Late"}})
    done = errata(workspace, "import", "transcripts", folder)
    assert done.exit_code == 2
    assert "1 new" in done.stdout and "1 rejected" in done.stdout
    (path,) = (workspace.root / "rejects").iterdir()
    assert str(path) in done.stderr, "it says what to mend"
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert row["video_id"] == "u" and "500" in row["_rejected"]["reason"]
    row["metadata"]["chapters"] = {"50": "Late"}
    mended = reviews(tmp_path / "mended.jsonl", row)
    assert errata(workspace, "import", "transcripts", mended).exit_code == 0
    found = label(workspace, "u")
    assert found is not None and found.chapters[0].title == "Late"


def test_a_list_of_chapters_is_a_reference_however_it_came(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "t.vtt").write_text("WEBVTT\n\n00:00.000 --> 02:00.000\nclay and water\n")
    (folder / "t.chapters.txt").write_text("00:00:00.000 Clay\n00:01:00.000 Wheel\n")
    assert imported(workspace, "transcripts", folder)["new"] == 1
    report = imported(workspace, "corrections", folder / "t.chapters.txt")
    assert (report["new"], report["duplicate"], report["shown"]) == (0, 1, {})
    (folder / "t.chapters.txt").write_text("00:00:00.000 Clay\n00:01:30.000 Kiln\n")
    assert imported(workspace, "corrections", folder)["new"] == 1
    found = label(workspace)
    assert found is not None and (found.kind, [c.title for c in found.chapters]) == ("reference", ["Clay", "Kiln"])
    imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", EDIT))
    found = label(workspace)
    assert found is not None and found.reviewer == "ann", "a person outranks a list"


def test_a_batch_that_was_interrupted_is_completed_by_the_same_command(workspace: Workspace, tmp_path: Path) -> None:
    talks = [talk(f"t{number}", lines=6) for number in range(60)]
    imported(workspace, "transcripts", both_files(tmp_path / "begun", talks[:17]))
    report = imported(workspace, "transcripts", both_files(tmp_path / "talks", talks))
    assert (report["read"], report["new"], report["duplicate"]) == (60, 60 - 17, 17)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "corrections", "absent.jsonl"], 2, "absent.jsonl"),
        (["import", "transcripts", "absent"], 2, "absent"),
        (["import", "corrections", "r.jsonl", "--until", "soon"], 2, "'soon'"),
        (["import", "corrections", "r.jsonl", "-w", "elsewhere"], 3, "errata init"),
    ],
)
def test_a_file_that_can_not_be_read_is_one_sentence_and_an_exit_code(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    reviews(workspace.root / "r.jsonl", EDIT)
    monkeypatch.chdir(workspace.root)
    monkeypatch.setattr(sys, "argv", ["errata", *words])
    with pytest.raises(SystemExit) as left:
        run()
    printed = capsys.readouterr()
    assert left.value.code == code
    assert printed.out == ""
    assert said in printed.err and printed.err.count("\n") == 1


def test_the_real_talks_hold_49_pairs_of_twins_and_take_all_reviews(record: Record, shared: Path) -> None:
    folder = shared / "data" / "talks"
    none, places = folder / "none", ((folder, 100), (folder / "reviews", 52))
    for place, count in places:
        found = import_transcripts(record, place, none)
        assert (found.read, found.new, found.rejected) == (count, count, 0)
    reviewed = folder / "reviews" / "reviews.jsonl"
    found = import_corrections(record, reviewed, none)
    assert (found.read, found.new, found.rejected) == (52, 52, 0)
    with record.read() as store:
        counts, watermark = store.counts(), store.watermark()
        groups = {store.leak_groups.of(each.transcript, watermark) for each in store.labels.between(0, watermark)}
    assert counts["leak_links"] == 49
    assert sorted({len(group.hashes) for group in groups}) == [1, 2], "a talk has one copy at most"
    assert sum(len(group.hashes) == 2 for group in groups) == 49
    for place, count in places:
        found = import_transcripts(record, place, none)
        assert (found.new, found.duplicate) == (0, count)
    assert import_corrections(record, reviewed, none).duplicate == 52
    with record.read() as store:
        assert (store.counts(), store.watermark()) == (counts, watermark)


def test_an_import_that_takes_long_gives_others_their_turns(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.operations.importing.TURN_SECONDS", 0.0)
    rows: list[ImportedTranscript | Rejected] = [
        ImportedTranscript(talk(f"t{number}"), None, SourceRow("talks.txt", number, None)) for number in range(3)
    ]
    rows.insert(1, Rejected("talks.txt", 9, "it is no talk", None))
    seen = []

    def add(store: Store, imported: ImportedTranscript) -> bool:
        with record.read() as reader:
            seen.append(reader.counts()["transcripts"])
        return store.transcripts.add(imported.transcript).new

    report = import_rows(record, iter(rows), add, tmp_path / "rejects.jsonl")
    assert seen == [0, 1, 2], "each row is there for others before the next is taken"
    assert (report.read, report.new, report.rejected) == (4, 3, 1)
