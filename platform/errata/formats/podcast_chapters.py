"""Podcasting 2.0 chapters (JSON, version 1.2), which lie beside a transcript.

    {"version": "1.2.0", "title": …, "podcastName": …, "chapters": [{"startTime": 168, "title": "Hearing Aids"}]}

Only `startTime` is always there. A chapter that is hidden (`toc` is false) or has no title (it changes the picture) is
left out. Source: docs/examples/chapters/jsonChapters.md in Podcastindex-org/podcast-namespace.
"""

from __future__ import annotations

from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import mapping, objects, time
from errata.formats.json_files import json_object


def fits(value: Any) -> bool:
    """Whether a JSON file's content is this format."""
    chapters = value.get("chapters") if isinstance(value, dict) else None
    if not isinstance(chapters, list) or "segments" in value:
        return False
    return "version" in value or any(isinstance(item, dict) and "startTime" in item for item in chapters)


def metadata(content: Any) -> JsonObject:
    """The chapters, and what else the file tells, as `chapter_llama` has it in its metadata. Raises BadInput."""
    value = mapping(content, "the file")
    items = enumerate(objects(value.get("chapters"), "chapters", "chapter"))
    pairs = [_start_and_title(item, f"chapter {at}") for at, item in items]
    return {
        "chapters": json_object(pair for pair in pairs if pair is not None),
        "title": value.get("title"),
        "description": value.get("description"),
        "channel_id": value.get("podcastName"),
    }


def _start_and_title(item: JsonObject, what: str) -> tuple[str, Any] | None:
    toc, title = item.get("toc"), item.get("title")
    if not (toc is None or isinstance(toc, bool)):
        raise BadInput(f"{what}'s toc must be true or false, not {toc!r}")
    if toc is False or title is None or title == "":
        return None
    return str(time(item.get("startTime"), f"{what}'s startTime")), title
