"""A night's candidate that is the best on dev of several: does the gate still err as often as it says?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from registry.simulate.contenders import Contenders
from registry.simulate.rules import passes_small
from registry.simulate.world import Answers, World, even_sizes

DEV_ITEMS = 20
"""As many as a night asks (`retrain.dev_choice`)."""
CHANNELS, FRESH_ITEMS, SPREAD, DIFFERENCE = 24, 65, 18.0, 5.0
COUNTS = (1, 2, 8)
"""Candidates: one, two kinds, and two kinds at four parts of the way from the champion."""


def lines(repetitions: int, seed: int) -> Iterator[str]:
    yield f"### The best on dev of several: {repetitions:,} tests a line, {FRESH_ITEMS} fresh items, spread 18 points"
    yield ""
    yield f"The candidate is the best of so many on {DEV_ITEMS} items of dev. No true difference: how often the test of"
    yield "`small` (5 %) finds it better, where the items of dev come from other channels than the fresh ones, and from"
    yield "the same. And its mean true gain, where candidates' true gains have a spread of 5 points around 0:"
    yield ""
    yield "| ICC | candidates | found better, other channels | the same channels | true gain |"
    yield "|---|---|---|---|---|"
    for icc in (0.0, 0.05, 0.2):
        world = World(even_sizes(FRESH_ITEMS, CHANNELS), sd=SPREAD, icc=icc)
        for count in COUNTS:
            other, same = (found_better(world, count, recur, repetitions, seed) for recur in (False, True))
            gain = true_gain(replace(world, effect_sd=DIFFERENCE), count, repetitions, seed)
            yield f"| {icc} | {count} | {other:.1%} | {same:.1%} | {gain:+.1f} |"
    yield ""


def found_better(world: World, candidates: int, recurring: bool, repetitions: int, seed: int) -> float:
    """The share of the chosen that the test of `small` finds better on a night's fresh items; `recurring` where these
    are of dev's channels."""
    contenders, chosen = choose(world, candidates, repetitions, seed)
    if not recurring:
        contenders.shared = contenders.random.normal(size=contenders.shared.shape)
    contenders.gather()
    return float(np.mean(passes_small(contenders.comparisons().subset(chosen))))


def true_gain(world: World, candidates: int, repetitions: int, seed: int) -> float:
    contenders, chosen = choose(world, candidates, repetitions, seed)
    return float(contenders.gain[chosen].mean())


def choose(world: World, candidates: int, repetitions: int, seed: int) -> tuple[Contenders, Answers]:
    """Candidates of so many nights, and which of them are the best of theirs on dev; what they do with a channel they
    do there, too."""
    contenders = Contenders(world, repetitions * candidates, np.random.default_rng(seed))
    dev = replace(world, sizes=even_sizes(DEV_ITEMS, len(world.sizes)))
    scores = dev.differences(contenders.gain, contenders.shared, contenders.random).mean(axis=0)
    scores = scores.reshape(repetitions, candidates)
    chosen = np.zeros(scores.shape, dtype=bool)
    chosen[np.arange(repetitions), scores.argmax(axis=1)] = True
    return contenders, chosen.ravel()
