"""How freely a model speaks where its words are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.hashing import sha256
from errata.errors import BadInput
from errata.inference.engine import Draw


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """Raises BadInput where one of them is negative."""

    temperature: float = 1.0
    """Of the draw; 0: the likeliest words are said."""
    top_k: int = 50
    """Tokens that are drawn from, the likeliest; 0: all."""
    seed: int = 7

    def __post_init__(self) -> None:
        if self.temperature < 0 or self.top_k < 0 or self.seed < 0:
            raise BadInput(
                "temperature, top-k and seed must not be negative; 0 as a temperature says the likeliest words"
            )

    def draw(self, of: str = "") -> Draw | None:
        """None where nothing is drawn. What is drawn for each of many, named by `of`, is independent of the others,
        and the same in whatever order they come."""
        if not self.temperature:
            return None
        seed = int(sha256(f"{self.seed} {of}")[:16], 16) if of else self.seed
        return Draw(self.temperature, self.top_k, seed)
