"""Which transcripts have segments that are read as several lines: `errata init` looks at those that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("line_form", sa.SmallInteger()))


def downgrade() -> None:
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.drop_column("line_form")
