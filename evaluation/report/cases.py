"""One item side by side: the champion's chapters, the contender's and the right ones, and the text around borders; of
other tasks the texts alone, since where they stand is given."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from errata.documents.scored_items import ScoredItemRow
from errata.domain.chapter import Chapter, Chapters, starts
from errata.domain.near_borders import near, near_borders
from errata.domain.task_name import TaskName
from errata.domain.transcript import Transcript, Unit
from evaluation.report.content import Change
from evaluation.report.figures import place

BEFORE, AFTER = 2, 2
"""Lines shown before and after the one on which a border lies."""
WINDOWS = 3
LONG = 14
"""Rows from which a table is folded."""

State = Literal["right", "wrong", "missed", "none", "said"]


@dataclass(frozen=True)
class BorderCell:
    """What a model has at a border; or `said`, at a place that it was asked about."""

    state: State
    title: str = ""
    place: str = ""
    """Where exactly, if not where the row says."""


@dataclass(frozen=True)
class Border:
    at: float
    place: str
    champion: BorderCell
    contender: BorderCell
    reference: str | None
    """The right chapter's title; None where no chapter should begin."""

    @property
    def lost(self) -> bool:
        return self.contender.state in ("wrong", "missed")


@dataclass(frozen=True)
class Line:
    """A line of the excerpt."""

    place: str
    speaker: str
    text: str
    borders: tuple[Border, ...]
    after_gap: bool


@dataclass(frozen=True)
class Case:
    change: Change
    borders: tuple[Border, ...]
    lines: tuple[Line, ...]
    unshown: int
    """Borders that differ and are outside the excerpt."""
    has_text: bool

    @property
    def long(self) -> bool:
        return len(self.borders) > LONG


def case(change: Change, transcript: Transcript | None, task: TaskName = "chapters") -> Case:
    unit = transcript.unit if transcript else _likely_unit(change.new)
    if task != "chapters":
        return Case(change, said(change), (), 0, transcript is not None)
    borders = align(change, unit)
    lost = sorted((border for border in borders if border.lost), key=_interest)
    shown = lost[:WINDOWS]
    lines = excerpt(transcript, borders, shown) if transcript else ()
    return Case(change, borders, lines, len(lost) - len(shown), transcript is not None)


def align(change: Change, unit: Unit | None) -> tuple[Border, ...]:
    """A row per border that anybody set. A border of a model joins the nearest right one that it is near to."""
    reference = change.new.reference_chapters
    old = _match(reference, change.old.predicted_chapters, unit)
    new = _match(reference, change.new.predicted_chapters, unit)
    titles = {chapter.start: chapter.title for chapter in reference}
    places = sorted({*titles, *old, *new})
    return tuple(
        Border(at, place(at, unit), _cell(at, old, titles, unit), _cell(at, new, titles, unit), titles.get(at))
        for at in places
    )


def said(change: Change) -> tuple[Border, ...]:
    """A row for each right text, with what each model said at the place that it is held against."""
    return tuple(
        Border(
            right.start,
            place(right.start, "seconds"),
            _text_at(right.start, change.old.predicted_chapters),
            _text_at(right.start, change.new.predicted_chapters),
            right.title,
        )
        for right in change.new.reference_chapters
    )


def _text_at(start: float, answer: Chapters) -> BorderCell:
    nearest = min(answer, key=lambda chapter: abs(chapter.start - start), default=None)
    return BorderCell("said", nearest.title) if nearest else BorderCell("missed")


def excerpt(transcript: Transcript, borders: Iterable[Border], shown: Iterable[Border]) -> tuple[Line, ...]:
    """The lines around `shown`, in order, with every border that falls on one of them."""
    unit, places = transcript.unit, starts(transcript)
    on: dict[int, list[Border]] = {}
    for border in borders:
        on.setdefault(_line_at(places, border.at), []).append(border)
    around: set[int] = set()
    for border in shown:
        centre = _line_at(places, border.at)
        around |= set(range(max(0, centre - BEFORE), min(len(places), centre + AFTER + 1)))
    lines = []
    for index in sorted(around):
        line = transcript.lines[index]
        after_gap = index - 1 not in around
        at = place(line.start, unit)
        lines.append(Line(at, line.speaker or "", line.text, tuple(on.get(index, ())), after_gap))
    return tuple(lines)


def _match(reference: Chapters, answer: Chapters, unit: Unit | None) -> dict[float, Chapter]:
    """Each chapter of an answer under the start of the right one it is near to; else under its own."""
    pairs = near_borders(reference, answer, near(unit))
    return {pairs.get(chapter.start, chapter.start): chapter for chapter in answer}


def _cell(at: float, answer: dict[float, Chapter], reference: dict[float, str], unit: Unit | None) -> BorderCell:
    chapter = answer.get(at)
    if chapter is None:
        return BorderCell("missed" if at in reference else "none")
    exact = "" if chapter.start == at else place(chapter.start, unit)
    return BorderCell("right" if at in reference else "wrong", chapter.title, exact)


def _interest(border: Border) -> tuple[bool, float]:
    """What the champion got right comes first."""
    return border.champion.state == border.contender.state, border.at


def _line_at(places: list[int], at: float) -> int:
    last = max(0, bisect_right(places, at) - 1)
    # lines that begin in the same second are told by the first: chapters start on whole seconds
    return bisect_left(places, places[last])


def _likely_unit(row: ScoredItemRow) -> Unit | None:
    """Scores in seconds exist for transcripts with times alone; their absence proves nothing."""
    return None if row.precision_5s is None else "seconds"
