"""The gate's presets: what is asked of a candidate, fixed before any data is seen and never tuned to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.decision import Preset
from errata.documents.guardrail import Guardrail, GuardrailResult
from errata.documents.params import GateParams
from errata.domain.names import meant
from errata.errors import BadInput
from evaluation.statistics.betting import LARGEST_DIFFERENCE
from evaluation.statistics.paired import t_test
from registry.export.targets import EXPORT_TARGETS
from registry.guardrail import Limit, make_guardrail, status


@dataclass(frozen=True, slots=True)
class Year:
    """How a preset spends its errors over many tests, one for each challenger that has gathered enough."""

    fdr: float
    """For each expected promotion, so many expected ones of no better model at most; see `statistics.online`."""
    wealth: float
    """What the first tests may spend of it."""
    items: int
    """A challenger is tested once it has so many fresh items, or, with a judge's help, as much as so many say."""
    confidence: float
    """1 − the level of the interval that is looked at every night."""
    tuned_to: int
    """Items at which that interval is narrowest."""
    futile: float
    """A challenger whose interval rules out so many points is let go."""
    nights: int
    """So many it may wait."""
    judged_items: int
    """Human items from which on a judge may help."""
    judged_rho: float
    """How closely a judge's differences must follow people's for that."""


@dataclass(frozen=True, slots=True)
class Sequential:
    """How a preset looks at one challenger after the other, every night, without paying for each look."""

    challengers: int
    """So many at most begin within a year. Each is promoted once its wealth is so many times the stake: an equal one
    ever gets so far with probability 1/`challengers` at most, so that a year promotes one at most, on average."""
    nights: int
    """So many looks each has at most."""
    level: float
    """Of the clustered test, at each look: it sees what channels have in common, and the wealth doesn't."""
    harm: float
    """A challenger is rejected as worse once those who bet on that have 1/`harm` times their stake."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A preset of the gate."""

    name: str
    min_items: int
    min_clusters: int
    alpha: float
    """Of the guardrails; of the primary test too, where the preset decides every night anew."""
    target: float
    """The gain, in points of F1, that the gate is built to find."""
    min_guardrail_items: int
    limits: tuple[Limit, ...]
    known_error: str
    """How often the preset is wrong, in words, as `python -m registry.simulate` measured it."""
    year: Year | None = None
    sequential: Sequential | None = None
    min_effect: float = 0.0
    """Points of F1: the primary test asks for more than this."""
    waived: tuple[str, ...] = ()
    """Guardrails that the release owner lets pass where they aren't evaluable."""

    @property
    def holds_one(self) -> bool:
        """Whether one challenger gathers evidence at a time, and whoever comes meanwhile isn't tested."""
        return self.year is not None or self.sequential is not None

    @property
    def nights(self) -> int | None:
        """So many a contender may wait; None where nothing bounds it."""
        rule = self.year or self.sequential
        return None if rule is None else rule.nights

    def is_large_enough(self, primary: Comparison) -> bool:
        """Whether there are items and clusters enough for test and intervals, which are asymptotic, to be trusted."""
        return primary.n >= self.min_items and primary.clusters >= self.min_clusters

    def limit(self, name: str) -> Limit | None:
        return next((limit for limit in self.limits if limit.covers(name)), None)

    def target_of(self, name: str) -> str:
        """The one export that a guardrail decides on; empty where it decides on the model."""
        limit = self.limit(name)
        return "" if limit is None else limit.target

    def guardrail(self, name: str, comparison: Comparison) -> Guardrail:
        """`comparison` of what is to ship with what it may not fall behind, under this policy's limit for `name`.

        Raises KeyError for a name without a limit.
        """
        limit = self.limit(name)
        if limit is None:
            raise KeyError(name)
        return make_guardrail(name, self.robust(comparison), limit, self.degrees(comparison))

    def result(self, guardrail: Guardrail) -> GuardrailResult:
        """How a measured guardrail ends."""
        return self._result(guardrail, self.limit(guardrail.name))

    def unmeasured(self, limit: Limit) -> GuardrailResult:
        """How a guardrail ends that nobody measured."""
        guardrail = make_guardrail(limit.name.rstrip("_*"), NOTHING, limit, clusters=0)
        return replace(self._result(guardrail, limit), n=None)

    def _result(self, guardrail: Guardrail, limit: Limit | None) -> GuardrailResult:
        least = self.least_items(limit)
        return GuardrailResult(
            name=guardrail.name,
            status=status(guardrail, least),
            n=guardrail.n,
            least=least,
            effect=guardrail.effect,
            bound=guardrail.bound,
            margin=guardrail.margin,
            unit=guardrail.unit,
            required=guardrail.required,
            decides=limit is None or limit.decides,
            alarm=limit is not None and limit.alarm,
            waived=guardrail.name in self.waived or (limit is not None and limit.name in self.waived),
            interval=limit is None or limit.interval,
        )

    def as_preset(self) -> Preset:
        """What a decision tells of this policy."""
        year, sequential = self.year, self.sequential
        return Preset(
            name=self.name,
            items=self.min_items if year is None else year.items,
            clusters=self.min_clusters,
            target=self.target,
            known_error=self.known_error,
            hears_judges=year is not None,
            least_gain=None if year is None else year.futile,
            nights=self.nights,
            fdr=None if year is None else year.fdr,
            challengers=None if sequential is None else sequential.challengers,
            min_effect=self.min_effect,
        )

    def robust(self, comparison: Comparison) -> Comparison:
        """The comparison as this policy tests it: against its `min_effect`, and, where levels are so small that uneven
        clusters matter, by the jackknife."""
        if comparison.effect is None or comparison.se is None:
            return comparison
        careful = self.holds_one and comparison.jackknife_se is not None
        if not careful and not self.min_effect:
            return comparison
        se = comparison.jackknife_se if careful and comparison.jackknife_se is not None else comparison.se
        p_value = t_test(comparison.effect - self.min_effect, se, self.degrees(comparison))
        return replace(comparison, se=se, p_value=p_value)

    def degrees(self, comparison: Comparison) -> float:
        """The clusters that a t test may count, see `evaluation.statistics.paired.effective_clusters`."""
        effective = comparison.effective_clusters if self.holds_one else None
        return float(comparison.clusters) if effective is None else effective

    def least_items(self, limit: Limit | None) -> int:
        """Items below which a guardrail isn't evaluable."""
        return self.min_guardrail_items if limit is None or limit.min_items is None else limit.min_items


