"""The leak guard: links a transcript with its twins that came before, and enters it into the index for those to come.

Twins have the same outside id, the same words, or most of the shorter one's words in the same order
(`errata.domain.twins`). Whom to compare with is looked up in an index: who shares a rare turn of phrase, or the title,
or the channel and the length. A pair is found whichever of the two comes first, and a leak group is whatever hangs
together, so groups don't depend on the order of arrival.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.sequence import AT_ONCE
from errata.database.tables import BandRow, LinkRow, TranscriptRow, core
from errata.domain import twins

FULL = 50
"""Entries that a key of the index takes, and links that one reason gives: words with which so many talks begin say
nothing, and a group hangs together by its first members. So a look-up costs the same however long the record is."""

_bands, _transcripts = core(BandRow), core(TranscriptRow)
_ENTER = sa.insert(_bands)
_ENTRIES = sa.select(_bands.c.band, _bands.c.transcript).where(
    _bands.c.transcript < sa.bindparam("before"), _bands.c.band.in_(sa.bindparam("keys", expanding=True))
)


def _first_with(column: sa.Column[Any]) -> sa.Select[int]:
    """The first transcripts before one that have the `same` there."""
    query = sa.select(_transcripts.c.seq).where(column == sa.bindparam("same"))
    return query.where(_transcripts.c.seq < sa.bindparam("before")).order_by(_transcripts.c.seq).limit(FULL)


_OF_TEXT, _OF_ID = _first_with(_transcripts.c.text_hash), _first_with(_transcripts.c.external_id)


class LeakLink(NamedTuple):
    newer: int
    older: int
    reason: str
    """`id`, `text` or `near`."""


def enter(session: Session, row: TranscriptRow) -> None:
    """Records the links and index entries of a transcript that was just added."""
    entries = _entries(session, row)
    record_links(session, _links(session, row, entries), since=row.seq)
    taken = Counter(key for key, _ in entries)
    _index(session, row, [key for key in _keys(row) if taken[key] < FULL])


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
        if row.seq not in seqs and not freed.isdisjoint(_keys(row)):
            complete_index(session, row)
            record_links(session, missing_links(session, row), since)


def record_links(session: Session, links: Sequence[LeakLink], since: int) -> None:
    """Records links that are known as of `since`."""
    if links:
        session.execute(sa.insert(LinkRow), [{**link._asdict(), "since": since} for link in links])


def missing_links(session: Session, row: TranscriptRow) -> list[LeakLink]:
    """The links of a transcript with twins that came before it which nobody recorded."""
    recorded = set(session.scalars(sa.select(LinkRow.older).where(LinkRow.newer == row.seq)))
    return [link for link in _links(session, row, _entries(session, row)) if link.older not in recorded]


def complete_index(session: Session, row: TranscriptRow) -> bool:
    """Makes the index entries that a transcript lacks, and says whether it lacked any."""
    missing = _missing_keys(session, row)
    _index(session, row, missing)
    return bool(missing)


def _index(session: Session, row: TranscriptRow, keys: list[int]) -> None:
    if keys:
        session.connection().execute(_ENTER, [{"band": key, "transcript": row.seq} for key in keys])


def is_hidden(session: Session, row: TranscriptRow) -> bool:
    """Whether the index lacks an entry of this transcript that there was room for."""
    return bool(_missing_keys(session, row))


def _missing_keys(session: Session, row: TranscriptRow) -> list[int]:
    own = set(session.scalars(sa.select(BandRow.band).where(BandRow.transcript == row.seq, _has_key_of(row))))
    taken = Counter(key for key, _ in _entries(session, row))
    return [key for key in _keys(row) if key not in own and taken[key] < FULL]


def _entries(session: Session, row: TranscriptRow) -> list[tuple[int, int]]:
    """Index entries of earlier transcripts under this one's keys: the key and the transcript."""
    found = session.connection().execute(_ENTRIES, {"keys": _keys(row), "before": row.seq})
    return [(key, transcript) for key, transcript in found]


def _candidates(row: TranscriptRow, entries: Sequence[tuple[int, int]]) -> set[int]:
    """Those to compare a transcript with. A title or a length that so many talks have is no clue any more."""
    crowd = Counter(key for key, _ in entries)
    words = set(twins.bands(row.signature))
    return {transcript for key, transcript in entries if key in words or crowd[key] < FULL}


def _has_key_of(row: TranscriptRow) -> sa.ColumnElement[bool]:
    return BandRow.band.in_(_keys(row))


def _keys(row: TranscriptRow) -> list[int]:
    """Under which it stands in the index: at most three more than `twins.KEYS`; none where an older version signed."""
    if not twins.is_current(row.signature):
        return []
    return twins.bands(row.signature) + twins.clues(row.title, row.channel, row.duration)


def _links(session: Session, row: TranscriptRow, entries: Sequence[tuple[int, int]]) -> list[LeakLink]:
    """The links of a transcript with twins that came before it; `entries` name those that it shares a key with."""
    reasons: dict[int, str] = {}
    candidates = _candidates(row, entries)
    if candidates:
        signatures = sa.select(TranscriptRow.seq, TranscriptRow.signature).where(TranscriptRow.seq.in_(candidates))
        for seq, signature in session.execute(signatures):
            if twins.similarity(row.signature, signature) >= twins.NEAR:
                reasons[seq] = "near"
    # the plainest reason is written last, and stays
    for reason, first, same in (("text", _OF_TEXT, row.text_hash), ("id", _OF_ID, row.external_id)):
        found = session.connection().scalars(first, {"same": same, "before": row.seq})
        reasons.update(dict.fromkeys(found, reason))
    return [LeakLink(row.seq, older, reason) for older, reason in sorted(reasons.items())]
