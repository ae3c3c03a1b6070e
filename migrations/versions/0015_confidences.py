"""How probable a model held the borders of its answer; of answers from before nobody knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("predictions", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("confidences", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("predictions", recreate="never") as batch_op:
        batch_op.drop_column("confidences")
