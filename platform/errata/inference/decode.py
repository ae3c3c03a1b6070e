"""Filling a prompt's slots, greedily, under the task's grammar: the same loop for lists and for inline answers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic

import llguidance
import numpy as np
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

from errata.errors import BadInput
from errata.inference.engine import Ask, Choice, Constraint, Draw, Guess, Mask, Step, Weighing
from errata.tasks.encode import MarkTokens, ids, span_ids
from errata.tasks.limits import OTHER_BEGINNINGS, goes_in_circles, says_again
from errata.tasks.prompt import BorderMark, Control, Frames, Slot
from errata.tasks.sureness import Sureness
from errata.tasks.task import Answer, Example, SlotTask
from errata.tasks.view import View

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

LINE_ITEMS = 100_000
"""What llguidance keeps in mind at a place in an answer: four for each line that may come next, and a context of 16,384
tokens has more than the 500 lines that its own limit is for."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a model said in a slot."""

    tokens: list[int]
    """End-of-sequence excluded."""
    log_probabilities: list[float | None]
    """Of each token; 0 where the grammar left no other."""
    pending: list[int]
    """Those at its end that are still to be appended."""
    fault: str
    """Why it did not come to its end, empty if it did."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a prompt has before a slot, from the slot before it on."""

    tokens: list[int]
    frames: tuple[Frames, ...]
    then: list[int]
    """What stands in the slot for what follows; empty where that is what the model said."""


class Decoder(Generic[Answer]):
    """Turns views into asks, for one tokenizer and one task."""

    def __init__(self, tokenizer: Tokenizer, vocabulary: int, task: SlotTask[Answer]) -> None:
        """`vocabulary` is the length of a mask, as the engine that runs the asks has it."""
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._task = task
        self._tokens = _tokens(tokenizer.backend_tokenizer.to_str(), vocabulary, tokenizer.eos_token_id)
        self._matcher = lru_cache(maxsize=64)(self._compile)
        self._first_mask = lru_cache(maxsize=64)(self._compute_first_mask)
        self._usual = self._single_token(task.usual)
        self._closing = self._single_token(task.closing)

    def ask(self, view: View, may_repeat: bool = False, draw: Draw | None = None) -> Ask[Answer]:
        """Asks the model about one view. `may_repeat`: a title may be the one before it, as a right one may. `draw`:
        its words are drawn, and aren't the likeliest."""
        fillings: list[str] = []
        faults: list[str] = []
        sureness: list[Sureness] = []
        prompt = self._stretches(view)
        pending: list[int] = []  # the end of the last filling, or what stands in its place, still to be appended
        untrue = 0  # tokens that were said there, and are taken back
        room = self._task.context
        for place, stretch in enumerate(prompt):
            room -= len(stretch.tokens) + len(pending)
            # What ended the last filling counts here, where it is appended, and not where it was answered.
            begin = self._begin(view, fillings, pending, prompt[place:])
            begin = replace(begin, take_back=untrue, draw=draw) if untrue or draw else begin
            unlike = "" if may_repeat else self._task.unlike(view, fillings)
            filled = yield from self._fill(begin, self._task.grammar(view, fillings), max(room, 1), unlike)
            appended = len(filled.tokens) - len(filled.pending)
            pending, untrue = (stretch.then, appended) if stretch.then else (filled.pending, 0)
            room -= 0 if stretch.then else appended
            fillings.append(self._text(filled.tokens))
            sureness.append(Sureness(filled.tokens, filled.log_probabilities, self._text))
            if filled.fault:
                faults.append(filled.fault)
        return self._task.parse(view, fillings, faults, sureness)

    def _text(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=False))

    def weighing(self, view: View) -> Weighing:
        """What is weighed of a view with marks."""
        marks = MarkTokens.of(self._tokenizer)
        tokens: list[int] = []
        places: list[int] = []
        frames: list[Frames] = []
        for span in self._task.render(view):
            if isinstance(span, BorderMark):
                places.append(len(tokens) - 1)
            elif not isinstance(span, Slot):
                tokens += span_ids(span, self._tokenizer)
                frames += [span] if isinstance(span, Frames) else []
        return Weighing(tokens, places, marks.begins, marks.same, tuple(frames))

    def _single_token(self, text: str) -> int | None:
        """The one token that writes `text`; None where that takes more, or there is none."""
        tokens = ids(Control(text), self._tokenizer) if text else []
        return tokens[0] if len(tokens) == 1 else None

    def _stretches(self, view: View) -> list[Stretch]:
        """One before each slot: nothing is asked after the last."""
        stretches: list[Stretch] = []
        tokens: list[int] = []
        frames: list[Frames] = []
        for span in self._task.render(view):
            if isinstance(span, Slot):
                then = [token for part in span.then for token in ids(part, self._tokenizer)]
                stretches.append(Stretch(tokens, tuple(frames), then))
                tokens, frames = [], []
            elif not isinstance(span, BorderMark):
                tokens += span_ids(span, self._tokenizer)
                frames += [span] if isinstance(span, Frames) else []
        return stretches

    def _begin(self, view: View, fillings: Sequence[str], pending: list[int], coming: Sequence[Stretch]) -> Step:
        """The first step of a slot, whose usual filling, where there is one, leads to the next slot."""
        guess: Guess | None = None
        if self._usual is not None and len(coming) > 1:
            token, text = self._usual, self._task.usual
            guess = Guess(token, lambda: self._begin(view, [*fillings, text], [token], coming[1:]))
        mask = self._first_mask(self._task.grammar(view, fillings))
        return Step(pending + coming[0].tokens, mask, guess, frames=coming[0].frames)

    def _fill(self, begin: Step, grammar: str, longest: int, unlike: str) -> Generator[Step, Choice, Filled]:
        """What says `unlike` again is taken back, and begun with another token."""
        step = replace(begin, constraint=Constraint(grammar, longest))
        filled = yield from self._write(step, grammar, longest)
        allowed = begin.allowed.copy()
        for _ in range(OTHER_BEGINNINGS):
            if filled.fault or not filled.tokens or not says_again(self._text(filled.tokens), unlike):
                break
            allowed[filled.tokens[0]] = False
            if not allowed.any():
                break
            appended = len(filled.tokens) - len(filled.pending)
            # The last token before the slot is read again, for what may follow it.
            again = Step(begin.append[-1:], allowed.copy(), take_back=appended + 1)
            filled = yield from self._write(again, grammar, longest)
        return filled

    def _write(self, begin: Step, grammar: str, longest: int) -> Generator[Step, Choice, Filled]:
        matcher = self._matcher(grammar).deep_copy()
        answer, logs = list[int](), list[float | None]()
        step = begin
        while len(answer) < longest:
            choice = yield step
            if choice.token == self._tokenizer.eos_token_id:
                return Filled(answer, logs, [], "")
            append = _consume(matcher, choice.token, longest - len(answer))
            answer += append
            logs += [choice.log_probability, *(0.0 for _ in append[1:])]
            if matcher.is_error():  # llguidance forces tokens that some tokenizers spell with a space
                fault = f"this tokenizer can't write the template {self._task.version!r} token by token"
                return Filled(answer, logs, [], fault)
            if matcher.is_stopped():
                return Filled(answer, logs, append, "")
            step = Step(append, self._limited(next_tokens(matcher, self._vocabulary), answer), draw=begin.draw)
        return Filled(
            answer, logs, append, f"an answer was cut when the context of {self._task.context} tokens was full"
        )

    def _limited(self, allowed: Mask, answer: Sequence[int]) -> Mask:
        """A title that goes in circles must end."""
        closing = self._closing
        if closing is None or not allowed[closing] or not goes_in_circles(_after(answer, closing)):
            return allowed
        ends: Mask = np.arange(len(allowed)) == closing
        return ends

    def _compile(self, grammar: str) -> Any:
        wide = llguidance.LLParserLimits(max_items_in_row=LINE_ITEMS)
        matcher = llguidance.LLMatcher(self._tokens, grammar, limits=wide)
        if matcher.is_error():
            raise BadInput(
                f"this model's tokenizer can't write the template {self._task.version!r} "
                f"({matcher.get_error()[:120]}); choose another template for it"
            )
        return matcher

    def _compute_first_mask(self, grammar: str) -> Mask:
        return next_tokens(self._matcher(grammar), self._vocabulary)


