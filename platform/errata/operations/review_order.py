"""In what order talks are reviewed, and why each is where it is.

Audits come first: they are drawn by chance, and would be the last if anybody looked at scores. Then what tells most:
talks on which the champion and the challenger differ, the most borders first, and of the rest those of whose borders
the model is least sure. Talks of which nobody knows how sure the model is keep the order in which they arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from errata.database.store import Store
from errata.documents.calibration import Calibration
from errata.domain.audit_draw import AuditDraw
from errata.domain.draft_draw import DraftDraw
from errata.domain.near_borders import unshared_borders
from errata.domain.prediction import Prediction
from errata.domain.review_reason import ArrivalReason, AuditReason, DifferenceReason, ReviewReason, UnsureReason
from errata.domain.transcript import Unit
from errata.operations.confidence import border_confidences, find_calibration
from errata.operations.drafting import page_draw
from errata.workspace import Workspace

DOUBTFUL = 0.5
"""A border that is less probable than this is rather wrong than right."""
LOOKED_AT = 3
"""The least sure borders by whose mean confidence talks are ordered: one alone is often a cold open."""

AUDITS = 50
"""That are looked up at most of those that wait for a second reviewer, the newest."""


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    transcript: int
    """`seq`: the order of arrival."""
    audit: bool = False
    second: bool = False
    """Whether it waits for its second reviewer."""
    differing: int = 0
    """Borders that only one of champion and challenger has; 0 where only one has answered."""
    confidences: tuple[float, ...] = ()
    """Of its draft's borders, as far as they are known."""


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    transcript: int
    reason: ReviewReason


def review_order(candidates: Iterable[ReviewCandidate]) -> list[ReviewPlace]:
    """What should be reviewed first comes first."""
    return [ReviewPlace(each.transcript, _reason(each)) for each in sorted(candidates, key=_rank)]


def _rank(candidate: ReviewCandidate) -> tuple[int, float, int]:
    least = sorted(candidate.confidences)[:LOOKED_AT]
    if candidate.second:
        return 0, 0.0, candidate.transcript
    if candidate.audit:
        return 1, 0.0, candidate.transcript
    if candidate.differing:
        return 2, -candidate.differing, candidate.transcript
    if least:
        return 3, sum(least) / len(least), candidate.transcript
    return 4, 0.0, candidate.transcript


def _reason(candidate: ReviewCandidate) -> ReviewReason:
    if candidate.audit or candidate.second:
        return AuditReason(candidate.second)
    if candidate.differing:
        return DifferenceReason(candidate.differing)
    if candidate.confidences:
        doubtful = sum(each < DOUBTFUL for each in candidate.confidences)
        return UnsureReason(max(doubtful, 1), min(candidate.confidences))
    return ArrivalReason()


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """The order of what waits in a workspace, by what is known now."""

    draw: DraftDraw
    """Whose drafts reviewers see on the page, and which talks are blind."""
    audits: AuditDraw
    calibration: Calibration | None
    """Of the champion."""

    @classmethod
    def of(cls, workspace: Workspace) -> ReviewOrder:
        """Raises NotFound where there is no champion."""
        draw = page_draw(workspace)
        audits = AuditDraw(workspace.params().review.audit_share)
        return cls(draw, audits, find_calibration(workspace, draw.models[0]))

    def waiting(self, store: Store, reviewer: str) -> list[ReviewPlace]:
        """What the model that is drawn for it has answered and nobody has reviewed, and before that the audits that
        wait for somebody besides whoever reviewed them first."""
        answers = {
            model: {answer.transcript: answer for _, answer in store.predictions.awaiting_review(model)}
            for model in self.draw.models
        }
        talks = store.transcripts.hashes_and_units()
        candidates = []
        for model, drafted in answers.items():
            others = [answers[other] for other in self.draw.models if other != model]
            for seq, answer in drafted.items():
                name, unit = talks[seq]
                if self.draw.model_for(name) == model:
                    rivals = [other[seq] for other in others if seq in other]
                    candidates.append(self._candidate(name, unit, answer, rivals))
        second = store.double_reviews.awaiting_second(reviewer, self.audits, AUDITS)
        return review_order([*candidates, *(ReviewCandidate(seq, audit=True, second=True) for seq in second)])

    def place(self, store: Store, transcript: int) -> ReviewPlace:
        """Of one talk, whether it waits or not."""
        answers = {answer.model: answer for _, answer in store.predictions.of_transcript(transcript)}
        name = store.transcripts.hash_of(transcript)
        model = self.draw.model_for(name)
        if model not in answers:
            candidate = ReviewCandidate(transcript, audit=self.audits.is_audit(name))
        else:
            rivals = [answers[other] for other in self.draw.models if other != model and other in answers]
            candidate = self._candidate(name, store.transcripts.unit_of(transcript), answers[model], rivals)
        return ReviewPlace(transcript, _reason(candidate))

    def _candidate(self, name: str, unit: Unit, draft: Prediction, rivals: Sequence[Prediction]) -> ReviewCandidate:
        """`name` is the transcript's hash, by which chance draws."""
        calibrated = self.calibration is not None and draft.model == self.calibration.model
        held = border_confidences(draft.confidences, self.calibration if calibrated else None).values
        return ReviewCandidate(
            draft.transcript,
            audit=self.audits.is_audit(name),
            differing=sum(unshared_borders(draft.chapters, rival.chapters, unit) for rival in rivals),
            confidences=tuple(each for each in held if each is not None),
        )
