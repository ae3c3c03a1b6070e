"""The record as it was at a watermark, for whoever asks later: the same bytes for ever, whatever has arrived since."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from errata.database.record import Record
from errata.documents.snapshot import SnapshotManifest
from errata.errors import BadInput, Refused, Unavailable
from retrain.snapshot import read_manifest, snapshot


def write_as_of(record: Record, folder: Path, watermark: int) -> SnapshotManifest:
    """Writes one shard and its manifest to `folder`, whole or not at all; returns the manifest, in which `sha256` names
    the shard's bytes.

    Raises Refused where `folder` holds something, since shards of other nights would divide the rows otherwise,
    BadInput for a watermark that the record hasn't reached: what it will mean isn't settled yet, and Unavailable where
    nothing can be written.
    """
    with record.read() as store:
        head = store.watermark()
    if not 0 <= watermark <= head:
        raise BadInput(f"the watermark {watermark} is not between 0 and {head}, where the record is; name another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refused(f"{folder} isn't empty; name a new folder for the snapshot")
        with TemporaryDirectory(dir=folder, prefix=".") as aside:
            snapshot(record, Path(aside), watermark)
            for path in sorted(Path(aside).iterdir()):  # the manifest comes last
                path.replace(folder / path.name)
    except OSError as problem:
        raise Unavailable(
            f"{folder} can't be written ({problem.strerror or problem}); name another folder"
        ) from problem
    return read_manifest(folder)
