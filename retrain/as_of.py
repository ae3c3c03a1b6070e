"""The record as it was at a watermark, for whoever asks later: the same bytes for ever, whatever has arrived since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from errata.database.record import Record
from errata.errors import BadInput, Refused
from retrain.snapshot import read_manifest, snapshot


def write_as_of(record: Record, folder: Path, watermark: int) -> dict[str, Any]:
    """Writes one shard and its manifest to `folder`; returns the manifest, in which `sha256` names the shard's bytes.

    Raises Refused where `folder` holds something, since shards of other nights would divide the rows otherwise, and
    BadInput for a watermark that the record hasn't reached: what it will mean isn't settled yet.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} isn't empty; name a new folder for the snapshot")
    with record.read() as store:
        head = store.watermark()
    if not 0 <= watermark <= head:
        raise BadInput(f"the watermark {watermark} is not between 0 and {head}, where the record is; name another")
    snapshot(record, folder, watermark)
    return read_manifest(folder)
