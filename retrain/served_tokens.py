"""Whether a model is asked in the very tokens that it was trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from errata.inference.decode import Decoder
from errata.inference.engine import Ask, Choice
from errata.tasks.encode import Encoded
from errata.tasks.prompt import BorderMark
from errata.tasks.task import Example, Task
from errata.tasks.template import Reading


def drifts(ask: Ask[Any], trained: Encoded) -> bool:
    """Drives `ask` as an engine does, with the right answers; whether it ever appends another token than `trained` has
    there. An answer that the grammar refuses ends the ask, and is no drift."""
    at = 0
    step = next(ask, None)
    while step is not None:
        at -= step.take_back  # what was said there is right, and is said again in its place
        if tuple(step.append) != trained.input_ids[at : at + len(step.append)]:
            return True
        at += len(step.append)
        if at >= len(trained.input_ids):
            return True
        try:
            step = ask.send(Choice(trained.input_ids[at]))
        except StopIteration:
            return False
    return False  # without a slot, as where no chapter begins, there is nothing to ask


def weighs_otherwise(task: Task[Reading], decoder: Decoder[Reading], example: Example[Reading]) -> bool:
    """Whether the marks of a view would be weighed in other tokens than were trained on: they are taught in the view
    that names the borders, and weighed before any is known."""
    view = replace(example.view, borders=None)
    if not any(isinstance(span, BorderMark) for span in task.render(view)):
        return False
    served = decoder.weighing(view).tokens
    return tuple(served) != example.encoded.input_ids[: len(served)]
