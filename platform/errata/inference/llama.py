"""llama.cpp: a .gguf file on its own kernels.

llama.cpp's server gives tokens and no logits, so a slot is written at once, under the slot's grammar, and handed to the
ask token by token. What it writes is held against each step's mask: a token that only the mask forbids is asked for
again, alone. So an ask comes to the same as with an engine that has logits, but for how the kernels round.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from errata.errors import BadInput, Unavailable
from errata.inference.artefact import CARD, Card
from errata.inference.engine import Ask, Choice, Constraint, Mask, Step, T, Weighing
from errata.inference.gguf import gguf_file
from errata.inference.llama_server import LlamaServer
from errata.inference.model_form import CONTEXT
from errata.inference.tokenizer import load_tokenizer

ENDS = 2
"""Tokens of room beyond a model's context: an answer that fills it is still ended."""


class LlamaEngine:
    """Of a folder as `gguf_file` has it. Raises BadInput where llama.cpp can't read the file.

    Asks run one after another: batched with others, a prompt's numbers are summed in another order, and the same
    question might be answered otherwise. So they might be after another's prompt: what was read last is read on only
    where at least half of a prompt is in it, as the titles' prompt has that in which borders were weighed.
    """

    forkable = False
    """llama.cpp has threads of its own, which no fork has."""

    def __init__(self, folder: Path) -> None:
        path = gguf_file(folder)
        context = Card.read(folder).context if (folder / CARD).is_file() else CONTEXT
        self.tokenizer = load_tokenizer(folder)
        self._server = LlamaServer(path, context + ENDS, _threads())
        self.vocabulary = self._server.vocabulary()
        self._read: list[int] = []

    def run(self, asks: Sequence[Ask[T]]) -> list[T]:
        return [self._run(ask) for ask in asks]

    def weigh(self, weighings: Sequence[Weighing]) -> list[list[float]]:
        return [self._weigh(weighing) for weighing in weighings]

    def _weigh(self, weighing: Weighing) -> list[float]:
        self._read = weighing.tokens
        prompts = [weighing.tokens[: place + 1] for place in weighing.places]
        return [
            self._server.log_odds(prompt, weighing.rather, weighing.than, cached=number > 0)
            for number, prompt in enumerate(prompts)
        ]

    def _run(self, ask: Ask[T]) -> T:
        step = next(ask)
        if step.draw is not None:
            raise BadInput("llama.cpp writes the likeliest words alone here; ask the model that it was made from")
        cached = 2 * _alike(self._read, step.append) >= len(step.append)
        self._read = tokens = list[int]()
        written: list[int] = []  # of the slot's answer, what the ask has not been told yet
        while True:
            if step.take_back:
                del tokens[-step.take_back :]
                written = []
            tokens += step.append
            written = self._after(step, written, tokens, cached)
            if not written or not step.allowed[written[0]]:
                written = self._one(step.allowed, tokens, cached)
            cached = True
            try:
                step = ask.send(Choice(written.pop(0)))
            except StopIteration as done:
                answer: T = done.value
                return answer

    def _after(self, step: Step, written: list[int], tokens: list[int], cached: bool) -> list[int]:
        """What llama.cpp writes at this step: a new slot's answer, or what it had gone on to write."""
        if step.constraint is not None:
            rules = _ended(step.constraint, self.tokenizer.eos_token_id)
            return self._server.complete(tokens, rules, step.constraint.longest + 1, cached)
        given = step.append[1:]  # after the answered token: what had to follow it, and was not asked for
        return written[len(given) :] if written[: len(given)] == given else []

    def _one(self, allowed: Mask, tokens: list[int], cached: bool) -> list[int]:
        """The likeliest allowed token, alone. Raises Unavailable where llama.cpp gives another."""
        answer = self._server.complete(tokens, f"start: <[{_ranges(allowed)}]>\n", 1, cached)
        if not answer or not allowed[answer[0]]:
            raise Unavailable("llama.cpp did not keep to the grammar; install the xllamacpp that Errata names")
        return answer


def _ended(constraint: Constraint, end: int | None) -> str:
    """The slot's grammar with our own end of text after it: llama.cpp would end it by an end of turn, where there is
    one, which no answer was taught to end with."""
    return constraint.grammar if end is None else f"start: %lark {{\n{constraint.grammar}\n}} <[{end}]>\n"


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """Tokens with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _ranges(allowed: Mask) -> str:
    """The allowed tokens as llguidance writes them: `3,7-9`."""
    edges = np.flatnonzero(np.diff(allowed, prepend=False, append=False))
    return ",".join(f"{begin}-{end - 1}" if end - begin > 1 else f"{begin}" for begin, end in edges.reshape(-1, 2))


def _threads() -> int:
    """As many as torch would take."""
    return int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1
