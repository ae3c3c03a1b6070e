"""What a deletion request looks for in files: a transcript, under whatever name a row may have it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

_NAMING = ("external_id", "transcript", "transcript_hash")
"""Columns that say which transcript a row is of."""


@dataclass(frozen=True)
class DeletionTarget:
    external_id: str
    transcripts: frozenset[int]
    """Its versions' numbers in the record."""
    hashes: frozenset[str]

    def is_named_by(self, row: dict[str, Any]) -> bool:
        return (
            row.get("external_id") == self.external_id
            or row.get("transcript") in self.transcripts
            or row.get("transcript_hash") in self.hashes
        )

    def is_in(self, data: bytes) -> bool:
        """Whether a file that a stage wrote has a row of it. Weights and tokenizers have none."""
        if data[:4] == b"PAR1":
            rows = naming_columns(data)
            return rows is None or any(self.is_named_by(row) for row in rows)
        if data[:1] != b"{":
            return False
        spellings = (json.dumps(self.external_id, ensure_ascii=escaped).encode() for escaped in (True, False))
        # as a row's value, or in brackets, as the reason names it why another row was left out
        return any(b'"external_id":' + name in data or b"(" + name[1:-1] + b')"' in data for name in spellings)

    def was_mixed(self, transcripts: bytes) -> bool:
        """Whether training rows, which are token ids without a name, may hold it, by the transcripts beside them."""
        try:
            return not self.hashes.isdisjoint(json.loads(transcripts))
        except (ValueError, TypeError):  # what can't be read may name it
            return True

    def spellings(self) -> set[str]:
        """How the id may stand in a line of JSON: as a value, or inside a text that quotes a row or gives a reason."""
        values = {json.dumps(self.external_id, ensure_ascii=escaped) for escaped in (True, False)}
        return values | {json.dumps(quoted)[1:-1] for quoted in (*values, repr(self.external_id))}


def naming_columns(data: bytes) -> list[dict[str, Any]] | None:
    """Of a Parquet file: each row's columns that say which transcript it is of. None where it can't be read, and so may
    hold any."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(BytesIO(data))
        names = [name for name in _NAMING if name in file.schema_arrow.names]
        rows: list[dict[str, Any]] = file.read(columns=names).to_pylist()
    except (OSError, pa.ArrowException):
        return None
    return rows
