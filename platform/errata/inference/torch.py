"""transformers, in this process: full models, and adapters merged into their base as they are loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from transformers import DynamicCache

from errata.errors import NotFound
from errata.features.feature_store import FeatureStore
from errata.inference.architectures import AutoModelForCausalLM
from errata.inference.artefact import Card, Sense, model_parts
from errata.inference.block_attention import attend_by_blocks
from errata.inference.compute_device import best_device
from errata.inference.connector import attach, load_connectors, read_among_words, vectors_of
from errata.inference.engine import Ask, T, Weighing, ahead
from errata.inference.growing_cache import growing_cache
from errata.inference.head import HeadRows, Said, WholeLogits, is_plain
from errata.inference.library_noise import silence_libraries
from errata.inference.tokenizer import load_tokenizer
from errata.tasks.prompt import Frames

SMALL = 50_000_000
"""Parameters below which a second thread costs a CPU more than it gives: the threads mostly wait for each other."""


class TorchEngine:
    """Asks run one after another: abreast, with padding, they were slower on a CPU, and what is summed beside others
    rounds otherwise.

    `by_rows`: a large model on a CPU is asked no more of its head than what may be said, and keeps what it has read in
    buffers that grow.
    """

    def __init__(
        self,
        base: Path,
        adapter: Path | None = None,
        senses: Sequence[Sense] = (),
        features: FeatureStore | None = None,
    ) -> None:
        """`senses`: what it reads beside words, from `features`, through the connectors in its folder."""
        self._model = load_model(base, adapter)
        if senses:
            attach(self._model, load_connectors(adapter or base, self._model, senses))
        self._features = features
        self.tokenizer = load_tokenizer(base)
        self.vocabulary: int = self._model.config.vocab_size
        # bitsandbytes brings threads of its own, which don't outlive a fork
        self.forkable = _small_on_cpu(self._model) and not getattr(self._model, "is_quantized", False)
        self.by_rows = best_device() == "cpu" and not self.forkable and is_plain(self._model)
        self._read = ReadPrompt(self._new_cache)

    def run(self, asks: Sequence[Ask[T]]) -> list[T]:
        return [self._run(ask) for ask in asks]

    def weigh(self, weighings: Sequence[Weighing]) -> list[list[float]]:
        return [self._weigh(weighing) for weighing in weighings]

    @torch.inference_mode()
    def logits(
        self, tokens: list[int], places: Sequence[int], frames: Sequence[Frames] = ()
    ) -> npt.NDArray[np.float32]:
        """What the model says after the tokens at those places, read whole: (places, vocabulary)."""
        keep = torch.tensor(list(places), device=self._model.device)
        found = self._model(**self._reading(tokens, frames), use_cache=False, logits_to_keep=keep).logits[0]
        read: npt.NDArray[np.float32] = found.float().cpu().numpy()
        return read

    @torch.inference_mode()
    def _weigh(self, weighing: Weighing) -> list[float]:
        self._read = ReadPrompt(self._new_cache)  # whole: what is wanted of it lies all along it
        said = self._append(weighing.tokens, weighing.places, weighing.frames)
        return said.odds(weighing.rather, weighing.than)

    @torch.inference_mode()
    def _run(self, ask: Ask[T]) -> T:
        step = next(ask)
        known = self._read.resume(step.append)
        while True:
            self._read.forget(step.take_back)
            steps = ahead(step)
            tokens = [token for ahead_step in steps for token in ahead_step.append][known:]
            ends = [end - 1 - known for end in accumulate(len(ahead_step.append) for ahead_step in steps)]
            known = 0
            said = self._append(tokens, ends, [span for ahead_step in steps for span in ahead_step.frames])
            for place, (taken, end) in enumerate(zip(steps, ends, strict=True)):
                choice, right = said.pick(place, taken.allowed, taken.draw), end
                try:
                    step = ask.send(choice)
                except StopIteration as done:
                    answer: T = done.value
                    return answer
                if taken.guess is None or choice.token != taken.guess.answer:
                    break
            if wrong := len(tokens) - 1 - right:
                self._read.forget(wrong)  # what was appended after a wrong guess

    def _append(self, tokens: list[int], places: list[int], frames: Sequence[Frames] = ()) -> Said:
        """Reads on; what the model says after the tokens at those places."""
        read = self._reading(tokens, frames)
        cache = self._read.cache
        self._read.tokens += tokens
        if self.by_rows:
            states = self._model.base_model(**read, past_key_values=cache, use_cache=True).last_hidden_state
            head = self._model.get_output_embeddings()
            return HeadRows(states[0, places], head.weight, head.bias)
        keep = torch.tensor(places, device=self._model.device)
        return WholeLogits(self._model(**read, past_key_values=cache, use_cache=True, logits_to_keep=keep).logits[0])

    def _reading(self, tokens: list[int], frames: Sequence[Frames]) -> dict[str, torch.Tensor]:
        """Token ids, or where there are frames among them, what both are to the model."""
        read = torch.tensor([tokens], device=self._model.device)
        if not frames:
            return {"input_ids": read}
        if self._features is None:
            raise NotFound("a prompt names frames, and there is no features store to take them from; name its folder")
        vectors = vectors_of(frames, self._features)
        return read_among_words(self._model, read, vectors)

    def _new_cache(self) -> Any:
        return growing_cache() if self.by_rows else DynamicCache()


class ReadPrompt:
    """The tokens that a model has read last, and what it keeps of them."""

    def __init__(self, new_cache: Callable[[], Any]) -> None:
        self._new_cache = new_cache
        self.tokens: list[int] = []
        self.cache = new_cache()

    def resume(self, tokens: list[int]) -> int:
        """Goes back to where `tokens` begin to differ, and says how many are read already: never all, since the last
        one's logits are wanted. Where less than half are known, all are read anew: what is added up in other parts
        differs in its last digit, and answers shouldn't depend on which talk was asked about before."""
        known = 0
        for old, new in zip(self.tokens, tokens[:-1], strict=False):
            if old != new or new < 0:  # a placeholder looks like that of any other frame
                break
            known += 1
        if 2 * known < len(tokens):
            self.tokens, self.cache = [], self._new_cache()
            return 0
        self.forget(len(self.tokens) - known)
        return known

    def forget(self, count: int) -> None:
        """The last `count` tokens, or none."""
        if count:
            self.cache.crop(-count)
            del self.tokens[-count:]


