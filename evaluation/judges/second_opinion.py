"""How far reviewers agree among themselves: the most that a judge can be expected to agree with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from errata.documents.judging import IntervalEstimate
from errata.domain.chapter import Chapters, canonical
from evaluation.judges.agreement import kappa_estimate
from evaluation.judges.judged_item import AnswerPair
from evaluation.metrics.overlap import mean_f1


@dataclass(frozen=True)
class SecondOpinion:
    """A pair that one reviewer has labelled, and what another one made of the same transcript."""

    pair: AnswerPair
    chapters: Chapters

    @property
    def verdict(self) -> int:
        """What the second reviewer says of the pair, in the judge's place: 1 where the first one's list is nearer to
        their own than what had been predicted, −1 where it is farther, else 0. Near is F1, as in the night's scores."""
        transcript = self.pair.transcript
        own, new, old = (canonical(side, transcript).chapters for side in (self.chapters, self.pair.new, self.pair.old))
        first, predicted = (mean_f1(own, side, transcript.duration) for side in (new, old))
        return (first > predicted) - (first < predicted)


def among_reviewers(opinions: Sequence[SecondOpinion]) -> IntervalEstimate:
    """Weighted kappa as `agreement.agreement` has it for a judge, of pairs whose label is 1."""
    rows = [(1.0, float(opinion.verdict)) for opinion in opinions]
    return kappa_estimate(rows, [opinion.pair.cluster for opinion in opinions])
