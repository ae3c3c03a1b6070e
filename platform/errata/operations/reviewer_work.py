"""Who reviews, how much, and how far they agree: with the adjudications, and with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from errata.domain.correction import DoubleReview
from errata.domain.draft_review import DraftChanges
from errata.domain.review_work import MeanEffort
from errata.domain.reviewer import Reviewer, ReviewWork
from errata.operations.reviewing import reviewers
from errata.workspace import Workspace

NEWEST = 500
"""Transcripts that two or more have reviewed, at most, on which they are compared."""


@dataclass(frozen=True, slots=True)
class PeerAgreement:
    """With others who reviewed the same transcripts, each on their own."""

    talks: int
    border_f1: float | None
    """Percent: the mean, over talks and others, of how far both have the same borders. None of no border."""


@dataclass(frozen=True, slots=True)
class ReviewerWork:
    reviewer: Reviewer
    work: ReviewWork | None
    """None of somebody who holds a role and has given nothing."""
    peers: PeerAgreement
    effort: MeanEffort | None
    """On the review page; None of who hasn't reviewed there."""


def reviewer_work(workspace: Workspace, most: int = NEWEST) -> Sequence[ReviewerWork]:
    """Everybody who reviewed or holds a role, by name; peers are compared on the `most` newest double reviews."""
    everybody = reviewers(workspace)
    with workspace.record.read() as store:
        work, effort = store.reviewers.work(), store.submissions.effort()
        peers = _peer_agreement(store.double_reviews.newest(store.watermark(), most))
    nobody = PeerAgreement(0, None)
    return [
        ReviewerWork(each, work.get(each.name), peers.get(each.name, nobody), effort.get(each.name))
        for each in everybody
    ]


def _peer_agreement(reviews: Iterable[DoubleReview]) -> Mapping[str, PeerAgreement]:
    talks: dict[str, set[int]] = defaultdict(set)
    scores: dict[str, list[float]] = defaultdict(list)
    for review in reviews:
        for one, other in permutations(review.opinions, 2):
            talks[one.reviewer].add(review.transcript)
            score = DraftChanges.between(one.chapters, other.chapters).border_f1
            if score is not None:
                scores[one.reviewer].append(score)
    return {
        name: PeerAgreement(len(of), sum(scores[name]) / len(scores[name]) if scores[name] else None)
        for name, of in talks.items()
    }
