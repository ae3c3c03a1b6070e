"""Two models on the same items: means, what differs and how surely, where, and on which items most. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from errata.domain.chapter import Chapters
from evaluation.items import Scored, value_of
from evaluation.metrics.score import LOW_IS_GOOD, VideoScore
from evaluation.statistics import compare

METRICS = (*(field.name for field in fields(VideoScore)), "parsable")
SHOWN = 5
"""Items that changed most, of each kind."""


@dataclass(frozen=True)
class Pair:
    """What two models made of one item."""

    a: Scored
    b: Scored

    @property
    def difference(self) -> float:
        """Points of F1, A minus B."""
        return self.a.score.f1 - self.b.score.f1


def comparison(a: Sequence[Scored], b: Sequence[Scored], seed: int) -> dict[str, Any]:
    """`metrics`, `slices` and `problems` of A and B; row i of both is about the same item.

    `metrics` has per metric (those of `VideoScore`, and `parsable`, the share of answers that could be read whole) the
    `mean`, `low` and `high` of `a` and of `b`, and their `difference`, a `statistics.Comparison` of A minus B on the
    items for which the metric is defined; one that is defined for none is left out. `slices` has Comparisons of F1 by
    `part`, `length` and `kind` of label, where there is more than one.
    """
    pairs = paired(a, b)
    metrics = {name: _metric(pairs, name, seed) for name in METRICS}
    slices = {name: _slices(pairs, key, seed) for name, key in _SLICES.items()}
    return {
        "metrics": {name: found for name, found in metrics.items() if found is not None},
        "slices": {name: found for name, found in slices.items() if len(found) > 1},
        "problems": {name: _problems(rows) for name, rows in (("a", a), ("b", b))},
    }


def _problems(rows: Sequence[Scored]) -> int:
    """Answers that could not be read whole, or are missing."""
    return sum(bool(row.prediction.problems) for row in rows)


def paired(a: Sequence[Scored], b: Sequence[Scored]) -> list[Pair]:
    """Raises ValueError where the two are not about the same items."""
    pairs = [Pair(one, other) for one, other in zip(a, b, strict=True)]
    if any(pair.a.item != pair.b.item for pair in pairs):
        raise ValueError("the two models were not scored on the same items in the same order")
    return pairs


def worst_regressions(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Where A lost most against B, the greatest loss first; no item that lost nothing."""
    lost = [pair for pair in pairs if pair.difference < 0]
    return [_shown(pair) for pair in sorted(lost, key=lambda pair: pair.difference)[:SHOWN]]


def best_fixes(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Where A gained most over B, the greatest gain first; no item that gained nothing."""
    gained = [pair for pair in pairs if pair.difference > 0]
    return [_shown(pair) for pair in sorted(gained, key=lambda pair: -pair.difference)[:SHOWN]]


_SLICES: dict[str, Callable[[Pair], str]] = {
    "part": lambda pair: pair.a.item.part,
    "length": lambda pair: pair.a.length,
    "kind": lambda pair: pair.a.item.label.kind,
}


def _slices(pairs: Sequence[Pair], key: Callable[[Pair], str], seed: int) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(key(pair), []).append(pair)
    return {name: _compared(group, "f1", seed) for name, group in sorted(groups.items())}


def _metric(pairs: Sequence[Pair], name: str, seed: int) -> dict[str, Any] | None:
    defined = [pair for pair in pairs if None not in (value_of(pair.a, name), value_of(pair.b, name))]
    if not defined:
        return None
    clusters = [pair.a.item.cluster for pair in defined]
    found: dict[str, Any] = {"difference": _compared(defined, name, seed)}
    for side in ("a", "b"):
        values = _values([getattr(pair, side) for pair in defined], name)
        spread = compare(values, [0.0] * len(values), clusters, seed)
        found[side] = {"mean": spread.mean_new, "low": spread.low, "high": spread.high}
    return found


def _compared(pairs: Sequence[Pair], name: str, seed: int) -> dict[str, Any]:
    """A minus B; the p value is that of A being better, also where less is."""
    new, old = _values([pair.a for pair in pairs], name), _values([pair.b for pair in pairs], name)
    clusters = [pair.a.item.cluster for pair in pairs]
    found = compare(new, old, clusters, seed)
    if name in LOW_IS_GOOD:
        found = replace(found, p_value=compare(old, new, clusters, seed).p_value)
    return found.as_json()


def _values(rows: Sequence[Scored], name: str) -> list[float]:
    """Of a metric that is defined for all of them."""
    return [float(value) for row in rows if (value := value_of(row, name)) is not None]


def _shown(pair: Pair) -> dict[str, Any]:
    return {
        "external_id": pair.a.item.label.external_id,
        "part": pair.a.item.part,
        "a_f1": pair.a.score.f1,
        "b_f1": pair.b.score.f1,
        "difference": pair.difference,
        "right": _chapters(pair.a.item.label.chapters),
        "a": _chapters(pair.a.prediction.chapters),
        "b": _chapters(pair.b.prediction.chapters),
    }


def _chapters(chapters: Chapters) -> list[dict[str, Any]]:
    return [chapter.as_json() for chapter in chapters]
