"""Whether the record still is what was written: texts, hashes, keys, numbers and leak groups, checked from outside.

A problem is a sentence that names the offender. A quarantined group is none: nobody erred, and no score counts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from errata.database import leak_guard
from errata.database.record import Record
from errata.database.repairs import RepairResult
from errata.database.sequence import AT_ONCE, highest_seq
from errata.database.store import Store
from errata.database.tables import Base, CorrectionRow, EventRow, LinkRow, NightRow, PredictionRow, TranscriptRow
from errata.domain import twins
from errata.domain.hashing import content_hash
from errata.domain.roles import ROLES
from errata.domain.transcript import Transcript
from errata.errors import ErrataError

REPAIR = "run `errata fsck --repair`"


@dataclass(frozen=True, slots=True)
class Findings:
    problems: tuple[str, ...]
    quarantined: tuple[str, ...]
    """Talks that are held out now and were open to training before their twin came."""
    transcripts: int
    """How many were read."""


def fsck(record: Record) -> Findings:
    """Reads every row and every text of one state of the record. Raises Unavailable where it can't be read at all."""
    with record.look() as (session, store):
        problems: list[str] = []
        count = 0
        for row in _rows(session, TranscriptRow):
            problems += _transcript(session, store, row)
            count += 1
        for check in (_keys, _numbers, _order, _predictions):
            problems += check(session)
        problems += _conflicts(store)
        problems += store.chats.problems()
        return Findings(tuple(problems), tuple(_quarantine(session, store)), count)


def _rows(session: Session, table: type[Any], where: Sequence[sa.ColumnElement[bool]] = ()) -> Iterator[Any]:
    """Rows in the order of `seq`, so many at a time: memory stays flat however long the record is."""
    last = 0
    while rows := session.scalars(
        sa.select(table).where(table.seq > last, *where).order_by(table.seq).limit(AT_ONCE)
    ).all():
        yield from rows
        last = rows[-1].seq
        session.expunge_all()  # else the session holds on to every row that it has read


def _transcript(session: Session, store: Store, row: TranscriptRow) -> Iterator[str]:
    name = f"transcript {row.seq} ({row.external_id!r})"
    if row.role not in ROLES:
        yield f"{name} has the role {row.role!r}, which there is not; restore the record from a backup"
    if row.forgotten is not None:
        return
    try:
        transcript = store.transcripts.read(row.seq)
    except (ErrataError, TypeError, KeyError) as error:
        yield f"{name}: {error}"
        return
    yield from _row_against_text(name, row, transcript)
    if leak_guard.is_hidden(session, row):
        yield f"{name} is not in the index of twins, so that later copies are not found; {REPAIR}"
    for link in leak_guard.missing_links(session, row):
        twin = f"{name} is a twin of transcript {link.older}, and nothing links them"
        yield f"{twin}: one could train and the other test; {REPAIR}"


def _row_against_text(name: str, row: TranscriptRow, transcript: Transcript) -> Iterator[str]:
    """Whether the row says of the text what the text says."""
    pairs = {
        "id": (row.external_id, transcript.external_id),
        "title": (row.title, transcript.title),
        "channel": (row.channel, transcript.channel),
        "unit": (row.unit, transcript.unit),
        "duration": (row.duration, transcript.duration),
        "words": (row.text_hash, twins.text_hash(transcript.text)),
    }
    for what, (in_table, in_text) in pairs.items():
        if in_table != in_text:
            yield f"{name}: its {what} in the table and in its text differ; restore the record from a backup"
    if not twins.is_current(row.signature):
        yield f"{name} was signed by an older version, so that its twins are not found; {REPAIR}"
    elif row.signature != twins.signature(transcript.text):
        yield f"{name} is signed for other words than its own; restore the record from a backup"


