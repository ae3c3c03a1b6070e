"""A conflict side by side: every border that anybody has, what each version says there, and what is spoken there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from errata.domain.chapter import Chapters, chapters_to_json
from errata.domain.correction import Conflict, Correction, Side, chapters_hash
from errata.domain.transcript import Transcript, Unit
from errata.errors import NotFound
from errata.formats.chapter_text import spoken, write
from errata.workspace import Workspace

CellMark = Literal["same", "title differs", "alone", "missing"]
"""Of a version at a border: as all the others; with a title of its own; a border that others lack; no border there."""


@dataclass(frozen=True, slots=True)
class VersionCell:
    title: str | None
    """None where the version has no border."""
    mark: CellMark


@dataclass(frozen=True, slots=True)
class BorderRow:
    start: int
    """Whole seconds, or the number of a word."""
    words: str
    """The line that is spoken there."""
    draft: str | None
    """The title that the draft had there; None for no border."""
    cells: tuple[VersionCell, ...]
    """One for each version, in their order."""

    @property
    def differs(self) -> bool:
        return any(cell.mark != "same" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class ConflictView:
    conflict: Conflict
    unit: Unit
    duration: float
    versions: tuple[Side, ...]
    """Sides with chapters, which may be chosen, in the order in which they came."""
    rejections: tuple[Side, ...]
    """Sides that say only what the chapters are not."""
    drafted: bool
    """Whether a draft is known that the sides have corrected."""
    rows: tuple[BorderRow, ...]
    texts: tuple[str, ...]
    """Each version as lines that a person may edit, `errata.formats.chapter_text`."""

    @property
    def borders_that_differ(self) -> int:
        return sum(row.differs for row in self.rows)


def conflict_view(workspace: Workspace, transcript: int) -> ConflictView:
    """Raises NotFound where nobody differs on the transcript (any more)."""
    with workspace.record.read() as store:
        found = next((each for each in store.conflicts.all() if each.transcript == transcript), None)
        if found is None:
            raise NotFound(
                f"nobody differs on transcript {transcript} now: it was decided, or it never was in conflict"
            )
        talk = store.transcripts.read(transcript)
        sides = {side.correction for side in found.sides}
        events = [event for seq, event in store.corrections.of_transcript(transcript) if seq in sides]
        drafts = store.predictions.read_all(event.prediction for event in events)
    draft = _shared_draft(events, {seq: prediction.chapters for seq, prediction in drafts.items()})
    versions = tuple(side for side in found.sides if side.kind != "reject")
    return ConflictView(
        conflict=found,
        unit=talk.unit,
        duration=talk.duration,
        versions=versions,
        rejections=tuple(side for side in found.sides if side.kind == "reject"),
        drafted=draft is not None,
        rows=tuple(_rows(talk, draft, [side.chapters for side in versions])),
        texts=tuple(write(side.chapters, talk.unit) for side in versions),
    )


def _shared_draft(events: Sequence[Correction], drafts: Mapping[int, Chapters]) -> Chapters | None:
    """What all who corrected a draft have seen; None where they saw different ones, or none."""
    seen = {
        chapters_hash(chapters_to_json(drafts[event.prediction])): drafts[event.prediction]
        for event in events
        if event.prediction
    }
    return next(iter(seen.values())) if len(seen) == 1 else None


def _rows(talk: Transcript, draft: Chapters | None, versions: Sequence[Chapters]) -> Iterable[BorderRow]:
    titles = [_titles(chapters) for chapters in versions]
    drafted = _titles(draft or ())
    starts = [line.start for line in talk.lines]
    for start in sorted({*drafted, *(start for each in titles for start in each)}):
        here = [each.get(start) for each in titles]
        line = talk.lines[max(0, bisect_right(starts, start + 0.999) - 1)]
        yield BorderRow(start, spoken(line), drafted.get(start), tuple(_cell(title, here) for title in here))


def _cell(title: str | None, here: Sequence[str | None]) -> VersionCell:
    present = [each for each in here if each is not None]
    if title is None:
        return VersionCell(None, "missing" if present else "same")
    if len(present) < len(here):
        return VersionCell(title, "alone")
    return VersionCell(title, "same" if len(set(present)) == 1 else "title differs")


def _titles(chapters: Chapters) -> dict[int, str]:
    return {int(chapter.start): chapter.title for chapter in chapters}
