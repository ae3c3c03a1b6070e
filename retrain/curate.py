"""Stage 2. Which rows may be trained on. What is left out goes to `left_out.jsonl` with its reason."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from errata.documents.night import Night
from errata.domain.chapter import canonical
from errata.domain.hashing import canonical_json
from errata.errors import BadInput
from errata.files import write_atomically, write_json
from retrain.rows import Row, write_rows
from retrain.snapshot import FOLDER as SNAPSHOT
from retrain.snapshot import read_manifest, read_snapshot

FOLDER = Path("data/curated")

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

    @classmethod
    def of(cls, params: dict[str, Any], since: int) -> Cap:
        """Raises BadInput where a share is none."""
        given = {name: params.get(name) for name in ("reviewer_share", "probation_share")}
        for name, share in given.items():
            if not isinstance(share, int | float) or not 0 < share <= 1:
                raise BadInput(f"params.yaml: curate.{name} is {share!r}; give a share above 0 and up to 1")
        return cls(float(params["reviewer_share"]), float(params["probation_share"]), since)


def curate(rows: Iterable[Row]) -> tuple[list[Row], list[tuple[Row, str]]]:
    """The rows to train on, in their order, and those left out with the reason.

    One row a leak group: the newest correction speaks for all copies of a talk.
    """
    kept: dict[int, Row] = {}
    left_out: list[tuple[Row, str]] = []
    for row in rows:
        reason = _unusable(row)
        if reason is not None:
            left_out.append((row, reason))
            continue
        if row.group in kept:
            left_out.append((kept[row.group], f"a copy of this talk was corrected later ({row.external_id})"))
        kept[row.group] = row
    return sorted(kept.values(), key=lambda row: row.correction), left_out


def capped(rows: Sequence[Row], cap: Cap, probation: Collection[str]) -> tuple[list[Row], list[tuple[Row, str]]]:
    """`rows` without those that wait, and those with the reason: a reviewer's earliest corrections go first.

    A share is of the night's rows, those that wait among them, and comes to one row at least. Chapters that came along
    and adjudications are nobody's share. Where a night has a single reviewer there is nobody to crowd out, and only
    probation binds.
    """
    new = [row for row in rows if row.correction > cap.since]
    alone = len({row.reviewer for row in new if _counts(row)}) == 1
    given: Counter[str] = Counter()
    kept: list[Row] = []
    waiting: list[tuple[Row, str]] = []
    for row in sorted(rows, key=lambda row: row.correction):
        if row.correction <= cap.since or not _counts(row):
            kept.append(row)
            continue
        share = cap.probation if row.reviewer in probation else 1.0 if alone else cap.share
        allowed = max(1, math.floor(share * len(new) + 1e-9))
        given[row.reviewer] += 1
        if given[row.reviewer] <= allowed:
            kept.append(row)
        else:
            waiting.append((row, f"it waits, since its reviewer's share of the night is full ({row.reviewer})"))
    return kept, waiting


def _counts(row: Row) -> bool:
    return row.kind in ("edit", "accept")


def _unusable(row: Row) -> str | None:
    if row.kind in _NO_LABEL:
        return _NO_LABEL[row.kind]
    if row.role != "train":
        return f"its leak group is held out ({row.role})"
    chapters = canonical(row.read_chapters(), row.read_transcript())
    if not chapters.chapters:
        return "the correction has no chapters"
    if not all(chapter.title for chapter in chapters.chapters):
        return "a chapter has no title"
    return None


def read_cap() -> Cap | None:
    """Of the folder's `params.yaml` and `night.yaml`; None where the parameters set none."""
    path = Path("params.yaml")
    params = yaml.safe_load(path.read_text()) if path.exists() else {}
    if "curate" not in params:
        return None
    night = Night.read(Path.cwd())
    return Cap.of(params["curate"], night.champion_watermark if params["train"]["start"] == "champion" else 0)


def main() -> None:
    kept, left_out = curate(read_snapshot(SNAPSHOT))
    cap = read_cap()
    if cap is not None:
        kept, waiting = capped(kept, cap, read_manifest(SNAPSHOT).get("probation", []))
        left_out += waiting
    write_rows(FOLDER / "rows.parquet", kept)
    lines = [canonical_json({"external_id": row.external_id, "reason": reason}) for row, reason in left_out]
    write_atomically(FOLDER / "left_out.jsonl", "".join(f"{line}\n" for line in lines))
    reasons = Counter(reason.split(" (")[0] for _, reason in left_out)
    write_json(FOLDER / "report.json", {"kept": len(kept), "left_out": dict(sorted(reasons.items()))})
    sys.stderr.write(f"curate: {len(kept)} rows kept, {len(left_out)} left out\n")


if __name__ == "__main__":
    main()
