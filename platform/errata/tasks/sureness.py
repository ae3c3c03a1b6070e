"""How sure a model was of a part of what it said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

DIGITS = 6
"""Of a probability that is kept: kernels round the rest."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """The letters of a filling by which a model says that a chapter begins, and where: those of its title aren't."""

    slot: int
    begin: int
    end: int
    """One past its last letter."""


@dataclass(frozen=True)
class Sureness:
    """Of one filling."""

    tokens: Sequence[int]
    log_probabilities: Sequence[float | None]
    """Of each token, among what the grammar allowed there; None where an engine doesn't tell."""
    text: Callable[[Sequence[int]], str]
    """What tokens are as text."""
    _ends: list[int] = field(default_factory=list)
    """Letters up to and with each token, as far as anybody has asked."""

    def of(self, begin: int, end: int) -> float | None:
        """The probability of the tokens that have a letter in `begin` to `end`, one after another."""
        total = 0.0
        for number, log_probability in enumerate(self.log_probabilities):
            first = self._end(number - 1)
            if first >= end:
                break
            if self._end(number) > begin:
                if log_probability is None:
                    return None
                total += log_probability
        return math.exp(total)

    def _end(self, number: int) -> int:
        while len(self._ends) <= number:
            self._ends.append(len(self.text(self.tokens[: len(self._ends) + 1])))
        return self._ends[number] if number >= 0 else 0


def border_confidence(sureness: Sequence[Sureness], deciding: Deciding | None) -> float | None:
    """None where nobody knows; rounded to `DIGITS`."""
    if deciding is None or deciding.slot >= len(sureness):
        return None
    probability = sureness[deciding.slot].of(deciding.begin, deciding.end)
    return None if probability is None else round(probability, DIGITS)
