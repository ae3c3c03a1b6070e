"""Transcripts that were forgotten on request: what is taken out of the record, and what stays to show that it was.

The row of a forgotten transcript keeps its number, its hashes, its role and its links, so that its twins keep their
leak group and the models that learnt from it can be named; it keeps nothing of what anybody said. A request is finished
once every other place has been cleared as well; until then it can be taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database import leak_guard
from errata.database.blobs import Blobs
from errata.database.chat_tables import ChatDeletionRow, ChatRow
from errata.database.leak_groups import LeakGroups
from errata.database.review_tables import ClaimRow, ReviewDraftRow, SubmissionRow
from errata.database.sequence import highest_seq, next_seq
from errata.database.stream_tables import StreamDraftRow, StreamEventRow, StreamLineRow, StreamRow, StreamWatcherRow
from errata.database.tables import CorrectionRow, DisputeRow, EventRow, PredictionRow, TombstoneRow, TranscriptRow, core
from errata.database.video_tables import VideoRow
from errata.domain.hashing import sha256
from errata.domain.transcript import Transcript
from errata.errors import Forgotten, NotFound, Unavailable
from errata.files import JsonObject

PATIENCE = 60
"""Seconds to wait for others who use the tables that are to be rewritten."""


ANY_TOMBSTONE = sa.select(core(TombstoneRow).c.seq).limit(1).scalar_subquery()
"""A number where anything was ever forgotten: in most records nothing was."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    seq: int
    external_id_sha256: str
    at: datetime
    by: str
    why: str
    transcripts: tuple[int, ...]
    """Every version under the id, by `seq`."""
    hashes: tuple[str, ...]
    removed: JsonObject
    finished: bool