def write(decoder: Decoder[Answer], example: Example[Answer]) -> Answer | None:
    """What would be read if a model answered just as it is taught; None where it isn't let, or is asked otherwise."""
    tokens, place = example.encoded.input_ids, 0
    ask = decoder.ask(example.view, may_repeat=True)
    step = next(ask)
    while tokens[place - step.take_back : place - step.take_back + len(step.append)] == tuple(step.append):
        place -= step.take_back
        place += len(step.append)
        if not step.allowed[tokens[place]]:
            return None
        try:
            step = ask.send(Choice(tokens[place]))
        except StopIteration as done:
            answer: Answer = done.value
            return answer
    return None


@lru_cache(maxsize=4)
def _tokens(tokenizer: str, vocabulary: int, end: int | None) -> Any:
    """A tokenizer for llguidance. It takes seconds for a large vocabulary, and models of a kind have the same one."""
    return llguidance.LLTokenizer(tokenizer, n_vocab=vocabulary, eos_token=end)


def _consume(matcher: Any, token: int, most: int) -> list[int]:
    """The token, and after it what the grammar alone says of how it goes on, which no model need be asked for."""
    matcher.consume_token(token)
    forced: list[int] = matcher.compute_ff_tokens()[: most - 1]
    matcher.consume_tokens(forced)
    return [token, *forced]


def _after(answer: Sequence[int], closing: int) -> Sequence[int]:
    """What follows the last title's end."""
    place = next((place for place in reversed(range(len(answer))) if answer[place] == closing), -1)
    return answer[place + 1 :]


def next_tokens(matcher: Any, vocabulary: int) -> Mask:
    """What an llguidance matcher lets come next."""
    bits = allocate_token_bitmask(1, vocabulary)
    fill_next_token_bitmask(matcher, bits)
    mask = np.unpackbits(bits.view(np.uint8), bitorder="little")
    return mask[:vocabulary].astype(np.bool_)
