"""The only code that reads and writes the record. It never commits: the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.access_keys import AccessKeys
from errata.database.aliases import Aliases
from errata.database.asked_task import AskedTask
from errata.database.audit_log import AuditLog
from errata.database.blobs import Blobs
from errata.database.canaries import Canaries
from errata.database.chapter_requests import ChapterRequests
from errata.database.chat_labels import ChatLabels
from errata.database.chats import Chats
from errata.database.chunks import Chunks
from errata.database.claims import Claims
from errata.database.conflicts import Conflicts
from errata.database.connections import Connections
from errata.database.corrections import Corrections
from errata.database.double_reviews import DoubleReviews
from errata.database.event_history import EventHistory
from errata.database.holdout_log import HoldoutLog
from errata.database.label_source import LabelSource
from errata.database.labels import Labels
from errata.database.leak_groups import LeakGroups
from errata.database.loop_lease import LoopLease
from errata.database.nights import NightLog
from errata.database.owners import Owners
from errata.database.pending_promotions import PendingPromotions
from errata.database.predictions import Predictions
from errata.database.registry_requests import RegistryRequests
from errata.database.repairs import Repairs
from errata.database.review_drafts import ReviewDrafts
from errata.database.reviewed_drafts import ReviewedDrafts
from errata.database.reviewers import Reviewers
from errata.database.sequence import highest_seq
from errata.database.service_streams import ServiceStreams
from errata.database.submissions import Submissions
from errata.database.tables import CorrectionRow, EventRow, LinkRow, PredictionRow, TranscriptRow
from errata.database.tombstones import Tombstones
from errata.database.traces import Traces
from errata.database.transcripts import Transcripts
from errata.database.videos import Videos


class Store:
    """The record's parts, as one transaction sees them."""

    def __init__(self, session: Session, blobs: Blobs) -> None:
        self._session = session
        self.leak_groups = LeakGroups(session)
        self.tombstones = Tombstones(session, blobs, self.leak_groups)
        self.videos = Videos(session)
        self.transcripts = Transcripts(session, blobs, self.tombstones, self.videos)
        self.predictions = Predictions(session)
        event_history = EventHistory(session, self.predictions)
        self.reviewers = Reviewers(session)
        self.conflicts = Conflicts(session, self.transcripts, event_history)
        self.corrections = Corrections(session, self.reviewers, self.conflicts, event_history)
        self._event_history = event_history
        self.double_reviews = DoubleReviews(session, self.leak_groups, self.predictions, event_history)
        self.claims = Claims(session)
        self.review_drafts = ReviewDrafts(session)
        self.submissions = Submissions(session)
        self.reviewed_drafts = ReviewedDrafts(session)
        self.holdout = HoldoutLog(session)
        self.repairs = Repairs(session, blobs, self.conflicts)
        self.nights = NightLog(session)
        self.lease = LoopLease(session)
        self.owners = Owners(session)
        self.aliases = Aliases(session)
        self.keys = AccessKeys(session)
        self.audit = AuditLog(session)
        self.chapter_requests = ChapterRequests(session)
        self.service_streams = ServiceStreams(session)
        self.registry_requests = RegistryRequests(session)
        self.canaries = Canaries(session)
        self.pending_promotions = PendingPromotions(session)
        self.traces = Traces(session)
        self.connections = Connections(session)
        self.chunks = Chunks(session)
        self.chats = Chats(session, blobs)
        self.asked_task = AskedTask(session)

    @cached_property
    def labels(self) -> LabelSource:
        """Of what the workspace's models are asked."""
        task = self.asked_task.name()
        if task == "chat":
            return ChatLabels(self._session, self.chats, self.leak_groups)
        return Labels(self._session, self.leak_groups, self.reviewers, self.predictions, self._event_history, task)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Of several who share a transaction, one whose block raises takes back its own rows alone."""
        connection = self._session.connection()
        self._session.flush()
        connection.exec_driver_sql("SAVEPOINT one_of_several")
        try:
            yield
            self._session.flush()
        except sa.exc.OperationalError:
            raise  # a full disk, say: the database has taken back all, with its savepoints
        except Exception:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one_of_several")
            connection.exec_driver_sql("RELEASE SAVEPOINT one_of_several")
            self._session.expunge_all()  # its objects may be of rows that are gone again
            raise
        connection.exec_driver_sql("RELEASE SAVEPOINT one_of_several")

    def watermark(self) -> int:
        """The highest `seq`; with one writer at a time, no lower one is still in flight."""
        return highest_seq(self._session)

    def time_of(self, seq: int) -> datetime:
        """When an event was recorded."""
        return self._session.get_one(EventRow, seq).at

    def counts(self) -> dict[str, int]:
        """How many rows the growing tables have, by the table's name; without what was forgotten."""
        forgotten = sa.select(TranscriptRow.seq).where(TranscriptRow.forgotten.is_not(None))
        rows = {
            TranscriptRow: TranscriptRow.forgotten.is_(None),
            PredictionRow: PredictionRow.transcript.not_in(forgotten),
            CorrectionRow: CorrectionRow.transcript.not_in(forgotten),
            LinkRow: sa.true(),
        }
        return {
            table.__tablename__: self._session.scalar(sa.select(sa.func.count()).select_from(table).where(kept)) or 0
            for table, kept in rows.items()
        }
