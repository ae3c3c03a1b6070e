"""A night looks at what is new: the stages on a record that grows give the same as on one that is read whole, and read
no text but that of rows which are drawn or new."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.file_names import AUGMENTED, CURATED, LEFT_OUT, ROW_MEMO, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.params import AugmentParams, SourceParams
from errata.errors import Refused
from retrain import augment, curate
from retrain.curate import COPY, LeftOutRow, cap_sources, fitness
from retrain.row_index import are_known, indexed_rows, read_index
from retrain.shard_texts import read_texts
from retrain.source_caps import allowed_rows
from retrain.training_rows import ROWS_A_GROUP, TrainingRow, rows_of
from tests.made_up_params import write_params
from tests.made_up_record import chapters
from tests.made_up_rows import facts, index, names, write_snapshot
from tests.retrain.test_curate import row

SOME = [row(f"t{number}", number) for number in range(1, 41)]


def newest(rows: list[TrainingRow]) -> list[TrainingRow]:
    by_transcript = {each.transcript: each for each in rows}
    return sorted(by_transcript.values(), key=lambda each: (each.correction, each.transcript))


def one_by_one(rows: list[TrainingRow]) -> tuple[list[str], list[LeftOutRow]]:
    """What `curate` does, said row by row."""
    by_group: dict[int, TrainingRow] = {}
    left_out: list[LeftOutRow] = []
    for each in newest(rows):
        fit = fitness(each)
        if fit.reason:
            left_out.append(LeftOutRow.of(each, fit.reason, fit.detail))
            continue
        if each.group in by_group:
            left_out.append(LeftOutRow.of(by_group[each.group], COPY, each.external_id))
        by_group[each.group] = each
    return [each.external_id for each in sorted(by_group.values(), key=lambda row: row.correction)], left_out


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(1, 4), st.sampled_from(["edit", "edit", "conflict"]), st.booleans()),
        max_size=25,
    )
)
def test_curation_is_what_it_is_row_by_row(made: list[tuple[int, int, str, bool]]) -> None:
    rows = [
        replace(
            row(f"talk {transcript}", number, group=group, role="dev" if held else "train"),
            transcript=transcript,
            kind=kind,
        )
        for number, (transcript, group, kind, held) in enumerate(made, start=1)
    ]
    kept, left_out = curate.curate(facts(rows))
    assert (names(kept), left_out) == one_by_one(rows)


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=3), max_size=12), st.sets(st.sampled_from("abcde")))
def test_a_row_is_known_that_a_model_has_seen_or_a_twin_of(groups: list[list[str]], seen: set[str]) -> None:
    rows = [replace(row("t", number), group_hashes=hashes) for number, hashes in enumerate(groups, start=1)]
    expected = [not seen.isdisjoint(each.group_hashes) and each.correction <= 6 for each in rows]
    assert list(are_known(index(rows), 6, frozenset(seen))) == expected


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, augment={"share": 0.5})
    Night("one", 1, 1, "d", "d", 0, "", 0, "c").write(tmp_path)
    return tmp_path


def outputs() -> dict[str, bytes]:
    files = (CURATED / ROWS, CURATED / LEFT_OUT, CURATED / STAGE_REPORT, AUGMENTED / ROWS)
    return {str(file): file.read_bytes() for file in files}


def run_stages() -> dict[str, bytes]:
    curate.main()
    augment.main()
    return outputs()


def test_night_by_night_gives_the_bytes_that_all_at_once_gives(folder: Path) -> None:
    corrected_again = [replace(each, correction=each.correction + 100, group=3) for each in SOME[:5]]
    write_snapshot(SNAPSHOT, SOME)
    run_stages()
    write_snapshot(SNAPSHOT, SOME, corrected_again)
    nightly = run_stages()
    shutil.rmtree(ROW_MEMO)
    assert run_stages() == nightly
    kept = names(read_index(CURATED / ROWS))
    assert len(kept) == 36, "of five talks that turned out to be one, the newest speaks"


def test_a_shard_is_looked_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = Counter[str]()
    whole = curate.fitness

    def counted(each: TrainingRow) -> curate.Fitness:
        looked_at[each.external_id] += 1
        return whole(each)

    monkeypatch.setattr(curate, "fitness", counted)
    write_snapshot(SNAPSHOT, SOME[:30])
    curate.main()
    write_snapshot(SNAPSHOT, SOME[:30], SOME[30:])
    curate.main()
    curate.main()
    assert looked_at == {each.external_id: 1 for each in SOME}
    Night("one", 1, 1, "d", "d", 0, "", 0, "other code").write(folder)
    curate.main()
    assert set(looked_at.values()) == {2}, "other code may find otherwise"


def test_what_a_purge_has_taken_out_is_in_no_table(folder: Path) -> None:
    write_snapshot(SNAPSHOT, SOME[:20], SOME[20:])
    run_stages()
    write_snapshot(SNAPSHOT, SOME[1:20], SOME[20:])
    purged = run_stages()
    for file in (*folder.glob("data/**/*.parquet"), *(folder / ROW_MEMO).glob("*.parquet")):
        if "external_id" in pq.read_schema(file).names:
            assert "t1" not in pq.read_table(file)["external_id"].to_pylist() or file.parent.name == "snapshot"
    shutil.rmtree(ROW_MEMO)
    assert run_stages() == purged


def test_a_memo_that_was_cut_short_is_made_again(folder: Path) -> None:
    write_snapshot(SNAPSHOT, SOME)
    before = run_stages()
    for path in ROW_MEMO.glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:100])
    assert run_stages() == before


@pytest.mark.parametrize("change", ["gone", "other bytes"])
def test_a_shard_that_is_lost_or_changed_is_refused(folder: Path, change: str) -> None:
    (shard,) = write_snapshot(SNAPSHOT, SOME)
    path = SNAPSHOT / f"{shard}.parquet"
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Refused, match=shard):
        curate.main()


def test_texts_come_in_the_order_of_the_table_and_from_their_row_groups_alone(tmp_path: Path) -> None:
    first, second = write_snapshot(tmp_path / SNAPSHOT, SOME[:20], SOME[20:])
    table = pa.concat_tables([index(SOME[:20], shard=first), index(SOME[20:], shard=second)])
    order = Random(1).sample(range(40), 25)
    drawn = list(read_texts(table.take(order), tmp_path, AugmentParams(0.0, 7)))
    assert drawn == [SOME[place] for place in order]
    groups = pq.ParquetFile(tmp_path / SNAPSHOT / f"{first}.parquet").metadata
    assert (groups.num_row_groups, groups.row_group(0).num_rows) == (2, ROWS_A_GROUP)


def test_a_text_that_is_not_as_it_was_is_refused(tmp_path: Path) -> None:
    (shard,) = write_snapshot(tmp_path / SNAPSHOT, SOME)
    table = index([replace(SOME[0], text=SOME[1].text)], shard=shard)
    with pytest.raises(Refused, match="not what it was"):
        list(read_texts(table, tmp_path, AugmentParams(0.0, 7)))


def test_rows_of_an_earlier_errata_go_by_their_channel(tmp_path: Path) -> None:
    (shard,) = write_snapshot(tmp_path, [replace(SOME[0], channel="Gardens")])
    written = pq.read_table(tmp_path / f"{shard}.parquet")
    (older,) = rows_of(written.drop_columns(["source", "weight", "alteration"]))
    assert (older.source, older.weight, older.alteration) == ("Gardens", 1.0, "")


counts = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 300))


@given(counts, st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 1)))
def test_no_source_is_more_than_its_share_of_what_is_allowed(there: dict[str, int], caps: dict[str, float]) -> None:
    allowed = allowed_rows(there, caps)
    total = sum(allowed.values())
    proportion = max(1.0, 1 / sum(caps.get(source, 1.0) for source in there)) if there else 1.0
    for source, count in there.items():
        assert min(count, 1) <= allowed[source] <= count
        if source in caps:
            assert allowed[source] <= max(1, caps[source] * proportion * total + 1e-6)
        else:
            assert allowed[source] == count


def test_old_transcripts_are_a_fifth_of_a_night_at_most_and_go_in_over_many_nights() -> None:
    assert allowed_rows({"external": 10_000, "": 80}, {"external": 0.2}) == {"external": 20, "": 80}
    assert allowed_rows({"external": 500}, {"external": 0.2}) == {"external": 500}, "it crowds nobody out"
    rows = [replace(row(f"t{number}", number), source="external" if number > 8 else "") for number in range(1, 41)]
    waiting = cap_sources(indexed_rows(index(rows)), {"external": SourceParams(cap=0.2)})
    assert [entry.external_id for entry in waiting] == [f"t{number}" for number in range(11, 41)], "the earliest first"
    assert {entry.detail for entry in waiting} == {"external"}


def test_an_answer_without_a_place_has_a_reason_once(folder: Path) -> None:
    coarse = row("coarse", 50, chapters(0, 1, 2, 3))
    write_snapshot(SNAPSHOT, [*SOME, coarse])
    curate.main()
    assert (CURATED / LEFT_OUT).read_text().count("coarse") == 1
