"""Tonight's rows: new ones and a replay, encoded as serving would ask, and nothing that is held out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.file_names import AUGMENTED, MIXTURE, SNAPSHOT, STAGE_REPORT, TRAINING_ROWS
from errata.documents.file_names import ROWS as ROWS_FILE
from errata.documents.night import Night
from errata.documents.params import MixParams
from errata.domain.chapter import Chapters
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from errata.errors import Refused
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card
from errata.inference.chapter_task import chapter_task
from errata.settings import FILE
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED, MarkTokens
from errata.tasks.task import examples
from errata.tasks.template import Reading
from retrain import mix as stage
from retrain.mix import Learned, Mixture, encode_rows, fault_of, mix, training_transcripts
from retrain.objectives.pair_logits import common_length
from retrain.row_index import read_index, write_index
from retrain.taught_rows import TaughtRows
from retrain.training_rows import TrainingRow, chapters_json
from tests.made_up_model import SAID, make_model, make_tokenizer
from tests.made_up_params import write_params
from tests.made_up_record import chapters
from tests.made_up_rows import index, names, write_snapshot

NIGHT = Night("2026-03-01", 30, 40, "d" * 64, "c" * 64, 20, "", 0, "e" * 64)


RIGHT = chapters(0, 40, 80)


def row(number: int, right: Chapters = RIGHT, role: str = "train", lines: int = 12) -> TrainingRow:
    turn = number % 9
    texts = [" ".join(SAID[turn : turn + 5]) for _ in range(lines)]
    segments = tuple(Segment(10.0 * at, 10.0 * at + 9, text) for at, text in enumerate(texts))
    said = Transcript(f"t{number}", segments, 10.0 * lines)
    hashes = sorted([said.hash, f"twin of {number}"])
    text = canonical_json(said.as_json())
    return TrainingRow(
        transcript=number,
        transcript_hash=said.hash,
        external_id=f"t{number}",
        channel="",
        correction=number,
        kind="edit",
        reviewer="ann",
        role=role,
        group=number,
        group_hashes=hashes,
        chapters=chapters_json(right),
        text=text,
    )


ROWS = [row(number) for number in range(1, 41)]


def mixed(
    rows: Sequence[TrainingRow], since: int, seen: frozenset[str], replay: float, seed: int, **more: Any
) -> Mixture:
    return mix(index(rows, seed), Learned(since, seen), MixParams(replay=replay, least=1, seed=seed, **more))


def numbers(made: Mixture) -> list[int]:
    """Of the corrections."""
    return list(made.rows["correction"].to_pylist())


def number_of(each: TrainingRow) -> int:
    return each.correction


def seen(until: int) -> frozenset[str]:
    """What a model has seen that trained on the rows up to `until`."""
    return frozenset(name for each in ROWS[:until] for name in each.group_hashes)


@pytest.mark.parametrize("role", ["dev", "anchor", "sealed"])
def test_a_row_that_is_held_out_stops_the_night(role: str) -> None:
    with pytest.raises(Refused, match="'t7' is held out"):
        mixed([*ROWS[:6], row(7, role=role)], since=0, seen=frozenset(), replay=1.0, seed=7)
    with pytest.raises(Refused, match=role):
        mixed([row(7, role=role)], since=20, seen=seen(20), replay=0.0, seed=7)


def test_new_rows_come_with_as_many_old_ones_always_the_same() -> None:
    made = mixed(ROWS, since=30, seen=seen(30), replay=1.0, seed=7)
    assert (made.new, made.replayed, made.rows.num_rows) == (10, 10, 20)
    assert sorted(numbers(made)[:10]) == [*range(31, 41)]
    assert made == mixed(ROWS, since=30, seen=seen(30), replay=1.0, seed=7)
    assert numbers(made)[10:] != numbers(mixed(ROWS, since=30, seen=seen(30), replay=1.0, seed=8))[10:]


def test_a_row_that_had_to_wait_is_new_however_old_it_is() -> None:
    made = mixed(ROWS, since=30, seen=seen(30) - set(ROWS[4].group_hashes), replay=0.0, seed=7)
    assert sorted(numbers(made)) == [5, *range(31, 41)]


@given(st.permutations(range(1, 41)))
def test_the_order_of_import_alters_nothing(order: list[int]) -> None:
    """Other numbers for the same corrections: the same talks, in the same order."""
    again = sorted((replace(ROWS[at], correction=number) for at, number in enumerate(order)), key=number_of)
    made, other = (mixed(rows, since=40, seen=seen(30), replay=1.0, seed=7) for rows in (ROWS, again))
    assert names(made.rows) == names(other.rows)


@given(since=st.integers(0, 45), replay=st.floats(0, 5), seed=st.integers(0, 3))
def test_a_replay_is_of_old_rows_without_repeats(since: int, replay: float, seed: int) -> None:
    made = mixed(ROWS, since, seen(since), replay, seed)
    drawn = numbers(made)
    assert len(set(drawn)) == len(drawn) == made.new + made.replayed
    assert [number > since for number in drawn] == [True] * made.new + [False] * made.replayed
    assert made.new == max(0, 40 - since)
    assert made.replayed == min(40 - made.new, round(replay * made.new))


def test_seen_are_the_rows_their_twins_and_the_ancestors_transcripts() -> None:
    found = training_transcripts(index([ROWS[0], replace(ROWS[1], altered="begun late")]), ["ancestor"])
    assert found == sorted([*ROWS[0].group_hashes, *ROWS[1].group_hashes, "ancestor"])
    assert {"twin of 1", "twin of 2"} <= set(found)


def test_a_candidate_goes_on_from_the_champion_or_from_day_0_anew() -> None:
    assert NIGHT.starting_model("champion") == ("c" * 64, 20)
    assert NIGHT.starting_model("base") == ("d" * 64, 0)


@pytest.mark.parametrize("template", sorted(templates.TEMPLATES))
@pytest.mark.parametrize("context", [256, 512])
def test_every_row_ends_has_something_to_say_and_fits(template: str, context: int) -> None:
    task = chapter_task(Card(template, context), make_tokenizer(spaced=template == "inline"))
    # a mark's answer is never a token of the prompt
    marks = asdict(MarkTokens.of(task.tokenizer)).values() if template == "borders" else ()
    rows = [*ROWS[:4], row(5, chapters(15, 16, 17)), row(6, lines=60), row(7, chapters(0), lines=1), row(8, ())]
    encoded, left_out = encode_rows(rows, task)
    assert len(encoded) + len(left_out) >= len(rows)
    assert len(encoded) >= 5
    for item in (example.encoded for example in encoded):
        assert item.labels[-1] == item.input_ids[-1] == task.tokenizer.eos_token_id
        assert sum(label != IGNORED for label in item.labels) >= 2
        assert len(item.labels) == len(item.input_ids) <= context
        assert all(label in (IGNORED, token, *marks) for token, label in zip(item.input_ids, item.labels, strict=True))
    assert all(entry.reason for entry in left_out)
    assert encode_rows(rows, task) == (encoded, left_out)


def test_a_row_that_does_not_fit_is_left_out_with_its_length() -> None:
    task = ChapterTask(templates.find("inline"), make_tokenizer(), 256)
    crowded = row(1, chapters(*range(0, 120, 10), by="A title that is far too long for its line to bear " * 2))
    encoded, left_out = encode_rows([crowded, ROWS[1]], task)
    assert {entry.external_id for entry in left_out} == {"t1"}
    assert any("more than the context of 256" in entry.reason for entry in left_out)
    assert encoded


def test_a_draft_that_was_changed_stands_beside_what_became_of_it() -> None:
    task = ChapterTask(templates.find("indexed"), make_tokenizer(spaced=False), 512)
    edited = replace(ROWS[0], draft=chapters_json(chapters(0, 60, by="Wrong")), weight=0.5)
    near = replace(ROWS[1], draft=chapters_json(RIGHT))
    altered = replace(edited, altered="begun late")
    first, *others = encode_rows([edited, near, altered, ROWS[2]], task, pairs=True)[0]
    assert first.rejected is not None
    assert first.weight == 0.5
    prompt = common_length(first.encoded.input_ids, first.rejected.input_ids)
    assert set(first.encoded.labels[: prompt - 3]) == {IGNORED}  # the same prompt, and the same first line's number
    spoken = [label for label in first.rejected.labels if label != IGNORED]
    assert "Wrong" in task.tokenizer.decode(spoken)
    assert spoken[-1] == task.tokenizer.eos_token_id
    assert [row.rejected for row in others] == [None, None, None]
    assert all(row.rejected is None for row in encode_rows([edited], task)[0])


def test_a_draft_that_does_not_fit_is_no_pair() -> None:
    task = ChapterTask(templates.find("indexed"), make_tokenizer(spaced=False), 256)
    title = "A title that is far too long for its line to bear " * 20
    encoded, left_out = encode_rows(
        [replace(ROWS[0], draft=chapters_json(chapters(0, 30, by=title)))], task, pairs=True
    )
    assert any(row.rejected is None for row in encoded)
    assert all(len(row.rejected.input_ids) <= 256 for row in encoded if row.rejected is not None)
    assert encoded and not left_out


def test_more_rows_than_a_night_may_have_wait() -> None:
    made = mixed(ROWS, since=0, seen=frozenset(), replay=0.0, seed=7, most=8)
    assert made.rows == mixed(ROWS, since=0, seen=frozenset(), replay=0.0, seed=7).rows.slice(0, 8)


def test_an_example_that_was_cut_is_at_fault() -> None:
    task = ChapterTask(templates.find("inline"), make_tokenizer(), 512)
    transcript = ROWS[0].read_transcript()
    (example,) = examples(task, transcript, Reading.of(ROWS[0].read_chapters(), transcript))
    assert fault_of(example, task) is None

    def with_labels(labels: Sequence[int]) -> str | None:
        return fault_of(replace(example, encoded=replace(example.encoded, labels=tuple(labels))), task)

    whole = example.encoded.labels
    assert "end-of-sequence" in str(with_labels([*whole[:-1], IGNORED]))
    assert "nothing to learn" in str(with_labels([IGNORED] * (len(whole) - 1) + [whole[-1]]))
    first, *_ = example.right.chapters
    moved = replace(example, right=Reading((*example.right.chapters, replace(first, start=7.0))))
    assert "no line" in str(fault_of(moved, task))


def lay_out(root: Path, rows: Sequence[TrainingRow]) -> None:
    """As `augment` leaves them."""
    (shard,) = write_snapshot(root / SNAPSHOT, rows)
    write_index(root / AUGMENTED / ROWS_FILE, index(rows, shard=shard))


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which the stage can run: a model, a night, parameters and rows."""
    identity = make_model(tmp_path / "models" / "new", context=512, seen=sorted(seen(20)))
    (tmp_path / "models" / "new").rename(tmp_path / "models" / identity[:16])
    (tmp_path / FILE).touch()
    write_params(tmp_path, mix={"replay": 0.5, "least": 3})
    replace(NIGHT, champion=identity, day0=identity).write(tmp_path)
    lay_out(tmp_path, ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_writes_rows_and_what_the_candidate_will_have_seen(night: Path) -> None:
    stage.main()
    table = pq.read_table(MIXTURE / TRAINING_ROWS)
    report = json.loads((MIXTURE / STAGE_REPORT).read_text())
    assert (report["new"], report["replayed"], report["left_out"]) == (20, 10, 0)
    assert table.num_rows == report["examples"] == 30
    assert report["tokens"] == sum(map(len, table["input_ids"].to_pylist()))
    learnt = json.loads((MIXTURE / TRAINING_TRANSCRIPTS).read_text())
    trained = numbers(mixed(ROWS, 20, seen(20), 0.5, 7))
    assert set(learnt) == seen(20) | {name for number in trained for name in ROWS[number - 1].group_hashes}
    assert trained == read_index(MIXTURE / ROWS_FILE)["correction"].to_pylist()
    first = {path.name: path.read_bytes() for path in MIXTURE.iterdir()}
    stage.main()
    assert {path.name: path.read_bytes() for path in MIXTURE.iterdir()} == first


def test_a_night_without_new_rows_replays_nothing(night: Path) -> None:
    lay_out(night, ROWS[:20])
    stage.main()
    assert pq.read_table(MIXTURE / TRAINING_ROWS).num_rows == 0
    assert json.loads((MIXTURE / TRAINING_TRANSCRIPTS).read_text()) == sorted(seen(20))


def test_an_unusable_row_is_left_out_and_no_neighbour_takes_its_place() -> None:
    """A trainer that silently goes on with the next row learns that one twice."""
    task = ChapterTask(templates.find("timestamps"), make_tokenizer(spaced=False), 512)
    unusable = row(2, chapters(*range(0, 120, 10), by="A title that is far too long for its line to bear " * 4))
    encoded, left_out = encode_rows([ROWS[0], unusable, ROWS[2]], task)
    assert encoded == [*encode_rows([ROWS[0]], task)[0], *encode_rows([ROWS[2]], task)[0]]
    assert {entry.external_id for entry in left_out} == {"t2"}


@pytest.mark.parametrize("template", ["indexed", "timestamps", "json"])
def test_a_copy_for_its_instruction_is_asked_for_in_other_words(template: str) -> None:
    task = ChapterTask(templates.find(template), make_tokenizer(), 4096)
    asked = [replace(each, altered="instruction") for each in ROWS[:20]]
    own, other = encode_rows(ROWS[:20], task)[0], encode_rows(asked, task)[0]
    for one, two in zip(own, other, strict=True):
        taught, again = ([label for label in each.encoded.labels if label != IGNORED] for each in (one, two))
        assert taught == again and one.encoded.input_ids != two.encoded.input_ids
    prompts = {task.tokenizer.decode(each.encoded.input_ids).partition("Title:")[0] for each in other}
    assert len(prompts) == len(task.template.instructions) - 1, "all other wordings, drawn by the row"
    assert encode_rows(asked, task)[0] == other


def test_a_template_without_an_instruction_leaves_such_a_copy_out() -> None:
    task = ChapterTask(templates.find("inline"), make_tokenizer(), 256)
    encoded, left_out = encode_rows([ROWS[0], replace(ROWS[0], altered="instruction")], task)
    assert len(encoded) == 1 and [entry.reason for entry in left_out] == [
        "the template says nothing that could be put in other words"
    ]


def test_the_stage_teaches_pairs_where_the_objective_takes_them(night: Path) -> None:
    drafted = [replace(each, draft=chapters_json(chapters(0, 60, by="Wrong"))) for each in ROWS]
    lay_out(night, drafted)
    stage.main()
    assert json.loads((MIXTURE / STAGE_REPORT).read_text())["pairs"] == 0
    write_params(night, mix={"replay": 0.5, "least": 3}, train={"objective": "sft+dpo"})
    stage.main()
    report = json.loads((MIXTURE / STAGE_REPORT).read_text())
    assert report["pairs"] == report["examples"] == 30
    rows = TaughtRows(MIXTURE / TRAINING_ROWS)
    assert all(rows[number].rejected is not None for number in range(len(rows)))


def test_the_stage_replays_the_hardest_by_what_the_champion_says(night: Path) -> None:
    hard = {"replay": 0.5, "least": 3, "replay_by": {"uniform": 0.0, "hardest": 1.0}}
    write_params(night, mix=hard)
    stage.main()
    table = pq.read_table(MIXTURE / TRAINING_ROWS)
    assert table.num_rows == 30
    first = (MIXTURE / TRAINING_ROWS).read_bytes()
    stage.main()
    assert (MIXTURE / TRAINING_ROWS).read_bytes() == first
    write_params(night, mix={"replay": 0.5, "least": 3})
    stage.main()
    assert table != pq.read_table(MIXTURE / TRAINING_ROWS)
