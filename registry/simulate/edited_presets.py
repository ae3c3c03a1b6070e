"""The three presets in the post-edited world, by labels as they are and by the rectified effect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from errata.documents.comparison import Comparison
from evaluation.draft_effects import rectified_with_wealth
from evaluation.statistics.rectified import (
    SOURCES,
    UNKNOWN_LEAN,
    LabelledDifference,
    PooledLean,
    measure_lean,
    pool_leans,
)
from registry.gate import passes
from registry.policy import ANNUAL, SEQUENTIAL, SMALL
from registry.simulate.post_edited import PairScores, Population
from registry.simulate.rectified_years import CHANNELS, ITEMS, LARGE, TALKS, DrawnYears, draw_years
from registry.simulate.rules import SequentialRule, annual_level
from registry.simulate.world import Values

BEFORE = 30
"""Nights that have measured the lean before a challenger comes."""
NIGHTS = 10
"""So many it gathers items: enough for the first test of `annual`."""
PRESETS = ("small", "sequential", "annual")


def lines(repetitions: int, seed: int) -> Iterator[str]:
    count = max(1, repetitions // 200)
    world = Population.drawn(CHANNELS, min(TALKS, count), seed)
    every = [one for row in world.pairs for one in row]
    better = [one for one in every if LARGE[0] < one.gain < LARGE[1]]
    no_better = [one for one in every if one.gain <= 0]
    yield "The three presets there, guardrails aside: how often a challenger whose true gain is about 5 points, and one"
    yield f"that gains nothing, is promoted by `small` on its first night of {ITEMS} items, by `sequential` within five"
    yield "nights and by a first test of `annual`. From the second night on, half of the drafts are the challenger's;"
    yield f"{BEFORE} nights before it have measured how far labels lean; {count:,} challengers of each candidate:"
    yield ""
    yield "| effect | small: +5 | 0 or less | sequential: +5 | 0 or less | annual: +5 | 0 or less |"
    yield "|---|---|---|---|---|---|---|"
    shares = [promoted_shares(world, kind, count, seed) for kind in (better, no_better)]
    for place, name in enumerate(("as labelled", "rectified")):
        cells = [share[place, preset] for preset in range(len(PRESETS)) for share in shares]
        yield f"| {name} | {' | '.join(f'{cell:.1%}' for cell in cells)} |"
    yield ""


def promoted_shares(world: Population, pairs: Sequence[PairScores], count: int, seed: int) -> Values:
    """Of `count` challengers of each pair; shape (2, presets): as labelled, and rectified."""
    before = draw_years(world, count, [0.0] * BEFORE, seed)
    leans, errors = measure_lean(before.cells(~before.accepted))
    promoted = []
    for pair in pairs:
        alone = Population(world.channels, world.talks, ((pair,),))
        drawn = draw_years(alone, count, [0.0] + [0.5] * (NIGHTS - 1), seed)
        for year in range(count):
            nights = [night_items(drawn, year, night) for night in range(NIGHTS)]
            labelled = [[replace(item, source="blind", advantage=0.0) for item in night] for night in nights]
            ways = (labelled, UNKNOWN_LEAN), (nights, pool_leans(leans[year], errors[year]))
            promoted.append([promotions(items, lean) for items, lean in ways])
    return np.array(promoted, dtype=float).mean(axis=0) if promoted else np.full((2, len(PRESETS)), math.nan)


def night_items(drawn: DrawnYears, year: int, night: int) -> list[LabelledDifference]:
    """Without those that were accepted."""
    channels = drawn.channels.argmax(axis=1)
    kept = np.flatnonzero(~drawn.accepted[year, night]).tolist()
    return [
        LabelledDifference(
            difference=float(drawn.difference[year, night, place]),
            cluster=f"{channels[place]:02d}",
            source=SOURCES[int(drawn.source[year, night, place])],
            advantage=float(drawn.advantage[year, night, place]),
        )
        for place in kept
    ]


def promotions(nights: Sequence[Sequence[LabelledDifference]], lean: PooledLean) -> tuple[bool, bool, bool]:
    """Whether each preset promotes a challenger that gathers these nights' items."""
    gathered = [[item for night in nights[:length] for item in night] for length in range(1, NIGHTS + 1)]
    rule = SequentialRule.of(1)
    first, *others = (_compared(items, lean) for items in gathered[: rule.nights])
    return (
        passes(first, SMALL),
        any(map(_passes_sequential, (first, *others))),
        _passes_annual(_compared(gathered[-1], lean)),
    )


def _compared(items: Sequence[LabelledDifference], lean: PooledLean) -> Comparison:
    comparison = rectified_with_wealth(items, lean, 0.0)
    if comparison is None:
        raise ValueError("there is always a blind item")
    return comparison


def _passes_sequential(primary: Comparison) -> bool:
    """As `registry.one_challenger` has it."""
    rule, tested = SequentialRule.of(1).rule, SEQUENTIAL.robust(primary)
    rich = (primary.better_wealth or 0.0) >= math.log(rule.challengers)
    return SEQUENTIAL.is_large_enough(primary) and rich and (tested.p_value or 0.0) <= rule.level


def _passes_annual(primary: Comparison) -> bool:
    """As `registry.error_budget` has it, for a first test."""
    p_value = max(ANNUAL.robust(primary).p_value or 0.0, math.exp(-max(primary.better_wealth or 0.0, 0.0)))
    return ANNUAL.is_large_enough(primary) and p_value <= annual_level()
