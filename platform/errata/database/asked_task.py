"""What the models of the workspace are asked, and so what its labels are: one row, or none, which means chapters."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from errata.database.tables import Base
from errata.domain.task_name import TaskName

_ONLY = 1


class AskedTaskRow(Base):
    __tablename__ = "asked_task"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    task: Mapped[str] = mapped_column(String(16))


class AskedTask:
    def __init__(self, session: Session) -> None:
        self._session = session

    def name(self) -> TaskName:
        row = self._session.get(AskedTaskRow, _ONLY)
        return "chapters" if row is None else cast(TaskName, row.task)

    def set(self, task: TaskName) -> None:
        """Once and for all: what has been learnt and scored is of one task."""
        self._session.merge(AskedTaskRow(number=_ONLY, task=task))
        self._session.flush()
