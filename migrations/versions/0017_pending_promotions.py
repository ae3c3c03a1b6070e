"""Promotions that wait for people to approve of them, and what each of these said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_promotions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("night", sa.String(), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("champion", sa.String(64), nullable=False),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("needed", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("settled", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_pending_promotions_state", "pending_promotions", ["state", "number"])
    op.create_index("ix_pending_promotions_evidence", "pending_promotions", ["evidence", "number"])
    op.create_table(
        "approvals",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("promotion", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["promotion"], ["pending_promotions.number"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_approvals_promotion", "approvals", ["promotion", "number"])


def downgrade() -> None:
    op.drop_table("approvals")
    op.drop_table("pending_promotions")
