"""The right chapters of one transcript, as an adjudicator writes them: `[{"start": 0, "title": "…"}, …]`."""

from __future__ import annotations

import json
from pathlib import Path

from errata.domain.chapter import Chapters
from errata.errors import BadInput
from errata.formats import fields
from errata.formats.json_files import parse, read_text


def read_chapters(path: Path) -> Chapters:
    """In order of time. Raises BadInput that names the file and the chapter."""
    try:
        items = fields.listing(parse(read_text(path)), str(path))
    except json.JSONDecodeError as problem:
        raise BadInput(f"{path}, line {problem.lineno}: not JSON ({problem.msg}); mend it") from problem
    if not items:
        raise BadInput(f"{path} has no chapters; mend it")
    chapters = []
    for number, item in enumerate(items, start=1):
        what = f"{path}, chapter {number}"
        value = fields.mapping(item, what)
        chapters.append(fields.chapter(fields.time(value.get("start"), f"{what}'s start"), value.get("title"), what))
    return fields.chapters(chapters, str(path))
