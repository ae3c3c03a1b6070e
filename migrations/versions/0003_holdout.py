"""Who opened what is held out from training, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.errors import Refused

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holdout_accesses",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_holdout_accesses_role", "holdout_accesses", ["role", "seq"], unique=False)


def downgrade() -> None:
    """Raises Refused where the sealed set was opened: forgetting that would open it more often than it may be."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM holdout_accesses WHERE role = 'sealed'")):
        raise Refused("the sealed set was opened, which revision 0002 would forget; stay at 0003")
    op.drop_index("ix_holdout_accesses_role", table_name="holdout_accesses")
    op.drop_table("holdout_accesses")
