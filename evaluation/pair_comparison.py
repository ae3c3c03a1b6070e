"""Two models on the same items: means, what differs and how surely, where, and on which items most. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from errata.documents.comparison import Comparison
from errata.documents.metric_values import MessageValues
from errata.domain.chapter import Chapters
from evaluation.items import ScoredAnswer, value_of
from evaluation.metrics.message_score import LOW_PERPLEXITY_IS_GOOD
from evaluation.metrics.score import LOW_IS_GOOD
from evaluation.statistics.paired import compare

METRICS = (*(field.name for field in fields(MessageValues)), "parsable")
SHOWN = 5
"""Items that changed most, of each kind."""


@dataclass(frozen=True)
class Pair:
    """What two models made of one item."""

    a: ScoredAnswer
    b: ScoredAnswer

    @property
    def difference(self) -> float:
        """Points of F1, A minus B."""
        return self.a.score.f1 - self.b.score.f1


@dataclass(frozen=True, slots=True)
class MetricMean:
    """One model's mean of a metric, with its 90 % interval; None where too few items leave it undefined."""

    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MetricComparison:
    a: MetricMean
    b: MetricMean
    difference: Comparison
    """A minus B; its p value is that of A being better, also where less is."""


@dataclass(frozen=True, slots=True)
class PairComparison:
    metrics: Mapping[str, MetricComparison]
    """Those of `VideoScore` or `MessageScore`, and `parsable`, the share of answers that could be read whole. Each is
    of the items for which it is defined; one that is defined for none is left out."""
    slices: Mapping[str, Mapping[str, Comparison]]
    """F1 by `part`, `length` and `kind` of label, where there is more than one."""
    problems: Mapping[str, int]
    """Answers of `a` and of `b` that could not be read whole, or are missing."""


@dataclass(frozen=True, slots=True)
class ItemDifference:
    external_id: str
    part: str
    a_f1: float
    b_f1: float
    difference: float
    right: Chapters
    a: Chapters
    b: Chapters


def comparison(a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer], seed: int) -> PairComparison:
    """Of A and B; row i of both is about the same item."""
    pairs = make_pairs(a, b)
    metrics = {name: _metric(pairs, name, seed) for name in METRICS}
    slices = {name: _slices(pairs, key, seed) for name, key in _SLICES.items()}
    return PairComparison(
        metrics={name: metric for name, metric in metrics.items() if metric is not None},
        slices={name: values for name, values in slices.items() if len(values) > 1},
        problems={name: sum(bool(row.prediction.problems) for row in rows) for name, rows in (("a", a), ("b", b))},
    )


def make_pairs(a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer]) -> list[Pair]:
    """Raises ValueError where the two are not about the same items."""
    pairs = [Pair(*rows) for rows in zip(a, b, strict=True)]
    if any(pair.a.item != pair.b.item for pair in pairs):
        raise ValueError("the two models were not scored on the same items in the same order")
    return pairs


def worst_regressions(pairs: Sequence[Pair]) -> list[ItemDifference]:
    """Where A lost most against B, the greatest loss first; no item that lost nothing."""
    lost = [pair for pair in pairs if pair.difference < 0]
    return [_item(pair) for pair in sorted(lost, key=lambda pair: pair.difference)[:SHOWN]]


def best_fixes(pairs: Sequence[Pair]) -> list[ItemDifference]:
    """Where A gained most over B, the greatest gain first; no item that gained nothing."""
    gained = [pair for pair in pairs if pair.difference > 0]
    return [_item(pair) for pair in sorted(gained, key=lambda pair: -pair.difference)[:SHOWN]]


_SLICES: dict[str, Callable[[Pair], str]] = {
    "part": lambda pair: pair.a.item.part,
    "length": lambda pair: pair.a.length,
    "kind": lambda pair: pair.a.item.label.kind,
}


def _slices(pairs: Sequence[Pair], key: Callable[[Pair], str], seed: int) -> dict[str, Comparison]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(key(pair), []).append(pair)
    return {name: _difference(group, "f1", seed) for name, group in sorted(groups.items())}


def _metric(pairs: Sequence[Pair], name: str, seed: int) -> MetricComparison | None:
    defined = [pair for pair in pairs if None not in (value_of(pair.a, name), value_of(pair.b, name))]
    if not defined:
        return None
    clusters = [pair.a.item.cluster for pair in defined]
    a, b = _values([pair.a for pair in defined], name), _values([pair.b for pair in defined], name)
    difference = _difference(defined, name, seed)
    return MetricComparison(_mean(a, clusters, seed), _mean(b, clusters, seed), difference)


def _mean(values: Sequence[float], clusters: Sequence[str], seed: int) -> MetricMean:
    """A mean's interval is that of its difference from nothing."""
    spread = compare(values, [0.0] * len(values), clusters, seed)
    return MetricMean(spread.mean_new, spread.low, spread.high)


def _difference(pairs: Sequence[Pair], name: str, seed: int) -> Comparison:
    new, old = _values([pair.a for pair in pairs], name), _values([pair.b for pair in pairs], name)
    clusters = [pair.a.item.cluster for pair in pairs]
    difference = compare(new, old, clusters, seed)
    if name in LOW_IS_GOOD | LOW_PERPLEXITY_IS_GOOD:  # there, being better is being less
        difference = replace(difference, p_value=compare(old, new, clusters, seed).p_value)
    return difference


def _values(rows: Sequence[ScoredAnswer], name: str) -> list[float]:
    """Of a metric that is defined for all of them."""
    return [float(value) for row in rows if (value := value_of(row, name)) is not None]


def _item(pair: Pair) -> ItemDifference:
    return ItemDifference(
        external_id=pair.a.item.label.external_id,
        part=pair.a.item.part,
        a_f1=pair.a.score.f1,
        b_f1=pair.b.score.f1,
        difference=pair.difference,
        right=pair.a.item.label.chapters,
        a=pair.a.prediction.chapters,
        b=pair.b.prediction.chapters,
    )
