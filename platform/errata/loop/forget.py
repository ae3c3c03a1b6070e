"""A deletion request: the transcript goes from the record, from what the stages made of it, from DVC and from MLflow.

The tombstone is written first, in the transaction that empties the tables; it says which nights' scores are concerned
before they are touched, and that the request is finished only once everything is done. So a request that was cut short
is completed by making it again: every step finds out anew what is left for it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from errata.database.tombstones import Tombstone, scrub
from errata.errors import Unavailable
from errata.files import write_atomically
from errata.inference.artefact import OLD_TRAINING_TRANSCRIPTS, TRAINING_TRANSCRIPTS, training_transcripts_file
from errata.loop.lease import held
from errata.loop.lineage import models_that_saw, tag_models
from errata.operations.reviewing import require
from errata.progress import note
from errata.workspace import Workspace

ITEMS, PUBLISHED = "items.parquet", "published"
_SHOWN = ("report.html", "report.md", "report.json")
_DERIVED = ("data/curated", "data/augmented", "data/mix")
"""Made again by the next night."""
_NAMING = ("external_id", "transcript", "transcript_hash")
"""Columns that say which transcript a row is of."""


@dataclass(frozen=True)
class Sought:
    """What to look for: a transcript, under its id, its numbers in the record and its hashes."""

    external_id: str
    transcripts: frozenset[int]
    hashes: frozenset[str]

    def names(self, row: dict[str, Any]) -> bool:
        return (
            row.get("external_id") == self.external_id
            or row.get("transcript") in self.transcripts
            or row.get("transcript_hash") in self.hashes
        )

    def is_in(self, data: bytes) -> bool:
        """Whether a file that a stage wrote has a row of it. Weights and tokenizers have none."""
        if data[:4] == b"PAR1":
            return any(self.names(row) for row in _columns(data).to_pylist())
        if data[:1] != b"{":
            return False
        plain = (json.dumps(self.external_id, ensure_ascii=escaped).encode() for escaped in (True, False))
        return any(b'"external_id":' + name in data or b"(" + name[1:-1] + b')"' in data for name in plain)

    def was_mixed(self, transcripts: bytes) -> bool:
        """Whether training rows, which are token ids without a name, may hold it, by the transcripts beside them."""
        return not self.hashes.isdisjoint(json.loads(transcripts))


def _columns(data: bytes) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(BytesIO(data))
    return file.read(columns=[name for name in _NAMING if name in file.schema_arrow.names])


def forget(workspace: Workspace, name: str, by: str, why: str) -> dict[str, Any]:
    """Removes a transcript and all that was said of it, here and in what was derived; see the module."""
    require(by, "by")
    require(why, "why")
    with held(workspace.record):
        stone, twins = remove(workspace, name, by, why)
    models = models_that_saw(workspace, stone.hashes)
    told = tag_models(workspace, models, f"errata.forgotten.{stone.seq}", by)
    return {**stone.as_json(), "twins": twins, "models": models, "mlflow": told}


def remove(workspace: Workspace, external_id: str, by: str, why: str) -> tuple[Tombstone, list[str]]:
    """Removes a transcript everywhere; returns its tombstone and its twins' ids. The caller holds the loop's lease.

    Raises Refused where `by` may not, NotFound where the record never had it, Unavailable where DVC's remote or MLflow
    can't be reached: then the same command completes it later.
    """
    with workspace.record.write() as store:
        store.reviewers.check(by, "release owner", "have a transcript forgotten")
        stone = store.tombstones.bury(external_id, by, why)
    sought = Sought(external_id, frozenset(stone.transcripts), frozenset(stone.hashes))
    nights = sorted({*stone.removed.get("nights", ()), *_nights_with(workspace, sought)})
    with workspace.record.write() as store:
        stone = store.tombstones.note(stone, {"nights": nights}, finished=False)
        store.tombstones.remove_texts(stone)
    note("the record holds it no more; clearing what was made from it")
    counts = _clear_workspace(workspace, sought, nights)
    note("clearing DVC's cache and remote")
    counts |= _clear_dvc(workspace, sought)
    counts["judge_folders"] = _clear_judges(workspace, sought)
    _replace_in_mlflow(workspace, nights)
    note("rewriting the database's files")
    scrub(workspace.record.url)
    with workspace.record.write() as store:
        summed = {place: max(count, stone.removed.get(place, 0)) for place, count in counts.items()}
        stone = store.tombstones.note(stone, summed, finished=True)
        return stone, store.tombstones.twins(stone)


def _nights_with(workspace: Workspace, sought: Sought) -> list[str]:
    """The nights whose scores have a row of it."""
    found = workspace.nights.glob(f"*/{ITEMS}")
    return [path.parent.name for path in sorted(found) if sought.is_in(path.read_bytes())]


def _clear_workspace(workspace: Workspace, sought: Sought, nights: list[str]) -> dict[str, int]:
    from retrain.snapshot import FOLDER, purge

    root = workspace.root
    shards = purge(root / FOLDER, sought.transcripts)
    derived = [root / name for name in _DERIVED if _holds(root / name, sought)]
    for folder in derived:
        shutil.rmtree(folder)
    if root / "data/mix" in derived:
        shutil.rmtree(root / "work" / "checkpoints", ignore_errors=True)
    scores = [root / "scores" / ITEMS, *(workspace.nights / night / ITEMS for night in nights)]
    rows = sum(_without(path, sought) for path in scores if path.exists())
    for night in nights:
        _rewrite_report(workspace, night)
    rejects = sum(_without_lines(path, sought) for path in (root / "rejects").glob("*.jsonl"))
    return {"shards": len(shards), "derived_folders": len(derived), "score_rows": rows, "rejected_rows": rejects}


def _clear_judges(workspace: Workspace, sought: Sought) -> int:
    """What judges said of it: their answers quote it."""
    from evaluation.judges.cache import FOLDER, forget

    return sum(forget(workspace.root / FOLDER, digest) for digest in sought.hashes)


def _holds(folder: Path, sought: Sought) -> bool:
    if any(sought.is_in(path.read_bytes()) for path in folder.glob("*") if path.is_file()):
        return True
    transcripts = training_transcripts_file(folder)
    return transcripts is not None and sought.was_mixed(transcripts.read_bytes())


def _without(path: Path, sought: Sought) -> int:
    """Rewrites a table without its rows; returns how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    keep = [not sought.names(row) for row in _columns(path.read_bytes()).to_pylist()]
    if not all(keep):
        partial = path.with_name(f"{path.name}.partial")
        pq.write_table(table.filter(pa.array(keep, pa.bool_())), partial, compression="zstd")
        partial.replace(path)
    return keep.count(False)