PERCENTAGE_POINTS = "percentage points"
PERCENT = "percent"


def parity_limits(min_items: int | None = None) -> tuple[Limit, ...]:
    """What exports may lose, by the table of targets: each F1 of its own model. That of the base decides on the model,
    which can't ship without."""
    return tuple(
        Limit(
            f"parity_{target.name}",
            target.margin,
            required=target.is_base,
            min_items=min_items,
            target="" if target.is_base else target.name,
        )
        for target in EXPORT_TARGETS.values()
    )


def starts_limits(min_items: int) -> tuple[Limit, ...]:
    """How many chapter starts exports may give otherwise than their model, where the table says."""
    return tuple(
        Limit(
            f"starts_{target.name}",
            target.starts,
            required=target.is_base,
            unit=PERCENTAGE_POINTS,
            interval=False,
            min_items=min_items,
            target="" if target.is_base else target.name,
        )
        for target in EXPORT_TARGETS.values()
        if target.starts is not None
    )


TENS_A_NIGHT = (
    Limit("anchor", 3.0, required=True),
    Limit("best_anchor", 4.5, required=True),
    Limit("day0_retention", 3.0, required=True),
    Limit("forgetting", 3.0),
    Limit("vintage_*", 3.0, decides=False),
    Limit("collapses", 3.0, required=True, unit=PERCENTAGE_POINTS),
    Limit("titles", 5.0, unit=PERCENTAGE_POINTS),
    *parity_limits(),
    Limit("parsable", 0.5, required=True, unit=PERCENTAGE_POINTS, interval=False),
    Limit("latency", 10.0, unit=PERCENT, decides=False),
    Limit("size", 5.0, unit=PERCENT, interval=False, min_items=1, decides=False),
)

