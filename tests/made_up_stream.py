"""A model that watches, and a stream for it: scenes of one colour, and a word whenever the colour changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from errata.features.feature_store import Features, FeatureStore, feature_key
from errata.inference.artefact import Card, Sense, seal
from errata.inference.connector import new_connectors, save_connectors
from errata.tasks.encode import encode
from errata.tasks.prompt import Control, Filling, Frames, Prompt, Slot, Text
from retrain.taught_rows import TaughtRow
from tests.made_up_model import make_model, make_tokenizer

SIZE, TOKENS = 6, 2
VIDEO = Sense("video", "colours@1", 1.0, SIZE, TOKENS)
WORDS = ("gardens", "soil", "tools", "weather")
"""What is said of each of four colours; the tokenizer knows them."""


def make_watching_model(folder: Path, seed: int = 0, senses: Sequence[Sense] = (VIDEO,), context: int = 256) -> str:
    """As `make_model`'s, with connectors that have learnt nothing yet."""
    import torch
    from transformers import AutoModelForCausalLM

    make_model(folder, "inline", context, seed)
    torch.manual_seed(seed)
    save_connectors(new_connectors(AutoModelForCausalLM.from_pretrained(folder), senses), folder)
    replace(Card.read(folder), senses=tuple(senses)).write(folder)
    return seal(folder)


def vectors_of_colours(colours: Sequence[int]) -> np.ndarray:
    """(frames, 2, 6): each colour's own vector, a little different in the second place."""
    basis = np.random.default_rng(5).normal(size=(len(WORDS), TOKENS, SIZE))
    return basis[list(colours)].astype(np.float16)


def watch(store: FeatureStore, colours: Sequence[int]) -> str:
    """Keeps the vectors of a recording that shows those colours, one a second, and returns their key."""
    key = feature_key("".join(map(str, colours)), VIDEO.extractor, VIDEO.rate)
    store.write(key, Features(vectors_of_colours(colours), np.arange(1.0, len(colours) + 1)), VIDEO.extractor)
    return key


def taught_stream(key: str, colours: Sequence[int], tokens: int = TOKENS) -> TaughtRow:
    """A word at the first frame of each new colour, and silence after the others."""
    prompt: list[Control | Frames | Slot] = []
    fillings: list[Filling] = []
    first = 0
    for place, colour in enumerate(colours):
        if place and colour != colours[place - 1]:
            prompt += [Frames("video", key, first, place + 1 - first, tokens, silence=True), Slot()]
            fillings.append((Text(WORDS[colour]), Control("\n")))
            first = place + 1
    if first < len(colours):
        prompt.append(Frames("video", key, first, len(colours) - first, tokens, silence=True))
    whole: Prompt = tuple(prompt)
    return TaughtRow(encode(whole, fillings, make_tokenizer()))
