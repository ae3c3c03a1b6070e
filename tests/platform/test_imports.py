"""Outside files into the record, through the command line: what is new, what is known, and what is refused by name."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from typer.testing import CliRunner, Result

from errata.cli.app import app, run
from errata.database.record import Record
from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.operations.importing import import_corrections, import_transcripts
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_record import chapters, talk

DRAFT = [{"start": 0, "title": "Opening"}]
EDIT = {"video_id": "t", "reviewer": "ann", "reviewed": [{"start": 30, "title": "Soil"}], "reviewed_on": "2026-03-02"}
ACCEPT = {"video_id": "t", "reviewer": "ann", "kind": "accept"}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A record and the settings: all that an import needs."""
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    made = Workspace.find(root)
    made.record.migrate()
    return made


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


def reviews(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def errata(workspace: Workspace, *words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "-w", str(workspace.root)], catch_exceptions=False)


def imported(workspace: Workspace, what: str, path: Path) -> dict[str, Any]:
    """The one JSON document that `--json` prints."""
    found: dict[str, Any] = json.loads(errata(workspace, "import", what, path, "--json").stdout)
    return found


def label(workspace: Workspace, name: str = "t") -> Label | None:
    with workspace.record.read() as store:
        found = {each.external_id: each for each in store.labels.between(0, store.watermark())}
    return found.get(name)


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


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**EDIT, "video_id": "nobody's"}, "nobody's"),
        ({**EDIT, "reviewed": [{"start": 181, "title": "Beyond"}]}, "Beyond"),
        ({**EDIT, "draft": [{"start": 500, "title": "Drafted beyond"}]}, "Drafted beyond"),
        (ACCEPT, "errata predict"),
        ({**EDIT, "reviewer": " "}, "reviewer"),
        ({**EDIT, "kind": "retract"}, "kind"),
        ({**EDIT, "reviewed_on": "yesterday"}, "yesterday"),
        ({**EDIT, "reviewer": "a" * 501}, "the reviewer's name has 501 characters"),
        ({**EDIT, "video_id": "t" * 1_000_000}, "the video's id has 1,000,000 characters"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_name(
    workspace: Workspace, tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    path = reviews(tmp_path / "reviews.jsonl", row, EDIT)
    done = errata(workspace, "import", "corrections", path, "--json")
    assert done.exit_code == 2
    report = json.loads(done.stdout)
    assert (report["read"], report["new"], report["rejected"]) == (2, 1, 1), "a bad row stops nothing"
    (refused,) = Path(report["rejects_file"]).read_text().splitlines()
    why = json.loads(refused)["_rejected"]
    assert said in why["reason"]
    assert (why["file"], why["row"]) == (str(path), 1)


def test_what_asks_for_nothing_is_counted_and_neither_read_nor_refused(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    area = {"type": "textarea", "from_name": "chapters", "id": "t", "value": {"text": ["0:00 Soil"]}}
    given: dict[str, Any] = {"id": 7, "completed_by": 3, "result": [area]}
    tasks = [
        {"id": number, "data": {"video_id": "t"}, "annotations": annotations}
        for number, annotations in enumerate([[given], [{**given, "was_cancelled": True}], [], []])
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    done = errata(workspace, "import", "corrections", path)
    assert done.exit_code == 0
    new = "1 new (1 whose draft isn't known)"
    assert " ".join(done.stdout.split()) == f"1 read: {new}, 0 known already, 0 rejected; 2 not reviewed; 1 skipped"
    report = imported(workspace, "corrections", path)
    assert (report["read"], report["duplicate"], report["left_out"]) == (1, 1, {"not reviewed": 2, "skipped": 1})


def test_why_rows_were_refused_is_said_once_a_reason_and_fits_the_terminal(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    absent = [{**EDIT, "video_id": f"Töpfe – {number}"} for number in range(8)]
    undated = [{**EDIT, "reviewed_on": f"on day {day}"} for day in (1, 2)]
    path = reviews(tmp_path / "r.jsonl", *undated, *absent, {**EDIT, "reviewed": None})
    done = errata(workspace, "import", "corrections", path, "--json")
    absence, dates, nothing = json.loads(done.stdout)["reasons"]
    assert (absence["reason"], absence["count"]) == ("there is no transcript '…' in the record; import it first", 8)
    assert [example["row"] for example in absence["examples"]] == [3, 4, 5]
    assert absence["examples"][0]["reason"] == "there is no transcript 'Töpfe – 0' in the record; import it first"
    assert (dates["count"], nothing["count"]) == (2, 1)
    assert "8× there is no transcript '…' in the record; import it first" in done.stderr
    assert "(line 3: Töpfe – 0; line 4: Töpfe – 1; line 5: Töpfe – 2; and 5 more)" in done.stderr
    assert f"1× {nothing['examples'][0]['reason']}" in " ".join(done.stderr.split())
    (place,) = (workspace.root / "rejects").iterdir()
    assert "'Töpfe – 7'" in place.read_text() and "\\u" not in place.read_text()
    assert all(len(line) <= 80 or str(place) in line for line in done.stderr.splitlines())


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_umlauts_are_the_same_however_they_are_composed(form: Any, workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk(normalize(form, "Töpfe")))
    rows = [{**EDIT, "video_id": normalize(other, "Töpfe")} for other in ("NFC", "NFD")]
    assert imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", *rows))["rejected"] == 0


def test_rejects_of_a_file_with_the_longest_name_have_a_name(workspace: Workspace, tmp_path: Path) -> None:
    file = reviews(tmp_path / ("ü" * 124 + ".jsonl"), {**EDIT, "video_id": "nobody"})
    places = [imported(workspace, "corrections", file)["rejects_file"] for _ in range(2)]
    assert places[0] == places[1] and Path(places[0]).is_file()


def test_refused_reviews_are_mended_and_imported(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    wrong = {**EDIT, "reviewed": [{"start": 1200, "title": "Beyond"}]}
    report = imported(workspace, "corrections", reviews(tmp_path / "reviews.jsonl", wrong))
    row = json.loads(Path(report["rejects_file"]).read_text())
    row["reviewed"][0]["start"] = 120
    mended = reviews(tmp_path / "mended.jsonl", row)
    assert imported(workspace, "corrections", mended)["new"] == 1, "the very end is not beyond it"
    assert imported(workspace, "corrections", mended)["duplicate"] == 1
    assert [c.start for c in label(workspace).chapters] == [120.0]


def test_chapters_after_the_last_words_are_placed_at_their_end_and_counted(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    late = [{"start": start, "title": f"at {start}"} for start in (30, 125, 140)]
    path = reviews(tmp_path / "r.jsonl", {**EDIT, "reviewed": late})
    done = errata(workspace, "import", "corrections", path)
    assert done.exit_code == 0
    assert "in 1 transcript 2 chapters began after the last words" in " ".join(done.stdout.split())
    found = label(workspace)
    assert found is not None
    assert [(chapter.start, chapter.title) for chapter in found.chapters] == [(30.0, "at 30"), (120.0, "at 125")]
    assert imported(workspace, "corrections", path)["duplicate"] == 1


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


def test_lines_of_a_description_that_mention_a_time_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    path = tmp_path / "t.txt"
    path.write_text("0:00 Clay\n0:30 Wheel\nKiln - 1:00\n\nLive every day at 10:30\n")
    done = errata(workspace, "import", "corrections", path)
    assert "in 1 transcript 1 line mentions a time and is no chapter" in " ".join(done.stdout.split())
    assert imported(workspace, "corrections", path)["adjustments"] == {"prose": {"transcripts": 1, "lines": 1}}


def test_rejects_of_another_day_and_half_mended_ones_are_never_written_over(
    workspace: Workspace, tmp_path: Path
) -> None:
    places = []
    for day, row in (("one", EDIT), ("two", ACCEPT), ("one", EDIT)):
        (tmp_path / day).mkdir(exist_ok=True)
        places.append(imported(workspace, "corrections", reviews(tmp_path / day / "r.jsonl", row))["rejects_file"])
    first, second, again = map(Path, places)
    assert first == again != second and "reviewed" in first.read_text() and "accept" in second.read_text()
    first.write_text(first.read_text().replace("30", "40"))
    third = imported(workspace, "corrections", tmp_path / "one" / "r.jsonl")["rejects_file"]
    assert "40" in first.read_text() and Path(third) not in (first, second)
    assert sorted(path.name for path in first.parent.iterdir()) == [
        "r-corrections-2.jsonl", "r-corrections-3.jsonl", "r-corrections.jsonl",
    ]  # fmt: skip


def test_a_review_is_imported_without_reading_the_text_that_it_is_of(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    shutil.rmtree(workspace.root / "blobs")
    beyond = {**EDIT, "reviewed": [{"start": 181, "title": "Beyond"}]}
    report = imported(workspace, "corrections", reviews(tmp_path / "reviews.jsonl", EDIT, beyond))
    assert (report["new"], report["rejected"]) == (1, 1)


def test_an_accept_is_of_the_newest_answer_of_ours(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        seq = store.transcripts.add(talk("t")).seq
        for name in "ab":
            store.predictions.add(Prediction(seq, name * 64, "inline@1", chapters(0, by=name)))
        newest = store.watermark()
        store.predictions.add(Prediction(seq, "foreign:other", "", chapters(0, by="theirs"), foreign=True))
    assert imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", ACCEPT))["new"] == 1
    found = label(workspace)
    assert found is not None
    assert (found.kind, found.prediction, found.chapters) == ("accept", newest, chapters(0, by="b"))
    with workspace.record.write() as store:
        store.predictions.add(Prediction(seq, "c" * 64, "inline@1", chapters(0, by="c")))
    assert imported(workspace, "corrections", tmp_path / "r.jsonl")["duplicate"] == 1, "whatever it would join by now"


def test_who_accepts_chapters_that_nobody_of_ours_gave_has_seen_another_answer(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.write() as store:
        seq = store.transcripts.add(talk("t")).seq
        store.predictions.add(Prediction(seq, "a" * 64, "inline@1", chapters(0, 50)))
    accepted = {**ACCEPT, "reviewed": [{"start": 30, "title": "Soil"}]}
    assert imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", accepted))["new"] == 1
    found = label(workspace)
    assert found is not None and (found.kind, found.prediction) == ("accept", None)


def test_who_accepts_has_seen_what_served_and_not_what_a_night_s_candidate_answered(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.write() as store:
        seq = store.transcripts.add(talk("t")).seq
        served = store.predictions.add(Prediction(seq, "a" * 64, "inline@1", chapters(0, by="a"))).seq
        store.predictions.add(Prediction(seq, "c" * 64, "inline@1", chapters(0, by="candidate")))
        store.aliases.assign_alias("champion", "a" * 64, "promote", "gate", None, None)
        store.aliases.assign_alias("champion", "b" * 64, "promote", "gate", None, None)
        store.aliases.assign_alias("challenger", "c" * 64, "waits", "gate", None, None)
    assert imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", ACCEPT))["new"] == 1
    found = label(workspace)
    assert found is not None
    assert (found.prediction, found.chapters) == (served, chapters(0, by="a"))


def test_a_draft_is_a_foreign_answer_that_the_review_corrects(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    imported(workspace, "corrections", reviews(tmp_path / "r.jsonl", {**EDIT, "draft": DRAFT, "draft_by": "machine"}))
    found = label(workspace)
    assert found is not None and found.prediction is not None
    with workspace.record.read() as store:
        draft = store.predictions.read(found.prediction)
        assert store.predictions.last_shown(found.transcript) is None
    assert draft.foreign and "machine" in draft.model
    assert [c.title for c in draft.chapters] == ["Opening"]


def test_history_is_imported_day_by_day(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    later = {**EDIT, "reviewed": [{"start": 60, "title": "Tools"}], "reviewed_on": "2026-03-05"}
    path = reviews(tmp_path / "r.jsonl", EDIT, later)
    both, second = {"reviewed later": 2}, {"reviewed later": 1}
    for day, *counts in (
        ("2026-03-01", 0, 0, both),
        ("2026-03-02", 1, 0, second),
        ("2026-03-05", 1, 1, {}),
        ("2026-03-09", 0, 2, {}),
    ):
        done = errata(workspace, "import", "corrections", path, "--until", day, "--json")
        report = json.loads(done.stdout)
        assert [report["new"], report["duplicate"], report["left_out"]] == counts, day
    done = errata(workspace, "import", "corrections", path, "--until", "2026-03-01")
    assert done.stdout == "0 read: 0 new, 0 known already, 0 rejected; 2 reviewed later\n"


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


def test_chapters_that_fall_on_one_line_are_said_once(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))  # a line lasts 10 s
    right = [{"start": start, "title": f"Part {start}"} for start in (0, 1, 2, 30)]
    path = reviews(tmp_path / "r.jsonl", {**EDIT, "reviewed": right})
    done = errata(workspace, "import", "corrections", path)
    assert "in 1 transcript 2 chapters fell on a line that had one: models see the first" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert imported(workspace, "corrections", path)["adjustments"] == {}, "it is known already"
    with workspace.record.read() as store:
        (label,) = store.labels.between(0, store.watermark())
        assert [chapter.start for chapter in label.chapters] == [0, 1, 2, 30], "what was said is kept"
