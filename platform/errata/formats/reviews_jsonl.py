"""Corrections as JSONL: one review a line, in order of time.

    {"video_id": "…", "reviewer": "…", "reviewed": [{"start": 93, "title": "…"}], "reviewed_on": "2024-02-15",
     "draft": […], "draft_by": "…", "kind": "edit", "prediction": "…", "blind": false}

A JSON list of them, one alone, or a dict of them by id is read as well.

Only video_id and reviewer are always needed. `kind` is `edit` (the default; needs `reviewed`), `accept` or `reject`; or
`reference`, chapters that nobody signs: they came with the talk, and any person's word outranks them. `draft` is what
the reviewer was shown; `[]` there is an empty answer, and null or no `draft` says that it is not known. `prediction` is
the key of the prediction that the task was made of, where it came from here. An edit that left the draft as it was is
an accept. `blind` says that the reviewer was shown no draft at all, and so can have accepted or rejected none; a blind
review without chapters needs `"kind": "edit"`, or nobody may have got to it. Starts are in the transcript's unit;
whether they lie within it is for the one who has the transcript to say. `reviewed_on` is a date, as `dates` says. Other
keys are not read, and named (`Review.unread`).

A task that nobody got to comes back as it went out: no reviewer, kind or day, and no chapters where it was to be made
blind. It is left out. One with a prediction's key is a `Review` without a reviewer, which the import leaves out if it
holds that prediction's chapters: only the record knows them. Anything else without a reviewer is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.domain.chapter import Chapters, chapters_to_json
from errata.domain.correction import Kind
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.dates import iso_date
from errata.formats.fields import filled_text, listed_chapters, mapping, text, text_or_nothing, yes_or_no
from errata.formats.json_files import Doubled, write_text
from errata.formats.row_files import json_rows
from errata.formats.source_rows import REJECTED, Adjustment, LeftOut, Rejected, SourceRow, convert_rows
from errata.formats.video_ids import keyed_id

OPTIONAL = ("reviewed_on", "draft", "draft_by", "kind", "prediction", "blind")
FIELDS = ("video_id", "reviewer", "reviewed", *OPTIONAL)
WITHOUT_MEANING = ("model", REJECTED)
"""What a task that went out, and a row that was refused, say besides."""
KINDS: tuple[Kind, ...] = ("edit", "accept", "reject")
NOBODY = "not reviewed"
"""Why a row is left out that is a task which nobody got to."""
NO_REVIEWER = "it names no reviewer; fill in `reviewer`"
LATER = "reviewed later"
"""Why a row is left out that is of a later day than those that were asked for."""


@dataclass(frozen=True, slots=True)
class Review:
    video_id: str
    kind: Kind
    chapters: Chapters | None
    """The right chapters; None for a reject, and for an accept whose prediction the file does not hold."""
    reviewer: str
    """Empty for a reference, and for a task that nobody may have got to."""
    reviewed_on: str
    """ISO date, or date and time; empty when not known."""
    draft: Chapters | None
    """What the reviewer was shown; None when the file does not say, empty for an empty answer."""
    draft_by: str
    """The name of whoever or whatever made the draft; may be empty."""
    row: SourceRow = field(compare=False, repr=False)
    """Where it stood: `row.reject(reason)` refuses it after all, when it doesn't fit what the record holds."""
    prediction_key: str = ""
    """The prediction of ours that the task was made of; empty when the file does not say."""
    blind: bool = False
    """Whether it says that the reviewer was shown no draft, that prediction neither."""
    adjustments: Mapping[Adjustment, int] = field(default_factory=dict, compare=False)
    """What was read otherwise than it stands, and how often."""
    unread: tuple[str, ...] = field(default=(), compare=False)
    """Fields that no review has."""


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Reviews in the file's order; with `until` (an ISO date) only those of that day or before, or without a date;
    a later one is a `LeftOut`.

    The day is the one that is written, whatever its time zone. Raises BadInput when the file can't be read or `until`
    is no date.
    """
    rows: Iterable[SourceRow | Rejected] = chain.from_iterable(map(_by_id, json_rows(path)))
    if until is not None:
        last = day(until)
        rows = (leave_if_later(row, row.raw, last) for row in rows)
    return convert_rows(rows, partial(review_of, key=key))


def _by_id(row: SourceRow | Rejected) -> Iterator[SourceRow | Rejected]:
    """The reviews of a dict by the videos' ids; any other row as it is."""
    raw = row.raw if isinstance(row.raw, dict) and not isinstance(row.raw, Doubled) else {}
    if isinstance(row, Rejected) or not raw or not all(_is_review(value) for value in raw.values()):
        yield row
    else:
        for name, value in raw.items():
            yield SourceRow(row.file, name, {"video_id": name, **value})


def _is_review(value: Any) -> bool:
    return isinstance(value, dict) and "reviewer" in value


def write(path: Path, reviews: Iterable[Review]) -> int:
    """Writes the reviews, one a line, and returns how many; `read` gives them back. Raises BadInput."""
    lines = [json.dumps(_line(review)) + "\n" for review in reviews]
    write_text(path, "".join(lines), "ascii")
    return len(lines)


