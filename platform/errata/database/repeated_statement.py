"""A statement that every row needs: compiled once, and from then on handed to the database's driver as it is.

SQLAlchemy takes several times as long to send a statement as SQLite to answer it. What is bound and read is what
SQLAlchemy would bind and read, and what goes wrong is said as it says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

Values = Mapping[str, Any]
Process = Callable[[Any], Any]
"""From a value to what the driver takes, or back."""


class RepeatedStatement:
    """Of no more values each time than the first time. Defaults that Python gives a column are not given here: every
    column that has one is named."""

    def __init__(self, clause: sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert) -> None:
        self._clause = clause
        self._compiled: dict[str, _DriverStatement] = {}
        """By the database's name."""

    def rows(self, session: Session, values: Values) -> Sequence[tuple[Any, ...]]:
        """What it is answered; an INSERT that returns nothing, nothing. Raises as SQLAlchemy does."""
        connection = session.connection()
        dialect, driver = connection.dialect, connection.dialect.loaded_dbapi
        statement = self._compiled.get(dialect.name)
        if statement is None:
            statement = self._compiled[dialect.name] = _compile(self._clause, dialect, values)
        bound = statement.bind(values)
        try:
            cursor = connection.connection.cursor()
            try:
                cursor.execute(statement.text, bound)
                return statement.read(cursor.fetchall()) if statement.results else ()
            finally:
                cursor.close()
        except driver.Error as error:
            raise sa.exc.DBAPIError.instance(
                statement.text, bound, cast(Exception, error), cast(type[Exception], driver.Error), dialect=dialect
            ) from error

    def row(self, session: Session, values: Values) -> tuple[Any, ...] | None:
        """The first row; None where there is none."""
        return next(iter(self.rows(session, values)), None)


@dataclass(frozen=True, slots=True)
class _DriverStatement:
    text: str
    places: Sequence[str] | None
    """The names of its values in their order; None where the driver knows them by name."""
    constants: Values
    bindings: Mapping[str, Process]
    """Of the values that the driver doesn't take as they are."""
    results: Sequence[Process | None]
    """One a column that it returns."""

    def bind(self, values: Values) -> Any:
        bound = {**self.constants, **values}
        for name, process in self.bindings.items():
            bound[name] = process(bound[name])
        return bound if self.places is None else tuple([bound[name] for name in self.places])

    def read(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        if not any(self.results):
            return rows
        return [tuple(map(_read, row, self.results)) for row in rows]


def _read(value: Any, process: Process | None) -> Any:
    return value if process is None else process(value)


def _compile(
    clause: sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert, dialect: sa.Dialect, values: Values
) -> _DriverStatement:
    compiled = clause.compile(dialect=dialect, column_keys=list(values))
    if compiled.insert_prefetch:
        unnamed = ", ".join(column.name for column in compiled.insert_prefetch)
        raise ValueError(f"SQLAlchemy would give these columns a default, and nobody does here: {unnamed}")
    bindings = {
        name: bound.type.dialect_impl(dialect).bind_processor(dialect) for name, bound in compiled.binds.items()
    }
    results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in clause.exported_columns]
    return _DriverStatement(
        text=str(compiled),
        places=compiled.positiontup,
        constants={name: bound.effective_value for name, bound in compiled.binds.items() if not bound.required},
        bindings={name: process for name, process in bindings.items() if process is not None},
        results=results,
    )
