"""The import of transformers' models, which every stage that loads one begins with, in three quarters of its time."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

UNUSED = "sklearn"
"""transformers imports scikit-learn, where it finds it, for one way of guessing ahead that Errata does not use."""


@contextmanager
def lean_import() -> Iterator[None]:
    """Inside, `UNUSED` counts as not installed unless somebody has imported it, and nobody looks for garbage."""
    modules: dict[str, Any] = sys.modules
    hidden, collecting = UNUSED not in modules, gc.isenabled()
    gc.disable()
    if hidden:
        modules[UNUSED] = None  # as Python itself marks what can't be imported
    try:
        yield
    finally:
        if hidden:
            del modules[UNUSED]
        if collecting:
            gc.enable()
