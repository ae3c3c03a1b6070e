"""What a file that is given as a transcript holds: one in some format, or chapters or corrections, which are none."""

from __future__ import annotations

from pathlib import Path

from errata.errors import BadInput
from errata.formats import kinds, review_detect


def path_kind(path: Path) -> str:
    """As `kinds.kind`; exports of reviewing tools and sheets are CORRECTIONS too. Raises BadInput."""
    try:
        name = kinds.kind(path)
    except BadInput:
        if review_detect.has_review_rows(path):
            return kinds.CORRECTIONS
        raise
    # JSONL that is in no other format is called rejects
    return kinds.CORRECTIONS if name == "rejects" and review_detect.has_review_rows(path) else name
