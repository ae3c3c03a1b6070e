"""A column that holds what came of a night: JSON in the table, an `Outcome` to everybody else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from errata.documents.document import as_json, from_json
from errata.documents.outcome import Outcome


class OutcomeColumn(TypeDecorator[Outcome]):
    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Outcome | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else as_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Outcome | None:
        """Whatever version of Errata wrote it."""
        return None if value is None else from_json(Outcome, value, "a night's outcome", "run errata fsck")
