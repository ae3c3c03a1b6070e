"""How far a model's confidence in a border can be relied on: measured on reviewed borders, and put right by a map.

Only borders in transcripts of which nothing trained the model count, and each as reviewers first said. How good a map
is, isn't measured on what it was fitted to: the borders of a cluster are mapped by one that the others gave.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from errata.database.record import Record
from errata.documents.calibration import (
    FEWEST_BORDERS,
    FEWEST_ITEMS,
    LEAST,
    Calibration,
    CalibrationPoint,
    IsotonicMap,
    PlattMap,
    Reliability,
    ReliabilityBin,
)
from errata.domain.correction import NO_DRAFT
from errata.domain.near_borders import near, near_borders
from errata.inference.model import answer_key
from evaluation.items import Question, ScoredModel, gathered_items, read_questions
from evaluation.statistics.paired import ALPHA
from evaluation.statistics.shares import share, share_interval

ISOTONIC_FROM = 1000
"""Borders from which steps are fitted: of fewer, they follow chance (Niculescu-Mizil & Caruana 2005)."""
BINS, A_BIN = 10, 10
"""So many bins at most, and so many borders in each at least."""
FOLDS = 5
NIGHTS = 10
"""Whose items are looked at, at most: a night's work shouldn't grow with what is stored."""
RESAMPLES = 400

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
FittedMap = PlattMap | IsotonicMap


@dataclass(frozen=True, slots=True)
class ReviewedBorder:
    """A border that a model set, and that a reviewer has looked at."""

    confidence: float
    right: bool
    cluster: str
    transcript: int
    blind: bool
    """Whether the reviewer saw no draft."""


def model_calibration(record: Record, model: ScoredModel, upto: int, seed: int) -> Calibration:
    """Of what `model` is known to have answered; nobody is asked anything."""
    with record.read() as store:
        newest = store.nights.gate_watermarks(model.watermark, upto)[-NIGHTS:]
    after = max(model.watermark, newest[0] if len(newest) == NIGHTS else 0)
    questions = read_questions(record, gathered_items(record, after, upto, [model]))
    return fit_calibration(model.identity, _reviewed_borders(record, model, questions), seed)


def _reviewed_borders(record: Record, model: ScoredModel, questions: Sequence[Question]) -> list[ReviewedBorder]:
    key = answer_key(model.identity, model.folder)
    with record.read() as store:
        answers = store.predictions.of_model(
            key.model, key.template, [question.item.label.transcript for question in questions]
        )
    borders = []
    for question in questions:
        label = question.item.label
        answer = answers.get(label.transcript)
        if answer is None or not answer.confidences:
            continue
        kept = near_borders(question.reference, answer.chapters, near(question.unit))
        for chapter, confidence in zip(answer.chapters, answer.confidences, strict=True):
            if confidence is not None:
                right, blind = chapter.start in kept, label.draft_by == NO_DRAFT
                border = ReviewedBorder(confidence, right, question.item.cluster, label.transcript, blind)
                borders.append(border)
    return borders


def fit_calibration(model: str, borders: Sequence[ReviewedBorder], seed: int) -> Calibration:
    """Of `model`, by identity; without a map where the borders are too few, or all right, or all wrong."""
    held = np.array([border.confidence for border in borders], dtype=np.float64)
    right = np.array([border.right for border in borders], dtype=np.bool_)
    clusters = [border.cluster for border in borders]
    items = len({border.transcript for border in borders})
    evaluable = len(borders) >= FEWEST_BORDERS and items >= FEWEST_ITEMS and 0 < right.sum() < len(right)
    mapped = _cross_fitted(held, right, _folds(borders)) if evaluable else held
    return Calibration(
        model=model,
        borders=len(borders),
        right=int(right.sum()),
        items=items,
        clusters=len(set(clusters)),
        blind=sum(border.blind for border in borders),
        map=fit_map(held, right) if evaluable else None,
        as_given=reliability(held, right, clusters, seed) if evaluable else None,
        calibrated=reliability(mapped, right, clusters, seed) if evaluable else None,
    )


def fit_map(held: Numbers, right: Truths) -> FittedMap:
    """A rising map of what was held probable to what turned out so; both have a value a border."""
    return _isotonic(held, right) if len(held) >= ISOTONIC_FROM else _platt(held, right)


def _platt(held: Numbers, right: Truths) -> PlattMap:
    """The likeliest line through the log-odds, towards Platt's targets, which are never quite 0 or 1."""
    from scipy.optimize import minimize
    from scipy.special import log_expit, logit

    odds, yes, no = logit(np.clip(held, LEAST, 1 - LEAST)), right.sum(), (~right).sum()
    target = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(line: Numbers) -> float:
        fitted = line[0] * odds + line[1]
        return -float(np.mean(target * log_expit(fitted) + (1 - target) * log_expit(-fitted)))

    # a falling line would say that the less sure a model is, the more often it is right
    slope, intercept = minimize(loss, np.array([1.0, 0.0]), bounds=[(0, None), (None, None)]).x.tolist()
    return PlattMap("platt", round(slope, 6), round(intercept, 6))


