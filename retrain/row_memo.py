"""What follows from a snapshot's rows one by one is computed once, and kept: a night looks at the shards that are new.

    work/rows/<name>.parquet    what a stage has found of each row; its key and its shards in the file's metadata

That is a memo of pure functions: without it a night gives the same bytes, and takes longer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents.file_names import ROW_MEMO, SNAPSHOT
from errata.errors import Refused
from errata.files import file_sha256
from retrain.snapshot import read_manifest, shard_file
from retrain.training_rows import TrainingRow, iterate_rows

AT_ONCE = 1000
"""Rows that are held as Python objects."""

Facts = Callable[[TrainingRow, str, int], Iterable[dict[str, Any]]]
"""Of a row, its shard and its place there: the records that a stage makes of it."""


def row_facts(name: str, key: str, schema: pa.Schema, facts: Facts, root: Path = Path()) -> pa.Table:
    """What `facts` makes of every row of the snapshot, the oldest shard first; `key` stands for all that it goes by.

    Raises Refused where a shard is missing, or is changed and has not been looked at yet.
    """
    shards = [shard.sha256 for shard in read_manifest(root / SNAPSHOT).shards]
    path = root / ROW_MEMO / f"{name}.parquet"
    kept, known = _read(path, key, schema)
    new = [shard for shard in shards if shard not in known]
    _check_shards(root / SNAPSHOT, shards, new)
    if not new and known == shards:
        return kept
    found = [_of_shard(root / SNAPSHOT, shard, schema, facts) for shard in new]
    table = _in_order(pa.concat_tables([kept, *found]), shards)
    _write(path, table, key, shards)
    return table


def _check_shards(folder: Path, shards: Sequence[str], new: Sequence[str]) -> None:
    for name in shards:
        path = shard_file(folder, name)
        if not path.exists() or (name in new and file_sha256(path) != name):
            raise Refused(f"the shard {path} is missing or was changed; delete {folder} and run the night again")


def _of_shard(folder: Path, shard: str, schema: pa.Schema, facts: Facts) -> pa.Table:
    rows = enumerate(iterate_rows(shard_file(folder, shard)))
    records = (record for place, row in rows for record in facts(row, shard, place))
    return pa.concat_tables([schema.empty_table(), *_tables(records, schema)])


def _tables(records: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    while batch := list(islice(records, AT_ONCE)):
        yield pa.Table.from_pylist(batch, schema=schema)


def _in_order(table: pa.Table, shards: Sequence[str]) -> pa.Table:
    """In the order of the shards; without the rows of those that are no more."""
    places = {shard: place for place, shard in enumerate(shards)}
    codes = table["shard"].combine_chunks().dictionary_encode()
    of_code = np.array([places.get(shard, -1) for shard in codes.dictionary.to_pylist()], dtype=np.int64)
    order = of_code[codes.indices.to_numpy()] if len(of_code) else np.array([], dtype=np.int64)
    return table.take(pa.array(np.argsort(order, kind="stable")[np.count_nonzero(order < 0) :])).combine_chunks()


def _read(path: Path, key: str, schema: pa.Schema) -> tuple[pa.Table, list[str]]:
    """What is kept under the key, and the shards that it is of."""
    try:
        table = pq.read_table(path)
        metadata = json.loads((table.schema.metadata or {})[b"errata"])
        if metadata["key"] == key and table.schema.remove_metadata().equals(schema):
            return table.replace_schema_metadata(None), list(metadata["shards"])
    except (OSError, LookupError, ValueError, pa.ArrowException):  # none, or one that a crash has left
        pass
    return schema.empty_table(), []


def _write(path: Path, table: pa.Table, key: str, shards: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    metadata = {"errata": json.dumps({"key": key, "shards": list(shards)})}
    pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")
    partial.replace(path)
