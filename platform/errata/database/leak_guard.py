"""The leak guard: links a transcript with its twins that came before, and enters it into the index for those to come.

Twins have the same outside id, the same words, or nearly the same words (`errata.domain.twins`). A pair is found
whichever of the two comes first, and a leak group is whatever hangs together, so groups don't depend on the order of
arrival.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import BandRow, LinkRow, TranscriptRow
from errata.domain import twins

FULL = 50
"""Entries that a key of the index takes, and links that one reason gives: words with which so many talks begin say
nothing, and a group hangs together by its first members. So a look-up costs the same however long the record is."""


def enter(session: Session, row: TranscriptRow) -> None:
    """Records the links and index entries of a transcript that was just added."""
    entries = _entries(session, row)
    found = _reasons(session, row, {transcript for _, transcript in entries})
    taken = Counter(key for key, _ in entries)
    links = [{"newer": row.seq, "older": older, "reason": reason} for older, reason in sorted(found.items())]
    keys = [{"band": key, "transcript": row.seq} for key in twins.bands(row.signature) if taken[key] < FULL]
    for table, rows in ((LinkRow, links), (BandRow, keys)):
        if rows:
            session.execute(sa.insert(table), rows)


def twins_before(session: Session, row: TranscriptRow) -> dict[int, str]:
    """The twins that came before a transcript, each with its reason: `id`, `text` or `near`."""
    return _reasons(session, row, {transcript for _, transcript in _entries(session, row)})


def is_hidden(session: Session, row: TranscriptRow) -> bool:
    """Whether the index lacks an entry of this transcript that there was room for."""
    own = set(session.scalars(sa.select(BandRow.band).where(BandRow.transcript == row.seq, _under(row))))
    taken = Counter(key for key, _ in _entries(session, row))
    return any(key not in own and taken[key] < FULL for key in twins.bands(row.signature))


def _entries(session: Session, row: TranscriptRow) -> list[tuple[int, int]]:
    """Index entries of earlier transcripts under this one's keys: the key and the transcript."""
    found = sa.select(BandRow.band, BandRow.transcript).where(BandRow.transcript < row.seq, _under(row))
    return [(key, transcript) for key, transcript in session.execute(found)]


def _under(row: TranscriptRow) -> sa.ColumnElement[bool]:
    return BandRow.band.in_(twins.bands(row.signature))


def _reasons(session: Session, row: TranscriptRow, candidates: set[int]) -> dict[int, str]:
    signed = sa.select(TranscriptRow.seq, TranscriptRow.signature).where(TranscriptRow.seq.in_(candidates))
    reasons = {
        seq: "near"
        for seq, signature in session.execute(signed)
        if twins.similarity(row.signature, signature) >= twins.NEAR
    }
    for reason, same in (
        ("text", TranscriptRow.text_hash == row.text_hash),
        ("id", TranscriptRow.external_id == row.external_id),
    ):
        first = sa.select(TranscriptRow.seq).where(same, TranscriptRow.seq < row.seq).order_by(TranscriptRow.seq)
        reasons.update(dict.fromkeys(session.scalars(first.limit(FULL)), reason))
    return reasons
