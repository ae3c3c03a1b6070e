"""One training row, token by token."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InspectedToken:
    id: int
    text: str
    answer: str
    """What is learnt in its place, where that is something else: the answer to a mark. Else empty."""
    learnt: bool
    weight: float
    """What its loss counts; 0 where it isn't learnt."""


@dataclass(frozen=True, slots=True)
class InspectedRow:
    number: int
    of: int
    template: str
    tokens: tuple[InspectedToken, ...]

    @property
    def learnt(self) -> int:
        return sum(token.learnt for token in self.tokens)
