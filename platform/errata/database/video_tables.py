"""The record's tables of recordings: the manifest of videos, what each stage found of one, and the chunks of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.column_types import UtcTime
from errata.database.tables import Base, now
from errata.files import JsonObject


class VideoRow(Base):
    """A video that somebody asked for: what was known of it, and which transcript it became."""

    __tablename__ = "videos"
    __table_args__ = (Index("ix_videos_transcript", "transcript"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    known: Mapped[JsonObject] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    transcript: Mapped[int | None] = mapped_column(ForeignKey("transcripts.seq"))
    """NULL until it is in the record; the row is finished then, and never touched again."""


class VideoStageRow(Base):
    """What a stage found of a video, the last time that it looked."""

    __tablename__ = "video_stages"

    video: Mapped[int] = mapped_column(ForeignKey("videos.number"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    found: Mapped[JsonObject] = mapped_column(JSON)
    tool: Mapped[str] = mapped_column(String(64))
    version: Mapped[str]
    problem: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ChunkRow(Base):
    """A stored piece of a video: the join of what is seen and heard with what was said."""

    __tablename__ = "chunks"

    video: Mapped[int] = mapped_column(ForeignKey("videos.number"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    """From 0, in order of time."""
    start: Mapped[float] = mapped_column(Double)
    end: Mapped[float] = mapped_column(Double)
    url: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
