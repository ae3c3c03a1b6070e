"""A deletion request in the workspace's own files: snapshot, what was derived from it, scores, reports, rejects."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents import file_names as names
from errata.errors import BadInput
from errata.files import write_atomically
from errata.inference.artefact import training_transcripts_file
from errata.loop.deletion_target import DeletionTarget, naming_columns
from errata.loop.night_report import write_report
from errata.workspace import Workspace
from evaluation.judges.cache import FOLDER, forget
from evaluation.judges.question_bank import about_item
from retrain.checkpoints import CHECKPOINTS
from retrain.paraphrase import forget as forget_paraphrases
from retrain.snapshot import purge

_DERIVED = (names.CURATED, names.AUGMENTED, names.MIXTURE)
"""Made again by the next night."""


def nights_with(workspace: Workspace, target: DeletionTarget) -> list[str]:
    """The nights whose scores have a row of it."""
    tables = sorted(workspace.nights.glob(f"*/{names.ITEMS}"))
    return [path.parent.name for path in tables if target.is_in(path.read_bytes())]


def clear_workspace(workspace: Workspace, target: DeletionTarget, nights: list[str]) -> dict[str, int]:
    """Clears all that the workspace's folders hold of it; returns how much that was, by place."""
    root, item = workspace.root, about_item(target.external_id)
    shards = purge(root / names.SNAPSHOT, target.transcripts)
    derived = _remove_derived(root, target)
    tables = [root / names.SCORES / names.ITEMS, *(workspace.nights / night / names.ITEMS for night in nights)]
    rows = sum(_remove_rows(path, target) for path in tables if path.exists())
    _clear_memo(root / names.ROW_MEMO, target)
    _clear_trials(root)
    for night in nights:
        _rewrite_report(workspace, night)
    return {
        "shards": len(shards),
        "derived_folders": derived,
        "score_rows": rows,
        "rejected_rows": sum(_remove_lines(path, target) for path in (root / "rejects").glob("*.jsonl")),
        "suspects": sum(_remove_lines(path, target) for path in workspace.nights.glob(f"*/{names.SUSPECTS}")),
        # their answers quote it
        "judge_folders": sum(forget(root / FOLDER, about) for about in (*target.hashes, item)),
        "paraphrases": sum(forget_paraphrases(root, digest) for digest in target.hashes),
    }


def _remove_derived(root: Path, target: DeletionTarget) -> int:
    folders = [root / name for name in _DERIVED if _holds(root / name, target)]
    for folder in folders:
        shutil.rmtree(folder)
    if root / names.MIXTURE in folders:  # a training that was cut short would go on with what it has read
        shutil.rmtree(root / CHECKPOINTS, ignore_errors=True)
    return len(folders)


def _clear_memo(folder: Path, target: DeletionTarget) -> None:
    """Of what stages have found of rows; a table that was cut short goes whole."""
    for path in folder.rglob("*.partial"):
        path.unlink()
    for path in folder.rglob("*.parquet"):
        _remove_rows(path, target)


def _clear_trials(root: Path) -> None:
    """Trainings that were tried and cut short go whole, whatever their rows are: they hold texts as numbers."""
    for runs in (names.ABLATION_RUNS, names.SWEEP_RUNS):
        for room in (root / runs).glob("*/"):
            shutil.rmtree(room)


def _holds(folder: Path, target: DeletionTarget) -> bool:
    if any(target.is_in(path.read_bytes()) for path in folder.glob("*") if path.is_file()):
        return True
    transcripts = training_transcripts_file(folder)
    return transcripts is not None and target.was_mixed(transcripts.read_bytes())


def _remove_rows(path: Path, target: DeletionTarget) -> int:
    """Rewrites a table without its rows; returns how many there were. Raises BadInput for one that can't be read."""
    rows = naming_columns(path.read_bytes())
    if rows is None:
        raise BadInput(f"{path} can't be read, and so may hold it; delete it, and make the request again")
    keep = [not target.is_named_by(row) for row in rows]
    if not all(keep):
        partial = path.with_name(f"{path.name}.partial")
        pq.write_table(pq.read_table(path).filter(pa.array(keep, pa.bool_())), partial, compression="zstd")
        partial.replace(path)
    return keep.count(False)


def _remove_lines(path: Path, target: DeletionTarget) -> int:
    spellings = [spelling.encode() for spelling in target.spellings()]
    lines = path.read_bytes().splitlines(keepends=True)  # people mend these files, in whatever encoding
    kept = [line for line in lines if not any(name in line for name in spellings)]
    if len(kept) < len(lines):
        write_atomically(path, b"".join(kept))
    return len(lines) - len(kept)


def _rewrite_report(workspace: Workspace, night: str) -> None:
    """A page of a night shows items: it is written anew from those that are left, or emptied where none is."""
    folder = workspace.nights / night
    if (folder / names.EVALUATION).exists() and pq.read_metadata(folder / names.ITEMS).num_rows:
        write_report(workspace, night)
        return
    for name in names.REPORT_FILES:
        if (folder / name).exists():
            write_atomically(folder / name, "Forgotten on request.\n")
