"""Filling a prompt's slots, greedily, under the template's grammar: the same loop for lists and for inline answers."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

import llguidance
import llguidance.hf
import numpy as np
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

from errata.errors import BadInput
from errata.inference.engine import Ask, Engine, Mask, Step
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.prompt import Slot
from errata.tasks.template import Reading, View


class Decoder:
    """Turns views into asks, for one engine's tokens and one task."""

    def __init__(self, engine: Engine, task: ChapterTask) -> None:
        self._tokenizer = engine.tokenizer
        self._vocabulary = engine.vocabulary
        self._task = task
        self._tokens = llguidance.hf.from_tokenizer(engine.tokenizer, n_vocab=engine.vocabulary)
        self._compile = lru_cache(maxsize=64)(self._compiled)

    def ask(self, view: View) -> Ask:
        """Asks the model about one view."""
        answers: list[str] = []
        problems: list[str] = []
        unheard: list[int] = []
        room = self._task.context
        for span in self._task.prompt(view):
            if not isinstance(span, Slot):
                unheard += ids(span, self._tokenizer)
                continue
            room -= len(unheard)
            grammar = self._task.template.grammar(view, answers)
            said, fault = yield from self._fill(unheard, grammar, max(room, 1))
            unheard = said[-1:]  # the last answered token is still to be appended
            room -= len(said) - 1
            answers.append(str(self._tokenizer.decode(said, skip_special_tokens=False)))
            if fault:
                problems.append(fault)
        reading = self._task.template.parse(view, answers)
        return Reading(reading.chapters, (*problems, *reading.problems))

    def _fill(self, unheard: list[int], grammar: str, longest: int) -> Generator[Step, int, tuple[list[int], str]]:
        """The tokens of one answer, end-of-sequence excluded, and why it did not come to its end; empty if it did."""
        matcher = self._compile(grammar).deep_copy()
        said: list[int] = []
        while len(said) < longest:
            token = yield Step(said[-1:] or unheard, self._mask(matcher))
            if token == self._tokenizer.eos_token_id:
                return said, ""
            if not matcher.consume_token(token):  # llguidance forces tokens that some tokenizers spell with a space
                return said, f"this tokenizer can't write the template {self._task.template.name!r} token by token"
            said.append(token)
            if matcher.is_stopped():
                return said, ""
        return said, f"an answer was cut when the context of {self._task.context} tokens was full"

    def _compiled(self, grammar: str) -> Any:
        matcher = llguidance.LLMatcher(self._tokens, grammar)
        if matcher.is_error():
            raise BadInput(
                f"this model's tokenizer can't write the template {self._task.template.name!r} "
                f"({matcher.get_error()[:120]}); choose another template for it"
            )
        return matcher

    def _mask(self, matcher: Any) -> Mask:
        bits = allocate_token_bitmask(1, self._vocabulary)
        fill_next_token_bitmask(matcher, bits)
        allowed = np.unpackbits(bits.view(np.uint8), bitorder="little")
        return allowed[: self._vocabulary].astype(np.bool_)
