"""The name of the collection that a transcript was imported with; those from before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.drop_column("source")