def _line(review: Review) -> JsonObject:
    fields = {
        "video_id": review.video_id,
        "reviewer": review.reviewer,
        "kind": review.kind,
        "reviewed": None if review.chapters is None else chapters_to_json(review.chapters),
        "reviewed_on": review.reviewed_on or None,
        "draft": None if review.draft is None else chapters_to_json(review.draft),
        "draft_by": review.draft_by or None,
        "prediction": review.prediction_key or None,
        "blind": review.blind or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def day(until: str) -> str:
    """`until` as an ISO date. Raises BadInput when it is none."""
    try:
        return date.fromisoformat(until).isoformat()
    except ValueError as problem:
        raise BadInput(f"{until!r} is not a date; write it as YYYY-MM-DD") from problem


def leave_if_later(row: SourceRow | Rejected, dated: Any, last: str) -> SourceRow | Rejected:
    """The row, or a `LeftOut` in its place where the `reviewed_on` in `dated` is known to be later than `last`.

    A row whose date can't be read is kept, to be refused by name.
    """
    try:
        later = _reviewed_on(mapping(dated, "the row").get("reviewed_on"))[:10] > last
    except BadInput:
        later = False
    return LeftOut(row.file, row.row, LATER, row.raw) if later else row


def review_of(row: SourceRow, key: str | None = None) -> Review | LeftOut:
    """A line as a review, of the transcript that its `key` names, or else its `video_id`; raises BadInput."""
    raw = mapping(row.raw, "the row")
    unread = tuple(name for name in raw if name not in (*FIELDS, *WITHOUT_MEANING, key))
    if raw.get("kind") == "reference":
        return replace(_reference(row, raw), unread=unread)
    draft = _chapters(raw.get("draft"), "draft")
    blind = yes_or_no(raw.get("blind"), "blind")
    signed = raw.get("reviewer") not in (None, "")
    if not signed:
        _check_unsigned(raw, blind)
    if not signed and blind:
        return LeftOut(row.file, row.row, NOBODY, raw)
    if blind:
        _check_blind(raw)
    kind, right = _decide(_kind(raw.get("kind")), draft, _chapters(raw.get("reviewed"), "reviewed"))
    return Review(
        video_id=_video_id(raw.get("video_id")) if key is None else keyed_id(raw, key),
        kind=kind,
        chapters=right,
        reviewer=filled_text(raw["reviewer"], "reviewer") if signed else "",
        reviewed_on=_reviewed_on(raw.get("reviewed_on")),
        draft=draft,
        draft_by=text_or_nothing(raw.get("draft_by"), "draft_by"),
        row=row,
        prediction_key=text_or_nothing(raw.get("prediction"), "prediction"),
        blind=blind,
        unread=unread,
    )


def _reference(row: SourceRow, raw: JsonObject) -> Review:
    chapters = _chapters(raw.get("reviewed"), "reviewed")
    if not chapters:
        raise BadInput("a reference needs `reviewed`, the chapters that came with the talk; add them")
    if any(raw.get(name) for name in ("reviewer", "draft", "draft_by", "prediction", "blind")):
        raise BadInput(
            "a reference is nobody's answer to a draft; take the reviewer and the draft out, or call it an edit"
        )
    name = _video_id(raw.get("video_id"))
    return Review(name, "reference", chapters, "", _reviewed_on(raw.get("reviewed_on")), None, "", row)


def _check_unsigned(raw: JsonObject, blind: bool) -> None:
    """Raises BadInput unless the line may be a task as it went out."""
    untouched = not raw.get("reviewed") if blind else bool(raw.get("prediction")) and raw.get("reviewed") is not None
    if not untouched or any(raw.get(name) for name in ("kind", "reviewed_on", "draft")):
        raise BadInput(NO_REVIEWER)


def _check_blind(raw: JsonObject) -> None:
    if raw.get("draft") is not None or raw.get("draft_by"):
        raise BadInput("it says that it was made blind, and has a draft; take one of the two out")
    if raw.get("kind") in ("accept", "reject"):
        raise BadInput(f"it says that it was made blind, and {raw['kind']}s what was not shown; give it the chapters")
    if raw.get("kind") is None and raw.get("reviewed") == []:
        raise BadInput(
            "it was to be made blind and has no chapters; if there are none, call it an edit, or leave it out"
        )


def _video_id(value: Any) -> str:
    filled_text(value, "video_id")
    return text(value, "video_id")  # as it stands: it has to match the transcript's to the letter


def _kind(value: Any) -> Kind:
    for kind in KINDS:
        if value == kind or (value is None and kind == "edit"):
            return kind
    raise BadInput(f"kind must be one of {', '.join(KINDS)}, not {{}}", short(value))


def _decide(kind: Kind, draft: Chapters | None, reviewed: Chapters | None) -> tuple[Kind, Chapters | None]:
    if kind == "reject":
        if reviewed:
            raise BadInput("a reject has chapters in `reviewed`; leave them out, or make it an edit")
        return kind, None
    if kind == "accept":
        if draft is not None and reviewed is not None and draft != reviewed:
            raise BadInput("an accept has other chapters in `reviewed` than in `draft`; make it an edit")
        return kind, draft if reviewed is None else reviewed
    if reviewed is None:
        raise BadInput("an edit needs `reviewed`, the chapters as the reviewer left them; add them")
    return "accept" if reviewed == draft else "edit", reviewed


def _chapters(value: Any, what: str) -> Chapters | None:
    return None if value is None else listed_chapters(value, what)


def _reviewed_on(value: Any) -> str:
    return "" if value is None else iso_date(value, "reviewed_on")
