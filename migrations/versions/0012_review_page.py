"""What the review page keeps: who works on what, what isn't submitted yet, and how much work each submission was; and
where a transcript's recording can be played."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("transcript", _NUMBER, sa.ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False),
        sa.Column("reviewer", sa.String(), primary_key=True),
        sa.Column("page", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "review_drafts",
        sa.Column("transcript", _NUMBER, sa.ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False),
        sa.Column("reviewer", sa.String(), primary_key=True),
        sa.Column("page", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("transcript", _NUMBER, sa.ForeignKey("transcripts.seq"), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("correction", _NUMBER, sa.ForeignKey("corrections.seq")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("commands", sa.Integer(), nullable=False),
        sa.Column("draft_shown", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_submissions_reviewer", "submissions", ["reviewer", "number"])
    op.create_index("ix_submissions_transcript", "submissions", ["transcript", "action"])
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("media", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.drop_column("media")
    for table in ("submissions", "review_drafts", "claims"):
        op.drop_table(table)
