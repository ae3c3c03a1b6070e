"""A world in which reviewers edit the draft that they are shown.

Talks have true borders, models miss, move and invent some, and every score is the product's own F1. A reviewer keeps a
draft's border within `KEPT` seconds of where they would have set one, mends the rest, and accepts a draft that leaves
nothing to mend. A blind reviewer sets the true borders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evaluation.metrics.overlap import iou, precision_recall_f1
from registry.simulate.world import Answers, Values

KEPT = 20.0
"""Seconds: a border that is no further off is left where the draft has it."""
Borders = tuple[float, ...]
"""Where chapters begin, in seconds; the first at 0."""


@dataclass(frozen=True, slots=True)
class Skill:
    """How a model errs."""

    misses: float
    """Share of the borders."""
    off: float
    """Seconds by which it moves the others: standard deviation."""
    invents: float
    """Borders that aren't there, for each that is."""

    def better(self, by: float) -> Skill:
        return Skill(self.misses * (1 - by), self.off * (1 - by), self.invents * (1 - by))


CHAMPIONS = tuple(Skill(0.35, 12.0, 0.35).better(by) for by in (0.0, 0.1, 0.2))
CANDIDATES = ((-0.15, 0.5), (0.0, 0.9), (0.0, 0.3), (0.1, 0.6), (0.25, 0.5), (0.25, 0.3))
"""By how much each is better than its champion, and the share of borders on which it does as that does."""


@dataclass(frozen=True, slots=True)
class DraftedTalk:
    channel: int
    seconds: float
    borders: Borders
    hardness: float
    """By how many times more models err in its channel."""


@dataclass(frozen=True)
class PairScores:
    """A candidate and a champion on every talk of the population; shape (talks,), differences candidate minus champion
    in points of F1."""

    blind: Values
    """Against what a blind reviewer sets: the truth."""
    champion_drafted: Values
    candidate_drafted: Values
    advantage: Values
    """F1 of the champion's answer against the draft minus the candidate's, where the champion drafted; where the
    candidate did, it is the opposite, as F1 doesn't ask which of two answers is the reference."""
    champion_accepted: Answers
    candidate_accepted: Answers

    @property
    def gain(self) -> float:
        return float(self.blind.mean())


@dataclass(frozen=True)
class Population:
    """Talks, in order of channel, and what every model made of them."""

    channels: int
    talks: int
    """Of each channel."""
    pairs: tuple[tuple[PairScores, ...], ...]
    """By champion, each of its candidates."""

    @classmethod
    def drawn(cls, channels: int, talks: int, seed: int) -> Population:
        random = np.random.default_rng(seed)
        every = []
        for channel, hardness in enumerate(np.exp(random.normal(0, 0.25, size=channels)).tolist()):
            every += [_talk(channel, hardness, random) for _ in range(talks)]
        return cls(channels, talks, tuple(_candidates(every, skill, random) for skill in CHAMPIONS))


def _talk(channel: int, hardness: float, random: np.random.Generator) -> DraftedTalk:
    lengths = random.uniform(45, 420, size=random.integers(4, 13))
    borders = (0.0, *np.cumsum(lengths)[:-1].tolist())
    return DraftedTalk(channel, float(lengths.sum()), borders, hardness)


def _candidates(talks: Sequence[DraftedTalk], skill: Skill, random: np.random.Generator) -> tuple[PairScores, ...]:
    champion, scored = [answer(talk, skill, (), 0.0, random) for talk in talks], []
    for by, alike in CANDIDATES:
        better, candidate = skill.better(by), []
        for talk, like in zip(talks, champion, strict=True):
            candidate.append(answer(talk, better, like, alike, random))
        scored.append(score_pair(talks, champion, candidate))
    return tuple(scored)


def answer(talk: DraftedTalk, skill: Skill, like: Borders, alike: float, random: np.random.Generator) -> Borders:
    """What a model says of a talk; around a share `alike` of the borders, what another says (`like`)."""
    edges = (0.0, *((one + other) / 2 for one, other in pairwise(talk.borders)), talk.seconds)
    misses, off = min(0.9, skill.misses * talk.hardness), skill.off * talk.hardness
    borders = [0.0]
    for border, (begin, end) in zip(talk.borders, pairwise(edges), strict=True):
        if random.random() < alike:
            borders += [other for other in like if begin <= other < end]
            continue
        if border > 0 and random.random() >= misses:
            borders.append(border + random.normal(0, off))
        if random.random() < skill.invents * talk.hardness:
            borders.append(random.uniform(begin, end))
    return tuple(sorted({border for border in borders if 0 <= border < talk.seconds}))


def post_edit(right: Borders, draft: Borders) -> Borders:
    """The label that a reviewer makes of a draft: each right border, or else the nearest of the draft's that nothing
    else has taken, within `KEPT` seconds."""
    left, label = list(draft), []
    for border in right:
        nearest = min(left, key=lambda other: abs(other - border), default=None)
        if nearest is None or abs(nearest - border) > KEPT:
            label.append(border)
        else:
            label.append(nearest)
            left.remove(nearest)
    return tuple(sorted(label))


def f1(label: Borders, borders: Borders, seconds: float) -> float:
    """As `evaluation.items.f1_alone`, of borders alone."""
    return float(precision_recall_f1(iou(_segments(label, seconds), _segments(borders, seconds))).mean(axis=0)[2])


def _segments(borders: Borders, seconds: float) -> Values:
    return np.array([borders, (*borders[1:], seconds)]).T


def score_pair(talks: Sequence[DraftedTalk], champion: Sequence[Borders], candidate: Sequence[Borders]) -> PairScores:
    rows = [_scores(talk, old, new) for talk, old, new in zip(talks, champion, candidate, strict=True)]
    columns = np.array(rows).T
    return PairScores(*columns[:4], *columns[4:].astype(bool))


def _scores(talk: DraftedTalk, champion: Borders, candidate: Borders) -> tuple[float, ...]:
    """In the order of the fields of `PairScores`."""

    def difference(label: Borders) -> float:
        return f1(label, candidate, talk.seconds) - f1(label, champion, talk.seconds)

    from_champion, from_candidate = post_edit(talk.borders, champion), post_edit(talk.borders, candidate)
    return (
        difference(talk.borders),
        difference(from_champion),
        difference(from_candidate),
        -difference(champion),
        from_champion == champion,
        from_candidate == candidate,
    )
