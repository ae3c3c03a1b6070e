"""What passes between the stages: one labelled transcript a row, in Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from errata.domain.chapter import Chapter, Chapters
from errata.domain.hashing import canonical_json, content_hash
from errata.domain.transcript import Transcript

SCHEMA = pa.schema(
    [
        ("transcript", pa.int64()),
        ("transcript_hash", pa.string()),
        ("external_id", pa.string()),
        ("channel", pa.string()),
        ("correction", pa.int64()),
        ("kind", pa.string()),
        ("reviewer", pa.string()),
        ("role", pa.string()),
        ("group", pa.int64()),
        ("group_hashes", pa.list_(pa.string())),
        ("chapters", pa.string()),
        ("text", pa.string()),
        ("altered", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    transcript: int
    transcript_hash: str
    external_id: str
    channel: str
    correction: int
    """`seq` of the correction that the chapters come from; 0 where there is none any more."""
    kind: str
    """The correction's kind, or why there is no label: `conflict`, `withdrawn`."""
    reviewer: str
    role: str
    group: int
    group_hashes: list[str]
    chapters: str
    """JSON: a list of {start, title}."""
    text: str
    """JSON of the transcript; empty where there is no label."""
    altered: str = ""
    """How augmentation changed it; empty for the row itself."""

    def draw(self, seed: int) -> str:
        """A place in a random order that follows from what the row says, and not from when it came."""
        return content_hash([seed, self.transcript_hash, self.chapters, self.altered])

    def read_chapters(self) -> Chapters:
        return tuple(Chapter(item["start"], item["title"]) for item in json.loads(self.chapters))

    def read_transcript(self) -> Transcript:
        return Transcript.from_json(json.loads(self.text))


def chapters_json(chapters: Chapters) -> str:
    return canonical_json([chapter.as_json() for chapter in chapters])


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """The same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMA)
    pq.write_table(table, path, compression="zstd")


def read_rows(path: Path) -> list[Row]:
    records: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return [Row(**record) for record in records]
