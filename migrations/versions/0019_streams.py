"""Streams that the service hears: their lines, what was told of them, and what reviewers make of them meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.errors import Refused

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(64), nullable=True),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Double(), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transcript", _NUMBER, nullable=True),
        sa.Column("prediction", _NUMBER, nullable=True),
        sa.Column("failure", sa.String(16), nullable=True),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.ForeignKeyConstraint(["prediction"], ["predictions.seq"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("by", "idempotency_key", name="uq_streams_key"),
    )
    op.create_index("ix_streams_state", "streams", ["state", "external_id"], unique=False)
    op.create_index("ix_streams_transcript", "streams", ["transcript"], unique=False)
    op.create_table(
        "stream_lines",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["stream"], ["streams.number"]),
        sa.PrimaryKeyConstraint("stream", "position"),
    )
    op.create_table(
        "stream_events",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("heard", sa.Double(), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["stream"], ["streams.number"]),
        sa.PrimaryKeyConstraint("stream", "number"),
    )
    op.create_table(
        "stream_watchers",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("page", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["stream"], ["streams.number"]),
        sa.PrimaryKeyConstraint("stream", "reviewer"),
    )
    op.create_table(
        "stream_drafts",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("page", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["stream"], ["streams.number"]),
        sa.PrimaryKeyConstraint("stream", "reviewer", "page"),
    )


def downgrade() -> None:
    """Raises Refused where a stream hasn't ended: what was said in it stands nowhere else."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM streams WHERE state <> 'ended'")):
        raise Refused("streams run, which revision 0018 knows nothing of; end them first")
    for table in ("stream_drafts", "stream_watchers", "stream_events", "stream_lines", "streams"):
        op.drop_table(table)
