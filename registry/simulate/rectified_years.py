"""Years of nights in the post-edited world: what the effect seems to be, by each way of reckoning it.

A year has 24 channels of the population's, the same every night, and a champion that changes; every night has another
candidate. The estimates are the product's own (`evaluation.statistics.rectified`), of all the nights at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from evaluation.statistics.paired import ALPHA
from evaluation.statistics.rectified import (
    SOURCES,
    UNKNOWN_LEAN,
    DraftCells,
    PooledLean,
    RectifiedEstimate,
    measure_lean,
    pool_leans,
    rectify,
)
from registry.simulate.post_edited import KEPT, Population
from registry.simulate.world import Answers, Values, even_sizes

YEARS, NIGHTS, ITEMS, YEARS_CHANNELS = 100, 365, 65, 24
CHANNELS, TALKS = 60, 20
"""Of the population, and of each channel; a run of few years has fewer talks, so that it is short."""
BLIND_SHARE = 0.2
LARGE = (4.0, 6.0)
"""True gains, in points, that are counted as 5."""


@dataclass(frozen=True)
class DrawnYears:
    """Nights of several years; shapes (years, nights) and (years, nights, items)."""

    gain: Values
    """The true one."""
    pair: NDArray[np.int64]
    """Which candidate of which champion."""
    difference: Values
    """Against the label that was made."""
    advantage: Values
    source: Values
    """Place in `SOURCES`."""
    accepted: Answers
    channels: Values
    """Which channel an item is of: shape (items, channels), 1 or 0."""

    def cells(self, which: Answers) -> DraftCells:
        """Of some of the items."""
        masks = np.stack([which & (self.source == place) for place in range(len(SOURCES))], axis=-2).astype(float)
        return DraftCells(
            count=masks @ self.channels,
            difference=(masks * self.difference[..., None, :]) @ self.channels,
            advantage=(masks * self.advantage[..., None, :]) @ self.channels,
            squares=(masks * self.difference[..., None, :] ** 2).sum(axis=-1),
        )


def draw_years(world: Population, years: int, candidates_drafts: Sequence[float], seed: int) -> DrawnYears:
    """A night for each of `candidates_drafts`: the share of what isn't blind that the candidate drafts by a throw of
    the dice. The champion drafts the rest."""
    random, nights = np.random.default_rng(seed), len(candidates_drafts)
    shape, places = (years, nights, ITEMS), np.repeat(np.arange(YEARS_CHANNELS), even_sizes(ITEMS, YEARS_CHANNELS))
    candidates = len(world.pairs[0])
    champion = np.arange(nights) * len(world.pairs) // nights
    pair = champion * candidates + random.integers(candidates, size=shape[:2])
    channels = random.permuted(np.tile(np.arange(world.channels), (years, 1)), axis=1)[:, None, places]
    talk = channels * world.talks + random.integers(world.talks, size=shape)
    blind, others = random.random(shape) < BLIND_SHARE, random.random(shape) < np.array(candidates_drafts)[:, None]
    every = [one for row in world.pairs for one in row]

    def drawn(name: str) -> Values:
        return np.asarray(np.array([getattr(one, name) for one in every])[pair[..., None], talk])

    def by_draft(of_blind: Values, of_champion: Values, of_candidate: Values) -> Values:
        return np.asarray(np.where(blind, of_blind, np.where(others, of_candidate, of_champion)))

    nothing, advantage = np.zeros(shape), drawn("advantage")
    sources = [np.full(shape, SOURCES.index(source)) for source in ("blind", "champion", "another")]
    return DrawnYears(
        gain=np.array([one.gain for one in every])[pair],
        pair=pair,
        difference=by_draft(drawn("blind"), drawn("champion_drafted"), drawn("candidate_drafted")),
        advantage=by_draft(nothing, advantage, -advantage),
        source=by_draft(*sources),
        accepted=by_draft(nothing, drawn("champion_accepted"), drawn("candidate_accepted")) > 0,
        channels=np.eye(YEARS_CHANNELS)[places],
    )


def raw(drawn: DrawnYears) -> RectifiedEstimate:
    """As it was before anybody asked who drafted: every label counts as if it were blind."""
    as_blind = replace(drawn, source=np.zeros_like(drawn.source), advantage=np.zeros_like(drawn.advantage))
    return rectify(as_blind.cells(np.ones_like(drawn.accepted)), UNKNOWN_LEAN)


def blind_alone(drawn: DrawnYears) -> RectifiedEstimate:
    return rectify(drawn.cells(drawn.source == SOURCES.index("blind")), UNKNOWN_LEAN)


def rectified(drawn: DrawnYears) -> RectifiedEstimate:
    """Each night with what the nights before it say of the lean; accepted drafts are set aside."""
    cells = drawn.cells(~drawn.accepted)
    leans, errors = measure_lean(cells)
    nights = range(leans.shape[1])
    known = [pool_leans(leans[:, :night], errors[:, :night]) for night in nights]
    return rectify(cells, PooledLean(*(np.stack(values, axis=1) for values in zip(*map(astuple, known), strict=True))))


@dataclass(frozen=True, slots=True)
class Accuracy:
    error: float
    """Mean of estimate minus truth, in points."""
    spread: float
    """Standard deviation of the same."""
    se: float
    """Mean of what the estimate says of its own error."""
    coverage: float
    """Share of the nights whose 90 % interval holds the truth."""
    last: float
    """Share of the years in whose last night it does."""
    least: float
    """The coverage of the candidate that has least of it."""
    found: float
    """Share of the nights with a gain of about 5 points that find it at 5 %, one-sided."""
    mistaken: float
    """The same of the nights without a gain."""


def accuracy(drawn: DrawnYears, estimate: RectifiedEstimate) -> Accuracy:
    error, reach = estimate.effect - drawn.gain, stdtrit(estimate.freedom, 1 - ALPHA) * estimate.se
    holds, found = np.abs(error) <= reach, estimate.effect - reach > 0
    large = (drawn.gain > LARGE[0]) & (drawn.gain < LARGE[1])
    return Accuracy(
        error=float(error.mean()),
        spread=float(error.std()),
        se=float(estimate.se.mean()),
        coverage=float(holds.mean()),
        last=float(holds[:, -1].mean()),
        least=min(float(holds[drawn.pair == pair].mean()) for pair in np.unique(drawn.pair)),
        found=float(found[large].mean()),
        mistaken=float(found[drawn.gain <= 0].mean()),
    )


ESTIMATES: dict[str, Callable[[DrawnYears], RectifiedEstimate]] = {
    "as labelled": raw,
    "blind items alone": blind_alone,
    "rectified": rectified,
}


def lines(years: int, seed: int) -> Iterator[str]:
    years, world = min(years, YEARS), Population.drawn(CHANNELS, min(years, TALKS), seed)
    gains = [one.gain for row in world.pairs for one in row]
    yield f"### Post-edited labels: {years:,} years, {ITEMS} fresh items a night, of {YEARS_CHANNELS} channels"
    yield ""
    yield f"Reviewers keep a draft's borders within {KEPT:.0f} s of where they would have set one, and accept a draft"
    yield f"that leaves nothing to mend; {BLIND_SHARE:.0%} of the items are blind. The champion changes twice a year;"
    yield f"every night has another candidate, whose true gain is {min(gains):+.1f} to {max(gains):+.1f} points of F1."
    yield ""
    yield "Held: how often the 90 % interval holds the truth; at least, for the candidate for which it does least; at"
    yield "last, on the years' last nights. Found: how often a gain is, at 5 %."
    yield ""
    yield "| drafts of | effect | error | spread | own SE | held | at least | at last | +5 found | 0 or less found |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for drafts, share in (("the champion", 0.0), ("either, at random", 0.5)):
        drawn = draw_years(world, years, [share] * NIGHTS, seed)
        for name, estimate in ESTIMATES.items():
            yield f"| {drafts} | {name} | {_row(accuracy(drawn, estimate(drawn)))} |"
    yield ""


def _row(result: Accuracy) -> str:
    points = f"{result.error:+z.1f} | {result.spread:.1f} | {result.se:.1f}"
    shares = (result.coverage, result.least, result.last, result.found, result.mistaken)
    return " | ".join([points, *(f"{share:.1%}" for share in shares)])
