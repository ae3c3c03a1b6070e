"""Stage 1. The record as of the training watermark, in immutable shards: a night appends what is new, and no more.

    data/snapshot/manifest.json     {"watermark": …, "shards": [{"sha256", "rows", "after", "upto"}, …],
                                     "probation": [reviewer, …]}
    data/snapshot/<sha256>.parquet

A transcript's later row replaces its earlier one. Shards are never rewritten, but for what was forgotten on request;
the manifest is written last.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from errata.database.record import Record
from errata.database.store import Store
from errata.documents.night import Night
from errata.domain.correction import Label
from errata.domain.hashing import canonical_json, sha256
from errata.errors import Refused
from errata.files import write_json
from errata.workspace import Workspace
from retrain.rows import Row, chapters_json, read_rows, write_rows

FOLDER = Path("data/snapshot")


def snapshot(record: Record, folder: Path, watermark: int) -> None:
    """Brings the shards in `folder` up to `watermark`. Raises Refused where they are past it already."""
    manifest = read_manifest(folder)
    after = manifest["watermark"]
    if after > watermark:
        raise Refused(
            f"{folder} is at watermark {after}, past {watermark}; to go back, delete the folder and run the night again"
        )
    with record.read() as store:
        forgotten = {seq for tombstone in store.tombstones.unfinished() for seq in tombstone.transcripts}
        rows = [_row(store, seq, found) for seq, found in store.labels.changes(after, watermark)]
        probation = sorted(store.reviewers.on_probation(watermark))
    if forgotten and purge(folder, forgotten):  # a request that was cut short: it must not train another night
        manifest = read_manifest(folder)
    if rows:
        manifest["shards"].append({**_write_shard(folder, rows), "after": after, "upto": watermark})
    write_json(folder / "manifest.json", {**manifest, "watermark": watermark, "probation": probation})


def purge(folder: Path, transcripts: Collection[int]) -> list[str]:
    """Takes the rows of forgotten transcripts out of the shards; returns the names of the shards that held any.

    Cut short, it leaves the manifest and every shard that the manifest names whole; again, it completes.
    """
    manifest = read_manifest(folder)
    gone: list[str] = []
    left: list[dict[str, Any]] = []
    for shard in manifest["shards"]:
        path = folder / f"{shard['sha256']}.parquet"
        rows = read_rows(path) if path.exists() else []
        kept = [row for row in rows if row.transcript not in transcripts]
        if len(kept) == len(rows):
            left.append(shard)
            continue
        gone.append(shard["sha256"])
        if kept:
            left.append({**shard, **_write_shard(folder, kept)})
    if gone:
        write_json(folder / "manifest.json", {**manifest, "shards": left})
    named = {shard["sha256"] for shard in left}
    for path in (*folder.glob("*.parquet"), *folder.glob("*.partial")):
        if path.stem not in named:
            path.unlink()
    return gone


def read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        return {"watermark": 0, "shards": []}
    manifest: dict[str, Any] = json.loads(path.read_text())
    return manifest


def read_snapshot(folder: Path) -> list[Row]:
    """The newest row of each transcript, in the order of their corrections; those without a label come first."""
    newest: dict[int, Row] = {}
    for shard in read_manifest(folder)["shards"]:
        path = folder / f"{shard['sha256']}.parquet"
        if not path.exists() or sha256(path.read_bytes()) != shard["sha256"]:
            raise Refused(f"the shard {path} is missing or was changed; delete {folder} and run the night again")
        newest.update({row.transcript: row for row in read_rows(path)})
    return sorted(newest.values(), key=lambda row: (row.correction, row.transcript))


def _write_shard(folder: Path, rows: list[Row]) -> dict[str, Any]:
    partial = folder / "shard.partial"
    write_rows(partial, rows)
    name = sha256(partial.read_bytes())
    partial.replace(folder / f"{name}.parquet")
    return {"sha256": name, "rows": len(rows)}


def _row(store: Store, transcript: int, found: Label | str) -> Row:
    if not isinstance(found, Label):
        name = store.transcripts.read(transcript).external_id
        return Row(transcript, "", name, "", 0, found, "", "", 0, [], "[]", "")
    return Row(
        transcript=transcript,
        transcript_hash=found.transcript_hash,
        external_id=found.external_id,
        channel=found.channel,
        correction=found.correction,
        kind=found.kind,
        reviewer=found.reviewer,
        role=found.role,
        group=found.group,
        group_hashes=list(found.group_hashes),
        chapters=chapters_json(found.chapters),
        text=canonical_json(store.transcripts.read(transcript).as_json()),
    )


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night = Night.read(workspace.root)
    snapshot(workspace.record, FOLDER, night.training_watermark)
    shards = read_manifest(FOLDER)["shards"]
    sys.stderr.write(f"snapshot: {sum(s['rows'] for s in shards)} rows in {len(shards)} shards\n")


if __name__ == "__main__":
    main()
