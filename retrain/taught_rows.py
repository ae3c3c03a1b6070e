"""`train.parquet`: what a training is given, a row of token ids each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from errata.tasks.encode import Encoded
from errata.tasks.prompt import Frames

_FRAMES = pa.struct(
    [
        ("modality", pa.string()),
        ("features", pa.string()),
        ("first", pa.int32()),
        ("count", pa.int32()),
        ("tokens", pa.int32()),
        ("silence", pa.bool_()),
        ("averaged", pa.bool_()),
    ]
)
SCHEMA = pa.schema(
    [
        ("input_ids", pa.list_(pa.int32())),
        ("labels", pa.list_(pa.int32())),
        ("weight", pa.float32()),
        ("rejected_ids", pa.list_(pa.int32())),
        ("rejected_labels", pa.list_(pa.int32())),
        ("frames", pa.list_(_FRAMES)),
    ]
)


@dataclass(frozen=True, slots=True)
class TaughtRow:
    encoded: Encoded
    """With the right answer."""
    rejected: Encoded | None = None
    """The draft that a reviewer changed, as an answer to the same prompt."""
    weight: float = 1.0
    """How much its loss counts beside the other rows'."""


class TaughtRows:
    """The rows of a `train.parquet`, each made when it is asked for: as Python's own numbers they take ten times the
    room."""

    def __init__(self, path: Path) -> None:
        self.table = pq.read_table(path)

    def __len__(self) -> int:
        count: int = self.table.num_rows
        return count

    def __getitem__(self, number: int) -> TaughtRow:
        if not 0 <= number < len(self):
            raise IndexError(number)
        record = self.table.slice(number, 1).to_pylist()[0]
        rejected = _encoded(record, "rejected_ids", "rejected_labels")
        encoded = replace(_encoded(record, "input_ids", "labels"), frames=frames_of(record))
        return TaughtRow(encoded, rejected if rejected.input_ids else None, record.get("weight", 1.0))


def write_taught_rows(path: Path, rows: Iterable[TaughtRow]) -> None:
    pq.write_table(taught_table(rows), path, compression="zstd")


def taught_table(rows: Iterable[TaughtRow]) -> pa.Table:
    return pa.Table.from_pylist([_as_record(row) for row in rows], schema=SCHEMA)


def _as_record(row: TaughtRow) -> dict[str, Any]:
    rejected = row.rejected or Encoded((), ())
    return {
        "input_ids": list(row.encoded.input_ids),
        "labels": list(row.encoded.labels),
        "weight": row.weight,
        "rejected_ids": list(rejected.input_ids),
        "rejected_labels": list(rejected.labels),
        "frames": [asdict(span) for span in row.encoded.frames],
    }


def frames_of(record: dict[str, Any]) -> tuple[Frames, ...]:
    """Of a row that an earlier Errata wrote too: those had none."""
    return tuple(Frames(**span) for span in record.get("frames") or ())


def _encoded(record: dict[str, Any], ids: str, labels: str) -> Encoded:
    return Encoded(tuple(record.get(ids, ())), tuple(record.get(labels, ())))
