"""All the scores of one video, and their means over videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from errata.domain.chapter import Chapters
from errata.domain.transcript import Unit
from errata.errors import BadInput
from evaluation.metrics import distance, overlap
from evaluation.metrics.titles import TitleScore, score_titles


@dataclass(frozen=True, slots=True)
class VideoScore:
    """Percent, but for `count_error`.

    None is "not defined" and depends on the reference alone: a reference without a start after 0, a transcript
    without times, a reference without titles.
    """

    f1: float
    precision: float
    recall: float
    tiou: float
    count_error: float
    """Difference in the number of segments, cold opens included."""
    precision_3s: float | None
    recall_3s: float | None
    precision_5s: float | None
    recall_5s: float | None
    precision_10s: float | None
    recall_10s: float | None
    title_exact: float | None
    title_caseless: float | None
    title_f1: float | None

    def as_json(self) -> dict[str, float | None]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class MeanScore:
    videos: int
    mean: VideoScore
    """Each field over the videos for which it is defined; None where it is defined for none."""
    left_out: dict[str, int]
    """For how many videos a field is not defined; fields that are always defined aren't named."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def score_video(
    reference: Chapters, prediction: Chapters | None, duration: float, unit: Unit = "seconds"
) -> VideoScore:
    """Scores `prediction`; starts and `duration` are in `unit`.

    A video without a prediction (None) is never left out: it scores 0, and all its segments are missing. No chapters
    (an empty tuple) is an answer: it scores 0 as well, unless the reference has none either, which is 100.
    """
    answer = prediction or ()
    ref, pred = overlap.segments(reference, duration), overlap.segments(answer, duration)
    overlaps = overlap.iou(ref, pred)
    pairs = overlap.matches(overlaps)
    precision, recall, f1 = overlap.precision_recall_f1(overlaps).mean(axis=0).tolist()
    tiou = overlap.tiou(overlaps, pairs)
    if not reference and prediction == ():
        precision, recall, f1, tiou = 100.0, 100.0, 100.0, 100.0
    titles = score_titles(reference, answer, pairs, (len(ref) > len(reference), len(pred) > len(answer)))
    return VideoScore(
        f1=f1,
        precision=precision,
        recall=recall,
        tiou=tiou,
        count_error=float(abs(len(ref) - len(pred))),
        **_boundaries(reference, answer, unit),
        **_titles(titles),
    )


def mean_score(scores: Sequence[VideoScore]) -> MeanScore:
    """Raises BadInput when there is no video."""
    if not scores:
        raise BadInput("there is no video to score; give at least one")
    values: dict[str, list[float]] = {
        field.name: [value for score in scores if (value := getattr(score, field.name)) is not None]
        for field in fields(VideoScore)
    }
    means: dict[str, Any] = {name: float(np.mean(column)) if column else None for name, column in values.items()}
    left_out = {name: len(scores) - len(column) for name, column in values.items() if len(column) < len(scores)}
    return MeanScore(videos=len(scores), mean=VideoScore(**means), left_out=left_out)


def _boundaries(reference: Chapters, prediction: Chapters, unit: Unit) -> dict[str, float | None]:
    result: dict[str, float | None] = {}
    for within in distance.SECONDS:
        found = distance.precision_recall(reference, prediction, within) if unit == "seconds" else None
        result[f"precision_{within:g}s"], result[f"recall_{within:g}s"] = found or (None, None)
    return result


def _titles(score: TitleScore | None) -> dict[str, float | None]:
    if score is None:
        return {"title_exact": None, "title_caseless": None, "title_f1": None}
    return {"title_exact": score.exact, "title_caseless": score.caseless, "title_f1": score.f1}
