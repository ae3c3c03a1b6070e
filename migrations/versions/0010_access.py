"""Keys of the service, sessions of the people who sign in with them, and the log of who did what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from errata.database.column_types import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_keys",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made", UtcTime(timezone=True), nullable=False),
        sa.Column("revoked", UtcTime(timezone=True), nullable=True),
        sa.Column("last_use", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_keys_name", "access_keys", ["name"])
    op.create_table(
        "web_sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key", _NUMBER, nullable=False),
        sa.Column("made", UtcTime(timezone=True), nullable=False),
        sa.Column("seen", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["access_keys.number"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_web_sessions_key", "web_sessions", ["key"])
    op.create_table(
        "audit_log",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_name", "audit_log", ["name", "number"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("web_sessions")
    op.drop_table("access_keys")
