"""Every access to what is held out, and how often the sealed set may still be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from errata.database.holdout_log import LoggedAccess
from errata.database.record import Record
from evaluation.holdout import SEALED_A_YEAR, within_a_year


@dataclass(frozen=True, slots=True)
class HoldoutAccesses:
    accesses: tuple[LoggedAccess, ...]
    counts: Mapping[str, int]
    """By role."""
    sealed_a_year: int
    """As often the sealed set may be opened within any 365 days,"""
    sealed_within_a_year: int
    """as often it was within the last ones,"""
    sealed_left: int
    """and as often it still may be now."""


def holdout_accesses(record: Record, now: datetime) -> HoldoutAccesses:
    with record.read() as store:
        accesses = store.holdout.accesses()
    by_role = {role: [access for access in accesses if access.access.role == role] for role in ("anchor", "sealed")}
    recent = len(within_a_year(by_role["sealed"], now))
    return HoldoutAccesses(
        accesses=tuple(accesses),
        counts={role: len(logged) for role, logged in by_role.items()},
        sealed_a_year=SEALED_A_YEAR,
        sealed_within_a_year=recent,
        sealed_left=max(0, SEALED_A_YEAR - recent),
    )
