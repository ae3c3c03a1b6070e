"""Which rows may be trained on, and why the others may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.file_names import CURATED, LEFT_OUT, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.stage_reports import CurationReport
from errata.domain.chapter import Chapter, Chapters
from errata.domain.hashing import canonical_json
from retrain import curate as stage
from retrain.curate import LeftOutRow, curate, report_of
from retrain.row_index import read_index
from retrain.snapshot import snapshot
from retrain.training_rows import TrainingRow, chapters_json, read_rows, write_rows
from tests.made_up_params import write_params
from tests.made_up_record import chapters, correction, misheard, talk
from tests.made_up_rows import facts, names, read_snapshot

RIGHT = chapters(0, 30)


def row(name: str, correction: int, right: Chapters = RIGHT, group: int = 0, role: str = "train") -> TrainingRow:
    said = talk(name)
    return TrainingRow(
        transcript=correction,
        transcript_hash=said.hash,
        external_id=name,
        channel="",
        correction=correction,
        kind="edit",
        reviewer="ann",
        role=role,
        group=group or correction,
        group_hashes=[said.hash],
        chapters=chapters_json(right),
        text=canonical_json(said.as_json()),
    )


def why(left_out: list[LeftOutRow]) -> dict[str, str]:
    return {entry.external_id: f"{entry.reason} ({entry.detail})" for entry in left_out}


@pytest.mark.parametrize("role", ["dev", "anchor", "sealed"])
def test_what_is_held_out_is_never_kept(role: str) -> None:
    kept, left_out = curate(facts([row("held", 1, role=role), row("free", 2)]))
    assert names(kept) == ["free"]
    assert role in why(left_out)["held"]


def test_a_talk_is_taught_once_by_its_newest_correction() -> None:
    rows = [row("a", 1, group=1), row("other", 2), row("copy of a", 3, group=1), row("third of a", 4, group=1)]
    kept, left_out = curate(facts(rows))
    assert names(kept) == ["other", "third of a"]
    assert set(why(left_out)) == {"a", "copy of a"}
    assert "third of a" in why(left_out)["copy of a"]


def test_a_held_out_copy_does_not_push_out_or_let_in() -> None:
    kept, left_out = curate(facts([row("a", 1, group=1, role="anchor"), row("copy", 2, group=1, role="anchor")]))
    assert names(kept) == []
    assert set(why(left_out)) == {"a", "copy"}


def test_a_list_whose_chapters_fall_on_one_line_is_left_out_but_for_one_of_ten() -> None:
    ten = chapters(0, 1, 20, 30, 40, 50, 60, 70, 80, 90)  # a line lasts 10 s
    kept, left_out = curate(facts([row("coarse", 1, chapters(0, 1, 2, 3)), row("nearly", 2, ten)]))
    assert names(kept) == ["nearly"]
    assert why(left_out) == {"coarse": "chapters fall on a line that has one already (3 of 4)"}
    assert report_of(kept.num_rows, left_out).left_out == {"chapters fall on a line that has one already": 1}


def test_reasons_are_counted_without_what_is_one_row_s_alone() -> None:
    rows = [row("a", 1, group=1), row("a (again)", 2, group=1), row("a (third)", 3, group=1), row("b", 4, role="dev")]
    kept, left_out = curate(facts(rows))
    assert report_of(kept.num_rows, left_out) == CurationReport(
        1, {"a copy of this talk was corrected later": 2, "its leak group is held out": 1}
    )


def test_an_answer_that_teaches_nothing_is_left_out() -> None:
    kept, left_out = curate(facts([row("none", 1, ()), row("untitled", 2, (Chapter(0, "Opening"), Chapter(30, " ")))]))
    assert names(kept) == []
    assert "no chapters" in why(left_out)["none"]
    assert "no title" in why(left_out)["untitled"]


def test_disputed_and_withdrawn_talks_are_left_out_by_name(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        seqs = {name: store.transcripts.add(talk(name), "train").seq for name in ("fine", "disputed", "withdrawn")}
        for reviewer, start in (("ann", 10), ("bob", 20)):
            store.corrections.add(correction(seqs["disputed"], chapters(start), reviewer))
        store.corrections.add(correction(seqs["withdrawn"], chapters(0)))
        store.corrections.add(correction(seqs["withdrawn"], (), kind="retract"))
        store.corrections.add(correction(seqs["fine"], chapters(0)))
        watermark = store.watermark()
    snapshot(record, tmp_path / "s", watermark)
    kept, left_out = curate(facts(read_snapshot(tmp_path / "s")))
    assert names(kept) == ["fine"]
    assert set(why(left_out)) == {"disputed", "withdrawn"}
    assert "disagree" in why(left_out)["disputed"]
    assert "taken back" in why(left_out)["withdrawn"]


def test_a_twin_that_is_held_out_later_takes_the_whole_group_out(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        store.corrections.add(correction(store.transcripts.add(talk("a"), "train").seq, chapters(0)))
        before = store.watermark()
    snapshot(record, tmp_path / "s", before)
    assert names(curate(facts(read_snapshot(tmp_path / "s")))[0]) == ["a"]
    with record.write() as store:
        store.transcripts.add(misheard(talk("a"), "held out"), "sealed")
        after = store.watermark()
    snapshot(record, tmp_path / "s", after)
    kept, left_out = curate(facts(read_snapshot(tmp_path / "s")))
    assert names(kept) == [] and "sealed" in why(left_out)["a"]


def test_the_stage_writes_rows_reasons_and_counts(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with record.write() as store:
        for name, role in (("a", "train"), ("b", "train"), ("c", "dev")):
            store.corrections.add(correction(store.transcripts.add(talk(name), role).seq, chapters(0)))
        watermark = store.watermark()
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path)
    Night("one", watermark, watermark, "d", "d", 0, "", 0, "c").write(tmp_path)
    snapshot(record, SNAPSHOT, watermark)
    stage.main()
    assert names(read_index(CURATED / ROWS)) == ["a", "b"]
    (left_out,) = (CURATED / LEFT_OUT).read_text().splitlines()
    assert json.loads(left_out)["external_id"] == "c"
    assert json.loads((CURATED / STAGE_REPORT).read_text())["kept"] == 2
    first = (CURATED / ROWS).read_bytes()
    stage.main()
    assert (CURATED / ROWS).read_bytes() == first


def test_rows_come_back_from_their_file(tmp_path: Path) -> None:
    rows = [row("a", 1), replace(row("b", 2), altered="begun late")]
    write_rows(tmp_path / "rows.parquet", rows)
    assert read_rows(tmp_path / "rows.parquet") == rows
