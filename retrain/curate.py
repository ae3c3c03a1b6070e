"""Stage 2. Which rows may be trained on, and how much each counts. What is left out goes to `left_out.jsonl` with its
reason."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from errata.documents.document import write_document
from errata.documents.file_names import CURATED, LEFT_OUT, PARAMS, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.params import CurateParams, Params, SourceParams, read_params
from errata.documents.stage_reports import CurationReport
from errata.domain.hashing import canonical_json, content_hash
from errata.files import write_atomically
from errata.inference.artefact import model_folder, read_training_transcripts
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from retrain.row_index import INDEX, IndexedRow, are_known, index_record, indexed_rows, write_index
from retrain.row_memo import row_facts
from retrain.snapshot import read_manifest
from retrain.source_caps import allowed_rows
from retrain.training_rows import TrainingRow

_NO_LABEL = {
    "conflict": "its reviewers disagree",
    "withdrawn": "its chapters were rejected or taken back",
}
FEWEST_MESSAGES = 2
"""Of a chat: one message answers none."""
COPY = "a copy of this talk was corrected later"
REVIEWER_WAITS = "it waits, since its reviewer's share of the night is full"
SUSPECT_WAITS = "it waits, since its label is suspected (errata suspects)"
SOURCE_WAITS = "it waits, since its source's share of the night is full"
FACTS = pa.schema([*INDEX, ("reason", pa.string()), ("detail", pa.string())])
"""An index of all rows, with why a row can't be trained on whatever others there are; empty where it can."""


class NamedRow(Protocol):
    @property
    def transcript(self) -> int: ...
    @property
    def external_id(self) -> str: ...


