"""Chapters in what a model answered, placed by time: JSON of the usual kinds, or lines with a time and a title.

    [{"start": 12.5, "title": "…"}]     also start_time, startTime, timestamp, time, seconds; chapter_title, name
    {"chapters": […]}                   and what `system_predictions` reads: {"0": "…", "62": "…"}
    0:12 Introduction                   lines, as `listed_lines` reads them

Fences and words around the JSON are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from reprlib import repr as short
from typing import Any

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import fields, system_predictions
from errata.formats.json_files import parse
from errata.formats.listed_lines import read_list

_STARTS = ("start", "start_time", "startTime", "start_seconds", "timestamp", "time", "seconds")
_TITLES = ("title", "chapter_title", "name", "heading")
_QUOTES = ("start_text", "start_text_snippet")
_FENCE = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[\]}])")


def is_quoted(answer: str) -> bool:
    """Whether its chapters are placed by the words that they begin with, as system B's are."""
    return any(f'"{name}"' in answer for name in _QUOTES)


def answered_chapters(answer: str) -> Chapters:
    """In order of time. Raises BadInput where no chapters can be read; an empty list is an answer."""
    fenced = _FENCE.search(answer)
    body = fenced[1] if fenced else answer
    value = _json_in(body)
    if value is not None:
        return fields.chapters(_of_json(value), "the answer")
    listed = read_list(body)
    if not listed.chapters:
        raise BadInput("the answer {} holds no chapters that can be read, as JSON or as lines with a time", short(body))
    return fields.chapters((Chapter(item.start, tidy(item.title)) for item in listed.chapters), "the answer")


def _json_in(text: str) -> Any:
    """A list or an object that a text holds; None where it holds none."""
    for opening, closing in sorted((("[", "]"), ("{", "}")), key=lambda pair: text.find(pair[0]) % (len(text) + 1)):
        begin, end = text.find(opening), text.rfind(closing)
        if 0 <= begin < end:
            try:
                return parse(_TRAILING_COMMA.sub(r"\1", text[begin : end + 1]))
            except BadInput:
                continue
    return None


def _of_json(value: Any) -> Iterator[Chapter]:
    if isinstance(value, dict) and isinstance(value.get("chapters"), list):
        value = value["chapters"]
    if isinstance(value, dict):
        yield from system_predictions.read_video(value, "the answer")
        return
    for at, item in enumerate(fields.listing(value, "the answer")):
        yield _chapter(fields.mapping(item, f"chapter {at}"), f"chapter {at}")


def _chapter(item: JsonObject, what: str) -> Chapter:
    start = next((item[name] for name in _STARTS if name in item), None)
    title = next((item[name] for name in _TITLES if name in item), None)
    if start is None:
        raise BadInput("{} has no start; read are {}", what, ", ".join(_STARTS))
    return Chapter(fields.written_time(start, f"{what}'s start"), tidy(fields.text(title, f"{what}'s title")))
