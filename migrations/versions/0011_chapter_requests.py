"""What is asked of the service: by it an answer is given once, and a job goes on after a crash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chapter_requests",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("transcript", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prediction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("failure", sa.String(length=16), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.ForeignKeyConstraint(["prediction"], ["predictions.seq"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("by", "idempotency_key", name="uq_chapter_requests_key"),
    )
    op.create_index("ix_chapter_requests_prediction", "chapter_requests", ["prediction", "by"], unique=False)
    op.create_index("ix_chapter_requests_open", "chapter_requests", ["is_open", "number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_chapter_requests_open", table_name="chapter_requests")
    op.drop_index("ix_chapter_requests_prediction", table_name="chapter_requests")
    op.drop_table("chapter_requests")