def _without_lines(path: Path, sought: Sought) -> int:
    quoted = {json.dumps(sought.external_id, ensure_ascii=escaped) for escaped in (True, False)}
    # in a row that could not be read, and is kept as text, and in a reason
    inside = {json.dumps(each)[1:-1] for each in (*quoted, repr(sought.external_id))}
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not any(name in line for name in quoted | inside)]
    if len(kept) < len(lines):
        write_atomically(path, "".join(kept))
    return len(lines) - len(kept)


def _rewrite_report(workspace: Workspace, night: str) -> None:
    """A page of a night shows items: it is written anew from those that are left, or emptied where none is."""
    import pyarrow.parquet as pq

    from errata.loop.night_report import write_report

    folder = workspace.nights / night
    if (folder / "evaluation.json").exists() and pq.read_metadata(folder / ITEMS).num_rows:
        write_report(workspace, night)
        return
    for name in _SHOWN:
        if (folder / name).exists():
            write_atomically(folder / name, "Forgotten on request.\n")


def _replace_in_mlflow(workspace: Workspace, nights: list[str]) -> None:
    """Writes the cleared scores and reports over those in the nights' runs."""
    told = [night for night in nights if (workspace.nights / night / PUBLISHED).exists()]
    if not told:
        return
    from registry.models import ModelRegistry

    note("replacing scores and reports in MLflow")
    registry = ModelRegistry.of(workspace)
    for night in told:
        folder = workspace.nights / night
        run = registry.open_run(night)
        registry.log(run, {}, {}, [folder / name for name in (ITEMS, *_SHOWN) if (folder / name).exists()], {})
        registry.close_run(run)


# DVC -----------------------------------------------------------------------------------------------------------------


def _clear_dvc(workspace: Workspace, sought: Sought) -> dict[str, int]:
    """Deletes from DVC's cache and from its remotes, wherever they are, every file that holds it.

    A commit of the workspace that names such a file can't be checked out whole any more: that is what was asked.
    """
    if not (workspace.root / ".dvc").is_dir():
        return {}
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with closing(Repo(str(workspace.root))) as repo:
            cleared = {"dvc_cache": _clear_objects(repo.cache.local, sought)}
            for name in repo.config["remote"]:
                cleared["dvc_remote"] = cleared.get("dvc_remote", 0) + _clear_remote(repo, name, sought)
            return cleared
    except (DvcException, OSError) as problem:
        raise Unavailable(
            f"DVC's cache can't be cleared ({problem}); mend that and make the request again"
        ) from problem


def _clear_remote(repo: Any, name: str, sought: Sought) -> int:
    from dvc.exceptions import DvcException

    try:
        return _clear_objects(repo.cloud.get_remote_odb(name, "errata forget"), sought)
    except (DvcException, OSError) as problem:
        raise Unavailable(
            f"DVC's remote {name!r} can't be cleared ({problem}); mend that and make the request again"
        ) from problem
    except NotImplementedError as problem:  # what DVC's file systems raise where they can't list or delete, as HTTP's
        raise Unavailable(
            f"DVC's remote {name!r} doesn't let its files be listed and deleted; clear it by hand, take it out of "
            "DVC's configuration, and make the request again"
        ) from problem


def _clear_objects(objects: Any, sought: Sought) -> int:
    doomed = set(_holding(objects, sought))
    for name in sorted(doomed):
        objects.delete(name)
    return len(doomed)


def _holding(objects: Any, sought: Sought) -> Iterator[str]:
    """The objects that hold it. `objects` is one of DVC's object databases."""
    present = set(objects.all())
    for name in sorted(present):
        if not name.endswith(".dir"):
            if sought.is_in(_read(objects, name, only=(b"PAR1", b"{"))):
                yield name
            continue
        members: dict[str, str] = {item["relpath"]: item["md5"] for item in json.loads(_read(objects, name))}
        named = (members.get(name, "") for name in (TRAINING_TRANSCRIPTS, OLD_TRAINING_TRANSCRIPTS))
        transcripts, rows = next(filter(None, named), ""), members.get("train.parquet", "")
        if rows in present and transcripts in present and sought.was_mixed(_read(objects, transcripts)):
            yield rows


def _read(objects: Any, name: str, only: tuple[bytes, ...] = (b"",)) -> bytes:
    """An object's bytes; none where it doesn't begin with one of `only`."""
    with objects.fs.open(objects.oid_to_path(name), "rb") as file:
        head: bytes = file.read(4)
        return head + bytes(file.read()) if head.startswith(only) else b""
