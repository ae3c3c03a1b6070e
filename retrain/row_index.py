"""Which rows there are, in tables of small columns. Their texts stay in the snapshot's shards, and are read for drawn
rows alone (`retrain.shard_texts`): what a night costs must not grow with what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from errata.domain.hashing import sha256
from errata.errors import BadInput
from retrain.training_rows import SCHEMA, TrainingRow

OF_THE_ROW = (
    "transcript",
    "transcript_hash",
    "external_id",
    "correction",
    "kind",
    "reviewer",
    "role",
    "group",
    "group_hashes",
    "source",
    "weight",
    "altered",
    "alteration",
)
"""Columns that an index has as the rows have them."""
INDEX = pa.schema(
    [
        ("shard", pa.string()),
        ("place", pa.int32()),
        *map(SCHEMA.field, OF_THE_ROW),
        ("text_hash", pa.string()),
        ("merged", pa.int32()),
        ("draw", pa.uint64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRow:
    """A `TrainingRow` but for what it says."""

    shard: str
    """sha256 of the shard that holds it,"""
    place: int
    """and its number there."""
    transcript: int
    transcript_hash: str
    external_id: str
    correction: int
    kind: str
    reviewer: str
    role: str
    group: int
    group_hashes: list[str]
    source: str
    weight: float
    altered: str
    """How the copy is altered that this is; it is made again when it is drawn."""
    alteration: str
    text_hash: str
    """sha256 of the text, by which one that is not as it was is known."""
    merged: int
    """Chapters that fall on a line which has one already."""
    draw: int
    """Its place in the order in which rows are drawn."""


def index_record(row: TrainingRow, shard: str, place: int, merged: int, seed: int) -> dict[str, Any]:
    """What `INDEX` holds of a row; `seed` draws the order of rows."""
    return {
        "shard": shard,
        "place": place,
        **{name: getattr(row, name) for name in OF_THE_ROW},
        "text_hash": sha256(row.text),
        "merged": merged,
        "draw": int(row.draw(seed)[:16], 16),
    }


def index_of(rows: Iterable[TrainingRow], seed: int) -> pa.Table:
    """Of rows that lie in no shard: `place` is their number among these."""
    return pa.Table.from_pylist([index_record(row, "", place, 0, seed) for place, row in enumerate(rows)], schema=INDEX)


def indexed_rows(table: pa.Table) -> list[IndexedRow]:
    """For a few rows: a hundred thousand of them are for Arrow."""
    return [IndexedRow(**record) for record in table.select(INDEX.names).to_pylist()]


def read_index(path: Path) -> pa.Table:
    """Raises BadInput where it can't be read, or is of an Errata whose rows had their texts with them."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"{path} can't be read ({reason}); delete {path.parent} and run the night again") from error
    if table.schema.names != INDEX.names:
        raise BadInput(f"{path} is no table of rows; delete {path.parent} and run the night again")
    return table


def write_index(path: Path, table: pa.Table) -> None:
    """The same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.select(INDEX.names).cast(INDEX).combine_chunks(), path, compression="zstd")


def are_known(table: pa.Table, since: int, seen: frozenset[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Of each row, whether a model has trained on it that has `seen` those transcripts, by hash, up to the watermark
    `since`: a row that had to wait is new however old it is."""
    lists = table["group_hashes"].combine_chunks()
    is_seen = pc.is_in(lists.flatten(), value_set=pa.array(sorted(seen), pa.string())).to_numpy(zero_copy_only=False)
    ends = np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)
    seen_before = np.concatenate([[0], np.cumsum(is_seen, dtype=np.int64)])
    has_seen = np.diff(seen_before[ends], prepend=0) > 0
    return np.asarray(has_seen & pc.less_equal(table["correction"], since).to_numpy())
