"""What an import says of the transcripts in which something was put right on the way in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.formats.source_rows import Adjustment
    from errata.operations.importing import AdjustmentCount

_WORDS: dict[Adjustment, tuple[str, str]] = {
    "out of order": ("line was out of order: sorted", "lines were out of order: sorted"),
    "backwards": ("line ended before it started: ends at the next", "lines ended before they started: end at the next"),
    "without an end": ("line had no end: ends at the next", "lines had no end: end at the next"),
    "before the start": ("line stood before the start: placed at 0:00", "lines stood before the start: placed at 0:00"),
    "after the end": (
        "chapter began after the last words: placed at their end",
        "chapters began after the last words: the first is placed at their end",
    ),
    "on one line": (
        "chapter fell on a line that had one: models see the first alone",
        "chapters fell on a line that had one: models see the first alone",
    ),
    "prose": ("line mentions a time and is no chapter", "lines mention a time and are no chapters"),
}
"""What is said of one, and of several."""


def adjustment_sentences(adjustments: Mapping[Adjustment, AdjustmentCount]) -> list[str]:
    """A line of words for each kind."""
    return [_sentence(kind, count) for kind, count in adjustments.items()]


def _sentence(kind: Adjustment, count: AdjustmentCount) -> str:
    where = f"in {counted(count.transcripts, 'transcript')}"
    if kind == "duration":
        return f"{where} the last words end after the stated duration: lengthened to their end"
    one, several = _WORDS[kind]
    return f"{where} {counted(count.lines, one, several)}"
