"""Recordings on their way into the record: the manifest of videos, what each stage found, and chunks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "videos",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transcript", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("external_id"),
    )
    op.create_index("ix_videos_transcript", "videos", ["transcript"], unique=False)
    op.create_table(
        "video_stages",
        sa.Column("video", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("tool", sa.String(64), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["video"], ["videos.number"]),
        sa.PrimaryKeyConstraint("video", "stage"),
    )
    op.create_table(
        "chunks",
        sa.Column("video", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["video"], ["videos.number"]),
        sa.PrimaryKeyConstraint("video", "place"),
    )


def downgrade() -> None:
    for table in ("chunks", "video_stages", "videos"):
        op.drop_table(table)
