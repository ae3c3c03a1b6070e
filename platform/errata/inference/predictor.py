"""Whoever answers transcripts: a model of ours, a server somewhere, a file. Nobody here knows of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from errata.domain.transcript import Transcript
from errata.tasks.template import Reading


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What, together with a transcript, tells an answer from all others.

    A transcript's row has one text for ever; a model's identity is the hash of all its files, its card (template,
    context, an adapter's base) among them; a template's version rises with every change that alters a token, and the
    limits' with every change of what may be answered. What is equal in all of these is the same question, so its answer
    may be remembered.
    """

    model: str
    template: str
    """`name@version limits@version`, without limits where a server answers; empty where nothing of ours was asked."""
    foreign: bool = False
    """Whether the model is none of ours: its answers are nobody's that reviewers correct."""


class Predictor(Protocol):
    key: AnswerKey

    def answer(self, transcripts: Sequence[Transcript]) -> Sequence[Reading | None]:
        """In their order; None where there is no answer, as to a video that a file lacks."""
        ...

    def check(self, videos: Sequence[str]) -> None:
        """Raises BadInput where it is known beforehand that none of the videos, by id, would be answered."""
        return
