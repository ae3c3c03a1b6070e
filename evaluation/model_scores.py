"""Who scored what, by model and transcript; and what follows from it for one model, and for two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain

from errata.documents.comparison import Comparison
from errata.documents.metric_values import ModelMean
from evaluation.items import Item, ScoredAnswer, value_of
from evaluation.metrics.score import mean_score
from evaluation.statistics.paired import compare


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
        means = mean_score([row.score for row in rows]).mean
        return ModelMean(n=len(rows), low=spread.low, high=spread.high, **asdict(means))

    def mean_f1(self, model: str, items: Sequence[Item]) -> float | None:
        rows = self.of(model, items)
        return sum(row.score.f1 for row in rows) / len(rows) if rows else None

    def equal_split_f1(self, model: str, items: Sequence[Item]) -> float | None:
        """Mean F1 of chapters of equal length; the same for every model."""
        rows = self.of(model, items)
        return sum(row.equal_split_f1 for row in rows) / len(rows) if rows else None

    def compare(self, new: str, old: str, items: Sequence[Item], metric: str = "f1") -> Comparison:
        clusters = [item.cluster for item in items]
        return compare(self._values(new, items, metric), self._values(old, items, metric), clusters, self._seed)

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
