"""As of when a link between twins is known, and what `errata fsck --repair` did.

A link was known as of the later twin's arrival; one that a repair finds is known from the repair on, so that what was
asked as of an earlier watermark is answered as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.errors import Refused

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "repairs",
        sa.Column("seq", _number, autoincrement=False, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    with op.batch_alter_table("leak_links", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("since", _number, server_default="0", nullable=False))
    op.execute("UPDATE leak_links SET since = newer")
    op.create_index("ix_leak_links_since", "leak_links", ["since"], unique=False)


def downgrade() -> None:
    """Raises Refused where something was repaired: its links would be taken for known all along."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM repairs")):
        raise Refused("the record was repaired, which revision 0004 knows nothing of; stay at 0005")
    op.drop_index("ix_leak_links_since", table_name="leak_links")
    with op.batch_alter_table("leak_links", recreate="never") as batch_op:
        batch_op.drop_column("since")
    op.drop_table("repairs")
