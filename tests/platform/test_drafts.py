"""Whether a reviewer was shown a draft, and whose: from the task that goes out to the label that comes back."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.domain.chapter import chapters_to_json
from errata.domain.correction import Correction, Label
from errata.domain.draft_draw import DraftDraw
from errata.domain.hashing import content_hash, sha256
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.formats import review_detect, reviews_jsonl
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected
from errata.inference.predictor import AnswerKey
from errata.operations import predicting
from errata.operations.importing import import_corrections, import_transcripts
from errata.operations.review_tasks import TaskFile, write_tasks
from errata.settings import FILE
from errata.tasks.template import Reading
from errata.workspace import Workspace
from tests.made_up_params import write_params
from tests.made_up_record import chapters, talk

CHAMPION, CHALLENGER = "d" * 64, "c" * 64
NAMES = tuple(f"talk {number}" for number in range(24))
RIGHT = chapters_to_json(chapters(0, 70, by="Right"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Talks answered by the champion and by a challenger that waits."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    write_params(root, review={"blind_share": 0.3})
    made = Workspace.find(root)
    made.record.migrate()
    with made.record.write() as store:
        for name in NAMES:
            seq = store.transcripts.add(talk(name, lines=8)).seq
            store.predictions.add(Prediction(seq, CHAMPION, "inline@1", chapters(0, 50, by="Champion")))
            store.predictions.add(Prediction(seq, CHALLENGER, "inline@1", chapters(0, 40, by="Challenger")))
        store.aliases.assign_alias("champion", CHAMPION, "promote", "test", None, None)
        store.aliases.assign_alias("challenger", CHALLENGER, "waits", "test", None, None)
    return made


def draw(workspace: Workspace) -> dict[str, tuple[str, bool]]:
    """Whose prediction each talk's task is made of, and whether it is blind."""
    drawn = DraftDraw((CHAMPION, CHALLENGER), workspace.params().review.blind_share)
    with workspace.record.read() as store:
        hashes = {name: store.transcripts.hash_of(store.transcripts.find(name)) for name in NAMES}
    return {name: (drawn.model_for(found), drawn.is_blind(found)) for name, found in hashes.items()}


def labels(workspace: Workspace) -> dict[str, Label]:
    with workspace.record.read() as store:
        return {label.external_id: label for label in store.labels.between(0, store.watermark())}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


# out and back -------------------------------------------------------------------------------------------------------


def test_a_talk_is_blind_by_its_hash_and_stays_so_for_a_larger_share() -> None:
    hashes = [sha256(str(number)) for number in range(4000)]
    blind = {share: {name for name in hashes if DraftDraw(("a",), share).is_blind(name)} for share in (0, 0.2, 0.5, 1)}
    assert blind[0] < blind[0.2] < blind[0.5] < blind[1] == set(hashes)
    assert 720 < len(blind[0.2]) < 880, "five standard errors"


def test_either_model_drafts_half_of_what_is_not_blind_and_blindness_says_nothing_of_it() -> None:
    drawn = DraftDraw(("champion", "challenger"), 0.2)
    hashes = [name for name in (sha256(str(number)) for number in range(4000)) if not drawn.is_blind(name)]
    theirs = sum(drawn.model_for(name) == "challenger" for name in hashes)
    assert abs(theirs - len(hashes) / 2) < 5 * (len(hashes) / 4) ** 0.5
    assert {DraftDraw(("champion", "challenger"), 1).model_for(name) for name in hashes} == {"champion"}


def test_tasks_go_out_with_the_drawn_draft_or_none_and_come_back_so(workspace: Workspace, tmp_path: Path) -> None:
    out, expected = tmp_path / "tasks.jsonl", draw(workspace)
    assert {blind for _, blind in expected.values()} == {True, False}
    file = write_tasks(workspace, out, "jsonl")
    blind = sum(is_blind for _, is_blind in expected.values())
    theirs = sum(model == CHALLENGER for model, _ in expected.values())
    assert file == TaskFile(CHAMPION, "jsonl", len(NAMES), blind, theirs, out, None) and 0 < theirs < len(NAMES) - blind
    rows = lines(out)
    assert [row["video_id"] for row in rows] == list(NAMES), "in the order of their arrival"
    for row in rows:
        model, is_blind = expected[row["video_id"]]
        assert (row.get("model"), row["reviewed"] is None) == ((None, True) if is_blind else (model, False))
        row["reviewer"] = "ann"
        if is_blind:
            row["reviewed"] = RIGHT
    report = import_corrections(workspace.record, write_lines(out, *rows), tmp_path / "rejects")
    assert (report.new, report.shown) == (len(NAMES), {"blind": blind, "drafted": len(NAMES) - blind})
    for name, label in labels(workspace).items():
        model, is_blind = expected[name]
        assert (label.kind, label.draft_by) == (("edit", "") if is_blind else ("accept", model))
        with workspace.record.read() as store:
            assert label.prediction is not None and store.predictions.read(label.prediction).model == model


