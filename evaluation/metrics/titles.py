"""Titles apart from boundaries: how they read where a predicted chapter lies on a reference chapter."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from errata.domain.chapter import Chapters, tidy
from evaluation.metrics.overlap import in_order

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TitleScore:
    """Percent, over the pairs compared."""

    exact: float
    caseless: float
    f1: float
    similarity: float
    """Letters in common: see `similarity`."""


def score_titles(
    reference: Chapters, prediction: Chapters, pairs: list[tuple[int, int]], cold_opens: tuple[bool, bool]
) -> TitleScore | None:
    """Compares the titles of the pairs of segments that tIoU matched (`overlap.matches`).

    `cold_opens` says whether each side's segments begin with an untitled cold open; those are no chapters. Reference
    chapters without a title are left out too. None when the reference has no title at all; 0 when it has but no
    prediction lies on one.
    """
    right, predicted = _titles(reference, cold_opens[0]), _titles(prediction, cold_opens[1])
    if not any(right):
        return None
    compared: list[tuple[str, str]] = []
    for ref, pred in pairs:
        title, other = right[ref], predicted[pred]
        if title and other is not None:
            compared.append((title, other))
    if not compared:
        return TitleScore(0.0, 0.0, 0.0, 0.0)
    return TitleScore(
        exact=_percent([title == other for title, other in compared]),
        caseless=_percent([title.casefold() == other.casefold() for title, other in compared]),
        f1=_percent([token_f1(title, other) for title, other in compared]),
        similarity=_percent([similarity(title, other) for title, other in compared]),
    )


def token_f1(reference: str, prediction: str) -> float:
    """Harmonic mean of precision and recall over words as a multiset, case aside, 0 to 1 (SQuAD: Rajpurkar 2016).

    Titles without any word are compared as they stand.
    """
    if reference.casefold() == prediction.casefold():
        return 1.0
    ours, theirs = (Counter(_WORD.findall(title.casefold())) for title in (reference, prediction))
    if not ours or not theirs:
        return 0.0
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def similarity(reference: str, prediction: str) -> float:
    """1 less the letters to insert and delete, over the letters of both, case aside; 0 to 1 (RapidFuzz's ratio).

    Unlike `token_f1` it forgives another ending or a slip of the pen, and works in scripts without spaces.
    """
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(reference.casefold(), prediction.casefold()))


def _titles(chapters: Chapters, cold_open: bool) -> list[str | None]:
    return [None] * cold_open + [tidy(chapter.title) for chapter in in_order(chapters)]


def _percent(values: list[bool] | list[float]) -> float:
    return 100 * sum(values) / len(values)
