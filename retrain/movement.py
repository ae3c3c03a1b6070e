"""How far a candidate's words have moved from the champion's and from Day-0's: on right answers to a few talks of dev,
the same ones night after night. What is forgotten later shows here first (RL's Razor, arXiv 2509.04259)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from errata.documents.movement import Movement
from errata.features.feature_store import FeatureStore
from errata.inference.chapter_task import task_of
from errata.inference.sensed_frames import features_beside
from errata.tasks.encode import Encoded
from errata.tasks.task import examples
from errata.tasks.template import Reading
from retrain.dev_choice import DevItem
from retrain.objectives.divergence import TopTokens, divergence, top_tokens
from retrain.objectives.pair_logits import row_logits

WINDOWS = 8
"""At most: each is read once by each of three models."""


def movement(candidate: Path, champion: Path, day0: Path, items: Sequence[DevItem], models: Path) -> Movement | None:
    """None where there is no item; `models` is where an adapter's base is kept."""
    import torch

    windows = list(islice(_windows(candidate, items, models), WINDOWS))
    if not windows:
        return None
    features = features_beside(models)
    with torch.no_grad():
        champions = _top_tokens(_loaded(champion, models), windows, features)
        day0s = champions if day0 == champion else _top_tokens(_loaded(day0, models), windows, features)
        model, apart = _loaded(candidate, models), list[tuple[float, float]]()
        for window, old, oldest in zip(windows, champions, day0s, strict=True):
            logits = row_logits(model, window, features).logits
            apart.append((divergence(old, logits).mean().item(), divergence(oldest, logits).mean().item()))
    return Movement(
        windows=len(windows),
        from_champion=sum(each[0] for each in apart) / len(apart),
        from_day0=sum(each[1] for each in apart) / len(apart),
    )


def _windows(candidate: Path, items: Sequence[DevItem], models: Path) -> Iterator[Encoded]:
    """As the candidate would be taught them, those that fit."""
    task = task_of(candidate, models)
    for item in items:
        for example in examples(task, item.transcript, Reading(item.right)):
            if len(example.encoded.input_ids) <= task.context:
                yield example.encoded


def _loaded(folder: Path, models: Path) -> Any:
    from errata.inference.torch import load_seeing_model

    return load_seeing_model(folder, models)


def _top_tokens(model: Any, windows: Sequence[Encoded], features: FeatureStore) -> list[TopTokens]:
    return [top_tokens(row_logits(model, window, features).logits) for window in windows]
