"""The texts of drawn rows, from the snapshot's shards: a few rows at a time, and no shard read for others' sake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents.file_names import AUGMENTED, SNAPSHOT
from errata.documents.params import AugmentParams
from errata.domain.hashing import sha256
from errata.errors import Refused
from retrain.altered_copies import copies
from retrain.row_index import IndexedRow, indexed_rows
from retrain.snapshot import shard_file
from retrain.training_rows import TrainingRow, rows_of

AT_ONCE = 256
"""Rows whose texts are held at a time."""
PARAPHRASES = "paraphrases"
"""In place of a shard: rows that `augment` has written down."""


def read_texts(table: pa.Table, root: Path, params: AugmentParams) -> Iterator[TrainingRow]:
    """Each of the rows of an index with what it says, in their order; an altered copy is made by `params` again.

    Raises Refused where a shard of the workspace `root` was changed.
    """
    for begin in range(0, table.num_rows, AT_ONCE):
        indexed = indexed_rows(table.slice(begin, AT_ONCE))
        rows = _rows_at({(row.shard, row.place) for row in indexed}, root)
        for row in indexed:
            yield _as_drawn(row, rows[row.shard, row.place], params, root)


def paraphrase_file(root: Path) -> Path:
    return root / AUGMENTED / f"{PARAPHRASES}.parquet"


def _file(root: Path, shard: str) -> Path:
    return paraphrase_file(root) if shard == PARAPHRASES else shard_file(root / SNAPSHOT, shard)


def _as_drawn(indexed: IndexedRow, row: TrainingRow, params: AugmentParams, root: Path) -> TrainingRow:
    if indexed.altered != row.altered:
        row = next((copy for copy in copies(row, params) if copy.altered == indexed.altered), row)
    if sha256(row.text) != indexed.text_hash:
        path = _file(root, indexed.shard)
        raise Refused(f"{path} is not what it was; delete {path.parent} and run the night again")
    return replace(row, weight=indexed.weight)


def _rows_at(places: set[tuple[str, int]], root: Path) -> dict[tuple[str, int], TrainingRow]:
    by_shard: dict[str, list[int]] = defaultdict(list)
    for shard, place in sorted(places):
        by_shard[shard].append(place)
    return {
        (shard, place): row
        for shard, wanted in by_shard.items()
        for place, row in _rows_of_file(_file(root, shard), wanted)
    }


def _rows_of_file(path: Path, wanted: list[int]) -> Iterator[tuple[int, TrainingRow]]:
    """`wanted` rises. Only the row groups are read that hold any of it."""
    with pq.ParquetFile(path) as file:
        first = 0
        for number in range(file.num_row_groups):
            end = first + file.metadata.row_group(number).num_rows
            inside = [place for place in wanted if first <= place < end]
            if inside:
                rows = rows_of(file.read_row_group(number).take([place - first for place in inside]))
                yield from zip(inside, rows, strict=True)
            first = end
