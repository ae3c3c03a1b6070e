"""Errata: a chaptering model that gets better every night from the corrections people make, and proves it first.

From Python, `errata.open` opens a workspace, `errata.chapters` chapters a file and `errata.tune` trains a model: see
docs/python.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from errata.api import (
        Chapter,
        ChapteredTalk,
        ErrataError,
        OpenWorkspace,
        Segment,
        Transcript,
        chapters,
        open,  # noqa: A004 - it is called `errata.open`
        tune,
    )

__version__ = "0.1.0"
__all__ = [
    "Chapter",
    "ChapteredTalk",
    "ErrataError",
    "OpenWorkspace",
    "Segment",
    "Transcript",
    "chapters",
    "open",
    "tune",
]


def __getattr__(name: str) -> object:
    """The names above come from `errata.api` when somebody first asks for one: importing Errata does nothing."""
    if name in __all__:
        return getattr(import_module("errata.api"), name)
    raise AttributeError(f"module 'errata' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
