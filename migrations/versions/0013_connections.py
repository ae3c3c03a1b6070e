"""Other tools in step: which calls of foreign models' traces became predictions, which projects of a reviewing tool
are kept in step, which tasks went out to them and which of their annotations have come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "traces",
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("prediction", _NUMBER, nullable=False),
        sa.Column("answered_at", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["prediction"], ["predictions.seq"]),
        sa.PrimaryKeyConstraint("trace", "span"),
    )
    op.create_index("ix_traces_prediction", "traces", ["prediction"], unique=False)
    op.create_table(
        "connections",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("tool", sa.String(16), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("mark"),
    )
    op.create_index("ix_connections_project", "connections", ["url", "project"], unique=False)
    op.create_table(
        "sent_tasks",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("transcript", _NUMBER, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("task", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.number"]),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.PrimaryKeyConstraint("connection", "transcript"),
    )
    op.create_index("ix_sent_tasks_task", "sent_tasks", ["connection", "task"], unique=False)
    op.create_table(
        "fetched_reviews",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("annotation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("correction", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["connection"], ["connections.number"]),
        sa.ForeignKeyConstraint(["correction"], ["corrections.seq"]),
        sa.PrimaryKeyConstraint("connection", "annotation"),
    )
    op.create_index("ix_fetched_reviews_task", "fetched_reviews", ["connection", "task"], unique=False)


def downgrade() -> None:
    for table in ("fetched_reviews", "sent_tasks", "connections", "traces"):
        op.drop_table(table)
