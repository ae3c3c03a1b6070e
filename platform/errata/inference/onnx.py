"""ONNX Runtime GenAI: what runs on the device."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime_genai as og
from transformers import AutoTokenizer

from errata.inference.engine import Mask, pick


class OnnxEngine:
    def __init__(self, folder: Path) -> None:
        self._model = og.Model(str(folder))
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        config = json.loads((folder / "genai_config.json").read_text())["model"]
        self.vocabulary: int = config["vocab_size"]
        self._longest: int = config["context_length"]

    def start(self) -> OnnxSession:
        params = og.GeneratorParams(self._model)
        params.set_search_options(max_length=self._longest, do_sample=False)
        return OnnxSession(og.Generator(self._model, params))


class OnnxSession:
    def __init__(self, generator: Any) -> None:
        self._generator = generator
        self._pending: list[int] = []

    def append(self, tokens: Sequence[int]) -> None:
        self._pending.extend(tokens)

    def next(self, mask: Mask) -> int:
        self._generator.append_tokens(np.array([self._pending], dtype=np.int32))
        logits = np.asarray(self._generator.get_logits(), dtype=np.float32)
        token = pick(logits.reshape(-1, logits.shape[-1])[-1], mask)
        self._pending = [token]
        return token
