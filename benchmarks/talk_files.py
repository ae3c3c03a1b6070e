"""Talks of files: read in any format that import reads, or taken apart and put into other files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from errata.files import JsonObject
from errata.formats import chapter_llama, detect
from errata.formats.json_files import write_text
from errata.formats.source_rows import ImportedTranscript, Rejected


def read_talks(path: Path) -> Iterator[ImportedTranscript]:
    """Those that can be imported."""
    return (row for row in detect.transcripts(path).rows if not isinstance(row, Rejected))


def read_halves(folder: Path) -> dict[str, JsonObject]:
    """By id, both halves of each talk that has metadata, in chapter-llama's layout: `{video_id, metadata, asr}`. Those
    that can't be imported are among them: an import of `write_halves`' file says why."""
    rows = chapter_llama.read(folder)
    halves = (row.raw if isinstance(row, Rejected) else row.row.raw for row in rows)
    return {talk["video_id"]: talk for talk in halves if talk["metadata"] is not None}


def write_halves(path: Path, talks: Iterable[JsonObject]) -> None:
    """As a .jsonl file that import reads."""
    write_text(path, "".join(json.dumps(talk) + "\n" for talk in talks))
