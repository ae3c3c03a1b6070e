"""Chats of streams: logs, and what moderators took out of them; and what the workspace's models are asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.errors import Refused

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("transcript", _NUMBER, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_chats_transcript", "chats", ["transcript", "seq"], unique=False)
    op.create_table(
        "chat_deletions",
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("transcript", _NUMBER, nullable=False),
        sa.Column("message", sa.String(12), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_chat_deletions_transcript", "chat_deletions", ["transcript", "seq"], unique=False)
    op.create_table(
        "asked_task",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Raises Refused where there are chats: what moderators took out would be lost, and the numbers be nothing's."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM chats")):
        raise Refused("the record has chats of streams, which revision 0019 knows nothing of; stay at 0020")
    for table in ("asked_task", "chat_deletions", "chats"):
        op.drop_table(table)
