"""What reviewers make of a talk. They know the house style and the talk, and never see what a model answered."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from errata.demo import styles
from errata.demo.styles import Borders
from errata.demo.talks import Talk


@dataclass(frozen=True, slots=True)
class SampleReviewer:
    name: str
    slips: float
    """How often one of his borders is a line off."""
    careful: bool = True
    """The careless one accepts unseen, or keeps the old style and is a line or two off."""


CARELESS = SampleReviewer("reviewer-8", slips=0.4, careful=False)
CAREFUL = tuple(
    SampleReviewer(f"reviewer-{number}", slips) for number, slips in enumerate([0.01] * 4 + [0.02] * 3, start=1)
)
CARELESS_SHARE = 0.1


def random_reviewer(rng: Random) -> SampleReviewer:
    return CARELESS if rng.random() < CARELESS_SHARE else rng.choice(CAREFUL)


def review(talk: Talk, reviewer: SampleReviewer, day: str, rng: Random) -> dict[str, Any]:
    """One row of `reviews.jsonl`."""
    if not reviewer.careful and rng.random() < 0.5:
        return _row(talk, reviewer, day) | {"kind": "accept"}
    borders = (styles.house if reviewer.careful else styles.old)(talk)
    reach = 1 if reviewer.careful else 2
    return _row(talk, reviewer, day) | {
        "reviewed": _reviewed(talk, _slipped(borders, talk, reviewer.slips, reach, rng))
    }


def dispute(talk: Talk, day: str, rng: Random) -> list[dict[str, Any]]:
    """Two careful reviewers who disagree: the second joins two chapters and begins another a line later."""
    first, second = rng.sample(CAREFUL, 2)
    borders = styles.house(talk)
    joined = rng.randrange(1, len(borders) - 1)
    others = borders[:joined] + borders[joined + 1 :]
    last, title = others[-1]
    moved = (*others[:-1], (last + 1, title))
    return [
        _row(talk, first, day) | {"reviewed": _reviewed(talk, borders)},
        _row(talk, second, day) | {"reviewed": _reviewed(talk, moved)},
    ]


def _row(talk: Talk, reviewer: SampleReviewer, day: str) -> dict[str, Any]:
    return {"video_id": talk.transcript.external_id, "reviewed_on": day, "reviewer": reviewer.name}


def _reviewed(talk: Talk, borders: Borders) -> list[dict[str, Any]]:
    return [{"start": int(chapter.start), "title": chapter.title} for chapter in styles.chapters(talk, borders)]


def _slipped(borders: Borders, talk: Talk, slips: float, reach: int, rng: Random) -> Borders:
    """Some borders up to `reach` lines off, never past a neighbour; one at the very start stays."""
    moved: list[tuple[int, str]] = []
    limits = [line for line, _ in borders[1:]] + [len(talk.transcript.segments)]
    for (line, title), limit in zip(borders, limits, strict=True):
        offset = rng.choice((-1, 1)) * rng.randint(1, reach) if line and rng.random() < slips else 0
        lowest = moved[-1][0] + 1 if moved else 0
        moved.append((max(lowest, min(line + offset, limit - 1)), title))
    return tuple(moved)