@pytest.mark.parametrize(
    ("review", "alias"), [({"drafts": "champion"}, "challenger"), ({"drafts": "random"}, "another")]
)
def test_the_champion_drafts_alone_where_nobody_waits_or_the_team_says_so(
    workspace: Workspace, tmp_path: Path, review: dict[str, Any], alias: str
) -> None:
    write_params(workspace.root, review={"blind_share": 0.0, **review})
    with workspace.record.write() as store:
        store.aliases.assign_alias("challenger", "" if alias == "another" else CHALLENGER, "waits", "test", None, None)
    file = write_tasks(Workspace.find(workspace.root), tmp_path / "tasks.jsonl", "jsonl")
    assert (file.tasks, file.blind, file.by_challenger) == (len(NAMES), 0, 0)
    assert {row["model"] for row in lines(tmp_path / "tasks.jsonl")} == {CHAMPION}


def test_a_draft_of_another_model_than_the_champion_is_drawn_for_nobody_else(
    workspace: Workspace, tmp_path: Path
) -> None:
    write_params(workspace.root, review={"blind_share": 0.0})
    write_tasks(Workspace.find(workspace.root), tmp_path / "tasks.jsonl", "jsonl", "challenger")
    assert {row["model"] for row in lines(tmp_path / "tasks.jsonl")} == {CHALLENGER}


class OneChapter:
    """A model whose every answer is one chapter."""

    def __init__(self, identity: str, folder: Path, models: Path) -> None:
        self.key = AnswerKey(identity, "inline@1")

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        return [Reading(chapters(0))] * len(transcripts)


def test_a_challenger_that_waits_answers_what_is_drawn_for_it_and_no_more(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "ForkedModel", OneChapter)
    newcomers = "e" * 64, "f" * 64
    with workspace.record.write() as store:
        for alias, model in zip(("champion", "challenger"), newcomers, strict=True):
            (workspace.models / model[:16]).mkdir(parents=True)
            store.aliases.assign_alias(alias, model, "promote", "test", None, None)
        drawn, seqs = DraftDraw(newcomers, 0.3), store.transcripts.awaiting_draft(newcomers[1], "inline@1")
        theirs = [seq for seq in seqs if drawn.model_for(store.transcripts.hash_of(seq)) == newcomers[1]]
    run = predicting.predict(workspace)
    assert (run.model, run.predicted, run.by_challenger) == (newcomers[0], len(NAMES), len(theirs))
    with workspace.record.read() as store:
        assert [answer.transcript for _, answer in store.predictions.awaiting_review(newcomers[1])] == theirs
    assert 0 < len(theirs) < len(NAMES) and predicting.predict(workspace).by_challenger == 0
    assert write_tasks(workspace, tmp_path / "tasks.jsonl", "jsonl").tasks == len(NAMES), "each has its draft"


@pytest.mark.parametrize("tool", ["sheet", "label-studio", "argilla"])
def test_a_blind_task_holds_no_draft_in_any_tool_and_comes_back_as_blind(
    workspace: Workspace, tmp_path: Path, tool: str
) -> None:
    write_params(workspace.root, review={"blind_share": 1.0})
    out = tmp_path / ("tasks.csv" if tool == "sheet" else "tasks.json")
    file = write_tasks(Workspace.find(workspace.root), out, tool)
    assert file.blind == file.tasks == len(NAMES)
    assert CHAMPION not in out.read_text() and "Champion" not in out.read_text()
    report = import_corrections(workspace.record, _reviewed(out, tool), tmp_path / "rejects")
    assert (report.new, report.rejected, report.shown) == (len(NAMES), 0, {"blind": len(NAMES)})
    found = labels(workspace)
    assert {(label.kind, label.draft_by) for label in found.values()} == {("edit", "")}
    assert all(label.prediction is not None for label in found.values()), "what was predicted is joined all the same"


