"""The preset `annual`: one challenger at a time, one test each, over whole years side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtr

from errata.documents.comparison import Comparison
from errata.documents.evidence import Evidence
from evaluation.statistics.paired import ALPHA, degrees, detectable_effect, t_quantile, t_test
from evaluation.statistics.sequential import boundary
from evaluation.statistics.size import design_effect, guardrail_power, required_items
from registry.error_budget import decide
from registry.guardrail import POINTS
from registry.history import GateHistory
from registry.policy import ANNUAL, Year
from registry.simulate.world import Answers, Values, World, even_sizes

NIGHTS = 365


@dataclass(frozen=True, slots=True)
class Setting:
    """What a night brings, and how much better or worse than the champion its candidate is."""

    items: int
    """Fresh items a night, on average."""
    channels: int = 60
    even: bool = True
    """Else the channels' shares fall like 1/rank."""
    icc: float = 0.0
    sd: float = 20.0
    step: float = 0.0
    """Mean of the candidates' true gains, in points."""
    step_sd: float = 0.0

    @property
    def rates(self) -> Values:
        weights = np.ones(self.channels) if self.even else 1 / np.arange(1, self.channels + 1)
        return np.asarray(self.items * weights / weights.sum())

    def __str__(self) -> str:
        return f"{self.items} | {self.channels} {'even' if self.even else 'uneven'} | {self.icc}"


@dataclass(frozen=True, slots=True)
class SimulatedYear:
    """What happened in one year."""

    history: GateHistory
    levels: float
    """Sum of the levels of its tests: so many finds are due where nothing is better."""
    gains: tuple[float, ...]
    """The true gain of each promotion, in points."""


@dataclass
class Challengers:
    """The challengers of many years side by side, one in each; arrays of shape (years,) or (years, channels)."""

    setting: Setting
    years: int
    random: np.random.Generator
    gain: Values = field(init=False)
    age: Values = field(init=False)
    shared: Values = field(init=False)
    counts: Values = field(init=False)
    sums: Values = field(init=False)
    squares: Values = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.years, self.setting.channels)
        self.gain, self.age, self.squares = (np.zeros(self.years) for _ in range(3))
        self.shared, self.counts, self.sums = (np.zeros(shape) for _ in range(3))
        self.renew(np.ones(self.years, dtype=bool))

    def renew(self, gone: Answers) -> None:
        """Tonight's candidate takes the place of each challenger that is gone."""
        many = int(gone.sum())
        self.gain[gone] = self.random.normal(self.setting.step, self.setting.step_sd, many)
        self.shared[gone] = self.random.normal(size=(many, self.setting.channels))
        self.age[gone], self.counts[gone], self.sums[gone], self.squares[gone] = 0, 0, 0, 0

    def gather(self) -> None:
        """A night's fresh items."""
        new = self.random.poisson(self.setting.rates, size=self.counts.shape)
        icc, sd = self.setting.icc, self.setting.sd
        own = (1 - icc) ** 0.5 * np.sqrt(new) * self.random.normal(size=new.shape)
        added = self.gain[:, None] * new + sd * (icc**0.5 * new * self.shared + own)
        within = sd**2 * (1 - icc) * self.random.chisquare(np.maximum(np.maximum(new - 1, 0).sum(axis=1), 1))
        self.squares += (added**2 / np.maximum(new, 1)).sum(axis=1) + within
        self.counts += new
        self.sums += added
        self.age += 1

    def looks(self) -> Looks:
        n, clusters = self.counts.sum(axis=1), (self.counts > 0).sum(axis=1)
        effect = self.sums.sum(axis=1) / n
        rests = self.sums - self.counts * effect[:, None]
        moves = rests / (n[:, None] - self.counts)
        se = np.sqrt((moves**2).sum(axis=1) * (clusters - 1) / clusters)
        sd = np.sqrt((self.squares - n * effect**2) / (n - 1))
        return Looks(n, clusters, effect, se, sd, n**2 / (self.counts**2).sum(axis=1))