class Tombstones:
    def __init__(self, session: Session, blobs: Blobs, leak_groups: LeakGroups) -> None:
        self._session = session
        self._blobs = blobs
        self._leak_groups = leak_groups

    def record_deletion(self, external_id: str, by: str, why: str) -> Tombstone:
        """Takes every version of a transcript, its predictions and its corrections' texts out of the tables.

        Again, it returns the tombstone that is there. The texts themselves go with `remove_texts`, after the commit.
        Raises NotFound where the record never had it.
        """
        known = self.of(external_id)
        if known is not None:
            return known
        versions = sa.select(TranscriptRow).where(TranscriptRow.external_id == external_id)
        rows = self._session.scalars(
            versions.where(TranscriptRow.forgotten.is_(None)).order_by(TranscriptRow.seq)
        ).all()
        streams = self._forget_streams(external_id)
        video = self._session.scalar(sa.select(VideoRow.number).where(VideoRow.external_id == external_id))
        if not rows and not streams and video is None:  # of a video that failed there may be a download, and words
            raise NotFound(f"there is no transcript {external_id!r} in the record; `errata forget` takes its own id")
        tombstone = TombstoneRow(
            seq=next_seq(self._session, "forget"),
            external_hash=sha256(external_id),
            by=by,
            why=why,
            removed={**self._clear([row.seq for row in rows]), "streams": streams},
        )
        self._session.add(tombstone)
        for row in rows:
            row.external_id, row.title, row.channel, row.source = tombstone.external_hash, "", "", ""
            row.media = ""
            row.signature, row.forgotten = b"", tombstone.seq
        self._session.flush()
        leak_guard.leave(self._session, [row.seq for row in rows], since=tombstone.seq)
        return self._read(tombstone)

    def _forget_streams(self, external_id: str) -> int:
        """Takes out the streams under that id, of which some may run; returns how many there were."""
        numbers = sa.select(StreamRow.number).where(StreamRow.external_id == external_id)
        for table in (StreamLineRow, StreamEventRow):
            self._session.execute(sa.delete(table).where(table.stream.in_(numbers)))
        for pages in (StreamWatcherRow, StreamDraftRow):
            self._session.execute(sa.delete(pages).where(pages.item.in_(numbers)))
        found = self._session.scalars(numbers).all()
        self._session.execute(sa.delete(StreamRow).where(StreamRow.external_id == external_id))
        return len(found)

    def _clear(self, seqs: Sequence[int]) -> JsonObject:
        """Empties what models and reviewers said of these transcripts; returns how much that was."""
        counts = {
            name: self._session.scalar(sa.select(sa.func.count()).where(table.transcript.in_(seqs))) or 0
            for name, table in (
                ("predictions", PredictionRow),
                ("corrections", CorrectionRow),
                ("chats", ChatRow),
                ("chat_deletions", ChatDeletionRow),
            )
        }
        for statement in (
            sa.update(PredictionRow)
            .where(PredictionRow.transcript.in_(seqs))
            .values(chapters=[], problems=[], confidences=None),
            sa.update(CorrectionRow)
            .where(CorrectionRow.transcript.in_(seqs))
            .values(chapters=[], why="", origin="", draft_by=None),
            sa.update(SubmissionRow).where(SubmissionRow.transcript.in_(seqs)).values(why=""),
            sa.delete(DisputeRow).where(DisputeRow.transcript.in_(seqs)),
            *(sa.delete(table).where(table.item.in_(seqs)) for table in (ClaimRow, ReviewDraftRow)),
            sa.update(ChatRow).where(ChatRow.transcript.in_(seqs)).values(origin=""),
            sa.update(ChatDeletionRow)
            .where(ChatDeletionRow.transcript.in_(seqs))
            .values(message="", by="", origin="", why=""),
        ):
            self._session.execute(statement)
        return {"transcripts": len(seqs), **counts}

    def remove_texts(self, tombstone: Tombstone) -> None:
        """The transcripts' own, and those of their chats."""
        chats = self._session.scalars(sa.select(ChatRow.hash).where(ChatRow.transcript.in_(tombstone.transcripts)))
        for name in (*tombstone.hashes, *chats):
            self._blobs.remove(name)

    def note(self, tombstone: Tombstone, removed: JsonObject, finished: bool) -> Tombstone:
        """Writes down what else was removed, and whether that was all."""
        row = self._session.get_one(TombstoneRow, tombstone.seq)
        row.removed, row.finished = {**row.removed, **removed}, finished
        self._session.flush()
        return self._read(row)

    def of(self, external_id: str) -> Tombstone | None:
        row = self._session.scalar(sa.select(TombstoneRow).where(TombstoneRow.external_hash == sha256(external_id)))
        return None if row is None else self._read(row)

    def open_requests(self) -> list[Tombstone]:
        """Requests that were cut short: other places may still hold what they asked to be forgotten."""
        rows = self._session.scalars(sa.select(TombstoneRow).where(TombstoneRow.finished.is_(False)))
        return [self._read(row) for row in rows]

    def twins(self, tombstone: Tombstone) -> list[str]:
        """Outside ids of other transcripts in the same leak groups, which the request doesn't name."""
        now = highest_seq(self._session)
        seqs = {member for seq in tombstone.transcripts for member in self._leak_groups.members(seq, now)}
        names = sa.select(TranscriptRow.external_id).where(
            TranscriptRow.seq.in_(seqs), TranscriptRow.forgotten.is_(None)
        )
        return sorted(set(self._session.scalars(names)))

    def refuse_id(self, external_id: str) -> None:
        """Raises Forgotten for one that was."""
        self._refuse(external_id, self.of(external_id))

    def refuse(self, transcript: Transcript) -> None:
        """Raises Forgotten for a transcript that was: under its id, or the same words under another."""
        self._refuse(transcript.external_id, self.of(transcript.external_id) or self._of_same_words(transcript))

    def _refuse(self, external_id: str, tombstone: Tombstone | None) -> None:
        if tombstone is not None:
            raise Forgotten(
                f"the transcript {external_id!r} was forgotten on request on {tombstone.at:%Y-%m-%d} and is "
                "not taken in again; leave it out"
            )

    def _of_same_words(self, transcript: Transcript) -> Tombstone | None:
        row = self._session.scalar(
            sa.select(TombstoneRow)
            .join(TranscriptRow, TranscriptRow.forgotten == TombstoneRow.seq)
            .where(TranscriptRow.text_hash == transcript.text_hash)
            .limit(1)
        )
        return None if row is None else self._read(row)

    def _read(self, row: TombstoneRow) -> Tombstone:
        query = sa.select(TranscriptRow.seq, TranscriptRow.hash).where(TranscriptRow.forgotten == row.seq)
        versions = self._session.execute(query.order_by(TranscriptRow.seq)).all()
        return Tombstone(
            seq=row.seq,
            external_id_sha256=row.external_hash,
            at=self._session.get_one(EventRow, row.seq).at,
            by=row.by,
            why=row.why,
            transcripts=tuple(version.seq for version in versions),
            hashes=tuple(version.hash for version in versions),
            removed=row.removed,
            finished=row.finished,
        )


_SCRUBBED = {
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    # the planner keeps samples of what stood in a column: they are taken anew, and the old ones cleared away
    "postgresql": (
        "VACUUM (FULL, ANALYZE) transcripts, leak_bands, predictions, corrections, review_drafts, submissions",
        "VACUUM (FULL, ANALYZE) streams, stream_lines, stream_events, stream_drafts",
        "VACUUM (FULL, ANALYZE) chats, chat_deletions",
        "VACUUM FULL pg_catalog.pg_statistic",
    ),
}


def scrub(url: str) -> None:
    """Rewrites the database's files, so that free pages, SQLite's log and PostgreSQL's statistics hold nothing of what
    was taken out.

    Takes as long as copying the tables; nobody else may be reading or writing meanwhile. Backups and PostgreSQL's log
    are the database owner's: a log passes once it is archived or written over, and only a superuser may rewrite the
    statistics. Raises Unavailable where somebody else is in the way.
    """
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")  # VACUUM runs in no transaction
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET lock_timeout = '{PATIENCE}s'")
            for statement in _SCRUBBED[connection.dialect.name]:
                connection.exec_driver_sql(statement)
    except sa.exc.OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise Unavailable(
            f"the database's files can't be rewritten ({reason}); let others finish, and make the request again"
        ) from error
    finally:
        engine.dispose()
