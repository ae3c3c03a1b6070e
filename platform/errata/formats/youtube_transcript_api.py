"""What youtube-transcript-api returns, written as JSON: one file is one transcript.

    [{"text": "hey folks", "start": 0.0, "duration": 4.97}, …]

A fetched transcript with its `snippets` is taken as well. Lines overlap, as YouTube's do.
"""

from __future__ import annotations

from typing import Any

from errata.files import JsonObject
from errata.formats.cues import unescape_text
from errata.formats.fields import objects, text, written_number
from errata.formats.json_files import parse
from errata.formats.talk import Speech


def fits(content: Any) -> bool:
    items = _items(content)
    return isinstance(items, list) and any(_is_snippet(item) for item in items)


def _items(content: Any) -> Any:
    return content.get("snippets") if isinstance(content, dict) else content


def _is_snippet(item: Any) -> bool:
    return isinstance(item, dict) and {"text", "start", "duration"} <= set(item) and "end" not in item


def speech(content: str) -> Speech:
    """Raises BadInput, with the snippet that can't be read."""
    return [_line(item, f"snippet {at}") for at, item in enumerate(objects(_items(parse(content)), "it", "snippet"))]


def _line(item: JsonObject, what: str) -> JsonObject:
    start = written_number(item.get("start"), f"{what}'s start")
    end = start + written_number(item.get("duration"), f"{what}'s duration")
    words = unescape_text(text(item.get("text"), f"{what}'s text"))
    return {"start": start, "end": round(end, 3), "text": words, "speaker": None}
