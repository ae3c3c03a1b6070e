"""Rows for the tests of the stages: as stages make tables of them without a snapshot, and as snapshots hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from errata.documents.document import write_document
from errata.documents.file_names import MANIFEST
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.domain.hashing import sha256
from retrain.curate import FACTS, facts_of
from retrain.row_index import INDEX, indexed_rows
from retrain.snapshot import read_manifest, shard_file
from retrain.training_rows import TrainingRow, read_rows, write_rows


def facts(rows: Sequence[TrainingRow], seed: int = 7, shard: str = "shard") -> pa.Table:
    """What `curate` finds of each row, as if they made up one shard."""
    records = [record for place, row in enumerate(rows) for record in facts_of(row, shard, place, seed)]
    return pa.Table.from_pylist(records, schema=FACTS)


def index(rows: Sequence[TrainingRow], seed: int = 7, shard: str = "shard") -> pa.Table:
    return facts(rows, seed, shard).select(INDEX.names)


def names(table: pa.Table) -> list[str]:
    return [row.external_id for row in indexed_rows(table)]


def read_snapshot(folder: Path) -> list[TrainingRow]:
    """The newest row of each transcript, in the order of their corrections; those without a label come first."""
    newest: dict[int, TrainingRow] = {}
    for shard in read_manifest(folder).shards:  # the oldest first
        newest.update({row.transcript: row for row in read_rows(shard_file(folder, shard.sha256))})
    return sorted(newest.values(), key=lambda row: (row.correction, row.transcript))


def write_snapshot(folder: Path, *shards: Sequence[TrainingRow]) -> list[str]:
    """Shards with these rows, and their manifest; returns the shards' names."""
    written: list[Shard] = []
    for number, rows in enumerate(shards):
        write_rows(folder / "shard", rows)
        name = sha256((folder / "shard").read_bytes())
        (folder / "shard").rename(folder / f"{name}.parquet")
        written.append(Shard(name, len(rows), number, number + 1))
    write_document(folder / MANIFEST, SnapshotManifest(len(shards), tuple(written)))
    return [shard.sha256 for shard in written]
