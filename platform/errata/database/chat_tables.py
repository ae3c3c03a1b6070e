"""The record's tables of chats: which log there is of a stream's, and what moderators took out of it."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.tables import Base


class ChatRow(Base):
    """A log of a stream's chat. The newest is the one that counts."""

    __tablename__ = "chats"
    __table_args__ = (Index("ix_chats_transcript", "transcript", "seq"),)

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Also the name of the blob that holds the messages."""
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    origin: Mapped[str]
    """The file's name."""
    messages: Mapped[int] = mapped_column(Integer)


class ChatDeletionRow(Base):
    """A message was taken out of a chat, or put back; the newest row about it holds."""

    __tablename__ = "chat_deletions"
    __table_args__ = (Index("ix_chat_deletions_transcript", "transcript", "seq"),)

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    message: Mapped[str] = mapped_column(String(12))
    """Its key."""
    deleted: Mapped[bool] = mapped_column(Boolean)
    by: Mapped[str]
    """Empty where a log says that it went, and not who took it out."""
    origin: Mapped[str]
    why: Mapped[str]
