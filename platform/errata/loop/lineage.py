"""Where a row has gone: the snapshots, the nights and the models that hold it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from errata.database.shipping import ALIASES
from errata.database.store import Store
from errata.database.tables import NightRow
from errata.documents.file_names import SNAPSHOT
from errata.documents.snapshot import Shard
from errata.domain.correction import Label
from errata.errors import NotFound, Unavailable
from errata.inference.artefact import MANIFEST, Card, read_seal, read_training_transcripts, stored_models
from errata.workspace import Workspace
from registry.models import ModelRegistry
from retrain.snapshot import read_manifest, shard_file


@dataclass(frozen=True, slots=True)
class NightUse:
    """What a night, which is MLflow's run by the same name, did with a correction."""

    night: str
    training_watermark: int
    gate_watermark: int
    trained: bool
    scored: bool


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that learnt from a row."""

    model: str
    form: str
    training_watermark: int
    night: str | None
    """The night that made it."""
    aliases: tuple[str, ...]
    """Those that mean it now."""


@dataclass(frozen=True, slots=True)
class TagResult:
    """What came of marking models' versions in MLflow."""

    tag: str
    tagged: int
    missing: tuple[str, ...]
    """Models that MLflow doesn't have."""
    problem: str
    """Why MLflow could not be told; empty where it was."""


def snapshots_with(workspace: Workspace, transcript: int, correction: int) -> list[Shard]:
    """The snapshot's shards in which a correction supports its transcript's row."""
    folder = workspace.root / SNAPSHOT
    shards = []
    for shard in read_manifest(folder).shards:
        if _has_label_of(shard_file(folder, shard.sha256), transcript):
            # a row names its newest correction alone, and others that say the same support it as well
            with workspace.record.read() as store:
                if correction in store.labels.supporting_corrections(transcript, shard.upto):
                    shards.append(shard)
    return shards


def _has_label_of(shard: Path, transcript: int) -> bool:
    if not shard.exists():
        return False
    rows = pq.read_table(shard, columns=["transcript", "correction"]).to_pylist()
    return any(row["transcript"] == transcript and row["correction"] for row in rows)


def nights_with(store: Store, transcript: int, correction: int) -> list[NightUse]:
    """The nights that trained on a correction or were scored on it."""
    uses = (_night_use(store, night, transcript, correction) for night in store.nights.all())
    return [use for use in uses if use.trained or use.scored]


def _night_use(store: Store, night: NightRow, transcript: int, correction: int) -> NightUse:
    skipped = night.verdict == "skipped"
    made_a_model = not night.finished or bool(night.outcome.candidate)
    return NightUse(
        night=night.label,
        training_watermark=night.training_watermark,
        gate_watermark=night.gate_watermark,
        trained=not skipped and made_a_model and _trains_on(store, transcript, correction, night.training_watermark),
        scored=not skipped and correction in store.labels.supporting_corrections(transcript, night.gate_watermark),
    )


def models_with(workspace: Workspace, transcript: int, correction: int) -> list[ModelUse]:
    """The models that learnt from a correction, by what they say they have seen and up to where they were trained.

    A model that learnt the transcript from another of its corrections may be among them; none is ever missing.
    """
    with workspace.record.read() as store:
        watermarks = sorted({night.training_watermark for night in store.nights.all()})
        first = next((mark for mark in watermarks if _trains_on(store, transcript, correction, mark)), None)
        name = store.transcripts.hash_of(transcript)
    if first is None:
        return []
    return _models(workspace, lambda card, seen: first <= card.training_watermark and name in seen)


def models_that_saw(workspace: Workspace, hashes: Collection[str]) -> list[ModelUse]:
    """The models that were trained on one of these transcripts or on a twin, or that come from such a model."""
    return _models(workspace, lambda _, seen: not seen.isdisjoint(hashes))


def _trains_on(store: Store, transcript: int, correction: int, watermark: int) -> bool:
    label = store.labels.of(transcript, watermark)
    return (
        isinstance(label, Label)
        and label.role == "train"
        and correction in store.labels.supporting_corrections(transcript, watermark)
    )


def _models(workspace: Workspace, learnt: Callable[[Card, frozenset[str]], bool]) -> list[ModelUse]:
    with workspace.record.read() as store:
        meanings = {alias: store.aliases.model_of(alias) for alias in ALIASES}
        nights = {night.outcome.candidate: night.label for night in store.nights.all()}
    models = []
    for folder in stored_models(workspace.models):
        if not (folder / MANIFEST).exists():
            continue
        card = Card.read(folder)
        if learnt(card, read_training_transcripts(folder)):
            identity, _ = read_seal(folder)
            aliases = tuple(alias for alias, model in meanings.items() if model == identity)
            models.append(ModelUse(identity, card.form, card.training_watermark, nights.get(identity), aliases))
    return sorted(models, key=lambda model: (model.training_watermark, model.model))


def tag_models(workspace: Workspace, models: Sequence[ModelUse], tag: str, value: str) -> TagResult:
    """Marks the models' versions in MLflow. Nothing depends on it, so MLflow may be away."""
    if not models:
        return TagResult(tag, 0, (), "")
    registry = ModelRegistry.of(workspace)
    missing = []
    try:
        for model in models:
            try:
                registry.tag_version(model.model, {tag: value})
            except NotFound:
                missing.append(model.model)
    except Unavailable as problem:
        return TagResult(tag, 0, (), str(problem))
    return TagResult(tag, len(models) - len(missing), tuple(missing), "")
