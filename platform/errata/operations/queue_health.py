"""Whether reviewing keeps up: what waits for a model, for a person, for an adjudicator and for a night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from errata.database.store import Store
from errata.operations.suspect_inbox import open_suspects
from errata.workspace import Workspace

DAYS = 14
"""Today and those before it."""
FLAGS = 10
"""That are shown."""


@dataclass(frozen=True, slots=True)
class ReviewDay:
    day: date
    """Of UTC."""
    reviews: int
    """Edits, accepts and rejects that came on it."""


@dataclass(frozen=True, slots=True)
class Flag:
    transcript: int
    external_id: str
    reviewer: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueHealth:
    drafts: int
    """Transcripts with a draft by the champion, of which nobody has said anything."""
    undrafted: int
    """Transcripts that wait for a reviewer, and that the champion hasn't answered."""
    oldest: datetime | None
    """When the longest-waiting transcript came; None where none waits."""
    conflicts: int
    suspects: int
    """Labels in force that a night found most unlikely."""
    waiting_corrections: int
    """Corrected transcripts that no night has seen."""
    at_work: int
    """Items that somebody has open on the review page."""
    flags: Sequence[Flag]
    """What reviewers wanted colleagues to know, the newest first."""
    days: Sequence[ReviewDay]
    """The last DAYS days, in order."""

    @property
    def reviews_a_day(self) -> float:
        return sum(each.reviews for each in self.days) / len(self.days)

    @property
    def days_of_work(self) -> float | None:
        """As many days at that pace would empty the queue; None where nobody has reviewed."""
        return (self.drafts + self.undrafted) / self.reviews_a_day if self.reviews_a_day else None


def queue_health(workspace: Workspace, now: datetime) -> QueueHealth:
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    with workspace.record.read() as store:
        upto, champion = store.watermark(), store.aliases.model_of("champion")
        waiting = store.transcripts.awaiting_review(upto)
        drafts = store.predictions.drafts(champion) if champion else 0
        came = store.reviewers.review_times(datetime(first.year, first.month, first.day, tzinfo=UTC))
        return QueueHealth(
            drafts=drafts,
            undrafted=len(waiting) - drafts,
            oldest=store.time_of(waiting[0]) if waiting else None,
            conflicts=len(store.conflicts.transcripts()),
            suspects=len(open_suspects(workspace.nights, store, upto)),
            waiting_corrections=store.labels.changed_transcripts(store.nights.last_gate_watermark(), upto),
            at_work=len(store.claims.all_live()),
            flags=_flags(store),
            days=_days(first, came),
        )


def _flags(store: Store) -> Sequence[Flag]:
    flags = store.submissions.newest_flags(FLAGS)
    names = {each.transcript: store.transcripts.external_id_of(each.transcript) for each in flags}
    return [Flag(each.transcript, names[each.transcript], each.reviewer, each.why, each.at) for each in flags]


def _days(first: date, came: Sequence[datetime]) -> Sequence[ReviewDay]:
    counts = Counter(at.date() for at in came)
    days = (first + timedelta(days=number) for number in range(DAYS))
    return [ReviewDay(day, counts[day]) for day in days]
