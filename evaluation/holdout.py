"""Who may look at what is held out, and how often: every access is logged, and `sealed` opens four times a year.

A night's guardrails are an access to `anchor`, once a night however often it is resumed; a comparison by hand is one
each time, since somebody reads its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from errata.database.holdout_log import HoldoutAccess, LoggedAccess
from errata.database.record import Record
from errata.domain.hashing import content_hash
from errata.errors import Refused

SEALED_A_YEAR = 4
YEAR = timedelta(days=365)


def log_night(record: Record, access: HoldoutAccess) -> None:
    """Logs what a night scored: once, unless it scored other models or other items."""
    identity = content_hash([access.role, access.why, access.models, access.items, access.watermark])
    with record.write() as store:
        store.holdout.log(access, identity)


def open_by_hand(record: Record, access: HoldoutAccess) -> None:
    """Logs an access that is about to be made: first this, then the scores, so that none is seen uncounted. What comes
    to nothing afterwards has been counted as well.

    For `sealed`, raises Refused where it was opened `SEALED_A_YEAR` times within a year.
    """
    with record.write() as store:
        now = datetime.now(UTC)
        if access.role == "sealed":
            check_sealed(store.holdout.accesses("sealed"), now)
        # with the time: a comparison that is made twice is two accesses
        parts = [access.role, access.by, access.why, access.models, access.items, access.watermark, now.isoformat()]
        store.holdout.log(access, content_hash(parts))


def check_sealed(opened: Sequence[LoggedAccess], now: datetime) -> None:
    """Raises Refused, naming the dates, where one more opening would be one too many."""
    recent = within_a_year(opened, now)
    if len(recent) < SEALED_A_YEAR:
        return
    days = ", ".join(f"{access.at:%Y-%m-%d}" for access in recent)
    again = recent[-SEALED_A_YEAR].at + YEAR
    raise Refused(
        f"the sealed set was opened {len(recent)} times within a year ({days}), and more would wear it out; it opens "
        f"again on {again:%Y-%m-%d}, so compare on anchor or fresh until then"
    )


def within_a_year(opened: Sequence[LoggedAccess], now: datetime) -> list[LoggedAccess]:
    """Those of the last 365 days, in their order."""
    return [access for access in opened if access.at > now - YEAR]
