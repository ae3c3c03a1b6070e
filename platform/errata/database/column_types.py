"""What columns hold that databases have no type of: JSON or a time in the table, our own type to everybody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from errata.documents.document import as_json, from_json
from errata.documents.outcome import Outcome
from errata.files import JsonObject


class OutcomeColumn(TypeDecorator[Outcome]):
    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Outcome | None, dialect: Dialect) -> JsonObject | None:
        return None if value is None else as_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Outcome | None:
        """Whatever version of Errata wrote it."""
        return None if value is None else from_json(Outcome, value, "a night's outcome", "run errata fsck")


class UtcTime(TypeDecorator[datetime]):
    """SQLite gives times back without a zone, and PostgreSQL in its session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
