"""How many examples a property is tried on, and which texts are something."""

from __future__ import annotations

from unicodedata import category

from hypothesis import settings


def costly(count: int) -> settings:
    """`count` in a random search. `make test` draws the same ones each time, so half of them find what it can find."""
    return settings(max_examples=count // 2 if settings.default.derandomize else count)


def is_seen(text: str) -> bool:
    """Whether a reader sees anything of it: a name or a title that nobody sees is refused as empty."""
    return any(category(character)[0] not in "CZ" for character in text)
