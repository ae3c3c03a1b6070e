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


def variant_effects(
    runs: Iterable[AblationRun], baseline: str, clusters: Sequence[str], bootstrap: int
) -> tuple[VariantEffect, ...]:
    """An effect for each variant, in the order of their first runs, against the variant `baseline`. `clusters` are
    those of the items: of the folds one after another, each in its own order. Every variant needs a run of each fold
    and seed."""
    by_variant: dict[str, list[AblationRun]] = {}
    for run in runs:
        by_variant.setdefault(run.variant, []).append(run)
    without = _by_seed(by_variant[baseline])
    return tuple(
        _effect(runs, None if variant == baseline else without, clusters, bootstrap)
        for variant, runs in by_variant.items()
    )


def _effect(
    runs: Sequence[AblationRun], baseline: dict[int, list[float]] | None, clusters: Sequence[str], bootstrap: int
) -> VariantEffect:
    """`baseline` is None for its own."""
    own = _by_seed(runs)
    titles = [value for run in runs for value in run.title_f1 if value is not None]
    comparison: Comparison | None = None
    spread: float | None = None
    if baseline is not None:
        comparison = compare(_over_seeds(own), _over_seeds(baseline), clusters, bootstrap)
        spread = deviation([fmean(own[seed]) - fmean(baseline[seed]) for seed in own])
    return VariantEffect(
        variant=runs[0].variant,
        copies=fmean(run.copies for run in runs),
        f1=fmean(_over_seeds(own)),
        title_f1=fmean(titles) if titles else None,
        against_baseline=comparison,
        seed_deviation=spread,
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
