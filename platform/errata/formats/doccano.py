"""doccano's JSONL exports: one review a line.

    {"id": 1, "text": "…", "label": ["0:00 Welcome", "1:33 Soil"], "video_id": "…"}             sequence to sequence
    {"id": 1, "text": "[0:00] …\\n[1:33] …", "label": [[0, 42, "Welcome"], …], "video_id": "…"}   sequence labelling
    {"doc_id": 1, "text": "…", "labels": [[0, 42, "Welcome"], …], "username": "ann", …}          older exports

What is written as a label is read as `chapter_text` says, a span as `labelled_lines` does.

The video's id is `video_id` or `external_id` in the line or its `meta`, or the stem of its `filename`; `id` and
`doc_id` are doccano's own. The reviewer is `username`, or else the file's name, since doccano writes a file for each
user; a file for all of them (`all.jsonl`) does not say who it was, and its lines are refused unless they have a
`username`. `reviewed_on`, `errata_prediction` and `errata_blind` are read where a line has them. doccano knows no
drafts, and does not tell a text without chapters from one that nobody has labelled, so a line without labels is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_text
from errata.formats.fields import listing, mapping, text, word
from errata.formats.labelled_lines import labelled_line
from errata.formats.review_lines import Line, entries, reviews
from errata.formats.review_task import BLIND, KEY
from errata.formats.reviews_jsonl import Review
from errata.formats.row_files import json_rows
from errata.formats.source_rows import REJECTED, Rejected, SourceRow
from errata.formats.video_ids import video_id

NOBODY = ("all", "unknown")
"""Names of files that doccano writes for no user in particular."""

_FOREIGN = ("entities", "relations", "cats")


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Reads JSONL, or a JSON list of its lines. Raises BadInput when the file can't be read."""
    return reviews([_sign(row, path.stem) for row in json_rows(path)], partial(_line, key=key), _day, until)


def fits(raw: JsonObject) -> bool:
    return ("text" in raw or "filename" in raw) and any(name in raw for name in ("label", "labels", *_FOREIGN))


def _sign(row: SourceRow | Rejected, stem: str) -> SourceRow | Rejected:
    """With the file's name as `username` where the row says nothing: a rejects file is called something else, so a row
    of one has to say it.
    """
    raw = entries(row.raw)
    if isinstance(row, Rejected) or not raw or "username" in raw or REJECTED in raw:
        return row
    return SourceRow(row.file, row.row, {**raw, "username": None if stem in NOBODY else stem})


def _data(raw: Any) -> JsonObject:
    line = mapping(raw, "the line")
    return {**mapping(line.get("meta") or {}, "meta"), **line}


def _day(raw: Any) -> Any:
    return _data(raw).get("reviewed_on")


def _line(raw: Any, key: str | None = None) -> Line:
    data = _data(raw)
    for name in _FOREIGN:
        if name in data:
            raise BadInput("it has {}, which are no chapters; leave it out", name)
    if data.get("username") is None:
        raise BadInput("it does not say who labelled it; add `username`, or export a file for each user")
    return {
        "video_id": video_id(data, ("video_id", "external_id"), key),
        "reviewer": word(data["username"], "username"),
        "reviewed_on": _day(raw),
        "reviewed": _chapters(data),
        "prediction": data.get(KEY),
        "blind": data.get(BLIND),
    }


def _chapters(data: JsonObject) -> list[JsonObject]:
    name = "labels" if "labels" in data else "label"
    labels = listing(data.get(name), name)
    if not labels:
        raise BadInput(
            'it has no labels: nobody has labelled it, or it has no chapters; leave it out, or label it "[]"'
        )
    if all(isinstance(label, list) for label in labels):
        return [_span(label, data, f"{name}[{at}]") for at, label in enumerate(labels)]
    items: list[JsonObject] = []
    for at, label in enumerate(labels):
        items += chapter_text.read(label, f"{name}[{at}]")
    return items


def _span(label: list[Any], data: JsonObject, what: str) -> JsonObject:
    if len(label) != 3:
        raise BadInput("{} must be [start, end, label], not {}", what, short(label))
    start, end, title = label
    return labelled_line(text(data.get("text"), "text"), start, end, title, what)
