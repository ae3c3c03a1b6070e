"""Meetings in the schema of QMSum: JSONL, one meeting a line, or JSON, one meeting a file; turns have no times, and
topics are ranges of turns.

    {"meeting_id": "…", "meeting_transcripts": [{"speaker": "Ann", "content": "Good morning."}, …],
     "topic_list": [{"topic": "Opening", "relevant_text_span": [["0", "12"]]}, …]}

A turn is a segment, placed by word offsets; `meeting_id` may be missing, and is then the file's stem, in
JSONL with the line. Each range of a topic begins a chapter: a topic that the meeting comes back to has several. Other
keys are left alone.
Source: https://github.com/Yale-LILY/QMSum
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.domain.chapter import Chapters, tidy
from errata.domain.sentences import count_words
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats.fields import chapter, chapters, listing, mapping, objects, text, text_or_nothing
from errata.formats.source_rows import ImportedTranscript, SourceRow

TURNS = "meeting_transcripts"


def fits(row: Any) -> bool:
    return isinstance(row, dict) and TURNS in row


def with_id(row: SourceRow) -> SourceRow:
    """The row; a meeting without an id gets one, which it keeps when it is refused."""
    if not fits(row.raw) or "meeting_id" in row.raw:
        return row
    file = Path(row.file)
    alone = file.suffix.lower() == ".json" and row.row in (1, "item 1")
    return replace(row, raw={"meeting_id": file.stem if alone else f"{file.stem}-{row.row}"} | row.raw)


def transcript_of(row: SourceRow) -> ImportedTranscript:
    """Raises BadInput."""
    raw = mapping(row.raw, "the row")
    begins: list[int] = []
    offset = 0
    segments: list[Segment] = []
    for at, turn in enumerate(objects(raw[TURNS], TURNS, "turn")):
        words = tidy(text(turn.get("content"), f"turn {at}'s content"))
        speaker = tidy(text_or_nothing(turn.get("speaker"), f"turn {at}'s speaker"))
        begins.append(offset)  # of empty turns too: a topic names turns by their number
        end = offset + count_words(words)
        if words:
            segments.append(Segment(float(offset), float(end), words, speaker or None))
        offset = end
    transcript = Transcript(text(raw.get("meeting_id"), "meeting_id"), tuple(segments), float(offset), "words")
    return ImportedTranscript(transcript, _reference(raw.get("topic_list"), begins), row)


def _reference(topics: Any, begins: list[int]) -> Chapters | None:
    if topics is None:
        return None
    reference = []
    for at, topic in enumerate(objects(topics, "topic_list", "topic")):
        what = f"topic {at}"
        for span in listing(topic.get("relevant_text_span"), f"{what}'s relevant_text_span"):
            reference.append(chapter(_begin(span, begins, what), topic.get("topic"), what))
    return chapters(reference, "the meeting")


def _begin(span: Any, begins: list[int], what: str) -> float:
    """The words before a range's first turn."""
    first = str(span[0]) if isinstance(span, list) and span else ""
    if not (first.isascii() and first.isdigit() and len(first) < 9 and int(first) < len(begins)):
        raise BadInput(
            "{}'s range must be two of the turns 0 to {}, not {}; mend it", what, len(begins) - 1, short(span)
        )
    return float(begins[int(first)])
