"""Streams that applications send to the service: opened, heard line by line, and ended as a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.chapter_requests import Failure
from errata.database.claims import Claims
from errata.database.review_drafts import ReviewDrafts
from errata.database.review_tables import ReviewDraftRow
from errata.database.stream_tables import StreamDraftRow, StreamEventRow, StreamLineRow, StreamRow, StreamWatcherRow
from errata.database.tables import core
from errata.domain.live_chapters import Kind, LiveEvent
from errata.domain.transcript import Segment

StreamState = Literal["open", "ending", "ended"]
"""`ending`: its lines are a transcript by now, and its chapters are awaited."""


@dataclass(frozen=True, slots=True)
class NewStream:
    """What is known of a stream when it is opened."""

    name: str
    """32 hexadecimal digits, drawn at random: by it the stream is asked after."""
    by: str
    """Whose key opens it."""
    body: str
    """SHA-256 of what was asked."""
    idempotency_key: str | None
    """SHA-256 of the key that came with it."""
    external_id: str
    title: str = ""
    description: str = ""
    channel: str = ""
    media: str = ""
    """Where it can be played; may be empty."""


@dataclass(frozen=True, slots=True)
class ServiceStream:
    number: int
    known: NewStream
    state: StreamState
    lines: int
    """How many came."""
    heard: float
    """The end of the last of them to end, in seconds."""
    at: datetime
    """When it was opened."""
    transcript: int | None
    """What it became; None while it runs, and where nothing was said."""
    prediction: int | None
    failure: Failure | None

    @property
    def name(self) -> str:
        return self.known.name


@dataclass(frozen=True, slots=True)
class ToldEvent:
    number: int
    """From 1."""
    event: LiveEvent
    model: str
    """Whose look it was."""


class ServiceStreams:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.watchers = Claims(session, StreamWatcherRow)
        """By a stream's number. Nobody is taken out: who has seen what was told of it has seen it."""
        self.drafts = ReviewDrafts(session, StreamDraftRow)
        """By a stream's number; none are left once it has ended."""

    def open(self, new: NewStream) -> ServiceStream:
        row = StreamRow(
            name=new.name,
            by=new.by,
            body=new.body,
            idempotency_key=new.idempotency_key,
            external_id=new.external_id,
            title=new.title,
            description=new.description,
            channel=new.channel,
            media=new.media,
        )
        self._session.add(row)
        self._session.flush()
        return _as_stream(row)

    def called(self, name: str) -> ServiceStream | None:
        return self._first(StreamRow.name == name)

    def under_key(self, by: str, idempotency_key: str) -> ServiceStream | None:
        """What `by` opened before under that key, as its SHA-256."""
        return self._first(StreamRow.by == by, StreamRow.idempotency_key == idempotency_key)

    def of_transcript(self, transcript: int) -> ServiceStream | None:
        """The stream that became it."""
        return self._first(StreamRow.transcript == transcript)

    def running(self, external_id: str | None = None) -> Sequence[ServiceStream]:
        """Those that are open, of that outside id alone or all, in the order in which they were opened."""
        query = sa.select(StreamRow).where(StreamRow.state == "open")
        if external_id is not None:
            query = query.where(StreamRow.external_id == external_id)
        return [_as_stream(row) for row in self._session.scalars(query.order_by(StreamRow.number))]

    def idle(self, since: datetime) -> Sequence[ServiceStream]:
        """Those that are open, and of whose client nothing was heard since."""
        query = sa.select(StreamRow).where(StreamRow.state == "open", StreamRow.seen < since)
        return [_as_stream(row) for row in self._session.scalars(query)]

    def lines(self, number: int, after: int = 0) -> list[Segment]:
        """Of one that runs: those from position `after` on."""
        query = sa.select(StreamLineRow).where(StreamLineRow.stream == number, StreamLineRow.position >= after)
        rows = self._session.scalars(query.order_by(StreamLineRow.position))
        return [Segment(row.start, row.end, row.text, row.speaker) for row in rows]

    def add_lines(self, stream: ServiceStream, segments: Sequence[Segment]) -> ServiceStream:
        """After those that are there."""
        if segments:
            rows = [
                {"stream": stream.number, "position": stream.lines + place, **segment.as_json()}
                for place, segment in enumerate(segments)
            ]
            self._session.connection().execute(sa.insert(core(StreamLineRow)), rows)
        row = self._session.get_one(StreamRow, stream.number)
        row.lines = stream.lines + len(segments)
        row.heard = max([stream.heard, *(segment.end for segment in segments)])
        row.seen = datetime.now(UTC)
        self._session.flush()
        return _as_stream(row)

    def events(self, number: int, after: int = 0) -> list[ToldEvent]:
        """Those with a higher number than `after`, in order."""
        query = sa.select(StreamEventRow).where(StreamEventRow.stream == number, StreamEventRow.number > after)
        return [
            ToldEvent(row.number, LiveEvent(cast(Kind, row.kind), row.start, row.title, row.heard), row.model)
            for row in self._session.scalars(query.order_by(StreamEventRow.number))
        ]

    def tell(self, name: str, after: int, events: Sequence[LiveEvent], model: str) -> bool:
        """Writes down what is told next. False, and nothing is written, where more than `after` events were told by
        now, or the stream runs no more: whoever looked has to look again. By the name: the number of one that was
        forgotten may be another's by now."""
        stream = self.called(name)
        if stream is None or stream.state != "open" or self.events(stream.number, after):
            return False
        self._add_events(stream.number, after, events, model)
        return True

    def close(self, number: int, transcript: int | None) -> None:
        """Its lines are `transcript` from now on, and what reviewers have made of it so far is of that; without any, it
        has ended."""
        row = self._session.get_one(StreamRow, number)
        row.transcript, row.state = transcript, "ended" if transcript is None else "ending"
        self._session.execute(sa.delete(StreamLineRow).where(StreamLineRow.stream == number))
        for draft in self._session.scalars(sa.select(StreamDraftRow).where(StreamDraftRow.item == number)).all():
            if transcript is not None:
                content = {"revision": draft.revision, "late": draft.late, "content": draft.content, "at": draft.at}
                moved = ReviewDraftRow(item=transcript, reviewer=draft.reviewer, page=draft.page, **content)
                self._session.merge(moved)  # where the same words came before, that page may have saved it there
            self._session.delete(draft)
        self._session.flush()

    def finish(
        self,
        stream: ServiceStream,
        prediction: int | None,
        failure: Failure | None,
        events: Sequence[LiveEvent],
        model: str,
    ) -> None:
        """It has ended: with what is told last, or with why there is no answer."""
        self._add_events(stream.number, len(self.events(stream.number)), events, model)
        row = self._session.get_one(StreamRow, stream.number)
        row.state, row.prediction, row.failure = "ended", prediction, failure
        self._session.flush()

    def empty(self, number: int) -> None:
        """Of a stream whose words nothing may write down: what was said and told of it goes."""
        row = self._session.get_one(StreamRow, number)
        row.title = row.description = row.channel = row.media = ""
        for table in (StreamLineRow, StreamEventRow):
            self._session.execute(sa.delete(table).where(table.stream == number))
        self._session.execute(sa.delete(StreamDraftRow).where(StreamDraftRow.item == number))

    def watched_by(self, transcript: int, reviewer: str) -> ServiceStream | None:
        """The stream that became this transcript, if the reviewer had it open while it ran."""
        of_theirs = sa.exists().where(StreamWatcherRow.item == StreamRow.number, StreamWatcherRow.reviewer == reviewer)
        return self._first(StreamRow.transcript == transcript, of_theirs)

    def _add_events(self, number: int, after: int, events: Sequence[LiveEvent], model: str) -> None:
        self._session.add_all(
            StreamEventRow(
                stream=number,
                number=place,
                kind=event.kind,
                start=event.start,
                title=event.title,
                heard=event.heard,
                model=model,
            )
            for place, event in enumerate(events, after + 1)
        )
        self._session.flush()

    def _first(self, *where: sa.ColumnElement[bool]) -> ServiceStream | None:
        row = self._session.scalar(sa.select(StreamRow).where(*where).order_by(StreamRow.number).limit(1))
        return None if row is None else _as_stream(row)


def _as_stream(row: StreamRow) -> ServiceStream:
    return ServiceStream(
        number=row.number,
        known=NewStream(
            name=row.name,
            by=row.by,
            body=row.body,
            idempotency_key=row.idempotency_key,
            external_id=row.external_id,
            title=row.title,
            description=row.description,
            channel=row.channel,
            media=row.media,
        ),
        state=cast(StreamState, row.state),
        lines=row.lines,
        heard=row.heard,
        at=row.at,
        transcript=row.transcript,
        prediction=row.prediction,
        failure=cast("Failure | None", row.failure),
    )
