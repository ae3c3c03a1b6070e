"""Stage 2. Which rows may be trained on. What is left out goes to `left_out.jsonl` with its reason."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.documents.curation import CurationReport
from errata.documents.document import write_document
from errata.documents.file_names import CURATED, LEFT_OUT, PARAMS, ROWS, SNAPSHOT, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.params import Params, read_params
from errata.domain.chapter import canonical
from errata.domain.hashing import canonical_json
from errata.files import write_atomically
from retrain.snapshot import read_manifest, read_snapshot
from retrain.training_rows import TrainingRow, write_rows

LeftOut = tuple[TrainingRow, str]
"""A row, and why it is left out."""

_NO_LABEL = {
    "conflict": "its reviewers disagree",
    "withdrawn": "its chapters were rejected or taken back",
}


@dataclass(frozen=True, slots=True)
class Cap:
    """How much one reviewer may put into one night, as shares of the rows that are new to it."""

    share: float
    probation: float
    """The same for a reviewer on probation."""
    since: int
    """Rows corrected after this `seq` are new to the night."""


def curate(rows: Iterable[TrainingRow]) -> tuple[list[TrainingRow], list[LeftOut]]:
    """The rows to train on, in their order, and those left out with the reason.

    One row a leak group: the newest correction speaks for all copies of a talk.
    """
    by_group: dict[int, TrainingRow] = {}
    left_out: list[LeftOut] = []
    for row in rows:
        reason = _unusable(row)
        if reason is not None:
            left_out.append((row, reason))
            continue
        if row.group in by_group:
            copy = by_group[row.group]
            left_out.append((copy, f"a copy of this talk was corrected later ({row.external_id})"))
        by_group[row.group] = row
    return sorted(by_group.values(), key=lambda row: row.correction), left_out


def capped(
    rows: Sequence[TrainingRow], cap: Cap, probation: Collection[str]
) -> tuple[list[TrainingRow], list[LeftOut]]:
    """`rows` without those that wait, and those with the reason: a reviewer's earliest corrections go first.

    A share is of the night's rows, those that wait among them, and comes to one row at least. Chapters that came along
    and adjudications are nobody's share. Where a night has a single reviewer there is nobody to crowd out, and only
    probation binds.
    """
    new = [row for row in rows if row.correction > cap.since]
    alone = len({row.reviewer for row in new if _counts(row)}) == 1
    given: Counter[str] = Counter()
    within: list[TrainingRow] = []
    waiting: list[LeftOut] = []
    for row in sorted(rows, key=lambda row: row.correction):
        if row.correction <= cap.since or not _counts(row):
            within.append(row)
            continue
        share = cap.probation if row.reviewer in probation else 1.0 if alone else cap.share
        # a share like 0.1 is no binary number: 0.1 · 30 must allow 3, not 2
        allowed = max(1, math.floor(share * len(new) + 1e-9))
        given[row.reviewer] += 1
        if given[row.reviewer] <= allowed:
            within.append(row)
        else:
            waiting.append((row, f"it waits, since its reviewer's share of the night is full ({row.reviewer})"))
    return within, waiting


def _counts(row: TrainingRow) -> bool:
    """Whether it is of its reviewer's share."""
    return row.kind in ("edit", "accept")


def _unusable(row: TrainingRow) -> str | None:
    if row.kind in _NO_LABEL:
        return _NO_LABEL[row.kind]
    if row.role != "train":
        return f"its leak group is held out ({row.role})"
    chapters = canonical(row.read_chapters(), row.read_transcript()).chapters
    if not chapters:
        return "the correction has no chapters"
    if not all(chapter.title for chapter in chapters):
        return "a chapter has no title"
    return None


def cap_of(params: Params, night: Night) -> Cap | None:
    """None where the parameters set none."""
    if params.curate is None:
        return None
    # what the starting model has trained on is not new; Day-0 has trained on nothing
    since = night.champion_watermark if params.train.start == "champion" else 0
    return Cap(params.curate.reviewer_share, params.curate.probation_share, since)


def report_of(rows: Sequence[TrainingRow], left_out: Iterable[LeftOut]) -> CurationReport:
    """Reasons are counted without what they say of single rows, which stands in brackets at their end."""
    reasons = Counter(reason.split(" (")[0] for _, reason in left_out)
    return CurationReport(len(rows), dict(sorted(reasons.items())))


def write_left_out(path: Path, left_out: Iterable[LeftOut]) -> None:
    lines = [canonical_json({"external_id": row.external_id, "reason": reason}) for row, reason in left_out]
    write_atomically(path, "".join(f"{line}\n" for line in lines))


def main() -> None:
    params = read_params(Path(PARAMS))
    rows, left_out = curate(read_snapshot(SNAPSHOT))
    cap = cap_of(params, Night.read(Path.cwd()))
    if cap is not None:
        rows, waiting = capped(rows, cap, read_manifest(SNAPSHOT).probation)
        left_out += waiting
    write_rows(CURATED / ROWS, rows)
    write_left_out(CURATED / LEFT_OUT, left_out)
    write_document(CURATED / STAGE_REPORT, report_of(rows, left_out))
    sys.stderr.write(f"curate: {len(rows)} rows kept, {len(left_out)} left out\n")


if __name__ == "__main__":
    main()
