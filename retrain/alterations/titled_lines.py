"""A talk as lines that carry their chapters' titles: what is altered keeps its label, since a title goes where its line
goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from errata.domain.chapter import Chapter, Chapters, canonical, starts
from errata.domain.lines import LONGEST, columns
from errata.domain.sentences import count_words
from errata.domain.transcript import Segment, Transcript

Altered = tuple[Transcript, Chapters]


@dataclass(frozen=True, slots=True)
class LabelledLine:
    segment: Segment
    title: str | None = None
    """Of the chapter that begins with it."""

    @property
    def is_border(self) -> bool:
        return self.title is not None


def labelled_lines(transcript: Transcript, chapters: Chapters) -> list[LabelledLine]:
    """A transcript's lines, each with the title of the chapter that begins there, if one does."""
    titles = {int(chapter.start): chapter.title for chapter in canonical(chapters, transcript).chapters}
    # of lines that share a start only the first can begin a chapter
    return [
        LabelledLine(line, titles.pop(start, None))
        for line, start in zip(transcript.lines, starts(transcript), strict=True)
    ]


def spans(lines: Iterable[LabelledLine]) -> list[list[LabelledLine]]:
    """The lines of each chapter, in order; those before the first border, a cold open, are a span of their own."""
    numbered, number = list[tuple[int, LabelledLine]](), 0
    for line in lines:
        number += line.is_border
        numbered.append((number, line))
    return [[line for _, line in group] for _, group in groupby(numbered, key=lambda pair: pair[0])]


def shifted(line: LabelledLine, by: int) -> LabelledLine:
    """Later by whole units of the transcript: lines that didn't share a floored start still don't."""
    segment = line.segment
    return replace(line, segment=replace(segment, start=segment.start + by, end=segment.end + by))


def with_text(line: LabelledLine, text: str) -> LabelledLine:
    return replace(line, segment=replace(line.segment, text=text))


def fits(text: str) -> bool:
    """Whether a segment of this text is one line, and not cut into several."""
    return columns(text) <= LONGEST


def altered_talk(transcript: Transcript, lines: Sequence[LabelledLine], duration: float) -> Altered | None:
    """The transcript with these lines, of this duration, and its chapters; None where they wouldn't begin on the lines
    that carry their titles. Text without times is counted anew, word by word."""
    segments = tuple(line.segment for line in lines)
    if transcript.unit == "words":
        segments, duration = _counted(segments)
    made = replace(transcript, segments=segments, duration=duration)
    if len(made.lines) != len(lines):
        return None
    chapters = tuple(
        Chapter(float(start), line.title)
        for line, start in zip(lines, starts(made), strict=True)
        if line.title is not None
    )
    titles = [line.title for line in labelled_lines(made, chapters)]
    return (made, chapters) if titles == [line.title for line in lines] else None


def _counted(segments: Iterable[Segment]) -> tuple[tuple[Segment, ...], float]:
    placed, words = list[Segment](), 0
    for segment in segments:
        count = count_words(segment.text)
        placed.append(replace(segment, start=float(words), end=float(words + count)))
        words += count
    return tuple(placed), float(max(1, words))
