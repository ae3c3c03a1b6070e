"""A correction is taken back: every label is without it from now on, and all that was made with it is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from errata.documents.snapshot import Shard
from errata.loop.lineage import (
    ModelUse,
    NightUse,
    TagResult,
    models_with,
    nights_with,
    snapshots_with,
    tag_models,
)
from errata.operations.reviewing import require
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Retraction:
    correction: int
    identity: str
    retraction: int
    """The retraction's own number in the record."""
    new: bool
    """False where it was retracted before."""
    transcript: int
    external_id: str
    reviewer: str
    snapshots: Sequence[Shard]
    nights: Sequence[NightUse]
    models: Sequence[ModelUse]
    mlflow: TagResult


def retract(workspace: Workspace, name: str, by: str, why: str) -> Retraction:
    """Takes a correction out of every label from now on, and names all that holds it already."""
    require(by, "by")
    require(why, "why")
    with workspace.record.write() as store:
        correction = store.corrections.find(name)
        added = store.corrections.retract(correction, by, why)
        event = store.corrections.read(correction)
    with workspace.record.read() as store:
        nights = nights_with(store, event.transcript, correction)
        external_id = store.transcripts.external_id_of(event.transcript)
    models = models_with(workspace, event.transcript, correction)
    return Retraction(
        correction=correction,
        identity=event.identity,
        retraction=added.seq,
        new=added.new,
        transcript=event.transcript,
        external_id=external_id,
        reviewer=event.reviewer,
        snapshots=snapshots_with(workspace, event.transcript, correction),
        nights=nights,
        models=models,
        mlflow=tag_models(workspace, models, f"errata.retracted.{correction}", by),
    )
