"""Stage 1. The record as of the training watermark, in immutable shards: a night appends what is new, and no more.

    data/snapshot/manifest.json     see `errata.documents.snapshot`
    data/snapshot/<sha256>.parquet

A transcript's later row replaces its earlier one. Shards are never rewritten, but for what was forgotten on request;
the manifest is written last.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from errata.database.record import Record
from errata.database.store import Store
from errata.documents.document import read_document, write_document
from errata.documents.file_names import MANIFEST, SNAPSHOT
from errata.documents.night import Night
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.domain.correction import NO_DRAFT, Label
from errata.domain.hashing import sha256
from errata.errors import Refused
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from retrain.training_rows import TrainingRow, read_rows, write_rows


def snapshot(record: Record, folder: Path, watermark: int) -> SnapshotManifest:
    """Brings the shards in `folder` up to `watermark`. Raises Refused where they are past it already."""
    manifest = read_manifest(folder)
    after = manifest.watermark
    if after > watermark:
        raise Refused(
            f"{folder} is at watermark {after}, past {watermark}; to go back, delete the folder and run the night again"
        )
    with record.read() as store:
        forgotten = {seq for tombstone in store.tombstones.open_requests() for seq in tombstone.transcripts}
        rows = _changed_rows(store, after, watermark)
        probation = sorted(store.reviewers.on_probation(watermark))
        agreement = store.reviewers.agreement(watermark)
    if forgotten and purge(folder, forgotten):  # a request that was cut short: it must not train another night
        manifest = read_manifest(folder)
    shards = (*manifest.shards, _write_shard(folder, rows, after, watermark)) if rows else manifest.shards
    manifest = SnapshotManifest(watermark, shards, tuple(probation), agreement)
    write_document(folder / MANIFEST, manifest)
    return manifest


def purge(folder: Path, transcripts: Collection[int]) -> list[str]:
    """Takes the rows of forgotten transcripts out of the shards; returns the names of the shards that held any.

    Cut short, it leaves the manifest and every shard that the manifest names whole; again, it completes.
    """
    manifest = read_manifest(folder)
    purged: list[str] = []
    shards: list[Shard] = []
    for shard in manifest.shards:
        path = shard_file(folder, shard.sha256)
        rows = read_rows(path) if path.exists() else []
        others = [row for row in rows if row.transcript not in transcripts]
        if len(others) == len(rows):
            shards.append(shard)
            continue
        purged.append(shard.sha256)
        if others:
            shards.append(_write_shard(folder, others, shard.after, shard.upto))
    if purged:
        write_document(folder / MANIFEST, replace(manifest, shards=tuple(shards)))
    # only now: until the manifest no longer names them, the old shards are the snapshot
    named = {shard.sha256 for shard in shards}
    for path in (*folder.glob("*.parquet"), *folder.glob("*.partial")):
        if path.stem not in named:
            path.unlink()
    return purged


def read_manifest(folder: Path) -> SnapshotManifest:
    """That of nothing, where there is none yet."""
    path = folder / MANIFEST
    if not path.exists():
        return SnapshotManifest()
    return read_document(SnapshotManifest, path, f"delete {folder} and run the night again")


def shard_file(folder: Path, shard: str) -> Path:
    """By its sha256."""
    return folder / f"{shard}.parquet"


def _write_shard(folder: Path, rows: list[TrainingRow], after: int, upto: int) -> Shard:
    partial = folder / "shard.partial"
    write_rows(partial, rows)
    shard = Shard(sha256(partial.read_bytes()), len(rows), after, upto)
    partial.replace(shard_file(folder, shard.sha256))
    return shard


def _changed_rows(store: Store, after: int, upto: int) -> list[TrainingRow]:
    """Of each transcript whose label may have changed in that span: its label, or why it has none any more."""
    changes = store.labels.changes(after, upto)
    drafts = store.predictions.read_all(_shown_draft(label) for _, label in changes)
    rows = []
    for seq, label in changes:
        transcript = store.transcripts.read(seq)
        if isinstance(label, Label):
            draft = _shown_draft(label)
            rows.append(TrainingRow.labelled(label, transcript, None if draft is None else drafts[draft]))
        else:
            rows.append(TrainingRow.unlabelled(seq, transcript.external_id, label))
    return rows


def _shown_draft(label: Label | str) -> int | None:
    """`seq` of the prediction that the reviewer saw; None for a blind label. What isn't known is most likely so."""
    if not isinstance(label, Label) or label.draft_by == NO_DRAFT or label.kind not in ("edit", "accept"):
        return None
    return label.prediction


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night = Night.read(workspace.root)
    workspace.params()  # whole, before any stage works by a part of it
    manifest = snapshot(workspace.record, SNAPSHOT, night.training_watermark)
    sys.stderr.write(f"snapshot: {manifest.rows} rows in {len(manifest.shards)} shards\n")


if __name__ == "__main__":
    with stage_exit():
        main()
