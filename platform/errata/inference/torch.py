"""transformers, in this process: full models, and adapters merged into their base as they are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from errata.inference.engine import Mask, pick


class TorchEngine:
    def __init__(self, base: Path, adapter: Path | None = None) -> None:
        self._model = load_model(base, adapter)
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.vocabulary: int = self._model.config.vocab_size

    def start(self) -> TorchSession:
        return TorchSession(self._model)


def load_model(base: Path, adapter: Path | None = None) -> Any:
    """A model in evaluation mode, in fp32 on a CPU and in the weights' own type on a GPU."""
    gpu = torch.cuda.is_available()
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype="auto" if gpu else torch.float32, use_safetensors=True, local_files_only=True
    )
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
    return model.to("cuda" if gpu else "cpu").eval()


class TorchSession:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._cache = DynamicCache()
        self._pending: list[int] = []

    def append(self, tokens: Sequence[int]) -> None:
        self._pending.extend(tokens)

    @torch.inference_mode()
    def next(self, mask: Mask) -> int:
        heard = torch.tensor([self._pending], device=self._model.device)
        said = self._model(heard, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        token = pick(said.logits[0, -1].float().cpu().numpy(), mask)
        self._pending = [token]
        return token
