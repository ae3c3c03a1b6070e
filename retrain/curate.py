"""Stage 2. Which rows may be trained on. What is left out goes to `left_out.jsonl` with its reason."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from errata.documents.document import write_document
from errata.documents.file_names import CURATED, LEFT_OUT, PARAMS, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.params import CurateParams, SourceParams, read_params
from errata.documents.stage_reports import CurationReport
from errata.domain.chapter import canonical
from errata.domain.hashing import canonical_json
from errata.files import write_atomically
from errata.stage_exit import stage_exit
from retrain.snapshot import read_manifest, read_snapshot
from retrain.training_rows import TrainingRow, write_rows

_NO_LABEL = {
    "conflict": "its reviewers disagree",
    "withdrawn": "its chapters were rejected or taken back",
}


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    row: TrainingRow
    reason: str
    detail: str = ""
    """What is this row's alone: rows are counted by their reason."""


def curate(rows: Iterable[TrainingRow]) -> tuple[list[TrainingRow], list[LeftOutRow]]:
    """The rows to train on, in their order, and those left out with the reason.

    One row a leak group: the newest correction speaks for all copies of a talk.
    """
    by_group: dict[int, TrainingRow] = {}
    left_out: list[LeftOutRow] = []
    for row in rows:
        unusable = _unusable(row)
        if unusable is not None:
            left_out.append(unusable)
            continue
        if row.group in by_group:
            copy = by_group[row.group]
            left_out.append(LeftOutRow(copy, "a copy of this talk was corrected later", row.external_id))
        by_group[row.group] = row
    return sorted(by_group.values(), key=lambda row: row.correction), left_out


def cap_reviewers(
    rows: Sequence[TrainingRow], caps: CurateParams, since: int, probation: Collection[str]
) -> tuple[list[TrainingRow], list[LeftOutRow]]:
    """`rows` without those that wait, and those with the reason: a reviewer's earliest corrections go first. Rows that
    were corrected after the watermark `since` are new to the night.

    A share is of the night's rows, those that wait among them, and comes to one row at least. Chapters that came along
    and adjudications are nobody's share. Where a night has a single reviewer there is nobody to crowd out, and only
    probation binds.
    """
    new = [row for row in rows if row.correction > since]
    alone = len({row.reviewer for row in new if _counts(row)}) == 1
    taken: Counter[str] = Counter()
    within: list[TrainingRow] = []
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
            waiting.append(LeftOutRow(row, "it waits, since its reviewer's share of the night is full", row.reviewer))
    return within, waiting


def weighted(row: TrainingRow, sources: Mapping[str, SourceParams]) -> TrainingRow:
    """With the weight of its source."""
    return replace(row, weight=sources[row.source].weight) if row.source in sources else row


def _counts(row: TrainingRow) -> bool:
    """Whether it is of its reviewer's share."""
    return row.kind in ("edit", "accept")


def _unusable(row: TrainingRow) -> LeftOutRow | None:
    if row.kind in _NO_LABEL:
        return LeftOutRow(row, _NO_LABEL[row.kind])
    if row.role != "train":
        return LeftOutRow(row, "its leak group is held out", row.role)
    right = canonical(row.read_chapters(), row.read_transcript())
    chapters = right.chapters
    if not chapters:
        return LeftOutRow(row, "the correction has no chapters")
    if not all(chapter.title for chapter in chapters):
        return LeftOutRow(row, "a chapter has no title")
    if right.is_coarse:
        share = f"{right.merged} of {right.merged + len(chapters)}"
        return LeftOutRow(row, "chapters fall on a line that has one already", share)
    return None


def report_of(rows: Sequence[TrainingRow], left_out: Iterable[LeftOutRow]) -> CurationReport:
    reasons = Counter(entry.reason for entry in left_out)
    return CurationReport(len(rows), dict(sorted(reasons.items())))


def write_left_out(path: Path, left_out: Iterable[LeftOutRow]) -> None:
    lines: list[str] = []
    for entry in left_out:
        reason = f"{entry.reason} ({entry.detail})" if entry.detail else entry.reason
        lines.append(canonical_json({"external_id": entry.row.external_id, "reason": reason}) + "\n")
    write_atomically(path, "".join(lines))


def main() -> None:
    params = read_params(Path(PARAMS))
    rows, left_out = curate(read_snapshot(SNAPSHOT))
    if params.curate is not None:
        _, since = Night.read(Path.cwd()).starting_model(params.train.start)  # what that model has learnt is not new
        rows, waiting = cap_reviewers(rows, params.curate, since, read_manifest(SNAPSHOT).probation)
        left_out += waiting
    sources = params.curate.sources if params.curate is not None else {}
    write_rows(CURATED / ROWS, [weighted(row, sources) for row in rows])
    write_left_out(CURATED / LEFT_OUT, left_out)
    write_document(CURATED / STAGE_REPORT, report_of(rows, left_out))
    sys.stderr.write(f"curate: {len(rows)} rows kept, {len(left_out)} left out\n")


if __name__ == "__main__":
    with stage_exit():
        main()