# Each number's reason, written down before the first candidate was scored:
#  40 items, 5 clusters  the least at which the test's error was seen to hold (`registry.simulate`); at a spread of 20
#                        points 40 items still find a gain of 8 to 10 points, which the first corrections often bring.
#  5 %, one-sided        one useless promotion in 20 tests, and a rollback is one command; a worse candidate has less.
#  2.0 points of F1      about what reusing one holdout every night inflates a champion by: less isn't worth a release.
#  anchor 3.0            what a slice may lose in the annual gate: tens of items can't tell a smaller loss from none.
#  best_anchor 4.5       the same in all, against the best model ever, so that passes in a row can't ratchet downwards.
#  day0_retention 3.0    the same against Day-0, so that many small losses can't add up unseen.
#  forgetting 3.0        the same against the champion, on a sample of what earlier nights taught. Each night of them is
#                        shown, to say which was forgotten; many tests of 5 % would fail a harmless candidate.
#  parity                stands with each target, in `registry.export.targets`.
#  collapses 3.0         percentage points of items that lose 30 points and more, less those that gain as much: below 88
#                        items without any, nobody can tell, and the mean of the others looks sure of itself.
#  titles 5.0            percent of words; a gate on borders alone promoted a model that wrote "Listauting".
#  parsable 0.5          an unreadable answer is a video without chapters: the worst there is. The measured shares are
#                        compared: no interval on tens of items could be that narrow.
#  20 items              fewer say so little that "failed" would only mean "too few".
# Whatever decides must be measured, but for what an earlier night taught, which there may not have been, and titles,
# which reviewers may not write. Latency and size don't decide: a team with tens of corrections a night can weigh them
# itself.
SMALL = Policy(
    name="small",
    min_items=40,
    min_clusters=5,
    alpha=0.05,
    target=2.0,
    min_guardrail_items=20,
    limits=TENS_A_NIGHT,
    known_error=(
        "For trials: with 65 items a night, 24 to 29 candidates that are no better are promoted a year, and 63 where "
        "one item in 100 collapses. On 400 items a true gain of 5 points is found in 99 of 100 tests where items of a "
        "channel are little alike, and in 84 where they are much."
    ),
)

# The same for a challenger that gathers such items night by night:
#  73 challengers        five nights each fill a year; at 73 times the stake, one useless promotion a year is the most.
#  5 nights              what a gain of 5 points takes to be found, at 65 items a night and a spread of 18.
#  1 %                   of the clustered test, so that channels that are alike can't pass for independent items.
#  harm 5 %              an equal challenger is rejected as worse so often at most, however often it is looked at.
#  5.0 points of F1      what five nights of 65 items find in 9 of 10 challengers.
SEQUENTIAL = Policy(
    name="sequential",
    min_items=40,
    min_clusters=5,
    alpha=0.05,
    target=5.0,
    min_guardrail_items=20,
    limits=TENS_A_NIGHT,
    known_error=(
        "With 65 items a night, 0.1 to 1.1 challengers that are no better are promoted a year, the more, the more "
        "items of a channel are alike. A true gain of 5 points is found within five nights in 96 to 60 of 100 "
        "challengers, and in 32 where only 5 channels are reviewed."
    ),
    sequential=Sequential(challengers=73, nights=5, level=0.01, harm=0.05),
)

