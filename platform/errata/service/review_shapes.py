"""What the review page sends and gets: JSON with a shape of its own, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from errata.domain.chapter import Chapter, Chapters
from errata.domain.review_work import Effort, ReviewDraft
from errata.domain.transcript import Segment
from errata.files import JsonObject
from errata.operations.review_desk import HandIn, ReviewHold, ReviewItem

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
        return tuple(Chapter(chapter.start, chapter.title) for chapter in self.chapters)

    def effort(self) -> Effort:
        return Effort(self.seconds, self.plays, self.commands)


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


def item_json(item: ReviewItem) -> JsonObject:
    talk, draft = item.talk, item.shown.draft
    return {
        "transcript": item.transcript,
        "unit": talk.unit,
        "duration": talk.duration,
        "media": item.media,
        "lines": [_line_json(line) for line in talk.lines],
        "draft": None if draft is None else _chapters_json(draft.chapters),
        "begun_with": _chapters_json(item.begun_with),
        "own": item.own,
        "saved": [draft_json(saved) for saved in item.drafts],
        "flags": [{"reviewer": flag.reviewer, "why": flag.why} for flag in item.flags],
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
    }


def hold_json(hold: ReviewHold) -> JsonObject:
    return {
        "yours": hold.yours,
        "others": [{"reviewer": claim.reviewer, "since": claim.since.isoformat()} for claim in hold.others],
        "another_page": hold.another_page,
    }


def _chapters_json(chapters: Chapters) -> list[JsonObject]:
    return [chapter.as_json() for chapter in chapters]


def _line_json(line: Segment) -> list[object]:
    """A list, since a long talk has ten thousand: start, end, text, and who speaks."""
    return [line.start, line.end, line.text, line.speaker or ""]
