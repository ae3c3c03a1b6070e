"""What passes between the stages: one labelled transcript a row, in Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from errata.domain.chapter import Canonical, Chapters, chapters_from_json, chapters_to_json
from errata.domain.correction import Label, same_chapters
from errata.domain.hashing import canonical_json, content_hash
from errata.domain.prediction import Prediction
from errata.domain.right_answer import right_answer
from errata.domain.task_name import TaskName
from errata.domain.transcript import Transcript
from errata.errors import BadInput

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
        ("source", pa.string()),
        ("weight", pa.float64()),
        ("alteration", pa.string()),
        ("draft", pa.string()),
        ("draft_by", pa.string()),
        ("task", pa.string()),
    ]
)

ROWS_A_GROUP = 16
"""Rows that are read together where one of them is drawn: texts are long, and a Parquet file can be read by its row
groups alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
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
    source: str = ""
    """The collection that it comes from, by which `curate.sources` weighs and caps it: its import's name, or else its
    channel."""
    weight: float = 1.0
    """How much its loss counts beside the others'."""
    alteration: str = ""
    """JSON of what the copy was made with, by which it can be made again."""
    draft: str = ""
    """JSON of the chapters that the reviewer was shown and changed; empty where there were none, or none changed."""
    draft_by: str = ""
    """Identity of the model that had drafted them; empty for a blind label, and where it isn't known."""
    task: TaskName = "chapters"
    """Of a chat, `chapters` has the messages that stand beside the transcript."""

    @classmethod
    def labelled(cls, label: Label, transcript: Transcript, draft: Prediction | None = None) -> TrainingRow:
        """`draft` is what the reviewer was shown, where they were shown one."""
        changed = draft is not None and not same_chapters(draft.chapters, label.chapters)
        return cls(
            transcript=label.transcript,
            transcript_hash=label.transcript_hash,
            external_id=label.external_id,
            channel=label.channel,
            correction=label.correction,
            kind=label.kind,
            reviewer=label.reviewer,
            role=label.role,
            group=label.group,
            group_hashes=list(label.group_hashes),
            chapters=chapters_json(label.chapters),
            text=canonical_json(transcript.as_json()),
            source=label.source,
            draft=chapters_json(draft.chapters) if draft is not None and changed else "",
            draft_by=draft.model if draft is not None else "",
            task=label.task,
        )

    @classmethod
    def unlabelled(cls, transcript: int, external_id: str, why: str) -> TrainingRow:
        """It replaces an earlier row of that transcript, so that nothing is learnt from a label that is no more."""
        return cls(
            transcript=transcript,
            transcript_hash="",
            external_id=external_id,
            channel="",
            correction=0,
            kind=why,
            reviewer="",
            role="",
            group=0,
            group_hashes=[],
            chapters="[]",
            text="",
        )

    def draw(self, seed: int) -> str:
        """A place in a random order that follows from what the row says, and not from when it came."""
        return content_hash([seed, self.transcript_hash, self.chapters, self.altered])

    def read_chapters(self) -> Chapters:
        return chapters_from_json(json.loads(self.chapters))

    def right_answer(self) -> Canonical:
        return right_answer(self.task, self.read_chapters(), self.read_transcript())

    def read_draft(self) -> Chapters:
        return chapters_from_json(json.loads(self.draft))

    def read_transcript(self) -> Transcript:
        return Transcript.from_json(json.loads(self.text))


def chapters_json(chapters: Chapters) -> str:
    return canonical_json(chapters_to_json(chapters))


def write_rows(path: Path, rows: Iterable[TrainingRow]) -> None:
    """The same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remaining = iter(rows)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while group := [asdict(row) for row in islice(remaining, ROWS_A_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema=SCHEMA))


def read_rows(path: Path) -> list[TrainingRow]:
    """Raises BadInput where they can't be read."""
    return list(iterate_rows(path))


def iterate_rows(path: Path) -> Iterator[TrainingRow]:
    """A row group's at a time; raises as `read_rows` does."""
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield from rows_of(file.read_row_group(group))
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"{path} can't be read ({reason}); delete {path.parent} and run the night again") from error


def rows_of(table: pa.Table) -> list[TrainingRow]:
    """Of a table that an earlier Errata wrote too: the columns that it lacks have defaults, and its rows go by their
    channel."""
    records: list[dict[str, Any]] = table.to_pylist()
    return [TrainingRow(**{"source": record["channel"], **record}) for record in records]