# The same for the preset that hundreds of fresh items a challenger can feed:
#  FDR 0.10, wealth 0.05 one promotion in ten may be of no better model; LORD++ holds that at every moment of a year, as
#                        a ratio of expectations (mFDR): tests on the same channels aren't independent.
#  600 items             with 200, LORD++ starves: a few promotions a year. One test a challenger: a second one on the
#                        same items would not be a new test. Items are counted, not what they say: 24 channels whose
#                        items correlate by 0.05 never say as much as 600 strangers.
#  CS 95 %, t* 1,500     what a challenger has gathered after some two weeks of a hundred items a night.
#  0.5 points, 21 nights less than that isn't worth another night; a challenger should not hold the place for ever.
#  100 items, ρ 0.5      below, the judge's help is unsure of itself, or worth nothing.
#  4.0 points of F1      what 600 independent items at a spread of 20 find in 80 of 100 first tests.
#  20 clusters           a clustered error rests on its clusters; below 20 to 50 they are few (Cameron & Miller 2015).
#  anchor 1.0            a nightly gate may lose that much by chance; best_anchor 1.5 is what it may lose in all,
#                        against the best model ever, so that passes in a row can't ratchet downwards.
#  day0_retention 1.0    on items whose right answer has not changed, a loss is forgetting; so for forgetting, where
#                        the sample is large enough.
#  slices 3.0, from 150  at a spread of 20, 155 items show a loss of 3 points; smaller slices raise an alarm.
#  parity, from 300      as each target has it in `registry.export.targets`, its starts too.
#  parsable 0.5          from 600 items on: none unreadable among them is up to 0.5 percent (3/n).
#  latency 10, size 5    percent: p95 at most 1.10 and bytes at most 1.05 times the champion's.
#  judge_consistency     80 percent of items judged alike in both orders, or the judge has no say.
ANNUAL = Policy(
    name="annual",
    min_items=100,
    min_clusters=20,
    alpha=0.05,
    target=4.0,
    min_guardrail_items=150,
    limits=(
        Limit("anchor", 1.0, required=True, min_items=600),
        Limit("best_anchor", 1.5, required=True, min_items=600),
        Limit("day0_retention", 1.0, required=True),
        Limit("forgetting", 1.0),
        Limit("vintage_*", 3.0, min_items=20, decides=False),
        Limit("collapses", 3.0, required=True, unit=PERCENTAGE_POINTS),
        Limit("titles", 5.0, unit=PERCENTAGE_POINTS),
        Limit("slice_*", 3.0, required=True, alarm=True),
        *parity_limits(min_items=300),
        *starts_limits(min_items=300),
        Limit("parsable", 0.5, required=True, unit=PERCENTAGE_POINTS, min_items=600),
        Limit("latency", 10.0, required=True, unit=PERCENT, min_items=20),
        Limit("size", 5.0, required=True, unit=PERCENT, interval=False, min_items=1),
        Limit("judge_consistency", 0.0, unit=PERCENTAGE_POINTS, interval=False, min_items=100, decides=False),
    ),
    known_error=(
        "Of 100 years in which no candidate is better, at most one has a promotion; 10 are promised. A first test on "
        "600 items finds a true gain of 5 points in 92 of 100 cases where items of a channel are little alike, in 42 "
        "where they are much, and never with fewer than 20 channels."
    ),
    year=Year(
        fdr=0.10,
        wealth=0.05,
        items=600,
        confidence=0.05,
        tuned_to=1500,
        futile=0.5,
        nights=21,
        judged_items=100,
        judged_rho=0.5,
    ),
)

PRESETS = {policy.name: policy for policy in (SMALL, SEQUENTIAL, ANNUAL)}


def preset(params: GateParams) -> Policy:
    """A preset with what the release owner set of it. Raises BadInput for a preset that isn't there, for a waived
    guardrail that it doesn't decide by, and for a least effect that no F1 can have."""
    if params.preset not in PRESETS:
        raise BadInput(
            f"the gate has no preset {params.preset!r}{meant(params.preset, PRESETS)}; "
            f"set gate.preset in params.yaml to {' or '.join(PRESETS)}"
        )
    policy = PRESETS[params.preset]
    if params.min_effect >= LARGEST_DIFFERENCE:
        raise BadInput(
            f"params.yaml: gate.min_effect is {params.min_effect:g}; no candidate gains {LARGEST_DIFFERENCE:g} points "
            "of F1, so nothing would ever be promoted: lower it"
        )
    for name in params.waive:
        limit = policy.limit(name)
        if limit is None or not limit.decides:
            deciding = [limit.name for limit in policy.limits if limit.decides]
            raise BadInput(
                f"params.yaml: gate.waive names {name!r}{meant(name, deciding)}, by which the preset {policy.name} "
                f"doesn't decide; it decides by {', '.join(deciding)}"
            )
    return replace(policy, min_effect=params.min_effect, waived=params.waive)
