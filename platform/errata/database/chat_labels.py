"""What is right of chats: the messages that viewers wrote, without those that moderators took out.

A chat as it was logged is a reference, which came with its stream; one that was moderated is an edit, by whoever took
the last message out or put it back. Nobody was shown a model's draft of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.chats import Chats, ChatState
from errata.database.label_source import LabelSource, Unlabelled
from errata.database.leak_groups import LeakGroups
from errata.database.tables import LinkRow, TranscriptRow
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import NO_DRAFT, Label, Preference
from errata.domain.roles import Role

GOOD_BYES = 60.0
"""Seconds after a stream's end within which what is written still is of it."""


class ChatLabels(LabelSource):
    def __init__(self, session: Session, chats: Chats, leak_groups: LeakGroups) -> None:
        self._session = session
        self._chats = chats
        self._leak_groups = leak_groups

    def between(self, after: int, upto: int) -> list[Label]:
        labels = [self._label(transcript, after, upto) for transcript in self._chats.changed(after, upto)]
        return [label for label in labels if isinstance(label, Label)]

    def of_role(self, role: Role, upto: int) -> list[Label]:
        labels = [self._label(transcript, 0, upto) for transcript in self._chats.changed(0, upto)]
        return [label for label in labels if isinstance(label, Label) and label.role == role]

    def of(self, transcript: int, upto: int) -> Label | Unlabelled | None:
        return self._label(transcript, 0, upto)

    def changes(self, after: int, upto: int) -> list[tuple[int, Label | Unlabelled]]:
        newcomers = self._session.scalars(
            sa.select(LinkRow.newer).where(LinkRow.since > after, LinkRow.since <= upto).distinct()
        )
        joined = {member for newer in newcomers for member in self._leak_groups.members(newer, upto)}
        changed = joined.union(self._chats.changed(after, upto))
        labels = [(transcript, self._label(transcript, after, upto)) for transcript in sorted(changed)]
        return [(transcript, label) for transcript, label in labels if label is not None]

    def supporting_corrections(self, transcript: int, upto: int) -> frozenset[int]:
        state = self._chats.of(transcript, upto)
        return frozenset() if state is None else frozenset({state.seq})

    def preferences(self, after: int, upto: int) -> Sequence[Preference]:
        return ()

    def newest(self) -> int:
        return self._chats.newest()

    def changed_transcripts(self, after: int, upto: int) -> int:
        return len(self._chats.changed(after, upto))

    def _label(self, transcript: int, after: int, upto: int) -> Label | Unlabelled | None:
        row = self._session.get_one(TranscriptRow, transcript)
        state = None if row.forgotten is not None else self._chats.of(transcript, upto)
        if state is None:
            return None
        messages = _read_by_models(state, row.duration)
        if not messages:
            return "withdrawn"
        group = self._leak_groups.of(transcript, upto)
        moderated = bool(state.deleted)
        return Label(
            transcript=transcript,
            transcript_hash=row.hash,
            external_id=row.external_id,
            channel=row.channel,
            source=row.source or row.channel,
            correction=state.seq,
            kind="edit" if moderated else "reference",
            chapters=messages,
            reviewer=state.moderator,
            prediction=None,
            role=group.role,
            group=group.name,
            group_hashes=group.hashes,
            first=self._chats.first_logged(transcript) > after,
            draft_by=NO_DRAFT if moderated else None,
            task="chat",
        )


def _read_by_models(state: ChatState, duration: float) -> Chapters:
    """The messages from the stream's beginning to its end, in order."""
    return tuple(
        Chapter(message.at, message.text) for message in state.messages if 0 <= message.at <= duration + GOOD_BYES
    )