class ReviewedRow(NamedRow, Protocol):
    @property
    def correction(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def reviewer(self) -> str: ...


Row = TypeVar("Row", bound=ReviewedRow)


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    external_id: str
    transcript: int
    reason: str
    detail: str = ""
    """What is this row's alone: rows are counted by their reason."""

    @classmethod
    def of(cls, row: NamedRow, reason: str, detail: str = "") -> LeftOutRow:
        return cls(row.external_id, row.transcript, reason, detail)


class Fitness(NamedTuple):
    """Whether a row may be trained on, whatever others there are."""

    reason: str = ""
    """Why not; empty where it may."""
    detail: str = ""
    merged: int = 0
    """Chapters that fall on a line which has one already."""


def fitness(row: TrainingRow) -> Fitness:
    if row.kind in _NO_LABEL:
        return Fitness(_NO_LABEL[row.kind])
    if row.role != "train":
        return Fitness("its leak group is held out", row.role)
    right = row.right_answer()
    chapters = right.chapters
    if not chapters:
        return Fitness("the correction has no chapters")
    if row.task == "chat" and len(chapters) < FEWEST_MESSAGES:
        return Fitness("its chat has next to no messages", f"{len(chapters)}")
    if not all(chapter.title for chapter in chapters):
        return Fitness("a chapter has no title")
    if right.is_coarse:
        share = f"{right.merged} of {right.merged + len(chapters)}"
        return Fitness("chapters fall on a line that has one already", share)
    return Fitness(merged=right.merged)


def facts_of(row: TrainingRow, shard: str, place: int, seed: int) -> Iterator[dict[str, Any]]:
    fit = fitness(row)
    yield index_record(row, shard, place, fit.merged, seed) | {"reason": fit.reason, "detail": fit.detail}


def curate(facts: pa.Table) -> tuple[pa.Table, list[LeftOutRow]]:
    """The index of the rows to train on, in the order of their corrections, and those left out with the reason.

    Of a transcript its newest row counts. One row a leak group: the newest correction speaks for all copies of a talk.
    """
    rows = facts.take(pa.array(_newest(facts)))
    is_fit = pc.equal(rows["reason"], "").to_numpy()
    later = _later_copies(rows["group"].to_numpy(), np.flatnonzero(is_fit))
    # in the order in which it is found out: of a copy, once the later one comes
    found = np.where(is_fit, later, np.arange(rows.num_rows))
    out = np.flatnonzero(found >= 0)
    out = out[np.argsort(found[out], kind="stable")]
    speaking = rows["external_id"].take(pa.array(np.maximum(later[out], 0))).to_pylist()
    named = rows.select(["external_id", "transcript", "reason", "detail"]).take(pa.array(out)).to_pylist()
    left_out = [
        LeftOutRow(**row) if row["reason"] else LeftOutRow(row["external_id"], row["transcript"], COPY, copy)
        for row, copy in zip(named, speaking, strict=True)
    ]
    return rows.filter(pa.array(found < 0)).select(INDEX.names), left_out


def curate_rows(rows: Sequence[TrainingRow], seed: int = 0) -> list[TrainingRow]:
    """What `curate` keeps of rows that lie in no shard."""
    records = [record for place, row in enumerate(rows) for record in facts_of(row, "", place, seed)]
    kept, _ = curate(pa.Table.from_pylist(records, schema=FACTS))
    return [rows[place] for place in kept["place"].to_pylist()]


def _newest(facts: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The place of each transcript's last row, in the order of their corrections; those without a label come first."""
    transcripts, corrections = facts["transcript"].to_numpy(), facts["correction"].to_numpy()
    _, from_end = np.unique(transcripts[::-1], return_index=True)
    last = len(transcripts) - 1 - from_end
    return np.asarray(last[np.lexsort((transcripts[last], corrections[last]))])


def _later_copies(groups: np.ndarray[Any, Any], places: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Of each row, the place of the next one of its leak group among `places`; -1 where there is none."""
    by_group = places[np.argsort(groups[places], kind="stable")]
    again = groups[by_group[:-1]] == groups[by_group[1:]]
    later = np.full(len(groups), -1)
    later[by_group[:-1][again]] = by_group[1:][again]
    return later


def cap_reviewers(
    rows: Sequence[Row], caps: CurateParams, since: int, probation: Collection[str]
) -> tuple[list[Row], list[LeftOutRow]]:
    """`rows` without those that wait, and those with the reason: a reviewer's earliest corrections go first. Rows that
    were corrected after the watermark `since` are new to the night.

    A share is of the night's rows, those that wait among them, and comes to one row at least. Chapters that came along
    and adjudications are nobody's share. Where a night has a single reviewer there is nobody to crowd out, and only
    probation binds.
    """
    new = [row for row in rows if row.correction > since]
    alone = len({row.reviewer for row in new if _counts(row)}) == 1
    taken: Counter[str] = Counter()
    within: list[Row] = []
    waiting: list[LeftOutRow] = []
    for row in sorted(rows, key=lambda row: row.correction):
        if row.correction <= since or not _counts(row):
            within.append(row)
            continue
        share = caps.probation_share if row.reviewer in probation else 1.0 if alone else caps.reviewer_share
        # a share like 0.1 is no binary number: 0.1 · 30 must allow 3, not 2
        allowed = max(1, math.floor(share * len(new) + 1e-9))
        taken[row.reviewer] += 1
        if taken[row.reviewer] <= allowed:
            within.append(row)
        else:
            waiting.append(LeftOutRow.of(row, REVIEWER_WAITS, row.reviewer))
    return within, waiting


def _counts(row: ReviewedRow) -> bool:
    """Whether it is of its reviewer's share."""
    return row.kind in ("edit", "accept")


def cap_sources(rows: Sequence[IndexedRow], sources: Mapping[str, SourceParams]) -> list[LeftOutRow]:
    """Of a night's new rows, those that wait: a source's earliest corrections go first."""
    counts = Counter(row.source for row in rows)
    allowed = allowed_rows(counts, {name: source.cap for name, source in sources.items()})
    taken: Counter[str] = Counter()
    waiting: list[LeftOutRow] = []
    for row in sorted(rows, key=lambda row: row.correction):
        taken[row.source] += 1
        if taken[row.source] > allowed[row.source]:
            waiting.append(LeftOutRow.of(row, SOURCE_WAITS, row.source))
    return waiting


def weighted(rows: pa.Table, sources: Mapping[str, SourceParams]) -> pa.Table:
    """With the weights of their sources."""
    codes = rows["source"].combine_chunks().dictionary_encode()
    of_code = [sources[name].weight if name in sources else 1.0 for name in codes.dictionary.to_pylist()]
    weights = np.array([*of_code, 1.0])[codes.indices.to_numpy()]
    return rows.set_column(INDEX.names.index("weight"), INDEX.field("weight"), pa.array(weights, pa.float64()))


def report_of(kept: int, left_out: Iterable[LeftOutRow]) -> CurationReport:
    reasons = Counter(entry.reason for entry in left_out)
    return CurationReport(kept, dict(sorted(reasons.items())))


def write_left_out(path: Path, left_out: Iterable[LeftOutRow]) -> None:
    lines: list[str] = []
    for entry in left_out:
        reason = f"{entry.reason} ({entry.detail})" if entry.detail else entry.reason
        row = {"external_id": entry.external_id, "transcript": entry.transcript, "reason": reason}
        lines.append(canonical_json(row) + "\n")
    write_atomically(path, "".join(lines))


def tonight(facts: pa.Table, params: Params, night: Night) -> tuple[pa.Table, list[LeftOutRow]]:
    """What `curate` keeps, within the shares of reviewers and sources, with its weights."""
    rows, left_out = curate(facts)
    suspected = rows.filter(pc.is_in(rows["correction"], value_set=pa.array(night.held, pa.int64())))
    held = [LeftOutRow.of(row, SUSPECT_WAITS) for row in indexed_rows(suspected)]
    rows, left_out = without(rows, held), [*left_out, *held]
    caps = params.curate
    if caps is None:
        return rows, left_out
    identity, since = night.starting_model(params.train.start)  # what that model has learnt is not new
    new = indexed_rows(rows.filter(pc.greater(rows["correction"], since)))
    _, waiting = cap_reviewers(new, caps, since, read_manifest(SNAPSHOT).probation)
    rows, left_out = without(rows, waiting), [*left_out, *waiting]
    if any(source.cap < 1 for source in caps.sources.values()):
        folder = model_folder(identity, Workspace.find(Path.cwd()).models)
        is_known = are_known(rows, since, read_training_transcripts(folder))
        waiting = cap_sources(indexed_rows(rows.filter(pa.array(~is_known))), caps.sources)
        rows, left_out = without(rows, waiting), [*left_out, *waiting]
    return weighted(rows, caps.sources), left_out


def without(rows: pa.Table, waiting: Iterable[NamedRow]) -> pa.Table:
    names = pa.array([entry.transcript for entry in waiting], pa.int64())
    return rows.filter(pc.invert(pc.is_in(rows["transcript"], value_set=names)))


def row_facts_of(params: Params, night: Night) -> pa.Table:
    seed = params.mix.seed
    return row_facts("facts", content_hash([night.code, seed]), FACTS, partial(facts_of, seed=seed))


def main() -> None:
    params, night = read_params(Path(PARAMS)), Night.read(Path.cwd())
    rows, left_out = tonight(row_facts_of(params, night), params, night)
    write_index(CURATED / ROWS, rows)
    write_left_out(CURATED / LEFT_OUT, left_out)
    write_document(CURATED / STAGE_REPORT, report_of(rows.num_rows, left_out))
    sys.stderr.write(f"curate: {rows.num_rows} rows kept, {len(left_out)} left out\n")


if __name__ == "__main__":
    with stage_exit():
        main()
