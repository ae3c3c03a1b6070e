"""The seam to whatever runs a model: append tokens, pick the next one under a mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from errata.inference.artefact import Card, home

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

Mask = npt.NDArray[np.bool_]
"""One truth value a token of the vocabulary: whether it may come next."""


class Session(Protocol):
    """One growing sequence."""

    def append(self, tokens: Sequence[int]) -> None: ...

    def next(self, mask: Mask) -> int:
        """The likeliest allowed token, which is appended too."""
        ...


class Engine(Protocol):
    tokenizer: Tokenizer
    vocabulary: int
    """Length of a mask."""

    def start(self) -> Session: ...


def load(folder: Path, models: Path) -> Engine:
    """The engine for a model's form; `models` is where an adapter's base is kept."""
    card = Card.read(folder)
    if card.form == "onnx":
        from errata.inference.onnx import OnnxEngine

        return OnnxEngine(folder)
    from errata.inference.torch import TorchEngine

    base = home(card.base, models) if card.form == "adapter" else folder
    return TorchEngine(base, adapter=folder if card.form == "adapter" else None)


def pick(logits: npt.NDArray[np.float32], mask: Mask) -> int:
    """Greedy: the allowed token with the highest logit, the lowest id on a tie."""
    return int(np.argmax(np.where(mask, logits, -np.inf)))
