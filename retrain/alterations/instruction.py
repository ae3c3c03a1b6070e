"""The same talk, asked for in other words: a template's instruction has several wordings, of which serving uses the
first. The row is as it was; the words are drawn when it becomes tokens."""

from __future__ import annotations

from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.tasks.template import Template
from retrain.alterations.titled_lines import Altered
from retrain.training_rows import TrainingRow

NAME = "instruction"


def instruction(transcript: Transcript, chapters: Chapters, _: Random) -> Altered:
    return transcript, chapters


def wording_of(row: TrainingRow, template: Template) -> int | None:
    """By which a row is asked for; None for a copy that is to be asked for otherwise, where no other wording is."""
    if row.altered != NAME:
        return 0
    others = range(1, len(template.instructions))
    return Random(row.draw(0)).choice(others) if others else None