def _keys(session: Session) -> Iterator[str]:
    """Rows that point to rows which are not there."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()  # some tables point to themselves
            is_there = sa.exists().where(target.c[key.column.name] == key.parent)
            missing = sa.select(key.parent).where(key.parent.is_not(None), ~is_there)
            for value in session.scalars(missing.distinct().order_by(key.parent)):
                yield f"{table.name}.{key.parent.name} points to {key.column.table.name} {value}, which is not there"


def _numbers(session: Session) -> Iterator[str]:
    """Numbers without a row, and on SQLite, where a transaction that is rolled back gives its numbers back, gaps."""
    owners = [table for table in Base.metadata.sorted_tables if _has_seq(table)]
    owned = sa.union_all(*(sa.select(table.c.seq) for table in owners)).subquery()
    orphans = sa.select(EventRow).where(~sa.exists().where(owned.c.seq == EventRow.seq)).order_by(EventRow.seq)
    for event in session.scalars(orphans):
        yield f"the {event.kind} with the number {event.seq} is gone: its row was deleted; restore it from a backup"
    twice = sa.select(owned.c.seq).group_by(owned.c.seq).having(sa.func.count() > 1).order_by(owned.c.seq)
    for seq in session.scalars(twice):
        yield f"two rows have the number {seq}; restore the record from a backup"
    if session.get_bind().dialect.name == "sqlite":
        yield from _gaps(session)


def _has_seq(table: sa.Table) -> bool:
    return any(key.column is EventRow.__table__.c.seq and key.parent.name == "seq" for key in table.foreign_keys)


def _gaps(session: Session) -> Iterator[str]:
    last_given = session.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")) or 0
    previous = sa.func.lag(EventRow.seq, 1, 0).over(order_by=EventRow.seq).label("previous")
    neighbours = sa.select(EventRow.seq.label("seq"), previous).subquery()
    gaps = sa.select(neighbours.c.previous, neighbours.c.seq).where(neighbours.c.seq > neighbours.c.previous + 1)
    edges: list[tuple[int, int]] = [(row[0], row[1]) for row in session.execute(gaps)]
    highest = highest_seq(session)
    if last_given > highest:
        edges.append((highest, last_given + 1))
    for before, after in edges:
        yield f"the numbers {before + 1} to {after - 1} were given out and are gone; restore the record from a backup"


def _order(session: Session) -> Iterator[str]:
    """Rows that point to something later than themselves, or to another transcript's."""
    earlier = aliased(CorrectionRow)
    corrections = sa.select(CorrectionRow.seq).order_by(CorrectionRow.seq)
    checks = {
        "supersedes one of another transcript, or a later one": corrections.join(
            earlier, earlier.seq == CorrectionRow.supersedes
        ).where(sa.or_(earlier.transcript != CorrectionRow.transcript, earlier.seq >= CorrectionRow.seq)),
        "corrects a prediction for another transcript, or a later one": corrections.join(
            PredictionRow, PredictionRow.seq == CorrectionRow.prediction
        ).where(sa.or_(PredictionRow.transcript != CorrectionRow.transcript, PredictionRow.seq > CorrectionRow.seq)),
        "came before its transcript": corrections.where(CorrectionRow.seq < CorrectionRow.transcript),
    }
    for what, query in checks.items():
        for seq in session.scalars(query):
            yield f"correction {seq} {what}; restore the record from a backup"
    backwards = sa.select(LinkRow.newer).where(LinkRow.older >= LinkRow.newer).order_by(LinkRow.newer)
    for seq in session.scalars(backwards.distinct()):
        yield f"transcript {seq} is linked as the newer twin of a later one; restore the record from a backup"


def _predictions(session: Session) -> Iterator[str]:
    """Answers whose hash is another's: somebody changed them in place."""
    forgotten = sa.select(TranscriptRow.seq).where(TranscriptRow.forgotten.is_not(None))
    for row in _rows(session, PredictionRow, [PredictionRow.transcript.not_in(forgotten)]):
        if row.hash != content_hash([row.transcript, row.model, row.template, row.chapters]):
            yield f"prediction {row.seq} was changed after it was written; restore the record from a backup"


def _conflicts(store: Store) -> Iterator[str]:
    """Conflicts that `errata conflicts` and `errata status` would not find."""
    for seq in sorted(set(store.conflicts.transcripts(store.watermark())) - set(store.conflicts.transcripts())):
        yield f"transcript {seq} is in conflict, and the index of conflicts lacks it; {REPAIR}"


def repair(record: Record, by: str) -> RepairResult:
    """Mends what can be made again; returns all that was done. Again, it does nothing. `by` is kept in the record."""
    total = RepairResult()
    last: int | None = 0
    while last is not None:
        with record.write() as store:
            batch, last = store.repairs.mend(last, by)
        total += batch
    return total


def _quarantine(session: Session, store: Store) -> Iterator[str]:
    """Held-out talks that a night may have trained on: their leak group was open until a twin came."""
    nights = session.execute(
        sa.select(NightRow.label, NightRow.training_watermark)
        .where(NightRow.finished, NightRow.verdict.not_in(("skipped", "bootstrap")))
        .order_by(NightRow.number.desc())
    ).all()
    first = min((night.training_watermark for night in nights), default=None)
    if first is None:
        return
    # a link that the first night knew of held its group out in every night
    late = session.execute(sa.select(LinkRow.older, LinkRow.newer).where(LinkRow.since > first))
    now, named = store.watermark(), set[int]()
    for seq in sorted({end for link in late for end in link}):
        role = store.leak_groups.of(seq, now).role
        if role == "train":
            continue
        for label, upto in nights:
            for member in sorted(_trained_on(session, store, seq, upto) - named):
                named.add(member)
                name = session.scalar(sa.select(TranscriptRow.external_id).where(TranscriptRow.seq == member))
                yield (
                    f"transcript {member} ({name!r}) was open to training in the night {label} and is held out ({role})"
                    " since a twin came: no model that saw it is scored on it"
                )


def _trained_on(session: Session, store: Store, seq: int, upto: int) -> set[int]:
    """The corrected members of a leak group that was open to training as of `upto`."""
    if seq > upto or store.leak_groups.of(seq, upto).role != "train":
        return set()
    members = store.leak_groups.members(seq, upto)
    corrected = sa.select(CorrectionRow.transcript).where(
        CorrectionRow.transcript.in_(members), CorrectionRow.seq <= upto
    )
    return set(session.scalars(corrected.distinct()))
