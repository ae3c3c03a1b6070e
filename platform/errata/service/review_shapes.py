"""What the review page sends and gets: JSON with a shape of its own, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from errata.domain.chapter import Chapter, Chapters
from errata.domain.review_work import Claim, DraftContent, Effort, ReviewDraft
from errata.domain.transcript import Segment
from errata.files import JsonObject
from errata.operations.review_desk import HandIn, ReviewHold, ReviewItem
from errata.operations.stream_desk import RunningItem

Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
"""What every database has room for."""
PageNumber = Annotated[str, Field(min_length=1, max_length=64)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ChapterShape(_Shape):
    start: Annotated[float, Field(strict=True)]
    title: str


class WorkShape(_Shape):
    """How far the page is with an item."""

    chapters: list[ChapterShape]
    line: Count
    seconds: Annotated[float, Field(ge=0, le=1e9, strict=True)]
    plays: Count
    commands: Count
    page: PageNumber
    goes_on_from: Count
    """The newest revision of the draft that the page has seen."""

    def said(self) -> Chapters:
        return _chapters(self.chapters)

    def content(self) -> DraftContent:
        return DraftContent(self.said(), self.line, self.effort())

    def effort(self) -> Effort:
        return Effort(self.seconds, self.plays, self.commands)


class StreamWorkShape(WorkShape):
    """Of a stream that runs."""

    told: list[ChapterShape]
    """What had been told of it: the chapters are what the reviewer made of these."""

    def content(self) -> DraftContent:
        return replace(super().content(), told=_chapters(self.told))


class HandInShape(WorkShape):
    action: Literal["edit", "accept", "reject", "skip", "flag"]
    why: str
    knows: Count | None
    key: str

    def work(self) -> HandIn:
        return HandIn(
            key=self.key,
            action=self.action,
            chapters=self.said(),
            why=self.why,
            knows=self.knows,
            effort=self.effort(),
            page=self.page,
            goes_on_from=self.goes_on_from,
        )


class HoldShape(_Shape):
    page: PageNumber
    take_over: bool = False


class PageShape(_Shape):
    page: PageNumber


def _chapters(shapes: list[ChapterShape]) -> Chapters:
    return tuple(Chapter(chapter.start, chapter.title) for chapter in shapes)


def item_json(item: ReviewItem) -> JsonObject:
    talk, draft = item.talk, item.shown.draft
    return {
        "transcript": item.transcript,
        "unit": talk.unit,
        "duration": talk.duration,
        "media": item.media,
        "lines": [line_json(line) for line in talk.lines],
        "draft": None if draft is None else _chapters_json(draft.chapters),
        "begun_with": _chapters_json(item.begun_with),
        "own": item.own,
        "saved": [draft_json(saved) for saved in item.drafts],
        "flags": [{"reviewer": flag.reviewer, "why": flag.why} for flag in item.flags],
    }


def running_json(item: RunningItem) -> JsonObject:
    """As `item_json`, of a stream so far: what was told of it is its draft."""
    told = _chapters_json(item.told)
    return {
        "unit": "seconds",
        "duration": item.stream.heard,
        "media": item.stream.known.media,
        "lines": [line_json(line) for line in item.lines],
        "draft": told,
        "begun_with": told,
        "own": None,
        "saved": [draft_json(saved) for saved in item.drafts],
        "flags": [],
        "place": f"{item.events}-{item.segments}",
    }


def draft_json(draft: ReviewDraft) -> JsonObject:
    return {
        "page": draft.page,
        "revision": draft.revision,
        "late": draft.late,
        "chapters": _chapters_json(draft.chapters),
        "line": draft.line,
        "seconds": draft.effort.seconds,
        "plays": draft.effort.plays,
        "commands": draft.effort.commands,
        "at": draft.at.isoformat(),
        "told": None if draft.told is None else _chapters_json(draft.told),
    }


def hold_json(hold: ReviewHold) -> JsonObject:
    return {
        "yours": hold.yours,
        "another_page": hold.another_page,
        **claims_json(hold.others),
    }


def claims_json(others: Sequence[Claim]) -> JsonObject:
    return {"others": [{"reviewer": claim.reviewer, "since": claim.since.isoformat()} for claim in others]}


def _chapters_json(chapters: Chapters) -> list[JsonObject]:
    return [chapter.as_json() for chapter in chapters]


def line_json(line: Segment) -> list[object]:
    """A list, since a long talk has ten thousand: start, end, text, and who speaks."""
    return [line.start, line.end, line.text, line.speaker or ""]
