"""The manifest: a row for each video that was asked for, and what each stage found of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.repeated_statement import RepeatedStatement
from errata.database.sequence import batches
from errata.database.tables import TranscriptRow
from errata.database.video_tables import ChunkRow, VideoRow, VideoStageRow
from errata.domain.names import check_name
from errata.domain.vector_shard import VectorShard, shards_digest
from errata.domain.video import STAGES, KnownVideo, StageName, StageResult, StageState, Video
from errata.files import JsonObject


class Videos:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, known: KnownVideo) -> Video:
        """The row of that id, which is as it was where there is one. Raises BadInput for an id that is no name."""
        check_name(known.external_id, "a video's id")
        row = self._session.scalar(sa.select(VideoRow).where(VideoRow.external_id == known.external_id))
        if row is None:
            row = VideoRow(external_id=known.external_id, known=asdict(known))
            self._session.add(row)
            self._session.flush()
        return self._as_videos([row])[0]

    def get(self, number: int) -> Video:
        return self._as_videos([self._session.get_one(VideoRow, number)])[0]

    def has(self, number: int) -> bool:
        return self._session.get(VideoRow, number) is not None

    def find(self, external_id: str) -> Video | None:
        row = self._session.scalar(sa.select(VideoRow).where(VideoRow.external_id == external_id))
        return None if row is None else self._as_videos([row])[0]

    def all(self) -> list[Video]:
        """In the order in which they were asked for."""
        return self._as_videos(self._session.scalars(sa.select(VideoRow).order_by(VideoRow.number)).all())

    def unfinished(self) -> list[int]:
        query = sa.select(VideoRow.number).where(VideoRow.transcript.is_(None)).order_by(VideoRow.number)
        return list(self._session.scalars(query))

    def note(self, number: int, result: StageResult) -> None:
        """Writes down what a stage found, instead of what it found before."""
        self._session.merge(
            VideoStageRow(
                video=number,
                stage=result.stage,
                state=result.state,
                found=result.found,
                tool=result.tool,
                version=result.version,
                problem=result.problem,
            )
        )
        self._session.flush()

    def add_vectors(self, number: int, shard: VectorShard) -> None:
        """Notes a shard beside those that are known of the video's recording."""
        shards = {shard.key: shard for shard in (*self.get(number).vectors, shard)}
        found = {"shards": [asdict(each) for each in shards.values()], "digest": shards_digest(shards.values())}
        self.note(number, StageResult("features", "done", found, tool="errata"))

    def vectors_of(self, external_id: str) -> tuple[VectorShard, ...]:
        """Of the recording of that id; none where nothing was made of it, or it is no video's."""
        found = _VECTORS.row(self._session, {"external_id": external_id})
        return () if found is None else _as_shards(found[0])

    def all_vectors(self) -> dict[str, tuple[VectorShard, ...]]:
        """Of every recording that any were made of, by its id."""
        query = _with_vectors(VideoRow.external_id, VideoStageRow.found).order_by(VideoRow.external_id)
        return {row[0]: _as_shards(row[1]) for row in self._session.execute(query)}

    def drop(self, number: int, stages: Sequence[StageName]) -> None:
        """Forgets what stages found: the recording is another one now."""
        self._session.execute(
            sa.delete(VideoStageRow).where(VideoStageRow.video == number, VideoStageRow.stage.in_(stages))
        )

    def know(self, number: int, known: KnownVideo) -> None:
        """What is known of a video now, where it was asked for anew from another place."""
        self._session.get_one(VideoRow, number).known = asdict(known)
        self._session.flush()

    def finish(self, number: int, transcript: int) -> None:
        self._session.get_one(VideoRow, number).transcript = transcript
        self._session.flush()

    def remove(self, number: int) -> None:
        """For a deletion request: the row, its stages and its chunks go."""
        for table, column in ((ChunkRow, ChunkRow.video), (VideoStageRow, VideoStageRow.video)):
            self._session.execute(sa.delete(table).where(column == number))
        self._session.execute(sa.delete(VideoRow).where(VideoRow.number == number))

    def _as_videos(self, rows: Sequence[VideoRow]) -> list[Video]:
        stages: dict[int, dict[StageName, StageResult]] = {row.number: {} for row in rows}
        for numbers in batches(list(stages)):
            query = sa.select(VideoStageRow).where(VideoStageRow.video.in_(numbers))
            for row in self._session.scalars(query):
                stages[row.video][cast(StageName, row.stage)] = _as_result(row)
        return [
            Video(
                number=row.number,
                known=KnownVideo(**row.known),
                stages={name: stages[row.number][name] for name in STAGES if name in stages[row.number]},
                transcript=row.transcript,
            )
            for row in rows
        ]


def _with_vectors(*columns: Any) -> sa.Select[Any]:
    """Of videos of whose recordings vectors were made."""
    query = sa.select(*columns).join_from(VideoRow, VideoStageRow, VideoStageRow.video == VideoRow.number)
    return query.where(VideoStageRow.stage == "features", VideoStageRow.state == "done")


_VECTORS = RepeatedStatement(
    _with_vectors(VideoStageRow.found).where(VideoRow.external_id == sa.bindparam("external_id"))
)


def vectors_digest() -> sa.ScalarSelect[str]:
    """What `shards_digest` gives of a transcript of an enclosing query; NULL where there are no vectors."""
    digest = VideoStageRow.found["digest"].as_string()
    return _with_vectors(digest).where(VideoRow.external_id == TranscriptRow.external_id).scalar_subquery()


def _as_shards(found: JsonObject) -> tuple[VectorShard, ...]:
    return tuple(VectorShard(**shard) for shard in found["shards"])


def _as_result(row: VideoStageRow) -> StageResult:
    return StageResult(
        stage=cast(StageName, row.stage),
        state=cast(StageState, row.state),
        found=row.found,
        tool=row.tool,
        version=row.version,
        problem=row.problem,
        at=row.at,
    )