@dataclass(frozen=True, slots=True)
class Looks:
    """What `evaluation.statistics.paired.compare` says of each challenger, one night; arrays of shape (years,)."""

    n: Values
    clusters: Values
    effect: Values
    se: Values
    """The jackknife's."""
    sd: Values
    balance: Values
    """Effective clusters."""

    @property
    def broad(self) -> Answers:
        return np.asarray((self.n >= ANNUAL.min_items) & (self.clusters >= ANNUAL.min_clusters))

    @property
    def items(self) -> Values:
        """`evaluation.statistics.size.effective_items`."""
        return np.asarray(np.minimum(self.n, self.sd**2 / self.se**2))

    def futile(self, year: Year) -> Answers:
        """Whom the interval of a look that spends no test lets go."""
        half = [boundary(items, year.confidence, year.tuned_to) for items in self.items.tolist()]
        return np.asarray(self.broad & (self.effect + self.sd * np.array(half) < year.futile))

    def comparison(self, at: int) -> Comparison:
        """With the t test's interval in place of the bootstrap's."""
        effect, se, clusters = float(self.effect[at]), float(self.se[at]), int(self.clusters[at])
        reach = t_quantile(1 - ALPHA, clusters) * se
        return Comparison(
            n=int(self.n[at]),
            clusters=clusters,
            mean_new=effect,
            mean_old=0.0,
            effect=effect,
            low=effect - reach,
            high=effect + reach,
            p_value=t_test(effect, se, clusters),
            se=se,
            sd=float(self.sd[at]),
            mde=detectable_effect(se, float(self.balance[at])),
            needed=None,
            effective_clusters=float(self.balance[at]),
            jackknife_se=se,
            # of normal differences, what a bettor who knew the gain would have
            better_wealth=float(self.n[at]) * max(effect, 0.0) ** 2 / (2 * float(self.sd[at]) ** 2),
        )


def simulate_years(setting: Setting, count: int, seed: int) -> list[SimulatedYear]:
    """Whole years under the preset, whose guardrails all pass; tests are decided by `registry.error_budget`."""
    year = ANNUAL.year
    if year is None:
        raise ValueError("the preset has no budget to simulate")
    challengers = Challengers(setting, count, np.random.default_rng(seed))
    histories, levels = [GateHistory()] * count, np.zeros(count)
    gains: list[list[float]] = [[] for _ in range(count)]
    for _ in range(NIGHTS):
        challengers.gather()
        looks = challengers.looks()
        due = looks.broad & (looks.items >= year.items)
        gone = due | (challengers.age >= year.nights) | looks.futile(year)
        for at in np.flatnonzero(due):
            decision = decide(Evidence(looks.comparison(int(at)), ()), (), ANNUAL, year, histories[at])
            if decision.test is None:
                raise ValueError(f"the gate did not test what was due: {decision.cause}")
            histories[at] = histories[at].after("", decision)
            levels[at] += decision.test.level
            if decision.verdict == "promote":
                gains[at].append(float(challengers.gain[at]))
        challengers.renew(gone)
    return [SimulatedYear(*row) for row in zip(histories, levels.tolist(), map(tuple, gains), strict=True)]


EQUALS = (
    Setting(100),
    Setting(100, icc=0.05),
    Setting(100, even=False),
    Setting(100, even=False, icc=0.05),
    Setting(100, channels=150, icc=0.2),
    Setting(700),
)
"""Years in which nothing is better or worse."""
STEPS = (
    Setting(100, step=0.3, step_sd=1.5),
    Setting(100, icc=0.05, step=0.3, step_sd=1.5),
    Setting(200, step=0.3, step_sd=1.5),
    Setting(700, step=0.3, step_sd=1.5),
)
"""Years in which candidates differ: many by less than can be told."""


def lines(count: int, repetitions: int, seed: int) -> Iterator[str]:
    year = ANNUAL.year
    if year is None:
        return
    yield f"### The preset annual: {count:,} years a line, spread 20 points"
    yield ""
    yield f"Every candidate equals the champion (A/A). Promised: at most {year.fdr:.0%} of the years with a promotion,"
    yield "as each is a false discovery:"
    yield ""
    yield "| fresh items a night | channels | ICC | tests | false promotions | years with any | of a test |"
    yield "|---|---|---|---|---|---|---|"
    for setting in EQUALS:
        yield f"| {setting} | {_equals(simulate_years(setting, count, seed))} |"
    yield ""
    yield "“Of a test”: false promotions per test, and the level that LORD++ gave it on average."
    yield ""
    yield f"Candidates' true gains are normal with mean 0.3 and spread 1.5 points; {count // 4 or 1:,} years a line:"
    yield ""
    yield "| fresh items a night | channels | ICC | tests | promotions | worse ones | beyond −1 | gain |"
    yield "|---|---|---|---|---|---|---|---|"
    for setting in STEPS:
        yield f"| {setting} | {_steps(simulate_years(setting, count // 4 or 1, seed))} |"
    yield ""
    yield from _single(repetitions, seed)
    yield from _sets()


