"""The chats of streams: logs as they come, and what moderators took out of them. Rows are added, none is ever changed,
but by a deletion request for the whole stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.blobs import Blobs
from errata.database.chat_tables import ChatDeletionRow, ChatRow
from errata.database.sequence import Added, next_seq
from errata.database.tables import TranscriptRow
from errata.domain.chat_messages import Chat, ChatMessage, without_deleted
from errata.domain.hashing import canonical_json, content_hash, sha256
from errata.errors import NotFound


@dataclass(frozen=True, slots=True)
class ChatDeletion:
    """What a moderator did with a message."""

    message: str
    """Its key."""
    by: str
    origin: str
    """`command`, or the file's name."""
    why: str = ""
    deleted: bool = True
    """Else it was put back."""


@dataclass(frozen=True, slots=True)
class ChatState:
    """A stream's chat as of some watermark."""

    transcript: int
    seq: int
    """Of the newest event in it: a log's, or a deletion's."""
    messages: Chat
    """Without those that were taken out."""
    deleted: tuple[str, ...]
    """The keys of those that were, in order."""
    moderator: str
    """Who took the last of them out; empty where nobody did, or nobody says who."""


class Chats:
    def __init__(self, session: Session, blobs: Blobs) -> None:
        self._session = session
        self._blobs = blobs
        self._read: dict[str, Chat] = {}
        """The logs that this transaction has read, by hash."""

    def add(self, transcript: int, messages: Sequence[ChatMessage], origin: str) -> Added:
        """Records a log of a stream's chat, in the order of time; from now on it is the one that counts. The same again
        changes nothing."""
        row = self._session.get_one(TranscriptRow, transcript)
        text = canonical_json({"transcript": row.hash, "messages": [message.as_json() for message in messages]})
        known = self._session.scalar(sa.select(ChatRow.seq).where(ChatRow.hash == sha256(text)))
        if known is not None:
            return Added(known, new=False)
        name = self._blobs.put(text)
        seq = next_seq(self._session, "chat")
        self._session.add(ChatRow(seq=seq, hash=name, transcript=transcript, origin=origin, messages=len(messages)))
        self._session.flush()
        return Added(seq, new=True)

    def delete(self, transcript: int, deletion: ChatDeletion) -> Added:
        """Takes a message out, or puts it back. Where that is so already, nothing changes.

        Raises NotFound for a message that the chat doesn't have.
        """
        if deletion.message not in {message.key for message in self.logged(transcript)}:
            raise NotFound("the chat has no message {!r}; `errata chat show` lists their keys", deletion.message)
        newest = self._newest_of(transcript, deletion.message)
        is_gone = newest is not None and newest.deleted
        if is_gone == deletion.deleted:
            return Added(newest.seq if newest else 0, new=False)
        seq = next_seq(self._session, "deletion")
        before = newest.seq if newest else 0
        self._session.add(
            ChatDeletionRow(
                seq=seq,
                hash=content_hash([transcript, deletion.message, deletion.deleted, before]),
                transcript=transcript,
                message=deletion.message,
                deleted=deletion.deleted,
                by=deletion.by,
                origin=deletion.origin,
                why=deletion.why,
            )
        )
        self._session.flush()
        return Added(seq, new=True)

    def logged(self, transcript: int) -> Chat:
        """Every message of the log that counts now, those that were taken out too; empty where there is none."""
        row = self._log(transcript, None)
        return () if row is None else self._messages(row)

    def of(self, transcript: int, upto: int) -> ChatState | None:
        """A stream's chat as of `upto`; None where there was none."""
        row = self._log(transcript, upto)
        if row is None:
            return None
        events = self._deletions(transcript, upto)
        newest = {event.message: event for event in events}
        gone = [event for event in newest.values() if event.deleted]
        keys = tuple(event.message for event in gone)
        return ChatState(
            transcript=transcript,
            seq=max([row.seq, *(event.seq for event in events)]),
            messages=without_deleted(self._messages(row), keys),
            deleted=keys,
            moderator=max(gone, key=lambda event: event.seq).by if gone else "",
        )

    def deletions(self, transcript: int) -> list[ChatDeletion]:
        """All that moderators did, in order."""
        return [
            ChatDeletion(row.message, row.by, row.origin, row.why, row.deleted)
            for row in self._session.scalars(
                sa.select(ChatDeletionRow).where(ChatDeletionRow.transcript == transcript).order_by(ChatDeletionRow.seq)
            )
        ]

    def changed(self, after: int, upto: int) -> list[int]:
        """The streams, by `seq`, whose chat changed in that span, in the order of their last change; none of what was
        forgotten."""
        events = sa.union_all(
            *(
                sa.select(table.transcript.label("transcript"), table.seq.label("seq")).where(
                    table.seq > after, table.seq <= upto
                )
                for table in (ChatRow, ChatDeletionRow)
            )
        ).subquery()
        query = (
            sa.select(events.c.transcript)
            .join(TranscriptRow, TranscriptRow.seq == events.c.transcript)
            .where(TranscriptRow.forgotten.is_(None))
            .group_by(events.c.transcript)
            .order_by(sa.func.max(events.c.seq))
        )
        return list(self._session.scalars(query))

    def first_logged(self, transcript: int) -> int:
        """`seq` of the first log of a stream that has one."""
        return self._session.scalars(sa.select(sa.func.min(ChatRow.seq)).where(ChatRow.transcript == transcript)).one()

    def newest(self) -> int:
        """`seq` of the newest log or deletion; 0 where there is none."""
        return max(self._session.scalar(sa.select(sa.func.max(table.seq))) or 0 for table in (ChatRow, ChatDeletionRow))

    def problems(self) -> Iterator[str]:
        """What is wrong with the logs and what was taken out of them, a sentence each."""
        keys: dict[int, set[str]] = {}
        rows = self._session.scalars(
            sa.select(ChatRow)
            .join(TranscriptRow, TranscriptRow.seq == ChatRow.transcript)
            .where(TranscriptRow.forgotten.is_(None))
            .order_by(ChatRow.seq)
        ).all()
        for row in rows:
            try:
                messages = self._messages(row)
            except (NotFound, LookupError, TypeError) as error:
                yield f"chat {row.seq}: {error}"
                continue
            keys.setdefault(row.transcript, set()).update(message.key for message in messages)
            if len(messages) != row.messages:
                yield f"chat {row.seq} should have {row.messages} messages and has {len(messages)}; restore the record"
        for event in self._session.scalars(sa.select(ChatDeletionRow).order_by(ChatDeletionRow.seq)):
            if event.transcript in keys and event.message not in keys[event.transcript]:
                yield f"deletion {event.seq} names a message that no chat has; restore the record from a backup"

    def _log(self, transcript: int, upto: int | None) -> ChatRow | None:
        query = sa.select(ChatRow).where(ChatRow.transcript == transcript).order_by(ChatRow.seq.desc()).limit(1)
        return self._session.scalar(query if upto is None else query.where(ChatRow.seq <= upto))

    def _messages(self, row: ChatRow) -> Chat:
        if row.hash not in self._read:
            values = self._blobs.get(row.hash)["messages"]
            self._read[row.hash] = tuple(ChatMessage.from_json(value) for value in values)
        return self._read[row.hash]

    def _deletions(self, transcript: int, upto: int) -> Sequence[ChatDeletionRow]:
        return self._session.scalars(
            sa.select(ChatDeletionRow)
            .where(ChatDeletionRow.transcript == transcript, ChatDeletionRow.seq <= upto)
            .order_by(ChatDeletionRow.seq)
        ).all()

    def _newest_of(self, transcript: int, message: str) -> ChatDeletionRow | None:
        return self._session.scalar(
            sa.select(ChatDeletionRow)
            .where(ChatDeletionRow.transcript == transcript, ChatDeletionRow.message == message)
            .order_by(ChatDeletionRow.seq.desc())
            .limit(1)
        )
