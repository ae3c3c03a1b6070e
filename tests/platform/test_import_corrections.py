"""Reviews into the record, through the command line: what is new, what a review is of, and what is refused by name."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from errata.domain.prediction import Prediction
from errata.formats import out_reviews, review_detect, sheet
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.workspace import Workspace
from tests.made_up_record import chapters, talk
from tests.platform.importing import ACCEPT, EDIT, empty_workspace, errata, imported, label, reviews

DRAFT = [{"start": 0, "title": "Opening"}]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("NO_COLOR", "1")
    return empty_workspace(tmp_path / "workspace")


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


def test_a_field_that_no_review_has_is_named_once_and_a_review_without_a_day_is_taken_and_counted(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.write() as store:
        for name in "tuvw":
            store.transcripts.add(talk(name))
    undated = {name: value for name, value in EDIT.items() if name != "reviewed_on"}
    misspelt = [{**undated, "video_id": name, "reviewed_at": "2026-05-01"} for name in "tu"]
    dated = {**EDIT, "video_id": "v", "reviewed_on": "2026-01-01"}
    later = {**EDIT, "video_id": "w", "reviewed_on": "2026-05-01"}
    path = reviews(tmp_path / "reviews.jsonl", *misspelt, dated, later)
    done = errata(workspace, "import", "corrections", path, "--until", "2026-03-01")
    said = " ".join(done.stdout.split())
    assert done.exit_code == 0 and "3 new" in said and "1 reviewed later" in said
    named = "in 2 reviews the field 'reviewed_at' is none that a review has (do you mean reviewed_on?): not read"
    assert said.count("reviewed_at") == 1 and named in said
    assert "2 new corrections have no day and were taken, made by 2026-03-01 or not" in said
    again = json.loads(errata(workspace, "import", "corrections", path, "--json").stdout)
    assert (again["new"], again["unread"], again["undated"]) == (1, {"reviewed_at": 2}, 0)


def test_what_goes_out_for_review_has_no_field_that_is_named_when_it_comes_back(tmp_path: Path) -> None:
    task = ReviewTask(talk("t"), chapters(0, 60), "key", "model")
    out_reviews.write(tmp_path / "tasks.jsonl", [task])
    sheet.write(tmp_path / "tasks.csv", [task])
    with (tmp_path / "tasks.csv").open(encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    with (tmp_path / "noted.csv").open("w") as file:
        csv.writer(file).writerows([[*header, "notes"], *([*row, "good"] for row in rows)])

    def unread(name: str) -> list[tuple[str, ...]]:
        return [row.unread for row in review_detect.reviews(tmp_path / name).rows if isinstance(row, Review)]

    assert unread("tasks.jsonl") == unread("tasks.csv") == [()]
    assert unread("noted.csv") == [("notes",)]
