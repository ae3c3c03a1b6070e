"""What reviewers make of a talk: they know the house style and the talk, and correct the draft that they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from errata.demo import styles
from errata.demo.draft_edit import edit
from errata.demo.styles import Borders
from errata.demo.talks import Talk
from errata.domain.chapter import Chapters, chapters_to_json
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class SampleReviewer:
    name: str
    slips: float
    """How often one of his borders is a line off."""
    careful: bool = True
    """The careless one accepts half of the drafts unseen, or keeps the old style and is a line or two off."""


CARELESS = SampleReviewer("reviewer-8", slips=0.4, careful=False)
CAREFUL = tuple(
    SampleReviewer(f"reviewer-{number}", slips) for number, slips in enumerate([0.01] * 4 + [0.02] * 3, start=1)
)
CARELESS_SHARE = 0.1


def random_reviewer(rng: Random) -> SampleReviewer:
    return CARELESS if rng.random() < CARELESS_SHARE else rng.choice(CAREFUL)


@dataclass(frozen=True, slots=True)
class SampleTask:
    """What a reviewer is given of a talk."""

    key: str
    """Of the prediction that it was made of."""
    draft: Chapters | None
    """None where the review is to be made blind."""


@dataclass(frozen=True, slots=True)
class SampleReview:
    video_id: str
    reviewed_on: str
    reviewer: str
    task: SampleTask
    chapters: Chapters | None
    """None where the reviewer accepted unseen."""

    def as_json(self) -> JsonObject:
        """A line of `reviews.jsonl`."""
        line: JsonObject = {"video_id": self.video_id, "reviewed_on": self.reviewed_on, "reviewer": self.reviewer}
        line["prediction"] = self.task.key
        if self.task.draft is None:
            line["blind"] = True
        if self.chapters is None:
            return line | {"kind": "accept"}
        return line | {"reviewed": chapters_to_json(self.chapters)}


def review(talk: Talk, task: SampleTask, reviewer: SampleReviewer, day: str, rng: Random) -> SampleReview:
    accepts_unseen = not reviewer.careful and rng.random() < 0.5
    if accepts_unseen and task.draft is not None:
        return SampleReview(talk.transcript.external_id, day, reviewer.name, task, None)
    borders = (styles.house if reviewer.careful else styles.old)(talk)
    reach = 1 if reviewer.careful else 2
    return _review(talk, task, reviewer, day, _slip(borders, talk, reviewer.slips, reach, rng))


def dispute(talk: Talk, task: SampleTask, day: str, rng: Random) -> list[SampleReview]:
    """Two careful reviewers who disagree: the second joins two chapters and begins another a line later."""
    first, second = rng.sample(CAREFUL, 2)
    borders = styles.house(talk)
    joined = rng.randrange(1, len(borders) - 1)
    others = borders[:joined] + borders[joined + 1 :]
    last, title = others[-1]
    moved = (*others[:-1], (last + 1, title))
    return [_review(talk, task, first, day, borders), _review(talk, task, second, day, moved)]


def _review(talk: Talk, task: SampleTask, reviewer: SampleReviewer, day: str, borders: Borders) -> SampleReview:
    wanted = styles.chapters(talk, borders)
    chapters = wanted if task.draft is None else edit(task.draft, wanted)
    return SampleReview(talk.transcript.external_id, day, reviewer.name, task, chapters)


def _slip(borders: Borders, talk: Talk, slips: float, reach: int, rng: Random) -> Borders:
    """Some borders up to `reach` lines off, never past a neighbour; one at the very start stays."""
    moved: list[tuple[int, str]] = []
    limits = [line for line, _ in borders[1:]] + [len(talk.transcript.segments)]
    for (line, title), limit in zip(borders, limits, strict=True):
        offset = rng.choice((-1, 1)) * rng.randint(1, reach) if line and rng.random() < slips else 0
        lowest = moved[-1][0] + 1 if moved else 0
        moved.append((max(lowest, min(line + offset, limit - 1)), title))
    return tuple(moved)