def _equals(years: list[SimulatedYear]) -> str:
    tests = sum(len(year.history.tests) for year in years)
    finds = sum(len(year.gains) for year in years)
    some = sum(bool(year.gains) for year in years) / len(years)
    level = sum(year.levels for year in years) / max(tests, 1)
    count = len(years)
    return f"{tests / count:.1f} | {finds / count:.3f} | {some:.1%} | {finds / max(tests, 1):.2%}, {level:.2%}"


def _steps(years: list[SimulatedYear]) -> str:
    count = len(years)
    tests = sum(len(year.history.tests) for year in years) / count
    gains = [gain for year in years for gain in year.gains]
    worse, harm = (sum(gain < limit for gain in gains) / count for limit in (0, -1))
    return f"{tests:.1f} | {len(gains) / count:.1f} | {worse:.2f} | {harm:.2f} | {sum(gains) / count:+.1f}"


def _single(repetitions: int, seed: int) -> Iterator[str]:
    level = GateHistory().level(ANNUAL.year.fdr, ANNUAL.year.wealth) if ANNUAL.year else ALPHA
    yield f"One test, {repetitions:,} draws. Found at 5 % and at the first test's level of {level:.2%}, without a"
    yield f"difference; and at that level with a gain of {ANNUAL.target:.0f} points, the target, and of what the gate"
    yield "prints as detectable (on the median night):"
    yield ""
    yield "| items | ICC | effective | at 5 % | at the level | target | detectable | found there |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, sizes, icc in SINGLE:
        world = World(sizes, icc=icc)
        mde = world.detectable(seed, level)
        strict, usual = (detection_rate(world, alpha, repetitions, seed) for alpha in (level, ALPHA))
        better = (World(sizes, gain, icc=icc) for gain in (ANNUAL.target, mde))
        target, there = (detection_rate(world, level, repetitions, seed + 1) for world in better)
        items = (world.sd / world.se) ** 2
        yield f"| {name} | {icc} | {items:.0f} | {usual:.1%} | {strict:.2%} | {target:.1%} | {mde:.1f} | {there:.1%} |"
    yield ""


def _sets() -> Iterator[str]:
    tests = [limit for limit in ANNUAL.limits if limit.decides and limit.interval]
    power = guardrail_power(len(tests))
    margins = sorted({limit.margin for limit in tests if limit.unit == POINTS})
    yield f"How many items a guardrail's set must hold for a harmless candidate to pass it in {power:.0%} of cases, so"
    yield f"that it passes all {len(tests)} that are tested, and the test itself, in 80% (by formula, not simulated):"
    yield ""
    yield "| margin | no worse, spread 5 | 10 | 20 | 20, in clusters of 5, ICC 0.2 | 20, and better by 2 points |"
    yield "|---|---|---|---|---|---|"
    for margin in margins:
        equal = [required_items(sd, margin, power=power) for sd in (5, 10, 20)]
        alike = required_items(20, margin, design_effect(5, 0.2), power=power)
        better = required_items(20, margin + 2, power=power)
        yield f"| {margin} | {' | '.join(f'{items:,}' for items in (*equal, alike, better))} |"
    yield ""


SINGLE = (
    ("600 in 150 clusters", even_sizes(600, 150), 0.0),
    ("1,000 in 150 clusters", even_sizes(1000, 150), 0.1),
    ("1,200 in 400 clusters", even_sizes(1200, 400), 0.5),
    ("600 in 60 uneven clusters", tuple(Setting(600, 60, False).rates.round().astype(int).tolist()), 0.0),
)


def detection_rate(world: World, level: float, repetitions: int, seed: int) -> float:
    """Share of draws in which the annual test, on all of the world's items, is at most `level`."""
    nights = world.nights(repetitions, seed)
    p_values = stdtr(degrees(nights.balance), -nights.effect / nights.jackknife_se)
    return float(np.mean(p_values <= level))
