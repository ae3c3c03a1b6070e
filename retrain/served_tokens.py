"""Whether a model is asked in the very tokens that it was trained on."""

from __future__ import annotations

from typing import Any

from errata.inference.engine import Ask
from errata.tasks.encode import Encoded


def drifts(ask: Ask[Any], trained: Encoded) -> bool:
    """Drives `ask` as an engine does, with the right answers; whether it ever appends another token than `trained` has
    there. An answer that the grammar refuses ends the ask, and is no drift."""
    at = 0
    step = next(ask, None)
    while step is not None:
        if tuple(step.append) != trained.input_ids[at : at + len(step.append)]:
            return True
        at += len(step.append)
        if at >= len(trained.input_ids):
            return True
        try:
            step = ask.send(trained.input_ids[at])
        except StopIteration:
            return False
    return False  # without a slot, as where no chapter begins, there is nothing to ask
