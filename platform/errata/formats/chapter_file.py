"""The right chapters of one transcript, as an adjudicator writes them: `[{"start": 0, "title": "…"}, …]`."""

from __future__ import annotations

from pathlib import Path

from errata.domain.chapter import Chapters
from errata.errors import BadInput
from errata.formats.fields import listed_chapters
from errata.formats.json_files import read_json


def read_chapters(path: Path) -> Chapters:
    """In order of time. Raises BadInput that names the file and the chapter."""
    chapters = listed_chapters(read_json(path), f"{path}: chapters")
    if not chapters:
        raise BadInput(f"{path} has no chapters; mend it")
    return chapters
