"""A language model that begins to see or hear: its card says by what, and beside its weights lie connectors that have
learnt nothing yet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from errata.errors import BadInput
from errata.inference.artefact import CARD, Card, Sense
from errata.loop.model_check import load_config

SEED = 20260301
"""By which new connectors are drawn: the same model with the same senses is the same Day-0."""
RATE = 1.0
"""Vectors a second, where nobody says."""


def find_senses(specs: Sequence[str]) -> tuple[Sense, ...]:
    """By extractors as `find_extractor` takes them, each with `@RATE` after it or without.

    Raises BadInput for one that is unknown, and for two of one medium; Unavailable where an extractor's weights, or
    what runs them, are not here.
    """
    senses = tuple(_sense(spec) for spec in specs)
    media = Counter(sense.modality for sense in senses)
    for modality, count in media.items():
        if count > 1:
            raise BadInput(
                f"{count} of {', '.join(specs)} take {modality}, and a model takes it by one; name one of them"
            )
    return senses


def _sense(spec: str) -> Sense:
    from errata.features.extractors import find_extractor  # with what runs them: seconds that words alone don't take

    name, at, number = spec.rpartition("@")
    extractor = find_extractor(name if at else spec)
    rate = _rate(spec, number) if at else RATE
    return Sense(extractor.modality, extractor.version, rate, extractor.size, extractor.tokens)


def _rate(spec: str, number: str) -> float:
    try:
        rate = float(number)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise BadInput(f"--senses {spec}: {number!r} is no number of vectors a second; say it as efficientnet-lite0@1")
    return rate


def check_senses_fit(card: Card, senses: Sequence[Sense]) -> None:
    """Raises BadInput where the model has senses of its own already."""
    if card.senses and senses:
        own = ", ".join(sense.extractor for sense in card.senses)
        raise BadInput(f"the model has learnt to take {own}; leave --senses out")


def give_senses(folder: Path, senses: Sequence[Sense]) -> None:
    """To the model in `folder`, which has a card and isn't sealed yet."""
    import torch

    from errata.inference.connector import Connectors, save_connectors

    hidden: int = load_config(folder).get_text_config().hidden_size
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        save_connectors(Connectors(senses, hidden), folder)
    facts = json.loads((folder / CARD).read_bytes())
    replace(Card.read(folder), senses=tuple(senses)).write(folder, **facts)
