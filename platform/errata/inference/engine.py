"""The seam to whatever runs a model.

An `Ask` is one answer in the making: a generator that yields a `Step` (tokens to append, and which may come next), is
sent the likeliest of those as a `Choice`, and returns what it was after. List answers and inline answers are both such
loops, and an engine may run many of them abreast.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from errata.errors import Unavailable
from errata.tasks.prompt import Frames

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


class EngineFault(Unavailable):
    """A runtime that isn't ours does not go on with a model: what it was asked has no answer, and others may."""


T = TypeVar("T")
"""What an ask comes to; an engine neither knows nor looks."""

Mask = npt.NDArray[np.bool_]
"""One truth value a token of the vocabulary: whether it may come next."""


@dataclass(frozen=True, slots=True)
class Step:
    append: list[int]
    """Tokens that follow what was appended and answered so far; at least one. Placeholders are among them."""
    allowed: Mask
    guess: Guess | None = None
    """What an engine may compute ahead; it changes no answer."""
    constraint: Constraint | None = None
    """At a slot's first step, for an engine that writes whole answers; it allows no token that a mask doesn't."""
    take_back: int = 0
    """Tokens appended last that are forgotten first: the answer to an earlier step was not taken."""
    frames: tuple[Frames, ...] = ()
    """Whose vectors the placeholders in `append` stand for, in their order."""
    draw: Draw | None = None
    """How the answer is drawn; None: it is the likeliest token."""


class Draw:
    """Draws tokens by their likelihood: the same seed draws the same ones."""

    def __init__(self, temperature: float, top_k: int, seed: int) -> None:
        """`temperature` above 0 divides the logits; of `top_k` likeliest tokens one is drawn, or of all where that is
        0."""
        self._temperature, self._top_k = temperature, top_k
        self._random = np.random.default_rng(seed)

    def choose(self, tokens: npt.NDArray[np.intp], logits: npt.NDArray[np.float32]) -> Choice:
        """One of `tokens`, ascending, by the logit of each."""
        order = np.argsort(-logits, kind="stable")[: self._top_k or None]
        scaled = logits[order].astype(np.float64) / self._temperature
        shares = np.exp(scaled - scaled.max())
        shares /= shares.sum()
        place = int(self._random.choice(len(order), p=shares))
        return Choice(int(tokens[order[place]]), float(np.log(shares[place])))


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the answer in a slot must be, told at once."""

    grammar: str
    """llguidance's Lark."""
    longest: int
    """Tokens."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The usual answer to a step, and the very step that the ask would yield after it."""

    answer: int
    then: Callable[[], Step]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a model said at a step."""

    token: int
    log_probability: float | None = None
    """Of the token among those that were allowed; None where an engine doesn't tell."""


Ask = Generator[Step, Choice, T]
"""An answered token counts as answered, not yet as appended: the next step appends it."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """A prompt that is read once, and at some of its tokens asked which of two may come next."""

    tokens: list[int]
    places: list[int]
    """Positions in `tokens`, ascending: after each of these the two are weighed."""
    rather: int
    """Token whose log-odds are wanted,"""
    than: int
    """against this one."""
    frames: tuple[Frames, ...] = ()
    """Whose vectors the placeholders in `tokens` stand for, in their order."""


class Engine(Protocol):
    tokenizer: Tokenizer
    vocabulary: int
    """Length of a mask."""
    forkable: bool
    """Whether it runs in one thread, and so in a fork of its process too, which answers sooner beside others."""

    def run(self, asks: Sequence[Ask[T]]) -> list[T]:
        """Runs every ask to its end; results in their order."""
        ...

    def weigh(self, weighings: Sequence[Weighing]) -> list[list[float]]:
        """The difference of the two tokens' logits at each place."""
        ...


class Stopped(Exception):
    """Nobody wants the answer any more."""


def watched(ask: Ask[T], watch: Callable[[], None]) -> Ask[T]:
    """The same ask; before each step `watch` is called, and what that raises ends it."""
    step = next(ask)
    while True:
        watch()
        choice = yield step
        try:
            step = ask.send(choice)
        except StopIteration as done:
            answer: T = done.value
            return answer


AHEAD = 4
"""Guessed steps in one pass: more are seldom all right, and what is computed for a wrong one is lost."""


def ahead(step: Step) -> list[Step]:
    """The step, and those that come next if every guess is right."""
    steps = [step]
    while len(steps) <= AHEAD and steps[-1].guess is not None:
        steps.append(steps[-1].guess.then())
    return steps


def pick(logits: npt.NDArray[np.float32], allowed: Mask, draw: Draw | None = None) -> Choice:
    """The allowed token with the highest logit, the lowest id on a tie; or one of those allowed, as it is drawn."""
    tokens = np.flatnonzero(allowed)
    return choose(tokens, logits[tokens]) if draw is None else draw.choose(tokens, logits[tokens])


def choose(tokens: npt.NDArray[np.intp], logits: npt.NDArray[np.float32]) -> Choice:
    """`pick` of allowed tokens, ascending, by the logit of each."""
    place = int(np.argmax(logits))
    return Choice(int(tokens[place]), -float(np.log(np.exp(logits - logits[place]).sum())))
