"""The leak guard: links a transcript with its twins that came before, and enters it into the index for those to come.

Twins have the same outside id, the same words, or most of the shorter one's words in the same order
(`errata.domain.twins`). Whom to compare with is looked up in an index: who shares a rare turn of phrase, or the title,
or the channel and the length. A pair is found whichever of the two comes first, and a leak group is whatever hangs
together, so groups don't depend on the order of arrival.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.repeated_statement import RepeatedStatement
from errata.database.sequence import AT_ONCE
from errata.database.tables import BandRow, LinkRow, TranscriptRow, core
from errata.domain import twins
from errata.domain.transcript import Transcript

FULL = 50
"""Entries that a key of the index takes, and links that one reason gives: words with which so many talks begin say
nothing, and a group hangs together by its first members. So a look-up costs the same however long the record is."""

_MOST_KEYS = twins.KEYS + 3
_bands, _transcripts = core(BandRow), core(TranscriptRow)
_ENTER = {
    "qmark": "INSERT INTO leak_bands (band, transcript) VALUES (?, ?)",
    "pyformat": "INSERT INTO leak_bands (band, transcript) VALUES (%s, %s)",
}
"""As each driver writes its parameters: SQLAlchemy takes longer to prepare fifty rows than a database to write them."""
_ENTRIES = RepeatedStatement(
    sa.select(_bands.c.band, _bands.c.transcript).where(
        _bands.c.transcript < sa.bindparam("before"),
        _bands.c.band.in_([sa.bindparam(f"key{place}") for place in range(_MOST_KEYS)]),  # as many each time
    )
)


def _first_with(column: sa.Column[Any], reason: str) -> sa.Select[Any]:
    """The first transcripts before one that have the same in that column, and that this is the reason."""
    first = sa.select(_transcripts.c.seq).where(
        column == sa.bindparam(column.name), _transcripts.c.seq < sa.bindparam("before")
    )
    found = first.order_by(_transcripts.c.seq).limit(FULL).subquery()
    return sa.select(sa.literal_column(f"'{reason}'"), found.c.seq)


_SAME = RepeatedStatement(
    sa.union_all(_first_with(_transcripts.c.text_hash, "text"), _first_with(_transcripts.c.external_id, "id"))
)


class LeakLink(NamedTuple):
    newer: int
    older: int
    reason: str
    """`id`, `text` or `near`."""


class Arrival(NamedTuple):
    """What the guard knows a transcript by."""

    seq: int
    external_id: str
    text_hash: str
    signature: bytes
    keys: list[int]
    """Under which it stands in the index: at most three more than `twins.KEYS`; none where an older version signed."""

    @classmethod
    def of_transcript(cls, seq: int, transcript: Transcript) -> Arrival:
        keys = _keys(transcript.signature, transcript.title, transcript.channel, transcript.duration)
        return cls(seq, transcript.external_id, transcript.text_hash, transcript.signature, keys)

    @classmethod
    def of_row(cls, row: TranscriptRow) -> Arrival:
        keys = _keys(row.signature, row.title, row.channel, row.duration)
        return cls(row.seq, row.external_id, row.text_hash, row.signature, keys)


def enter(session: Session, arrival: Arrival) -> None:
    """Records the links and index entries of a transcript that was just added."""
    entries = _entries(session, arrival)
    record_links(session, _links(session, arrival, entries), since=arrival.seq)
    taken = Counter(key for key, _ in entries)
    _index(session, arrival.seq, [key for key in arrival.keys if taken[key] < FULL])


def leave(session: Session, seqs: Sequence[int], since: int) -> None:
    """Takes transcripts out of the index. Where a key was full, the first of those that found no room takes the place,
    and the twins that this shows are linked as of `since`."""
    own = sa.select(BandRow.band).where(BandRow.transcript.in_(seqs))
    full = sa.select(BandRow.band).where(BandRow.band.in_(own)).group_by(BandRow.band)
    freed = set(session.scalars(full.having(sa.func.count() >= FULL)))
    session.execute(sa.delete(BandRow).where(BandRow.transcript.in_(seqs)))
    if not freed:
        return
    later = sa.select(TranscriptRow).where(TranscriptRow.seq > min(seqs), TranscriptRow.forgotten.is_(None))
    for row in session.scalars(later.order_by(TranscriptRow.seq)).yield_per(AT_ONCE):
        if row.seq not in seqs and not freed.isdisjoint(Arrival.of_row(row).keys):
            complete_index(session, row)
            record_links(session, missing_links(session, row), since)


def record_links(session: Session, links: Sequence[LeakLink], since: int) -> None:
    """Records links that are known as of `since`."""
    if links:
        session.execute(sa.insert(LinkRow), [{**link._asdict(), "since": since} for link in links])


def missing_links(session: Session, row: TranscriptRow) -> list[LeakLink]:
    """The links of a transcript with twins that came before it which nobody recorded."""
    recorded = set(session.scalars(sa.select(LinkRow.older).where(LinkRow.newer == row.seq)))
    arrival = Arrival.of_row(row)
    return [link for link in _links(session, arrival, _entries(session, arrival)) if link.older not in recorded]


def complete_index(session: Session, row: TranscriptRow) -> bool:
    """Makes the index entries that a transcript lacks, and says whether it lacked any."""
    missing = _missing_keys(session, Arrival.of_row(row))
    _index(session, row.seq, missing)
    return bool(missing)


def _index(session: Session, seq: int, keys: list[int]) -> None:
    if keys:
        connection = session.connection()
        connection.exec_driver_sql(_ENTER[connection.dialect.paramstyle], [(key, seq) for key in keys])


def is_hidden(session: Session, row: TranscriptRow) -> bool:
    """Whether the index lacks an entry of this transcript that there was room for."""
    return bool(_missing_keys(session, Arrival.of_row(row)))


def _missing_keys(session: Session, arrival: Arrival) -> list[int]:
    query = sa.select(BandRow.band).where(BandRow.transcript == arrival.seq, BandRow.band.in_(arrival.keys))
    own = set(session.scalars(query))
    taken = Counter(key for key, _ in _entries(session, arrival))
    return [key for key in arrival.keys if key not in own and taken[key] < FULL]


def _entries(session: Session, arrival: Arrival) -> list[tuple[int, int]]:
    """Index entries of earlier transcripts under this one's keys: the key and the transcript."""
    if not arrival.keys:
        return []
    keys = islice(cycle(arrival.keys), _MOST_KEYS)  # fewer are asked about again
    sought = {f"key{place}": key for place, key in enumerate(keys)}
    found = _ENTRIES.rows(session, {**sought, "before": arrival.seq})
    return [(key, transcript) for key, transcript in found]


