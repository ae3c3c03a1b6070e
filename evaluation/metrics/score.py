"""All the scores of one video, and their means over videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from errata.documents.metric_values import MetricValues
from errata.domain.chapter import Chapters
from errata.domain.transcript import Unit
from errata.errors import BadInput
from evaluation.metrics import captions, distance, overlap, segmentation, soda
from evaluation.metrics.cider import cider
from evaluation.metrics.titles import score_titles


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoScore(MetricValues):
    """Those that are named here are always defined. None elsewhere is "not defined" and depends on the reference alone:
    a reference without a start after 0, a transcript without times, a reference without titles. High is good, but for
    what `LOW_IS_GOOD` names. Pk, WindowDiff and Boundary Similarity are by the second (or word), near misses up to
    `segmentation.NEAR`.
    """

    f1: float
    precision: float
    recall: float
    tiou: float
    count_error: float
    """Difference in the number of segments, cold opens included."""
    soda_d: float
    pk: float
    boundary_similarity: float


LOW_IS_GOOD = frozenset({"count_error", "pk", "windowdiff"})


@dataclass(frozen=True, slots=True)
class MeanScore:
    videos: int
    mean: MetricValues
    """Each field over the videos for which it is defined; None where it is defined for none."""
    left_out: dict[str, int]
    """For how many videos a field is not defined; fields that are always defined aren't named."""


def score_video(
    reference: Chapters, prediction: Chapters | None, duration: float, unit: Unit = "seconds"
) -> VideoScore:
    """Scores `prediction`; starts and `duration` are in `unit`.

    A video without a prediction (None) is never left out: it gets the worst score, and all its segments are missing.
    No chapters (an empty tuple) is an answer, one segment to the segmentation metrics: the others score it 0 as well,
    unless the reference has none either, which is 100.
    """
    answer = prediction or ()
    ref, pred = overlap.segments(reference, duration), overlap.segments(answer, duration)
    overlaps = overlap.iou(ref, pred)
    pairs = overlap.matches(overlaps)
    titled = overlaps[len(ref) - len(reference) :, len(pred) - len(answer) :]
    precision, recall, f1 = overlap.precision_recall_f1(overlaps).mean(axis=0).tolist()
    tiou, soda_d = overlap.tiou(overlaps, pairs), soda.precision_recall_f1(titled)[2]
    if not reference and prediction == ():
        precision, recall, f1, tiou, soda_d = 100.0, 100.0, 100.0, 100.0, 100.0
    titles = score_titles(reference, answer, pairs, (len(ref) > len(reference), len(pred) > len(answer)))
    within_3s, within_5s, within_10s = _boundaries(reference, answer, unit)
    pk, windowdiff, similarity = _segmentation(reference, prediction, duration)
    return VideoScore(
        f1=f1,
        precision=precision,
        recall=recall,
        tiou=tiou,
        count_error=float(abs(len(ref) - len(pred))),
        precision_3s=within_3s[0],
        recall_3s=within_3s[1],
        precision_5s=within_5s[0],
        recall_5s=within_5s[1],
        precision_10s=within_10s[0],
        recall_10s=within_10s[1],
        title_exact=titles.exact if titles else None,
        title_caseless=titles.caseless if titles else None,
        title_f1=titles.f1 if titles else None,
        title_similarity=titles.similarity if titles else None,
        soda_d=soda_d,
        cider=_cider(reference, answer, titled),
        pk=pk,
        windowdiff=windowdiff,
        boundary_similarity=similarity,
    )


def title_f1(reference: Chapters, prediction: Chapters, duration: float) -> float | None:
    """`score_video`'s alone."""
    ref, pred = overlap.segments(reference, duration), overlap.segments(prediction, duration)
    cold_opens = len(ref) > len(reference), len(pred) > len(prediction)
    titles = score_titles(reference, prediction, overlap.matches(overlap.iou(ref, pred)), cold_opens)
    return titles.f1 if titles else None


def mean_score(scores: Sequence[VideoScore]) -> MeanScore:
    """Raises BadInput when there is no video."""
    mean, left_out = means([asdict(score) for score in scores])
    return MeanScore(videos=len(scores), mean=MetricValues(**mean), left_out=left_out)


def means(scores: Sequence[Mapping[str, float | None]]) -> tuple[dict[str, float | None], dict[str, int]]:
    """The mean of each score over the items for which it is defined (None where for none), and for how many it isn't.

    All items have the same scores. Raises BadInput when there is no item.
    """
    if not scores:
        raise BadInput("there is no video to score; give at least one")
    columns = {name: [value for score in scores if (value := score[name]) is not None] for name in scores[0]}
    mean = {name: float(np.mean(column)) if column else None for name, column in columns.items()}
    return mean, {name: len(scores) - len(column) for name, column in columns.items() if len(column) < len(scores)}


def _boundaries(
    reference: Chapters, prediction: Chapters, unit: Unit
) -> Sequence[tuple[float, float] | tuple[None, None]]:
    """Precision and recall within each of `distance.SECONDS`."""
    shares = distance.precision_recall(reference, prediction) if unit == "seconds" else None
    return shares or [(None, None)] * len(distance.SECONDS)


def _cider(reference: Chapters, prediction: Chapters, overlaps: overlap.Array) -> float | None:
    wanted = captions.titles(reference)
    if not captions.readable(wanted):
        return None
    return captions.mean_over_thresholds(cider, wanted, captions.titles(prediction), overlaps)


def _segmentation(
    reference: Chapters, prediction: Chapters | None, duration: float
) -> tuple[float, float | None, float]:
    """Pk, WindowDiff and Boundary Similarity."""
    right, predicted = segmentation.masses(reference, duration), segmentation.masses(prediction or (), duration)
    errors = segmentation.window_errors(right, predicted)
    if prediction is None:
        return 100.0, None if errors.windowdiff is None else 100.0, 0.0
    similarity = segmentation.boundary_similarity(right, predicted, segmentation.NEAR)
    return 100 * errors.pk, _percent(errors.windowdiff), 100 * similarity


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
