"""How far each connected project is in step: what went out to it, and what came in from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.connection_tables import ConnectionRow, FetchedReviewRow, SentTaskRow
from errata.database.tables import TranscriptRow


@dataclass(frozen=True, slots=True)
class Connection:
    number: int
    url: str
    mark: str
    project: int | None
    """None while nobody has heard whether the tool has made it."""
    cursor: str


@dataclass(frozen=True, slots=True)
class FetchedReview:
    annotation: int
    content: str
    correction: int | None


class Connections:
    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, tool: str, url: str, project: int | None) -> Connection | None:
        """The connection with a project; the newest with the server where `project` is None."""
        query = sa.select(ConnectionRow).where(ConnectionRow.tool == tool, ConnectionRow.url == url)
        if project is not None:
            query = query.where(ConnectionRow.project == project)
        row = self._session.scalar(query.order_by(ConnectionRow.number.desc()).limit(1))
        return None if row is None else _as_connection(row)

    def add(self, tool: str, url: str, mark: str, project: int | None) -> Connection:
        row = ConnectionRow(tool=tool, url=url, mark=mark, project=project)
        self._session.add(row)
        self._session.flush()
        return _as_connection(row)

    def note_project(self, connection: int, project: int) -> None:
        self._session.get_one(ConnectionRow, connection).project = project
        self._session.flush()

    def move_cursor(self, connection: int, cursor: str) -> None:
        self._session.get_one(ConnectionRow, connection).cursor = cursor
        self._session.flush()

    def sent_transcripts(self, connection: int) -> set[int]:
        """Those that went out, or were about to, by `seq`."""
        query = sa.select(SentTaskRow.transcript).where(SentTaskRow.connection == connection)
        return set(self._session.scalars(query))

    def about_to_send(self, connection: int, keys: Mapping[int, str]) -> None:
        """Notes transcripts, each with the key of its prediction, before they go out."""
        self._session.add_all(
            SentTaskRow(connection=connection, transcript=transcript, key=key) for transcript, key in keys.items()
        )
        self._session.flush()

    def unheard(self, connection: int) -> dict[str, int]:
        """What was about to go out and nobody has heard of since: transcripts by the keys of their predictions."""
        query = sa.select(SentTaskRow.key, SentTaskRow.transcript).where(
            SentTaskRow.connection == connection, SentTaskRow.task.is_(None)
        )
        return {row.key: row.transcript for row in self._session.execute(query)}

    def note_tasks(self, connection: int, tasks: Mapping[int, int]) -> None:
        """The tool's numbers of transcripts' tasks."""
        for transcript, task in tasks.items():
            self._session.get_one(SentTaskRow, (connection, transcript)).task = task
        self._session.flush()

    def take_back(self, connection: int, transcripts: Sequence[int]) -> None:
        """They never went out after all."""
        self._session.execute(
            sa.delete(SentTaskRow)
            .where(SentTaskRow.connection == connection, SentTaskRow.task.is_(None))
            .where(SentTaskRow.transcript.in_(transcripts))
        )

    def forgotten_tasks(self, connection: int) -> dict[int, int]:
        """Tasks that the tool still has of transcripts that were forgotten since: transcripts by task."""
        query = (
            sa.select(SentTaskRow.task, SentTaskRow.transcript)
            .join(TranscriptRow, TranscriptRow.seq == SentTaskRow.transcript)
            .where(SentTaskRow.connection == connection, SentTaskRow.removed.is_(False), SentTaskRow.task.is_not(None))
            .where(TranscriptRow.forgotten.is_not(None))
        )
        return {row.task: row.transcript for row in self._session.execute(query)}

    def note_removed(self, connection: int, transcript: int) -> None:
        self._session.get_one(SentTaskRow, (connection, transcript)).removed = True
        self._session.flush()

    def fetched(self, connection: int, task: int) -> dict[int, FetchedReview]:
        """What is known of a task's annotations, by their numbers."""
        query = sa.select(FetchedReviewRow).where(
            FetchedReviewRow.connection == connection, FetchedReviewRow.task == task
        )
        return {
            row.annotation: FetchedReview(row.annotation, row.content, row.correction)
            for row in self._session.scalars(query)
        }

    def note_review(self, connection: int, task: int, review: FetchedReview) -> None:
        self._session.merge(
            FetchedReviewRow(
                connection=connection,
                annotation=review.annotation,
                task=task,
                content=review.content,
                correction=review.correction,
            )
        )
        self._session.flush()


def _as_connection(row: ConnectionRow) -> Connection:
    return Connection(row.number, row.url, row.mark, row.project, row.cursor)