def _candidates(arrival: Arrival, entries: Sequence[tuple[int, int]]) -> set[int]:
    """Those to compare a transcript with. A title or a length that so many talks have is no clue any more."""
    crowd = Counter(key for key, _ in entries)
    words = set(twins.bands(arrival.signature)) if entries else set()
    return {transcript for key, transcript in entries if key in words or crowd[key] < FULL}


def _keys(signature: bytes, title: str, channel: str, duration: float) -> list[int]:
    return twins.bands(signature) + twins.clues(title, channel, duration) if twins.is_current(signature) else []


def _links(session: Session, arrival: Arrival, entries: Sequence[tuple[int, int]]) -> list[LeakLink]:
    """The links of a transcript with twins that came before it; `entries` name those that it shares a key with."""
    reasons: dict[int, str] = {}
    candidates = _candidates(arrival, entries)
    if candidates:
        signatures = sa.select(TranscriptRow.seq, TranscriptRow.signature).where(TranscriptRow.seq.in_(candidates))
        for seq, signature in session.execute(signatures):
            if twins.similarity(arrival.signature, signature) >= twins.NEAR:
                reasons[seq] = "near"
    same = {"text_hash": arrival.text_hash, "external_id": arrival.external_id, "before": arrival.seq}
    found = _SAME.rows(session, same)
    for plainer in ("text", "id"):  # the plainest reason is written last, and stays
        reasons.update((seq, reason) for reason, seq in found if reason == plainer)
    return [LeakLink(arrival.seq, older, reason) for older, reason in sorted(reasons.items())]
