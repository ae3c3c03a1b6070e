"""How many there are of something, in words."""

from __future__ import annotations


def counted(count: int, one: str, several: str = "") -> str:
    """`1 task`, `2 tasks`; `several` where that is not `one` with an s."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
