"""A deletion request: the transcript goes from the record, from what the stages made of it, from DVC and from MLflow.

The tombstone is written first, in the transaction that empties the tables; it says which nights' scores are concerned
before they are touched, and that the request is finished only once everything is done. So a request that was cut short
is completed by making it again: every step finds out anew what is left for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from errata.database.tombstones import Tombstone, scrub
from errata.documents.file_names import PUBLISHED
from errata.loop.clear_dvc import clear_dvc
from errata.loop.clear_workspace import clear_workspace, nights_with
from errata.loop.deletion_target import DeletionTarget
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_leftovers
from errata.loop.lineage import ModelUse, TagResult, models_that_saw, tag_models
from errata.loop.night_runs import log_items
from errata.operations.forgetting_media import forget_media
from errata.operations.reviewing import require
from errata.progress import note
from errata.workspace import Workspace
from registry.models import ModelRegistry


@dataclass(frozen=True, slots=True)
class Deletion:
    tombstone: Tombstone
    twins: tuple[str, ...]
    """Outside ids of transcripts that say the same or nearly, and were kept."""
    models: tuple[ModelUse, ...]
    """Those that learnt from it: what they learnt can't be taken out of their weights."""
    mlflow: TagResult


def forget(workspace: Workspace, external_id: str, by: str, why: str) -> Deletion:
    """Removes a transcript and all that was said of it, here and in what was derived; see the module.

    Raises Refused where `by` may not, NotFound where the record never had it, Unavailable where DVC's remote or MLflow
    can't be reached: then the same command completes it later.
    """
    require(by, "by")
    require(why, "why")
    with loop_lease(workspace.record):
        clear_leftovers(workspace.root)
        tombstone, twins = _remove(workspace, external_id, by, why)
    models = models_that_saw(workspace, tombstone.hashes)
    tags = tag_models(workspace, models, f"errata.forgotten.{tombstone.seq}", by)
    return Deletion(tombstone, tuple(twins), tuple(models), tags)


def _remove(workspace: Workspace, external_id: str, by: str, why: str) -> tuple[Tombstone, list[str]]:
    """Removes a transcript everywhere; returns its tombstone and its twins' ids."""
    with workspace.record.write() as store:
        store.reviewers.check(by, "release owner", "have a transcript forgotten")
        tombstone = store.tombstones.record_deletion(external_id, by, why)
    target = DeletionTarget(external_id, frozenset(tombstone.transcripts), frozenset(tombstone.hashes))
    # those that an earlier attempt has noted may have lost their rows already, and not yet their copies in MLflow
    nights = sorted({*tombstone.removed.get("nights", ()), *nights_with(workspace, target)})
    with workspace.record.write() as store:
        tombstone = store.tombstones.note(tombstone, {"nights": nights}, finished=False)
        store.tombstones.remove_texts(tombstone)
    note("the record holds it no more; clearing what was made from it")
    counts = clear_workspace(workspace, target, nights)
    media = forget_media(workspace, external_id)
    counts |= {"media_files": media.files, "chunks": media.chunks}
    if media.kept is not None:
        note(f"{media.kept} is your own recording, and stays")
    note("clearing DVC's cache and remote")
    counts |= clear_dvc(workspace, target)
    _replace_in_mlflow(workspace, nights)
    note("rewriting the database's files")
    scrub(workspace.record.url)
    with workspace.record.write() as store:
        removed = {place: max(count, tombstone.removed.get(place, 0)) for place, count in counts.items()}
        tombstone = store.tombstones.note(tombstone, removed, finished=True)
        return tombstone, store.tombstones.twins(tombstone)


def _replace_in_mlflow(workspace: Workspace, nights: list[str]) -> None:
    """Writes the cleared scores and reports over those in the nights' runs."""
    published = [night for night in nights if (workspace.nights / night / PUBLISHED).exists()]
    if not published:
        return

    note("replacing scores and reports in MLflow")
    registry = ModelRegistry.of(workspace)
    for night in published:
        run = registry.runs.open_night(night)
        log_items(workspace, registry, run, night)
        registry.runs.close(run)
