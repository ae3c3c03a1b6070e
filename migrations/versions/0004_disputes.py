"""Where conflicts are, so that they can be counted without reading every correction; and roles can be counted too.

A transcript of which several people have spoken is entered here on the way up, whether they differ or not: that, the
code says when it looks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("transcript", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.seq"]),
        sa.PrimaryKeyConstraint("transcript"),
    )
    op.execute(
        "INSERT INTO disputes (transcript) SELECT transcript FROM corrections WHERE kind <> 'reference' "
        "GROUP BY transcript HAVING count(DISTINCT reviewer) > 1"
    )
    op.create_index("ix_transcripts_role", "transcripts", ["role"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_transcripts_role", table_name="transcripts")
    op.drop_table("disputes")
