"""How often the gate's preset is wrong: `python -m registry.simulate`.

Differences are drawn with known truth, clusters and spread, and go through the same `compare` and the same rule as real
ones. What it prints is where the numbers in `gate.SMALL.known_error` come from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.statistics import Comparison, compare
from registry.gate import SMALL, passes, status


@dataclass(frozen=True, slots=True)
class World:
    """What is true: the differences' mean and spread in points, and how alike those of one cluster are."""

    sizes: tuple[int, ...]
    """Items in each cluster."""
    effect: float = 0.0
    sd: float = 20.0
    icc: float = 0.0

    def draw(self, random: np.random.Generator) -> list[float]:
        """One night's differences, cluster after cluster: a shared part and an own one, both normal."""
        shared = np.repeat(random.normal(size=len(self.sizes)), self.sizes)
        own = random.normal(size=sum(self.sizes))
        drawn: list[float] = (self.effect + self.sd * (self.icc**0.5 * shared + (1 - self.icc) ** 0.5 * own)).tolist()
        return drawn

    def nights(self, repetitions: int, seed: int) -> Iterator[Comparison]:
        random = np.random.default_rng(seed)
        names = [f"{cluster:04d}" for cluster, size in enumerate(self.sizes) for _ in range(size)]
        zeros = [0.0] * len(names)
        for night in range(repetitions):
            yield compare(self.draw(random), zeros, names, seed + night)


def even(items: int, clusters: int) -> tuple[int, ...]:
    return tuple(items // clusters + (rank < items % clusters) for rank in range(clusters))


def uneven(items: int, clusters: int) -> tuple[int, ...]:
    """Sizes that fall like 1/rank, at least one each: a few channels hold most of the items."""
    weights = 1 / np.arange(1, clusters + 1)
    extra = np.floor((items - clusters) * weights / weights.sum()).astype(int)
    extra[0] += items - clusters - extra.sum()
    return tuple((extra + 1).tolist())


LAYOUTS = {
    "65 items, 24 even clusters": even(65, 24),
    "65 items, 24 uneven clusters": uneven(65, 24),
    "40 items, 5 even clusters": even(40, 5),
    "40 items, 5 uneven clusters": uneven(40, 5),
}


LOOKS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="How often the gate's preset is wrong, on differences of known truth.")
    parser.add_argument("--repetitions", type=int, default=4000, help="simulated tests a line")
    parser.add_argument("--seed", type=int, default=20250101)
    options = parser.parse_args(arguments)
    for line in lines(options.repetitions, options.seed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def lines(repetitions: int, seed: int) -> Iterator[str]:
    yield f"Preset {SMALL.name}, {repetitions} tests a line, seed {seed}."
    yield "No true difference, spread 20 points: found better (by t test alone, by bootstrap alone), found worse, and"
    yield "how often the 90 % interval holds 0."
    for name, sizes in LAYOUTS.items():
        for icc in (0.0, 0.2):
            yield f"  {name}, ICC {icc}: " + _errors(list(World(sizes, icc=icc).nights(repetitions, seed)))
    yield f"No true difference, ICC 0.2, spread 20: found better at one of {LOOKS} looks, as a challenger waits."
    waiting = _waiting(World((5,) * 24, icc=0.2), repetitions, seed)
    yield f"  40 items to 120, 8 clusters to 24: {waiting:.1%}"
    yield "True gain, ICC 0.2: how often it is found."
    for name, sizes in LAYOUTS.items():
        for gain in (2.0, 5.0):
            for sd in (15.0, 20.0, 25.0):
                found = [passes(night, SMALL) for night in World(sizes, gain, sd, 0.2).nights(repetitions, seed)]
                yield f"  {name}, {gain:+.0f} points, spread {sd:.0f}: {np.mean(found):.1%}"
    yield "Guardrail anchor (margin 3 points), no true difference: how often a harmless candidate passes, and fails."
    for items, clusters in ((20, 8), (40, 15), (65, 24)):
        for sd in (2.0, 5.0, 10.0, 20.0):
            yield f"  {items} items, {clusters} clusters, spread {sd:.0f}: " + _harmless(
                World(even(items, clusters), sd=sd).nights(repetitions, seed)
            )


def _errors(nights: Sequence[Comparison]) -> str:
    better = np.mean([passes(night, SMALL) for night in nights])
    p_values, lows, highs = np.array([(night.p_value, night.low, night.high) for night in nights], dtype=float).T
    test, bootstrap = np.mean(p_values <= SMALL.alpha), np.mean(lows > 0)
    worse, holds = np.mean(highs <= 0), np.mean((lows <= 0) & (highs >= 0))
    return f"{better:.1%} ({test:.1%}, {bootstrap:.1%}), {worse:.1%}, {holds:.1%}"


def _waiting(world: World, repetitions: int, seed: int) -> float:
    """Share of challengers that pass at some look, where none passes once it was rejected."""
    random = np.random.default_rng(seed)
    names = [f"{cluster:04d}" for cluster, size in enumerate(world.sizes) for _ in range(size)]
    sizes = np.linspace(SMALL.min_items, len(names), LOOKS).astype(int).tolist()
    return float(np.mean([_passes_at_last(world.draw(random), names, sizes, seed) for _ in range(repetitions)]))


def _passes_at_last(differences: list[float], names: list[str], sizes: list[int], seed: int) -> bool:
    for size in sizes:
        night = compare(differences[:size], [0.0] * size, names[:size], seed)
        if passes(night, SMALL):
            return True
        if night.high is not None and night.high <= 0:
            return False
    return False


def _harmless(nights: Iterator[Comparison]) -> str:
    found = [status(SMALL.guardrail("anchor", night), SMALL) for night in nights]
    return f"{found.count('passed') / len(found):.1%}, {found.count('failed') / len(found):.1%}"


if __name__ == "__main__":
    main()
