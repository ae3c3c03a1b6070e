"""What variants of the training rows buy, by the runs that were trained on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from errata.documents.ablation import AblationRun, VariantEffect
from errata.documents.comparison import Comparison
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.inference.predictor import Predictor
from evaluation.items import equal_split
from evaluation.metrics.overlap import mean_f1
from evaluation.metrics.score import title_f1
from evaluation.statistics.paired import compare, deviation

NONE = "none"
"""The variant without altered rows, with which the others are compared."""


@dataclass(frozen=True, slots=True)
class ScoredTalk:
    """A talk that no run of its fold was trained on."""

    transcript: Transcript
    reference: Chapters
    cluster: str


def scores(
    predictor: Predictor, talks: Sequence[ScoredTalk], advance: Callable[[], None] = lambda: None
) -> tuple[list[float], list[float | None]]:
    """F1 and title F1 of what it answers to each talk; no answer scores 0."""
    f1, titles = list[float](), list[float | None]()
    for talk in talks:
        [reading] = predictor.answer([talk.transcript])
        answer, duration = () if reading is None else reading.chapters, talk.transcript.duration
        f1.append(0.0 if reading is None else mean_f1(talk.reference, answer, duration))
        titles.append(title_f1(talk.reference, answer, duration))
        advance()
    return f1, titles


def equal_chapters(talks: Sequence[ScoredTalk]) -> float:
    """Mean F1 of as many equal chapters as are right."""
    return fmean(
        mean_f1(
            talk.reference,
            equal_split(talk.transcript.duration, max(1, len(talk.reference))),
            talk.transcript.duration,
        )
        for talk in talks
    )


def variant_effects(runs: Iterable[AblationRun], clusters: Sequence[str], bootstrap: int) -> tuple[VariantEffect, ...]:
    """An effect for each variant, in the order of their first runs. `clusters` are those of the items: of the folds
    one after another, each in its own order. Every variant needs a run of each fold and seed."""
    by_variant: dict[str, list[AblationRun]] = {}
    for run in runs:
        by_variant.setdefault(run.variant, []).append(run)
    none = _by_seed(by_variant[NONE])
    return tuple(_effect(runs, none, clusters, bootstrap) for runs in by_variant.values())


def _effect(
    runs: Sequence[AblationRun], none: dict[int, list[float]], clusters: Sequence[str], bootstrap: int
) -> VariantEffect:
    own, variant = _by_seed(runs), runs[0].variant
    titles = [value for run in runs for value in run.title_f1 if value is not None]
    by_seed = [fmean(own[seed]) - fmean(none[seed]) for seed in own]
    comparison: Comparison | None = None
    if variant != NONE:
        comparison = compare(_over_seeds(own), _over_seeds(none), clusters, bootstrap)
    return VariantEffect(
        variant=variant,
        copies=fmean(run.copies for run in runs),
        f1=fmean(_over_seeds(own)),
        title_f1=fmean(titles) if titles else None,
        against_none=comparison,
        seed_deviation=None if variant == NONE else deviation(by_seed),
        cpu_seconds=fmean(run.cpu_seconds for run in runs),
    )


def _by_seed(runs: Sequence[AblationRun]) -> dict[int, list[float]]:
    """F1 of all items, fold by fold, for each seed."""
    f1: dict[int, list[float]] = {}
    for run in sorted(runs, key=lambda run: run.fold):
        f1.setdefault(run.seed, []).extend(run.f1)
    return f1


def _over_seeds(f1: dict[int, list[float]]) -> list[float]:
    """Each item's mean."""
    return [fmean(values) for values in zip(*f1.values(), strict=True)]
