"""Where a row has gone: the snapshots, the nights and the models that hold it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from errata.database.store import Store
from errata.domain.correction import Label
from errata.domain.hashing import content_hash
from errata.errors import NotFound, Unavailable
from errata.inference.artefact import MANIFEST, Card, read_training_transcripts
from errata.workspace import Workspace

ALIASES = ("day0", "champion", "challenger", "server", "device")


def snapshots_with(workspace: Workspace, transcript: int, correction: int) -> list[dict[str, Any]]:
    """The snapshot's shards in which a correction stands behind its transcript's row."""
    from retrain.rows import read_rows
    from retrain.snapshot import FOLDER, read_manifest

    folder = workspace.root / FOLDER
    found = []
    for shard in read_manifest(folder)["shards"]:
        path = folder / f"{shard['sha256']}.parquet"
        if path.exists() and any(row.transcript == transcript and row.correction for row in read_rows(path)):
            with workspace.record.read() as store:
                if correction in store.labels.supporting_corrections(transcript, shard["upto"]):
                    found.append({name: shard[name] for name in ("sha256", "after", "upto")})
    return found


def nights_with(store: Store, transcript: int, correction: int) -> list[dict[str, Any]]:
    """The nights, which are MLflow's runs by the same name, that trained on a correction or were scored on it."""
    found = []
    for night in store.nights.all():
        if night.verdict == "skipped":
            continue
        made = not night.finished or bool(night.outcome.get("candidate"))
        trained = made and _trains(store, transcript, correction, night.training_watermark)
        scored = correction in store.labels.supporting_corrections(transcript, night.gate_watermark)
        if trained or scored:
            marks = {"training_watermark": night.training_watermark, "gate_watermark": night.gate_watermark}
            found.append({"night": night.label, **marks, "trained": trained, "scored": scored})
    return found


def models_with(workspace: Workspace, transcript: int, correction: int) -> list[dict[str, Any]]:
    """The models that learnt from a correction, by what they say they have seen and up to where they were trained.

    A model that learnt the transcript from another of its corrections may be among them; none is ever missing.
    """
    with workspace.record.read() as store:
        marks = sorted({night.training_watermark for night in store.nights.all()})
        taught = [mark for mark in marks if _trains(store, transcript, correction, mark)]
        name = store.transcripts.hash_of(transcript)
    first = min(taught, default=None)
    return _models(
        workspace, lambda card, seen: first is not None and first <= card.training_watermark and name in seen
    )


def models_that_saw(workspace: Workspace, hashes: Collection[str]) -> list[dict[str, Any]]:
    """The models that were trained on one of these transcripts or on a twin, or that come from such a model."""
    return _models(workspace, lambda _, seen: not seen.isdisjoint(hashes))


def _trains(store: Store, transcript: int, correction: int, watermark: int) -> bool:
    label = store.labels.of(transcript, watermark)
    return (
        isinstance(label, Label)
        and label.role == "train"
        and correction in store.labels.supporting_corrections(transcript, watermark)
    )


def _models(workspace: Workspace, learnt: Callable[[Card, frozenset[str]], bool]) -> list[dict[str, Any]]:
    with workspace.record.read() as store:
        held: dict[str | None, list[str]] = {}
        for alias in ALIASES:
            held.setdefault(store.aliases.model_of(alias), []).append(alias)
        made = {night.outcome.get("candidate"): night.label for night in store.nights.all()}
    found = []
    for folder in _sealed(workspace.models):
        card = Card.read(folder)
        if learnt(card, read_training_transcripts(folder)):
            identity = content_hash(json.loads((folder / MANIFEST).read_text()))
            found.append(
                {
                    "model": identity,
                    "form": card.form,
                    "training_watermark": card.training_watermark,
                    "night": made.get(identity),
                    "aliases": held.get(identity, []),
                }
            )
    return sorted(found, key=lambda model: (model["training_watermark"], model["model"]))


def _sealed(models: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(models.glob(f"*/{MANIFEST}")) if path.parent.suffix != ".partial")


def tag_models(workspace: Workspace, models: Collection[dict[str, Any]], tag: str, value: str) -> str:
    """Marks the models' versions in MLflow; says, in words, what came of it. Nothing depends on it."""
    from registry.models import ModelRegistry

    if not models:
        return "no version is concerned"
    registry = ModelRegistry.of(workspace)
    missing = []
    try:
        for model in models:
            try:
                registry.tag_version(model["model"], {tag: value})
            except NotFound:
                missing.append(model["model"][:16])
    except Unavailable as problem:
        return f"not told ({problem})"
    said = f"{len(models) - len(missing)} versions have the tag {tag}"
    return said + (f"; not registered: {', '.join(missing)}" if missing else "")
