"""What can be made again from texts and events: sketches of an older form, twins' index and links, conflicts' index.

A link that is found here is known from now on and not before: what was asked as of an earlier watermark is answered as
it was. So no role ever becomes less strict, and a talk that was open to training and now has a held-out twin is in
quarantine, which `fsck` names. Each repair is an event that says what it did; a repair of nothing is none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database import leak_guard
from errata.database.blobs import Blobs
from errata.database.conflicts import Conflicts
from errata.database.sequence import TEXTS_AT_ONCE, next_seq
from errata.database.tables import BandRow, RepairRow, TranscriptRow
from errata.domain import twins
from errata.domain.transcript import Transcript
from errata.errors import NotFound


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was done, each by the transcripts' `seq`."""

    signed: tuple[int, ...] = ()
    """Those that got a sketch of the present form."""
    entered: tuple[int, ...] = ()
    """Those that the index of twins lacked."""
    linked: tuple[tuple[int, int], ...] = ()
    """Twins that nothing linked, the newer first."""
    conflicts: tuple[int, ...] = ()
    """Those that the index of conflicts was wrong about."""

    def __add__(self, later: RepairResult) -> RepairResult:
        return RepairResult(
            self.signed + later.signed,
            self.entered + later.entered,
            self.linked + later.linked,
            self.conflicts + later.conflicts,
        )


class Repairs:
    def __init__(self, session: Session, blobs: Blobs, conflicts: Conflicts) -> None:
        self._session = session
        self._blobs = blobs
        self._conflicts = conflicts

    def has_old_sketches(self) -> bool:
        """Whether an older version signed a transcript, so that nobody finds its twins by its words."""
        form = sa.func.substr(TranscriptRow.signature, 1, len(twins.FORM))
        old = sa.select(TranscriptRow.seq).where(TranscriptRow.forgotten.is_(None), form != twins.FORM)
        return self._session.scalar(old.limit(1)) is not None

    def mend(self, after: int, by: str) -> tuple[RepairResult, int | None]:
        """Mends the next TEXTS_AT_ONCE transcripts after number `after`; returns what was done and the last of their
        numbers, None where there are no more. Texts that can't be read are left alone: `fsck` names them."""
        rows = self._session.scalars(
            sa.select(TranscriptRow)
            .where(TranscriptRow.seq > after, TranscriptRow.forgotten.is_(None))
            .order_by(TranscriptRow.seq)
            .limit(TEXTS_AT_ONCE)
        ).all()
        signed = tuple(row.seq for row in rows if self._sign(row))
        entered = tuple(row.seq for row in rows if leak_guard.complete_index(self._session, row))
        links = [link for row in rows for link in leak_guard.missing_links(self._session, row)]
        conflicts = tuple(row.seq for row in rows if self._conflicts.update_index(row.seq))
        done = RepairResult(signed, entered, tuple((link.newer, link.older) for link in links), conflicts)
        if done != RepairResult():
            event = RepairRow(seq=next_seq(self._session, "repair"), by=by, done=asdict(done))
            self._session.add(event)
            self._session.flush()
            leak_guard.record_links(self._session, links, since=event.seq)
        return done, rows[-1].seq if rows else None

    def _sign(self, row: TranscriptRow) -> bool:
        """Whether the transcript needed a new sketch, and got one."""
        if twins.is_current(row.signature):
            return False
        try:
            transcript = Transcript.from_json(self._blobs.get(row.hash))
        except NotFound:
            return False
        row.signature = twins.signature(transcript.text)
        # the index was made of the old sketch; `complete_index` enters the new one
        self._session.execute(sa.delete(BandRow).where(BandRow.transcript == row.seq))
        self._session.flush()
        return True
