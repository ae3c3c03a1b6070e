"""The one sequence that all rows of the record share: its numbers, and the watermark, which is the highest of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.repeated_statement import RepeatedStatement
from errata.database.tables import EventRow, core, now

AT_ONCE = 500
"""Values in one IN: databases bound how many a statement may have."""
TEXTS_AT_ONCE = 50
"""Transcripts that are read in one writing transaction: others may write in between."""


@dataclass(frozen=True, slots=True)
class Added:
    seq: int
    new: bool


_events = core(EventRow)
_NEXT = RepeatedStatement(sa.insert(_events).returning(_events.c.seq))


def next_seq(session: Session, kind: str) -> int:
    """The next number of the sequence, for a row of `kind`."""
    ((seq,),) = _NEXT.rows(session, {"kind": kind, "at": now()})
    return int(seq)


def highest_seq(session: Session) -> int:
    """With one writer at a time, no lower number is still in flight."""
    return session.scalar(sa.select(sa.func.max(EventRow.seq))) or 0


def batches(seqs: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many numbers at a time as one IN may hold."""
    for begin in range(0, len(seqs), AT_ONCE):
        yield seqs[begin : begin + AT_ONCE]