def load_model(base: Path, adapter: Path | None = None) -> Any:
    """A model in evaluation mode, in the weights' own type on an NVIDIA GPU and in fp32 elsewhere.

    Raises NotFound where a file of it is missing or cut short.
    """
    silence_libraries()
    device = best_device()
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base, dtype="auto" if device == "cuda" else torch.float32, use_safetensors=True, local_files_only=True
        )
        if adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())
        raise NotFound(f"{adapter or base} can't be loaded ({reason}); restore it, or make the model again") from error
    adapt_to_cpu(model)
    return model.to(device).eval()  # torch's evaluation mode: no dropout while it answers


def load_seeing_model(folder: Path, models: Path) -> Any:
    """The model in `folder`, with its connectors where it sees or hears; `models` is where an adapter's base is kept.
    Raises as `load_model` does."""
    card = Card.read(folder)
    model = load_model(*model_parts(folder, models))
    if card.senses:
        attach(model, load_connectors(folder, model, card.senses))
    return model


def adapt_to_cpu(model: Any) -> None:
    """One thread for a small model on a CPU, attention by blocks for a large one.

    oneDNN keeps what it made for a matrix product of each new size, in bf16 some megabytes of it, a thousand times: a
    training on rows of all lengths grew by 8 GB in an hour. It reads how many to keep when it is first asked.
    """
    if best_device() != "cpu":
        return
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    if _small_on_cpu(model):
        torch.set_num_threads(1)
    else:
        attend_by_blocks(model)


def _small_on_cpu(model: Any) -> bool:
    return best_device() == "cpu" and bool(model.num_parameters() < SMALL)
