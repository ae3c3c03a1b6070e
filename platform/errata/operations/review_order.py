"""In what order talks are reviewed, and why each is where it is.

Audits come first: they are drawn by chance, and would be the last if anybody looked at scores. While a canary runs,
talks that came since come next, in the order of arrival: an order that looks at answers would bring one of the two
models more reviews than its share of the talks, and the comparison rests on that share. Then what tells most: talks on
which the champion and the challenger differ, the most borders first, and of the rest those of whose borders the model
is least sure. Talks of which nobody knows how sure the model is keep the order in which they arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from errata.database.predictions import WaitingDraft
from errata.database.store import Store
from errata.documents.calibration import Calibration
from errata.domain.audit_draw import AuditDraw
from errata.domain.draft_draw import DraftDraw
from errata.domain.near_borders import unshared_borders
from errata.domain.review_reason import ArrivalReason, AuditReason, DifferenceReason, ReviewReason, UnsureReason
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
    compared: bool = False
    """Whether it came since a canary began that runs still."""


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
    if candidate.compared:
        return 2, 0.0, candidate.transcript
    if candidate.differing:
        return 3, -candidate.differing, candidate.transcript
    if least:
        return 4, sum(least) / len(least), candidate.transcript
    return 5, 0.0, candidate.transcript


def _reason(candidate: ReviewCandidate) -> ReviewReason:
    if candidate.audit or candidate.second:
        return AuditReason(candidate.second)
    if candidate.compared:
        return ArrivalReason()
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
    """Whose drafts reviewers see, and which talks are blind."""
    audits: AuditDraw
    calibration: Calibration | None
    """Of the champion."""

    @classmethod
    def of(cls, workspace: Workspace, draw: DraftDraw | None = None) -> ReviewOrder:
        """Without a draw, that of the review page. Raises NotFound where there is no champion."""
        review = workspace.params().review
        draw = draw or page_draw(workspace, review)
        return cls(draw, AuditDraw(review.audit_share), find_calibration(workspace, draw.models[0]))

    def waiting(self, store: Store, reviewer: str) -> list[ReviewPlace]:
        """What the model that is drawn for it has answered and nobody has reviewed, and before that the audits that
        wait for somebody besides whoever reviewed them first."""
        second = store.double_reviews.awaiting_second(reviewer, self.audits, AUDITS)
        seconds = (ReviewCandidate(seq, audit=True, second=True) for seq in second)
        return review_order([*self._unreviewed(store), *seconds])

    def unreviewed(self, store: Store) -> list[ReviewPlace]:
        """The same without the second reviews: for tools in which everybody sees what others have done."""
        return review_order(self._unreviewed(store))

    def _unreviewed(self, store: Store) -> list[ReviewCandidate]:
        drafts = {model: store.predictions.waiting_drafts(model) for model in self.draw.drafters}
        drawn = {
            transcript: draft
            for model, waiting in drafts.items()
            for transcript, draft in waiting.items()
            if self.draw.model_for(draft.transcript_hash, _answered(drafts, transcript)) == model
        }
        differing = _differing(store, drawn, drafts)
        return [
            ReviewCandidate(
                transcript,
                audit=self.audits.is_audit(draft.transcript_hash),
                differing=differing.get(transcript, 0),
                confidences=self._known(draft.model, draft.confidences),
                compared=self._is_compared(transcript),
            )
            for transcript, draft in drawn.items()
        ]

    def place(self, store: Store, transcript: int) -> ReviewPlace:
        """Of one talk, whether it waits or not."""
        answers = {answer.model: answer for _, answer in store.predictions.of_transcript(transcript)}
        name = store.transcripts.hash_of(transcript)
        draft = answers.pop(self.draw.model_for(name, answers), None)
        candidate = ReviewCandidate(
            transcript, audit=self.audits.is_audit(name), compared=self._is_compared(transcript)
        )
        if draft is not None:
            unit = store.transcripts.unit_of(transcript)
            rivals = [answer.chapters for model, answer in answers.items() if model in self.draw.models]
            candidate = replace(
                candidate,
                differing=sum(unshared_borders(draft.chapters, chapters, unit) for chapters in rivals),
                confidences=self._known(draft.model, draft.confidences),
            )
        return ReviewPlace(transcript, _reason(candidate))

    def _is_compared(self, transcript: int) -> bool:
        return self.draw.canary is not None and transcript > self.draw.canary.since

    def _known(self, model: str, held: tuple[float | None, ...]) -> tuple[float, ...]:
        """What is known of how sure a model is of an answer's borders."""
        calibrated = self.calibration is not None and model == self.calibration.model
        values = border_confidences(held, self.calibration if calibrated else None).values
        return tuple(each for each in values if each is not None)


def _answered(drafts: Mapping[str, Mapping[int, WaitingDraft]], transcript: int) -> set[str]:
    return {model for model, waiting in drafts.items() if transcript in waiting}


def _differing(
    store: Store, drawn: Mapping[int, WaitingDraft], drafts: Mapping[str, Mapping[int, WaitingDraft]]
) -> dict[int, int]:
    """By transcript that several models have answered, how many borders of its draft and the others only one has."""
    rivals: dict[int, list[int]] = {}
    for transcript, draft in drawn.items():
        others = [waiting[transcript].seq for waiting in drafts.values() if transcript in waiting]
        if len(others) > 1:
            rivals[transcript] = [seq for seq in others if seq != draft.seq]
    seqs = [seq for transcript, others in rivals.items() for seq in (drawn[transcript].seq, *others)]
    chapters = store.predictions.chapters_of(seqs)
    return {
        transcript: sum(
            unshared_borders(chapters[drawn[transcript].seq], chapters[seq], drawn[transcript].unit) for seq in others
        )
        for transcript, others in rivals.items()
    }
