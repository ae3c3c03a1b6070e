"""ONNX Runtime GenAI: what runs on the device."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime_genai as og

from errata.inference.artefact import Card
from errata.inference.engine import Ask, T, pick
from errata.inference.tokenizer import load_tokenizer


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

    def _run(self, ask: Ask[T]) -> T:
        params = og.GeneratorParams(self._model)
        params.set_search_options(max_length=self._longest, do_sample=False)
        generator = og.Generator(self._model, params)
        step = next(ask)
        while True:
            generator.append_tokens(np.array([step.append], dtype=np.int32))
            logits = np.asarray(generator.get_logits(), dtype=np.float32)
            try:
                step = ask.send(pick(logits.reshape(-1, logits.shape[-1])[-1], step.allowed))
            except StopIteration as done:
                answer: T = done.value
                return answer
