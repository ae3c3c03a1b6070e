"""ONNX Runtime GenAI: what runs on the device."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from errata.inference.artefact import Card
from errata.inference.engine import Ask, EngineFault, T, Weighing, pick
from errata.inference.tokenizer import load_tokenizer
from errata.telemetry import no_telemetry

no_telemetry()
import onnxruntime_genai as og  # noqa: E402 - once it is loaded, it can't be told any more


class OnnxEngine:
    forkable = False
    """ONNX Runtime has threads of its own, which no fork has."""

    def __init__(self, folder: Path) -> None:
        self._model = og.Model(str(folder))
        self.tokenizer = load_tokenizer(folder)
        config = json.loads((folder / "genai_config.json").read_text())["model"]
        self.vocabulary: int = config["vocab_size"]
        self._longest = Card.read(folder).context

    def run(self, asks: Sequence[Ask[T]]) -> list[T]:
        return [self._run(ask) for ask in asks]

    def weigh(self, weighings: Sequence[Weighing]) -> list[list[float]]:
        return [self._weigh(weighing) for weighing in weighings]

    def _weigh(self, weighing: Weighing) -> list[float]:
        generator, odds, begin = self._generator(), [], 0
        for place in weighing.places:
            last = _logits(generator, weighing.tokens[begin : place + 1])
            odds.append(float(last[weighing.rather] - last[weighing.than]))
            begin = place + 1
        return odds

    def _generator(self) -> Any:
        params = og.GeneratorParams(self._model)
        params.set_search_options(max_length=self._longest, do_sample=False)
        return og.Generator(self._model, params)

    def _run(self, ask: Ask[T]) -> T:
        generator = self._generator()
        step = next(ask)
        while True:
            logits = _logits(generator, step.append, step.take_back)
            try:
                step = ask.send(pick(logits, step.allowed, step.draw))
            except StopIteration as done:
                answer: T = done.value
                return answer


def _logits(generator: Any, tokens: Sequence[int], take_back: int = 0) -> npt.NDArray[np.float32]:
    """After `tokens`, which follow what is left once so many are taken back: one a token of the vocabulary. Raises
    EngineFault."""
    try:
        if take_back:
            generator.rewind_to(generator.token_count() - take_back)
        generator.append_tokens(np.array([tokens], dtype=np.int32))
        logits = np.asarray(generator.get_logits(), dtype=np.float32)
    except RuntimeError as error:
        raise EngineFault("ONNX Runtime GenAI can't go on with its model: {}", error) from error
    last: npt.NDArray[np.float32] = logits.reshape(-1, logits.shape[-1])[-1]
    return last