def _isotonic(held: Numbers, right: Truths) -> IsotonicMap:
    """The least squares among rising steps; none is surer than so many borders can show."""
    from scipy.optimize import isotonic_regression

    values, places = np.unique(held, return_inverse=True)
    counts = np.bincount(places)
    shares = np.bincount(places, weights=right) / counts
    least = 1 / (len(held) + 2)
    steps = np.clip(isotonic_regression(shares, weights=counts).x, least, 1 - least)
    points = [CalibrationPoint(*pair) for pair in zip(values.tolist(), steps.tolist(), strict=True)]
    corners = [
        point
        for place, point in enumerate(points)
        if place in (0, len(points) - 1) or not points[place - 1].right == point.right == points[place + 1].right
    ]
    return IsotonicMap("isotonic", tuple(corners))


def _folds(borders: Sequence[ReviewedBorder]) -> list[int]:
    """A number for each border: those of a cluster stay together, or of a transcript where there are few clusters."""
    names = [border.cluster for border in borders]
    if len(set(names)) < FOLDS:
        names = [str(border.transcript) for border in borders]
    sizes, fold_of = [0] * FOLDS, dict[str, int]()
    for name in sorted(set(names), key=lambda name: (-names.count(name), name)):
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += names.count(name)
    return [fold_of[name] for name in names]


def _cross_fitted(held: Numbers, right: Truths, folds: Sequence[int]) -> Numbers:
    """What is made of each by the map that the other folds gave."""
    fold_of, mapped = np.array(folds), np.empty_like(held)
    for fold in set(folds):
        inside = fold_of == fold
        fitted = fit_map(held[~inside], right[~inside])
        mapped[inside] = [fitted.apply(each) for each in held[inside].tolist()]
    return mapped


def reliability(held: Numbers, right: Truths, clusters: Sequence[str], seed: int) -> Reliability:
    """Of at least one border."""
    order = np.argsort(held, kind="stable")
    held, right, names = held[order], right[order], np.array(clusters)[order]
    edges = _edges(held)
    draw = np.random.default_rng(seed)
    ece = _ece(held, right, edges)
    low, high = _ece_interval(held, right, names, ece, draw)
    bins = [_bin(held[begin:end], right[begin:end], names[begin:end]) for begin, end in _spans(edges, len(held))]
    return Reliability(
        ece=ece,
        low=low,
        high=high,
        chance=_chance(held, edges, draw),
        bins=tuple(bins),
    )


def expected_calibration_error(held: Sequence[float], right: Sequence[bool]) -> float:
    """Over bins of about as many borders each; of at least one border, in any order."""
    order = np.argsort(np.array(held), kind="stable")
    sorted_held = np.array(held, dtype=np.float64)[order]
    return _ece(sorted_held, np.array(right, dtype=np.bool_)[order], _edges(sorted_held))


def _edges(held: Numbers) -> list[int]:
    """Where bins begin in ascending confidences; equal ones are of one bin."""
    count = max(1, min(BINS, len(held) // A_BIN))
    wanted = [round(len(held) * number / count) for number in range(count)]
    return sorted({int(np.searchsorted(held, held[place], side="left")) for place in wanted})


def _spans(edges: Sequence[int], n: int) -> Iterable[tuple[int, int]]:
    return zip(edges, [*edges[1:], n], strict=True)


def _ece(held: Numbers, right: Truths, edges: Sequence[int]) -> float:
    """Of ascending confidences: Σ over bins of |Σ confidences − how many are right|, over all borders."""
    return float(np.abs(np.add.reduceat(held - right, edges)).sum()) / len(held)


def _ece_interval(
    held: Numbers, right: Truths, names: NDArray[np.str_], ece: float, draw: np.random.Generator
) -> tuple[float | None, float | None]:
    """The bootstrap over clusters, less its bias: whatever is drawn again is farther off. None of fewer than two."""
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    if len(members) < 2:
        return None, None
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.sort(np.concatenate([members[place] for place in draw.integers(len(members), size=len(members))]))
        drawn.append(_ece(held[chosen], right[chosen], _edges(held[chosen])))
    low, high = np.maximum(0.0, np.quantile(drawn, [ALPHA, 1 - ALPHA]) - (np.mean(drawn) - ece)).tolist()
    return low, high


def _chance(held: Numbers, edges: Sequence[int], draw: np.random.Generator) -> float:
    drawn = [_ece(held, draw.random(len(held)) < held, edges) for _ in range(RESAMPLES)]
    return math.fsum(drawn) / len(drawn)


def _bin(held: Numbers, right: Truths, names: NDArray[np.str_]) -> ReliabilityBin:
    measured = share(right.tolist(), names.tolist())
    low, high = (None, None) if measured is None else share_interval(measured)
    return ReliabilityBin(len(held), float(held.mean()), float(right.mean()), low, high)
