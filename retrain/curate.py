"""Stage 2. Which rows may be trained on. What is left out goes to `left_out.jsonl` with its reason."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from errata.domain.chapter import canonical
from errata.domain.hashing import canonical_json
from errata.workspace import write_atomically, write_json
from retrain.rows import Row, write_rows
from retrain.snapshot import FOLDER as SNAPSHOT
from retrain.snapshot import read_snapshot

FOLDER = Path("data/curated")

_NO_LABEL = {
    "conflict": "its reviewers disagree",
    "withdrawn": "its chapters were rejected or taken back",
}


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


def main() -> None:
    kept, left_out = curate(read_snapshot(SNAPSHOT))
    write_rows(FOLDER / "rows.parquet", kept)
    lines = [canonical_json({"external_id": row.external_id, "reason": reason}) for row, reason in left_out]
    write_atomically(FOLDER / "left_out.jsonl", "".join(f"{line}\n" for line in lines))
    reasons = Counter(reason.split(" (")[0] for _, reason in left_out)
    write_json(FOLDER / "report.json", {"kept": len(kept), "left_out": dict(sorted(reasons.items()))})
    print(f"curate: {len(kept)} rows kept, {len(left_out)} left out", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
