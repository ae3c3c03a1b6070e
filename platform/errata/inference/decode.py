"""Filling a prompt's slots, greedily, under the template's grammar: the same loop for lists and for inline answers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache
from typing import Any

import llguidance
import llguidance.hf
import numpy as np
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

from errata.errors import BadInput
from errata.inference.engine import Ask, Engine, Guess, Mask, Step
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.prompt import Control, Slot
from errata.tasks.template import Reading, View


class Decoder:
    """Turns views into asks, for one engine's tokens and one task."""

    def __init__(self, engine: Engine, task: ChapterTask) -> None:
        self._tokenizer = engine.tokenizer
        self._vocabulary = engine.vocabulary
        self._task = task
        self._tokens = llguidance.hf.from_tokenizer(engine.tokenizer, n_vocab=engine.vocabulary)
        self._compile = lru_cache(maxsize=64)(self._compiled)
        self._mask = lru_cache(maxsize=64)(self._mask_of)
        self._usual = self._single(task.template.usual)

    def ask(self, view: View) -> Ask[Reading]:
        """Asks the model about one view."""
        answers: list[str] = []
        problems: list[str] = []
        heard = self._heard(view)
        spoken: list[int] = []  # the last answered token, which is still to be appended
        room = self._task.context
        for place, tokens in enumerate(heard):
            room -= len(tokens) + len(spoken)
            begin = self._begin(view, answers, spoken + tokens, heard[place + 1 :])
            said, fault = yield from self._fill(begin, self._grammar(view, answers), max(room, 1))
            spoken = said[-1:]
            room -= len(said) - 1
            answers.append(str(self._tokenizer.decode(said, skip_special_tokens=False)))
            if fault:
                problems.append(fault)
        reading = self._task.template.parse(view, answers)
        return Reading(reading.chapters, (*problems, *reading.problems))

    def _single(self, text: str) -> int | None:
        """The one token that writes `text`; None where that takes more, or there is none."""
        tokens = ids(Control(text), self._tokenizer) if text else []
        return tokens[0] if len(tokens) == 1 else None

    def _heard(self, view: View) -> list[list[int]]:
        """The tokens before each slot, from the slot before it on."""
        heard: list[list[int]] = [[]]
        for span in self._task.prompt(view):
            if isinstance(span, Slot):
                heard.append([])
            else:
                heard[-1] += ids(span, self._tokenizer)
        return heard[:-1]

    def _begin(self, view: View, answers: Sequence[str], append: list[int], later: Sequence[list[int]]) -> Step:
        """The first step of a slot, whose usual answer, where there is one, leads to the next slot."""
        guess: Guess | None = None
        if self._usual is not None and later:
            token, text = self._usual, self._task.template.usual
            guess = Guess(token, lambda: self._begin(view, [*answers, text], [token, *later[0]], later[1:]))
        return Step(append, self._mask(self._grammar(view, answers)), guess)

    def _fill(self, begin: Step, grammar: str, longest: int) -> Generator[Step, int, tuple[list[int], str]]:
        """The tokens of one answer, end-of-sequence excluded, and why it did not come to its end; empty if it did."""
        matcher = self._compile(grammar).deep_copy()
        said: list[int] = []
        step = begin
        while len(said) < longest:
            token = yield step
            if token == self._tokenizer.eos_token_id:
                return said, ""
            if not matcher.consume_token(token):  # llguidance forces tokens that some tokenizers spell with a space
                return said, f"this tokenizer can't write the template {self._task.template.name!r} token by token"
            said.append(token)
            if matcher.is_stopped():
                return said, ""
            step = Step([token], allowed(matcher, self._vocabulary))
        return said, f"an answer was cut when the context of {self._task.context} tokens was full"

    def _grammar(self, view: View, answers: Sequence[str]) -> str:
        return self._task.template.grammar(view, answers)

    def _compiled(self, grammar: str) -> Any:
        matcher = llguidance.LLMatcher(self._tokens, grammar)
        if matcher.is_error():
            raise BadInput(
                f"this model's tokenizer can't write the template {self._task.template.name!r} "
                f"({matcher.get_error()[:120]}); choose another template for it"
            )
        return matcher

    def _mask_of(self, grammar: str) -> Mask:
        return allowed(self._compile(grammar), self._vocabulary)


def allowed(matcher: Any, vocabulary: int) -> Mask:
    """What an llguidance matcher lets come next."""
    bits = allocate_token_bitmask(1, vocabulary)
    fill_next_token_bitmask(matcher, bits)
    mask = np.unpackbits(bits.view(np.uint8), bitorder="little")
    return mask[:vocabulary].astype(np.bool_)
