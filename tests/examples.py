"""How many examples a property is tried on."""

from __future__ import annotations

from hypothesis import settings


def costly(count: int) -> settings:
    """`count` in a random search. `make test` draws the same ones each time, so half of them find what it can find."""
    return settings(max_examples=count // 2 if settings.default.derandomize else count)
