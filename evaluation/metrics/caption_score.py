"""The scores of titles that need METEOR, and ROUGE-L, which published tables give beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from errata.domain.chapter import Chapters
from evaluation.metrics import captions, overlap, soda
from evaluation.metrics.captions import Tokens
from evaluation.metrics.meteor import Meteor
from evaluation.metrics.rouge import rouge_l

_UNREADABLE: Tokens = ("qzxvwjkfpb",)
"""A predicted title without a word, for METEOR, which wants one: it matches nothing."""


@dataclass(frozen=True, slots=True)
class CaptionScore:
    """Percent. None where a reference title can't be read (`captions.readable`), or there is no reference."""

    soda_c: float | None
    meteor: float | None
    rouge_l: float | None


def score_captions(reference: Chapters, prediction: Chapters, duration: float, meteor: Meteor) -> CaptionScore:
    """Where `meteor` isn't the published tool, `soda_c` and `meteor` are substitutes and don't compare with others'."""
    references = captions.titles(reference)
    if not captions.readable(references):
        return CaptionScore(None, None, None)
    predictions = [words or _UNREADABLE for words in captions.titles(prediction)]
    overlaps = overlap.iou(overlap.spans(reference, duration), overlap.spans(prediction, duration))
    return CaptionScore(
        soda_c=soda.precision_recall_f1(overlaps * _similarity(references, predictions, overlaps, meteor))[2],
        meteor=captions.mean_over_thresholds(meteor.together, references, predictions, overlaps),
        rouge_l=captions.mean_over_thresholds(rouge_l, references, predictions, overlaps),
    )


def _similarity(
    reference: Sequence[Tokens], prediction: Sequence[Tokens], overlaps: overlap.Array, meteor: Meteor
) -> overlap.Array:
    """METEOR of each pair that overlaps, 0 for others, which weigh nothing; sides swapped, see `soda`."""
    similarity = np.zeros_like(overlaps)
    swapped = [(prediction[column], reference[row]) for row, column in np.argwhere(overlaps).tolist()]
    similarity[overlaps > 0] = meteor.each(swapped)
    return similarity
