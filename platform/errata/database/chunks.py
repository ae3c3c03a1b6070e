"""The chunks of videos, a row each."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.video_tables import ChunkRow
from errata.domain.chunk import Chunk


class Chunks:
    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, chunks: Sequence[Chunk]) -> None:
        """Writes the chunks of videos, instead of those that they had."""
        videos = {chunk.video for chunk in chunks}
        self._session.execute(sa.delete(ChunkRow).where(ChunkRow.video.in_(videos)))
        self._session.add_all(
            ChunkRow(
                video=chunk.video,
                place=chunk.index,
                start=chunk.start,
                end=chunk.end,
                url=chunk.url,
                size=chunk.size,
                sha256=chunk.sha256,
            )
            for chunk in chunks
        )
        self._session.flush()

    def of(self, video: int) -> list[Chunk]:
        """In order of time."""
        query = sa.select(ChunkRow).where(ChunkRow.video == video).order_by(ChunkRow.place)
        return [_as_chunk(row) for row in self._session.scalars(query)]

    def all(self) -> list[Chunk]:
        """By video, and in order of time."""
        query = sa.select(ChunkRow).order_by(ChunkRow.video, ChunkRow.place)
        return [_as_chunk(row) for row in self._session.scalars(query)]

    def chunked(self) -> set[int]:
        """The videos that have chunks."""
        return set(self._session.scalars(sa.select(ChunkRow.video).distinct()))


def _as_chunk(row: ChunkRow) -> Chunk:
    return Chunk(row.video, row.place, row.start, row.end, row.url, row.size, row.sha256)
