"""The leak guard: links a transcript with its twins that came before, and enters it into the index for those to come.

Twins have the same outside id, the same words, or nearly the same words (`errata.domain.twins`). A pair is found
whichever of the two comes first, and a leak group is whatever hangs together, so groups don't depend on the order of
arrival.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

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
    link(session, _links(row, found), since=row.seq)
    _index(session, row, [key for key in twins.bands(row.signature) if taken[key] < FULL])


def link(session: Session, links: list[dict[str, Any]], since: int) -> None:
    """Records links, each of `newer`, `older` and `reason`, that are known as of `since`."""
    if links:
        session.execute(sa.insert(LinkRow), [{**one, "since": since} for one in links])


def unlinked(session: Session, row: TranscriptRow) -> list[dict[str, Any]]:
    """The links with twins that came before which are missing, as `link` takes them."""
    there = set(session.scalars(sa.select(LinkRow.older).where(LinkRow.newer == row.seq)))
    return [one for one in _links(row, twins_before(session, row)) if one["older"] not in there]


def complete(session: Session, row: TranscriptRow) -> bool:
    """Makes the index entries that a transcript lacks, and says whether it lacked any."""
    missing = _missing(session, row)
    _index(session, row, missing)
    return bool(missing)


def _links(row: TranscriptRow, found: dict[int, str]) -> list[dict[str, Any]]:
    return [{"newer": row.seq, "older": older, "reason": reason} for older, reason in sorted(found.items())]


def _index(session: Session, row: TranscriptRow, keys: list[int]) -> None:
    if keys:
        session.execute(sa.insert(BandRow), [{"band": key, "transcript": row.seq} for key in keys])


def twins_before(session: Session, row: TranscriptRow) -> dict[int, str]:
    """The twins that came before a transcript, each with its reason: `id`, `text` or `near`."""
    return _reasons(session, row, {transcript for _, transcript in _entries(session, row)})


def is_hidden(session: Session, row: TranscriptRow) -> bool:
    """Whether the index lacks an entry of this transcript that there was room for."""
    return bool(_missing(session, row))


def _missing(session: Session, row: TranscriptRow) -> list[int]:
    own = set(session.scalars(sa.select(BandRow.band).where(BandRow.transcript == row.seq, _under(row))))
    taken = Counter(key for key, _ in _entries(session, row))
    return [key for key in twins.bands(row.signature) if key not in own and taken[key] < FULL]


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
        for seq, signature in (session.execute(signed) if candidates else ())
        if twins.similarity(row.signature, signature) >= twins.NEAR
    }
    for reason, same in (
        ("text", TranscriptRow.text_hash == row.text_hash),
        ("id", TranscriptRow.external_id == row.external_id),
    ):
        first = sa.select(TranscriptRow.seq).where(same, TranscriptRow.seq < row.seq).order_by(TranscriptRow.seq)
        reasons.update(dict.fromkeys(session.scalars(first.limit(FULL)), reason))
    return reasons
