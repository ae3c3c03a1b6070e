"""The made-up days of a stream: their recordings, those that people described before, and what of the days a model is
given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from random import Random

from benchmarks.spoken_scenes import WORDS, SceneRecording
from errata.domain.transcript import Transcript

HOURS = ("breakfast", "work", "lunch", "tea", "supper", "night")
"""Titles of lessons: one that came once could be learnt by heart alone, beside what is to be described."""


@dataclass(frozen=True, slots=True)
class Plan:
    days: int = 4
    a_day: int = 8
    """Recordings of one scene each, with a title that comes once."""
    lessons: int = 128
    """Recordings that people described,"""
    scenes: int = 6
    """of so many scenes each."""
    lesson_steps: int = 5000
    day_steps: int = 1500
    extractor: str = "efficientnet-lite0"

    @property
    def day_names(self) -> tuple[str, ...]:
        return tuple(f"day {number + 1}" for number in range(self.days))

    def taught(self) -> list[SceneRecording]:
        """Of other days."""
        hours = (HOURS[number % len(HOURS)] for number in range(self.lessons))
        return [SceneRecording.drawn(f"lesson {n}", f"day {n + 11}", hour, self.scenes) for n, hour in enumerate(hours)]

    def of_day(self, day: str) -> list[SceneRecording]:
        first = self.day_names.index(day) * self.a_day
        titles = _titles(self.days * self.a_day)[first : first + self.a_day]
        return [SceneRecording.drawn(f"{day} {title}", day, title, 1) for title in titles]

    def streamed(self) -> list[SceneRecording]:
        return [recording for day in self.day_names for recording in self.of_day(day)]


def _titles(count: int) -> list[str]:
    """No two of which are the same."""
    return Random("titles").sample([" ".join(pair) for pair in permutations(WORDS.split(), 2)], count)


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    shown: Callable[[Sequence[Transcript]], list[Transcript]]
    """What the model is given of the recordings, to describe."""
    asked_daily: bool = False
    """Else once it has learnt all days."""


def whole(talks: Sequence[Transcript]) -> list[Transcript]:
    return list(talks)


def without_frames(talks: Sequence[Transcript]) -> list[Transcript]:
    return [replace(talk, vectors=()) for talk in talks]


def without_speech(talks: Sequence[Transcript]) -> list[Transcript]:
    return [replace(talk, segments=tuple(replace(line, text="-") for line in talk.segments)) for talk in talks]


def shuffled(talks: Sequence[Transcript]) -> list[Transcript]:
    """Each has the next one's sound and pictures, in an order by chance."""
    order = Random("shuffled").sample(range(len(talks)), len(talks))
    media = {place: talks[order[(at + 1) % len(order)]] for at, place in enumerate(order)}
    return [replace(talk, segments=media[n].segments, vectors=media[n].vectors) for n, talk in enumerate(talks)]


VARIANTS = (
    Variant("heard and seen", whole, asked_daily=True),
    Variant("shuffled media", shuffled),
    Variant("without frames", without_frames),
    Variant("without speech", without_speech),
)
