"""Who scored what, by model and transcript; and what follows from it for one model, and for two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain

from errata.documents.comparison import Comparison
from errata.documents.metric_values import ModelMean
from evaluation.items import Item, ScoredAnswer, value_of
from evaluation.metrics.score import means
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.collapses import compare_collapses
from evaluation.statistics.paired import compare, paired_differences


class ModelScores:
    def __init__(self, seed: int) -> None:
        """`seed` is the bootstrap's."""
        self._by_model: dict[str, dict[int, ScoredAnswer]] = {}
        self._seed = seed

    def add(self, scored: Iterable[ScoredAnswer]) -> None:
        for row in scored:
            self._by_model.setdefault(row.model, {})[row.item.label.transcript] = row

    def all(self) -> list[ScoredAnswer]:
        return list(chain.from_iterable(rows.values() for rows in self._by_model.values()))

    def of(self, model: str, items: Sequence[Item]) -> list[ScoredAnswer]:
        return [self._by_model[model][item.label.transcript] for item in items]

    def mean(self, model: str, items: Sequence[Item]) -> ModelMean:
        """With a cluster-bootstrap interval of F1's mean, which is that of F1's difference from nothing."""
        rows = self.of(model, items)
        if not rows:
            return ModelMean()
        f1 = [row.score.f1 for row in rows]
        spread = compare(f1, [0.0] * len(f1), [item.cluster for item in items], self._seed)
        values, _ = means([asdict(row.score) for row in rows])
        return ModelMean(n=len(rows), low=spread.low, high=spread.high, **values)

    def mean_f1(self, model: str, items: Sequence[Item]) -> float | None:
        rows = self.of(model, items)
        return sum(row.score.f1 for row in rows) / len(rows) if rows else None

    def equal_split_f1(self, model: str, items: Sequence[Item]) -> float | None:
        """Mean F1 of chapters of equal length; the same for every model. None of a task without such a floor."""
        floors = [row.equal_split_f1 for row in self.of(model, items) if row.equal_split_f1 is not None]
        return sum(floors) / len(floors) if floors else None

    def compare(self, new: str, old: str, items: Sequence[Item], metric: str = "f1") -> Comparison:
        return compare(*self._pair(new, old, items, metric), [item.cluster for item in items], self._seed)

    def primary(self, new: str, old: str, items: Sequence[Item], min_effect: float) -> Comparison:
        """`compare` of F1, with what those would have who bet on a gain of more than `min_effect` points."""
        comparison = self.compare(new, old, items)
        return with_wealth(comparison, paired_differences(*self._pair(new, old, items, "f1")), min_effect)

    def collapses(self, new: str, old: str, items: Sequence[Item]) -> Comparison:
        """Of items that are nearly lost, see `evaluation.statistics.collapses`."""
        clusters = [item.cluster for item in items]
        return compare_collapses(*self._pair(new, old, items, "f1"), clusters, self._seed)

    def titles(self, new: str, old: str, items: Sequence[Item]) -> Comparison:
        """Of the words of titles, on the items whose right answer has any."""
        titled = [row.item for row in self.of(new, items) if row.score.title_f1 is not None]
        return self.compare(new, old, titled, "title_f1")

    def _pair(self, new: str, old: str, items: Sequence[Item], metric: str) -> tuple[list[float], list[float]]:
        return self._values(new, items, metric), self._values(old, items, metric)

    def _values(self, model: str, items: Sequence[Item], metric: str) -> list[float]:
        """A value that isn't defined is NaN, which `compare` refuses: it is never imputed."""
        values = [value_of(row, metric) for row in self.of(model, items)]
        return [math.nan if value is None else value for value in values]

    def by_length(self, model: str, items: Sequence[Item]) -> dict[str, list[Item]]:
        """The items by how long their talks are."""
        slices: dict[str, list[Item]] = {}
        for row in self.of(model, items):
            slices.setdefault(row.length, []).append(row.item)
        return slices
