"""Altered copies whose chapters stay true to their text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest

from errata.documents.file_names import AUGMENTED, CURATED, SNAPSHOT
from errata.documents.file_names import ROWS as ROWS_FILE
from errata.documents.night import Night
from errata.documents.params import AlterationName, AugmentParams
from errata.domain.chapter import Chapter
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from retrain import augment as stage
from retrain.alterations import ALTERATIONS
from retrain.altered_copies import augment, copies
from retrain.row_index import read_index, write_index
from retrain.shard_texts import read_texts
from retrain.training_rows import TrainingRow, chapters_json, read_rows, write_rows
from tests.made_up_params import write_params
from tests.made_up_record import chapters, shouted, talk
from tests.made_up_rows import index, write_snapshot


def row(number: int) -> TrainingRow:
    said = shouted(talk(f"t{number}"), f"t{number}")
    right = chapters_json(chapters(0, 40, 80))
    text = canonical_json(said.as_json())
    return TrainingRow(
        transcript=number,
        transcript_hash=said.hash,
        external_id=f"t{number}",
        channel="",
        correction=number,
        kind="edit",
        reviewer="ann",
        role="train",
        group=number,
        group_hashes=[said.hash],
        chapters=right,
        text=text,
    )


ROWS = [row(number) for number in range(1, 41)]
HALF = AugmentParams(0.5, 7)


def test_the_same_seed_makes_the_same_copies() -> None:
    made = augment(ROWS, HALF)
    assert made == augment(ROWS, HALF)
    assert made != augment(ROWS, replace(HALF, seed=8))
    assert augment(ROWS[10:], HALF)[30:] == [copy for copy in made[40:] if copy.correction > 10], (
        "a row's copy is its own, whatever rows stand around it"
    )


def test_a_row_is_altered_in_one_way_whenever_it_came() -> None:
    later = [replace(row, correction=row.correction + 100) for row in ROWS]
    assert [copy.text for copy in augment(later, HALF)] == [copy.text for copy in augment(ROWS, HALF)]


def test_copies_stand_after_the_rows_and_keep_where_they_come_from() -> None:
    made = augment(ROWS, HALF)
    assert made[:40] == ROWS
    copies = made[40:]
    assert 10 <= len(copies) <= 30
    assert {copy.altered for copy in copies} == {"unpunctuated", "begun late"}
    for copy in copies:
        source = ROWS[copy.correction - 1]
        assert (copy.group_hashes, copy.role) == (source.group_hashes, source.role)
        assert copy.transcript_hash == source.transcript_hash
        assert (copy.text, copy.chapters) != (source.text, source.chapters)
    assert augment(ROWS, AugmentParams(0.0, 7)) == ROWS
    assert len(augment(ROWS, AugmentParams(1.0, 7))) == 80


def test_the_stage_lists_the_copies_of_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shard,) = write_snapshot(SNAPSHOT, ROWS)
    rows = index(ROWS, shard=shard)
    weights = rows.set_column(rows.schema.names.index("weight"), "weight", pa.array([0.5] * len(ROWS)))
    write_index(CURATED / ROWS_FILE, weights.slice(10))
    write_params(tmp_path, augment={"share": 0.5})
    Night("one", 1, 1, "d", "d", 0, "", 0, "c").write(tmp_path)
    stage.main()
    made = read_index(AUGMENTED / ROWS_FILE)
    assert made.slice(0, 30) == weights.slice(10)
    whole = [replace(row, weight=0.5) for row in augment(ROWS[10:], HALF)]
    assert list(read_texts(made, tmp_path, HALF)) == whole, "copies are made again as they were"
    assert set(made["weight"].to_pylist()) == {0.5}


def test_where_only_the_segments_would_differ_there_is_no_copy() -> None:
    plain = Transcript("plain", (Segment(0.0, 800.0, "words and more of them " * 40),), 800.0)
    text = canonical_json(plain.as_json())
    unaltered = replace(ROWS[0], text=text, chapters=chapters_json((Chapter(0.0, "All"),)))
    assert augment([unaltered], AugmentParams(1.0, 7)) == [unaltered]


def test_every_alteration_that_params_may_name_is_there() -> None:
    assert set(ALTERATIONS) == set(get_args(AlterationName))


def test_each_alteration_has_a_share_of_its_own() -> None:
    params = AugmentParams(0.5, 7, {"unpunctuated": 0.5, "line dropout": 1.0, "begun late": 0.25}, copies=3)
    made = augment(ROWS, params)[40:]
    count = {name: sum(copy.altered == name for copy in made) for name in params.alterations}
    assert count["line dropout"] > 30 and 10 <= count["unpunctuated"] <= 30 and 3 <= count["begun late"] <= 18
    alone = augment(ROWS, AugmentParams(0.5, 7, {"unpunctuated": 0.5}))[40:]
    assert alone == [copy for copy in made if copy.altered == "unpunctuated"], "its copies don't hang on the others"
    assert {copy.alteration for copy in made} == {'{"seed":7}'}


def test_a_row_has_no_more_copies_than_it_may() -> None:
    every: dict[AlterationName, float] = {"unpunctuated": 1.0, "line dropout": 1.0, "begun late": 1.0}
    made = [copies(row, AugmentParams(0.0, 7, every, copies=2)) for row in ROWS]
    assert {len(of_row) for of_row in made} == {2}
    assert {copy.altered for of_row in made for copy in of_row} == set(every), "which ones is drawn"


@pytest.mark.parametrize("params", [HALF, AugmentParams(0.0, 7, {"line dropout": 0.5})])
def test_a_source_is_altered_no_more_than_it_may(params: AugmentParams) -> None:
    rows = [replace(row, source="external" if row.transcript % 2 else "ours") for row in ROWS]
    every, limited = augment(rows, params)[40:], augment(rows, replace(params, sources={"external": 0.0}))[40:]
    assert limited == [copy for copy in every if copy.source == "ours"] != every
    half = augment(rows, replace(params, sources={"external": 0.5}))[40:]
    assert len(limited) < len(half) < len(every) and all(copy in every for copy in half)


def test_what_cannot_be_altered_so_is_left_alone() -> None:
    assert augment(ROWS, AugmentParams(0.0, 7, {"sponsor": 1.0})) == ROWS, "they aren't English"
    spoken = replace(talk("t1"), segments=tuple(replace(line, speaker="ann") for line in talk("t1").segments))
    named = replace(ROWS[0], text=canonical_json(spoken.as_json()))
    (_, unnamed) = augment([named], AugmentParams(0.0, 7, {"no speaker labels": 1.0}))
    assert {line.speaker for line in unnamed.read_transcript().lines} == {None}, "some templates show who speaks"


def test_a_copy_says_in_its_file_how_it_was_made(tmp_path: Path) -> None:
    made = augment(ROWS, AugmentParams(0.0, 7, {"line dropout": 1.0}))
    write_rows(tmp_path / "rows.parquet", made)
    back = read_rows(tmp_path / "rows.parquet")
    assert back == made
    assert {(row.altered, json.loads(row.alteration)["seed"]) for row in back[40:]} == {("line dropout", 7)}
