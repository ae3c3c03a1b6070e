"""Contenders side by side, one in each of many years, and what each has gathered against the champion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from evaluation.statistics.betting import BETS, LARGEST_DIFFERENCE, bets
from evaluation.statistics.collapses import COLLAPSE
from evaluation.statistics.paired import ALPHA, detectable_effect, effective_clusters
from registry.simulate.comparisons import Comparisons
from registry.simulate.world import Answers, Values, World

_MULTIPLIED = 64
"""Factors of a wealth that are multiplied before a logarithm is taken; each is 1/32 at least."""
_TOGETHER = 1_000_000
"""Items drawn at once, about."""
_TYPICAL = 1_000
"""Nights of which one is the median."""


@dataclass
class Contenders:
    """The last axis of each array is the contenders', the first of a table its clusters'.

    Where channels recur, a cluster is a channel, and counts on from night to night; else each night has its own.
    """

    world: World
    many: int
    random: np.random.Generator
    nights: int = 1
    """So many one may wait: room for so many nights' clusters, where channels don't recur."""
    gain: Values = field(init=False)
    age: Values = field(init=False)
    """Nights, tonight's included."""
    shared: Values = field(init=False)
    counts: Values = field(init=False)
    sums: Values = field(init=False)
    better: Values = field(init=False)
    """Items of each cluster that gain `COLLAPSE` and more; `worse`: that lose it."""
    worse: Values = field(init=False)
    squares: Values = field(init=False)
    gain_wealth: Values = field(init=False)
    """ln of what each bettor on a gain has, shape (bets, contenders); `loss_wealth`: on a loss."""
    loss_wealth: Values = field(init=False)

    def __post_init__(self) -> None:
        channels = len(self.world.sizes)
        self.gain, self.age, self.squares = (np.zeros(self.many) for _ in range(3))
        self.shared = np.zeros((channels, self.many))
        table = (channels if self.world.recurring else channels * self.nights, self.many)
        self.counts, self.sums, self.better, self.worse = (np.zeros(table) for _ in range(4))
        self.gain_wealth, self.loss_wealth = (np.zeros((BETS, self.many)) for _ in range(2))
        self.renew(np.ones(self.many, dtype=bool))

    def renew(self, gone: Answers) -> None:
        """Tonight's candidate takes the place of each contender that is gone."""
        new = int(gone.sum())
        self.gain[gone] = self.random.normal(self.world.effect, self.world.effect_sd, new)
        self.shared[:, gone] = self.random.normal(size=(len(self.shared), new))
        for gathered in self._gathered():
            gathered[..., gone] = 0

    def replace(self, which: Answers, others: Contenders) -> None:
        """By those of the same places among `others`."""
        for mine, theirs in zip(self._everything(), others._everything(), strict=True):
            mine[..., which] = theirs[..., which]

    def _everything(self) -> tuple[Values, ...]:
        return self.gain, self.shared, *self._gathered()

    def _gathered(self) -> tuple[Values, ...]:
        tables = (self.counts, self.sums, self.better, self.worse)
        return (self.age, self.squares, *tables, self.gain_wealth, self.loss_wealth)

    def gather(self) -> None:
        """A night's fresh items."""
        if not self.world.recurring:
            self.shared = self.random.normal(size=self.shared.shape)
        self.add(self.world.differences(self.gain, self.shared, self.random))

    def add(self, differences: Values) -> None:
        """`differences` as from `World.differences`."""
        channels = np.arange(len(self.world.sizes))[:, None]
        rows = channels if self.world.recurring else channels + (len(channels) * self.age).astype(int)
        places = (rows, np.arange(self.many))
        self.counts[places] += np.array(self.world.sizes)[:, None]
        self.sums[places] += self.world.by_cluster(differences)
        self.better[places] += self.world.by_cluster((differences >= COLLAPSE).astype(float))
        self.worse[places] += self.world.by_cluster((differences <= -COLLAPSE).astype(float))
        self.squares += (differences**2).sum(axis=0)
        for bettor, stake in enumerate(bets() / LARGEST_DIFFERENCE):
            staked = stake * differences
            self.gain_wealth[bettor] += _log_products(1 + staked)
            self.loss_wealth[bettor] += _log_products(1 - staked)
        self.age += 1

    @property
    def log_wealth(self) -> Values:
        """`evaluation.statistics.betting.log_wealth` of all items so far."""
        return np.asarray(np.logaddexp.reduce(self.gain_wealth, axis=0) - math.log(BETS))

    @property
    def log_wealth_of_loss(self) -> Values:
        """The same of the negated differences."""
        return np.asarray(np.logaddexp.reduce(self.loss_wealth, axis=0) - math.log(BETS))

    def comparisons(self) -> Comparisons:
        held = self._clusters()
        return Comparisons(self.counts[:held], self.sums[:held], self.squares)

    def collapses(self) -> Comparisons:
        """Of `evaluation.statistics.collapses.collapse_differences`."""
        better, worse = self.better[: self._clusters()], self.worse[: self._clusters()]
        changed = (better + worse).sum(axis=0)
        return Comparisons(self.counts[: self._clusters()], 100 * (better - worse), 100.0**2 * changed)

    def _clusters(self) -> int:
        return int((self.counts > 0).sum(axis=0).max())


def _log_products(factors: Values) -> Values:
    """Sums of logarithms over the first axis."""
    begins = np.arange(0, len(factors), _MULTIPLIED)
    return np.asarray(np.log(np.multiply.reduceat(factors, begins, axis=0)).sum(axis=0))


def first_nights(world: World, repetitions: int, seed: int) -> Iterator[Contenders]:
    """So many contenders after their first night, in groups that fit into memory."""
    random, most = np.random.default_rng(seed), max(1, _TOGETHER // sum(world.sizes))
    for begin in range(0, repetitions, most):
        contenders = Contenders(world, min(most, repetitions - begin), random)
        contenders.gather()
        yield contenders


def draw_comparisons(world: World, repetitions: int, seed: int) -> Comparisons:
    """Of so many contenders' first nights."""
    drawn = [contenders.comparisons() for contenders in first_nights(world, repetitions, seed)]
    counts, sums = (
        np.concatenate(parts, axis=1) for parts in zip(*((one.counts, one.sums) for one in drawn), strict=True)
    )
    return Comparisons(counts, sums, np.concatenate([one.squares for one in drawn]))


def typical_detectable(world: World, seed: int, level: float = ALPHA) -> float:
    """What the gate prints as detectable, on the median night."""
    typical = float(np.median(draw_comparisons(world, _TYPICAL, seed).jackknife_se))
    return detectable_effect(typical, effective_clusters(world.sizes) or 1.0, level)
