"""Descriptions of chunks against what happened there, by the words that both have: F1 as in `message_score.py`."""

from __future__ import annotations

from errata.domain.chapter import Chapter, Chapters
from evaluation.metrics.message_score import MessageScore, distinct
from evaluation.metrics.titles import token_f1


def score_descriptions(right: Chapters, predicted: Chapters) -> MessageScore:
    """Each right description is held against the one of those predicted that begins nearest; a chunk of which nothing
    is known is not scored. Percent, as all scores."""
    said = [_nearest(predicted, description.start).title for description in right]
    shared = [token_f1(description.title, words) for description, words in zip(right, said, strict=True)]
    return MessageScore(
        f1=100 * sum(shared) / len(shared) if shared else 0.0,
        distinct_1=distinct(said, 1),
        distinct_2=distinct(said, 2),
    )


def _nearest(predicted: Chapters, start: float) -> Chapter:
    """One without words where there is none at all."""
    return min(predicted, key=lambda chapter: abs(chapter.start - start), default=Chapter(start, ""))