def _reviewed(out: Path, tool: str) -> Path:
    """The file as it comes back: each talk with one chapter."""
    if tool == "sheet":
        with out.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for first in {row["video_id"]: row for row in reversed(rows)}.values():  # further rows show what else is said
            first |= {"reviewer": "ann", "start": "0", "title": "Right"}
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        return out
    tasks = json.loads(out.read_text())
    for number, task in enumerate(tasks):
        if tool == "argilla":
            task["responses"] = {"chapters": [{"value": "0:00 Right", "user_id": "u1", "status": "submitted"}]}
            continue
        span = {"start": "0", "end": "2", "startOffset": 0, "endOffset": 3}
        region = {"id": "r", "from_name": "chapter", "to_name": "transcript", "type": "paragraphlabels"}
        title = {"id": "r", "from_name": "chapter_title", "to_name": "transcript", "type": "textarea"}
        result = [
            {**region, "value": {**span, "paragraphlabels": ["Chapter"]}},
            {**title, "value": {**span, "text": ["Right"]}},
        ]
        task |= {"id": number, "annotations": [{"id": number, "completed_by": 1, "result": result}]}
    out.write_text(json.dumps(tasks))
    return out


# what a file may say ------------------------------------------------------------------------------------------------

SAID = {"video_id": "v", "reviewer": "ann", "reviewed": RIGHT}
AREA = {"type": "textarea", "from_name": "chapters", "id": "t", "value": {"text": ["0:00 Right"]}}
ANNOTATION = {"id": 7, "completed_by": 3, "result": [AREA]}
ANSWER = {"chapters": [{"value": "0:00 Right", "user_id": "u", "status": "submitted"}]}
FILES = {
    "reviews": {**SAID, "blind": True},
    "label-studio": {"id": 1, "data": {"video_id": "v", "errata_blind": True}, "annotations": [ANNOTATION]},
    "label-studio-min": {
        "video_id": "v",
        "annotation_id": 1,
        "annotator": "ann",
        "created_at": "2026-01-02",
        "chapter": [{"start": 0, "end": 9, "labels": ["Chapter"]}],
        "chapter_title": ["Right"],
        "errata_blind": "true",
    },
    "argilla": {
        "id": "1",
        "fields": {},
        "metadata": {"video_id": "v", "errata_blind": "yes"},
        "suggestions": {},
        "responses": ANSWER,
    },
    "doccano": {"video_id": "v", "text": "…", "label": ["0:00 Right"], "username": "ann", "errata_blind": "Yes"},
    "description": {"id": "v", "description": "0:00 A\n0:20 B\n0:40 C", "errata_blind": True},
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_can_say_that_a_review_was_made_blind(name: str, tmp_path: Path) -> None:
    for said in (True, False):
        row = json.loads(json.dumps(FILES[name]))
        if not said:
            (row.get("data") or row.get("metadata") or row).pop("errata_blind", None)
            row.pop("blind", None)
        (review,) = review_detect.reviews(write_lines(tmp_path / "ann.jsonl", row), name).rows
        assert isinstance(review, Review) and review.blind is said, review


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"draft": []}, "made blind, and has a draft"),
        ({"draft_by": "champion-3"}, "made blind, and has a draft"),
        ({"kind": "accept", "reviewed": None}, "made blind, and accepts what was not shown"),
        ({"kind": "reject", "reviewed": None}, "made blind, and rejects what was not shown"),
        ({"reviewed": []}, "has no chapters"),
        ({"reviewed": None}, "needs `reviewed`"),
        ({"blind": "perhaps"}, "blind must be yes or no, not 'perhaps'"),
        ({"blind": 2}, "blind must be yes or no, not 2"),
    ],
)
def test_a_blind_review_that_can_not_be_one_is_refused_by_name(
    changed: dict[str, Any], why: str, tmp_path: Path
) -> None:
    (refused,) = reviews_jsonl.read(write_lines(tmp_path / "r.jsonl", {**SAID, "blind": True, **changed}))
    assert isinstance(refused, Rejected) and why in refused.reason


def test_a_blind_review_may_say_that_there_are_no_chapters_and_is_written_as_it_was(tmp_path: Path) -> None:
    row = {**SAID, "blind": True, "kind": "edit", "reviewed": []}
    (review,) = reviews_jsonl.read(write_lines(tmp_path / "r.jsonl", row))
    assert isinstance(review, Review) and review.blind and review.chapters == ()
    reviews_jsonl.write(tmp_path / "again.jsonl", [review])
    assert list(reviews_jsonl.read(tmp_path / "again.jsonl")) == [review]


def test_a_sheet_that_says_yes_and_no_of_one_review_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("video_id,reviewer,start,title,blind\nv,ann,0,A,yes\nv,,9,B,no\n")
    (refused,) = review_detect.reviews(path).rows
    assert isinstance(refused, Rejected) and "blind must be yes or no, not 'no and yes'" in refused.reason
    path.write_text("video_id,reviewer,start,title,blind\nv,ann,0,A,yes\nv,,9,B,\nv,bob,0,A,\n")
    blind, seen = review_detect.reviews(path).rows
    assert isinstance(blind, Review) and isinstance(seen, Review)
    assert (blind.blind, seen.blind) == (True, False), "one reviewer's blindness isn't another's"


