"""transformers, in this process: full models, and adapters merged into their base as they are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.utils import logging

from errata.inference.engine import Ask, pick
from errata.tasks.template import Reading

SMALL = 50_000_000
"""Parameters below which a second thread costs a CPU more than it gives: the threads mostly wait for each other."""


class TorchEngine:
    """Asks run one after another: abreast, with padding, they were slower on a CPU."""

    def __init__(self, base: Path, adapter: Path | None = None) -> None:
        self._model = load_model(base, adapter)
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.vocabulary: int = self._model.config.vocab_size

    def run(self, asks: Sequence[Ask]) -> list[Reading]:
        return [self._run(ask) for ask in asks]

    @torch.inference_mode()
    def _run(self, ask: Ask) -> Reading:
        cache = DynamicCache()
        step = next(ask)
        while True:
            heard = torch.tensor([step.append], device=self._model.device)
            said = self._model(heard, past_key_values=cache, use_cache=True, logits_to_keep=1)
            try:
                step = ask.send(pick(said.logits[0, -1].float().cpu().numpy(), step.allowed))
            except StopIteration as done:
                reading: Reading = done.value
                return reading


def load_model(base: Path, adapter: Path | None = None) -> Any:
    """A model in evaluation mode, in fp32 on a CPU and in the weights' own type on a GPU."""
    logging.disable_progress_bar()
    gpu = torch.cuda.is_available()
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype="auto" if gpu else torch.float32, use_safetensors=True, local_files_only=True
    )
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
    spare_threads(model)
    return model.to("cuda" if gpu else "cpu").eval()


def spare_threads(model: Any) -> None:
    """One thread for a small model on a CPU."""
    if not torch.cuda.is_available() and model.num_parameters() < SMALL:
        torch.set_num_threads(1)
