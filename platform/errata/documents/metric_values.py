"""The metrics of answers against the right ones, by name; `evaluation.metrics` has their definitions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValues:
    """Percent, but for `count_error`, and `cider`, which reaches 1,000 as published scores do. None: not defined, or
    not known."""

    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    tiou: float | None = None
    count_error: float | None = None
    precision_3s: float | None = None
    recall_3s: float | None = None
    precision_5s: float | None = None
    recall_5s: float | None = None
    precision_10s: float | None = None
    recall_10s: float | None = None
    title_exact: float | None = None
    title_caseless: float | None = None
    title_f1: float | None = None
    title_similarity: float | None = None
    soda_d: float | None = None
    cider: float | None = None
    pk: float | None = None
    windowdiff: float | None = None
    boundary_similarity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageValues(MetricValues):
    """With those of a chat's messages, which have F1 in common with chapters and nothing else. Percent, but for
    `perplexity`, which is 1 at best."""

    perplexity: float | None = None
    correctness: float | None = None
    distinct_1: float | None = None
    distinct_2: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMean(MessageValues):
    """The means of one model's scores on the same items."""

    n: int = 0
    """Items; without any, nothing else is known."""
    low: float | None = None
    """Two-sided 90 % interval of F1's mean, where there are two clusters of items."""
    high: float | None = None