@pytest.mark.parametrize(
    ("row", "drafter", "shown"),
    [
        ({}, None, "unknown"),
        ({"draft_by": "a colleague"}, "a colleague", "drafted"),
        ({"draft": RIGHT, "draft_by": "machine"}, "machine", "drafted"),
        ({"draft": []}, "unknown", "drafted"),
        ({"blind": True}, "", "blind"),
        ({"prediction": ...}, CHAMPION, "drafted"),
        ({"prediction": ..., "blind": True}, "", "blind"),
    ],
)
def test_what_is_not_said_is_not_known(
    workspace: Workspace, tmp_path: Path, row: dict[str, Any], drafter: str | None, shown: str
) -> None:
    with workspace.record.read() as store:
        key = next(key for key, answer in store.predictions.awaiting_review(CHAMPION) if answer.transcript == 1)
    given = {**SAID, "video_id": NAMES[0], **row} | ({"prediction": key} if "prediction" in row else {})
    path = write_lines(tmp_path / "r.jsonl", given)
    ran = CliRunner().invoke(app, ["import", "corrections", str(path), "-w", str(workspace.root), "--json"])
    assert json.loads(ran.stdout)["shown"] == {shown: 1}
    label = labels(workspace)[NAMES[0]]
    assert (label.draft_by, label.chapters) == (drafter, chapters(0, 70, by="Right"))
    assert label.prediction is not None, "better than what was predicted, whatever was shown"


def test_who_was_shown_nothing_accepts_nothing_even_with_the_very_chapters(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.record.read() as store:
        key, answer = store.predictions.awaiting_review(CHAMPION)[0]
    same = {**SAID, "video_id": NAMES[0], "prediction": key, "reviewed": chapters_to_json(answer.chapters)}
    import_corrections(
        workspace.record, write_lines(tmp_path / "r.jsonl", same | {"blind": True}), tmp_path / "rejects"
    )
    assert labels(workspace)[NAMES[0]].kind == "edit"
    import_corrections(workspace.record, write_lines(tmp_path / "s.jsonl", same), tmp_path / "rejects")
    assert labels(workspace)[NAMES[0]].kind == "accept"


def test_chapters_that_came_along_were_made_blind_unless_a_model_had_answered(
    workspace: Workspace, tmp_path: Path
) -> None:
    metadata = {"duration": 80, "title": "Talk", "channel_id": "c", "chapters": {"0": "Opening"}}
    (tmp_path / "chapters.json").write_text(json.dumps({"new": metadata}))
    asr = {"text": ["words"], "start": [0.0], "end": [9.0]}
    (tmp_path / "asrs.json").write_text(json.dumps({"new": asr}))
    import_transcripts(workspace.record, tmp_path, tmp_path / "rejects")
    assert labels(workspace)["new"].draft_by == ""
    with workspace.record.write() as store:
        seq = store.transcripts.find("new")
        store.predictions.add(Prediction(seq, CHAMPION, "inline@1", chapters(0, 50)))
    metadata["chapters"] = {"0": "Opening", "5": "As the product showed it"}
    (tmp_path / "chapters.json").write_text(json.dumps({"new": metadata}))
    import_transcripts(workspace.record, tmp_path, tmp_path / "rejects")
    assert labels(workspace)["new"].draft_by is None


# in the record ------------------------------------------------------------------------------------------------------


def drafted(seq: int, draft_by: str | None, reviewer: str) -> Correction:
    right = chapters(0, by=reviewer)
    return Correction(seq, "edit", right, reviewer, "test", content_hash([reviewer]), draft_by=draft_by)


@pytest.mark.parametrize(
    ("ann", "bob", "chosen", "merged"),
    [(CHAMPION, "", CHAMPION, None), (None, CHAMPION, None, None), ("", "", "", ""), (None, None, None, None)],
)
def test_an_adjudication_has_the_draft_of_what_it_chose_and_a_merge_the_one_that_all_saw(
    record: Record, ann: str | None, bob: str | None, chosen: str | None, merged: str | None
) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("t"), "train").seq
        first = store.corrections.add(drafted(seq, ann, "ann")).seq
        store.corrections.add(drafted(seq, bob, "bob"))
        choice = store.corrections.adjudicate(seq, first, "carol")
        assert store.corrections.read(choice.seq).draft_by == chosen
        merge = store.corrections.adjudicate(seq, chapters(0, 9), "carol")
        assert store.corrections.read(merge.seq).draft_by == merged
