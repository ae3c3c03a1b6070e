"""Named retractions, adjudication, appointments, and tombstones of what was forgotten.

Nothing here rebuilds a table: SQLite can't drop one that others point to, so columns are added and dropped in place.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.errors import Refused

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("seq", _number, autoincrement=False, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_appointments_reviewer", "appointments", ["reviewer", "seq"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("seq", _number, autoincrement=False, nullable=False),
        sa.Column("external_hash", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_tombstones_external", "tombstones", ["external_hash"], unique=False)
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("forgotten", _number, nullable=True))
    with op.batch_alter_table("corrections", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("why", sa.String(), server_default="", nullable=False))
        batch_op.create_index("ix_corrections_kind", ["kind", "transcript"], unique=False)
        batch_op.create_index("ix_corrections_reviewer", ["reviewer", "kind", "seq"], unique=False)


def downgrade() -> None:
    """Raises Refused where something was forgotten: the older code would look for its text, and take it in again."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM tombstones")):
        raise Refused("transcripts were forgotten on request, which revision 0001 knows nothing of; stay at 0002")
    with op.batch_alter_table("corrections", recreate="never") as batch_op:
        batch_op.drop_index("ix_corrections_reviewer")
        batch_op.drop_index("ix_corrections_kind")
        batch_op.drop_column("why")
    with op.batch_alter_table("transcripts", recreate="never") as batch_op:
        batch_op.drop_column("forgotten")
    op.drop_index("ix_tombstones_external", table_name="tombstones")
    op.drop_table("tombstones")
    op.drop_index("ix_appointments_reviewer", table_name="appointments")
    op.drop_table("appointments")
