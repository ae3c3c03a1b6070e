"""What a reviewer does next: what they began, and then what waits, in its order and without what others hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from errata.database.store import Store
from errata.domain.draft_draw import DraftDraw
from errata.domain.review_reason import ReviewReason
from errata.domain.review_work import Action
from errata.domain.transcript import Unit
from errata.operations.review_desk import NO_PAGE, hold_item
from errata.operations.review_order import ReviewOrder, ReviewPlace
from errata.operations.stream_desk import RunningEntry, running_streams
from errata.workspace import Workspace

CLAIMABLE = 1
"""What waits, those that others hold after the rest: the first is free, if any is."""
REOPENABLE = 10
"""Of a reviewer's submissions, the newest that are listed to be opened again."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    transcript: int
    external_id: str
    title: str
    channel: str
    duration: float
    unit: Unit
    blind: bool
    held_by: str
    """Another reviewer who works on it now; empty where nobody does."""
    begun: bool
    """Its reviewer has something unsubmitted."""
    reason: ReviewReason
    """Why it comes where it does."""


@dataclass(frozen=True, slots=True)
class DoneEntry:
    """Something handed in that can be opened again."""

    transcript: int
    title: str
    external_id: str
    action: Action
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    running: tuple[RunningEntry, ...]
    """Streams that can be opened while they run."""
    begun: tuple[QueueEntry, ...]
    waiting: tuple[QueueEntry, ...]
    """The first ones."""
    waiting_in_all: int
    done: tuple[DoneEntry, ...]

    @property
    def next(self) -> QueueEntry | None:
        """What was begun comes first; what somebody else holds is passed over."""
        return next((entry for entry in (*self.begun, *self.waiting) if not entry.held_by), None)


def review_queue(workspace: Workspace, reviewer: str, most: int = 50) -> ReviewQueue:
    with workspace.record.read() as store:
        running = tuple(running_streams(store))
        if store.aliases.model_of("champion") is None:
            return ReviewQueue(running, (), (), 0, ())  # a new workspace: nothing can have been drafted
    order = ReviewOrder.of(workspace)
    with workspace.record.read() as store:
        begun = [seq for seq in store.review_drafts.begun_by(reviewer) if store.transcripts.has(seq)]
        passed_over = {*begun} | store.submissions.skipped_by(reviewer)
        waiting = [place for place in order.waiting(store, reviewer) if place.transcript not in passed_over]
        listed = _free_first(store, waiting, reviewer)[:most]
        return ReviewQueue(
            running=running,
            begun=tuple(_entry(store, order.place(store, seq), order.draw, reviewer, begun=True) for seq in begun),
            waiting=tuple(_entry(store, place, order.draw, reviewer, begun=False) for place in listed),
            waiting_in_all=len(waiting),
            done=tuple(_done(store, reviewer)),
        )


def claim_next(workspace: Workspace, reviewer: str) -> int | None:
    """Gives a reviewer the item that comes next; None where nothing is left. Two who ask at once get two."""
    while True:
        entry = review_queue(workspace, reviewer, most=CLAIMABLE).next
        if entry is None:
            return None
        if entry.begun or hold_item(workspace, entry.transcript, reviewer, NO_PAGE).yours:
            return entry.transcript


def _free_first(store: Store, waiting: Sequence[ReviewPlace], reviewer: str) -> list[ReviewPlace]:
    held = {seq for seq, claims in store.claims.all_live().items() if any(c.reviewer != reviewer for c in claims)}
    return sorted(waiting, key=lambda place: place.transcript in held)


def _entry(store: Store, place: ReviewPlace, draw: DraftDraw, reviewer: str, begun: bool) -> QueueEntry:
    seq = place.transcript
    heading = store.transcripts.heading(seq)
    holders = [claim.reviewer for claim in store.claims.live(seq) if claim.reviewer != reviewer]
    return QueueEntry(
        transcript=seq,
        external_id=heading.external_id,
        title=heading.title,
        channel=heading.channel,
        duration=heading.duration,
        unit=heading.unit,
        blind=draw.is_blind(heading.hash) and store.service_streams.watched_by(seq, reviewer) is None,
        held_by=holders[0] if holders else "",
        begun=begun,
        reason=place.reason,
    )


def _done(store: Store, reviewer: str) -> list[DoneEntry]:
    entries = []
    for submission in store.submissions.newest_by(reviewer, REOPENABLE):
        heading = store.transcripts.heading(submission.transcript)
        entries.append(
            DoneEntry(
                transcript=submission.transcript,
                title=heading.title,
                external_id=heading.external_id,
                action=submission.action,
                why=submission.why,
                at=submission.at,
            )
        )
    return entries
