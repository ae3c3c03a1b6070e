"""How often what is held out may be opened, and who is told so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.cli.output import as_json
from errata.database.holdout_log import HoldoutAccess, LoggedAccess
from errata.database.record import Record
from errata.errors import Refused
from errata.loop.holdout_accesses import holdout_accesses
from evaluation.holdout import SEALED_A_YEAR, YEAR, check_sealed, log_night, open_by_hand, within_a_year

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEALED = HoldoutAccess("sealed", "ann", "errata compare champion day0 --on sealed", ("a" * 64, "b" * 64), 40, 7)
ANCHOR = HoldoutAccess("anchor", "nightly", "2026-03-01", ("a" * 64, "b" * 64), 26, 7)


def opened(*days_ago: float) -> list[LoggedAccess]:
    ordered = sorted(days_ago, reverse=True)
    return [LoggedAccess(seq, NOW - timedelta(days=ago), SEALED) for seq, ago in enumerate(ordered, start=1)]


def test_four_openings_within_a_year_are_the_last() -> None:
    check_sealed(opened(1, 100, 200), NOW)
    with pytest.raises(Refused) as caught:
        check_sealed(opened(1, 100, 200, 364), NOW)
    said = str(caught.value)
    for day in ("2025-03-02", "2025-08-13", "2025-11-21", "2026-02-28"):
        assert day in said
    assert "2026-03-02" in said and "\n" not in said, "when it opens again"


def test_a_year_later_it_opens_again() -> None:
    check_sealed(opened(1, 100, 200, 365), NOW)
    check_sealed(opened(*[400] * 9), NOW)


@given(ago=st.lists(st.floats(0, 800), max_size=12))
def test_the_date_that_is_named_is_the_first_on_which_it_opens(ago: list[float]) -> None:
    log = opened(*ago)
    try:
        check_sealed(log, NOW)
    except Refused:
        again = within_a_year(log, NOW)[-SEALED_A_YEAR].at + YEAR
        check_sealed(log, again)
        with pytest.raises(Refused):
            check_sealed(log, again - timedelta(seconds=1))
    else:
        assert sum(days < 365 for days in ago) < SEALED_A_YEAR


def test_the_fifth_opening_by_hand_is_refused_and_not_logged(record: Record) -> None:
    for _ in range(SEALED_A_YEAR):
        open_by_hand(record, SEALED)
    with pytest.raises(Refused):
        open_by_hand(record, SEALED)
    found = holdout_accesses(record, datetime.now(UTC))
    assert (found.counts, found.sealed_within_a_year, found.sealed_left) == ({"anchor": 0, "sealed": 4}, 4, 0)
    later = holdout_accesses(record, datetime.now(UTC) + YEAR)
    assert (later.counts["sealed"], later.sealed_left) == (4, 4)


def test_the_anchor_is_counted_but_never_closed(record: Record) -> None:
    for _ in range(SEALED_A_YEAR + 2):
        open_by_hand(record, ANCHOR)
    assert holdout_accesses(record, NOW).counts == {"anchor": 6, "sealed": 0}


def test_a_night_is_logged_once_unless_it_scored_something_else(record: Record) -> None:
    for _ in range(3):
        log_night(record, ANCHOR)
    log_night(record, HoldoutAccess("anchor", "nightly", "2026-03-02", ANCHOR.models, 26, 7))
    log_night(record, HoldoutAccess("anchor", "nightly", "2026-03-01", ("c" * 64,), 26, 7))
    found = as_json(holdout_accesses(record, NOW))
    assert [one["why"] for one in found["accesses"]] == ["2026-03-01", "2026-03-02", "2026-03-01"]
    assert found["accesses"][0] | {"seq": 0, "at": ""} == {
        "seq": 0,
        "at": "",
        "role": "anchor",
        "by": "nightly",
        "why": "2026-03-01",
        "models": ["a" * 64, "b" * 64],
        "items": 26,
        "watermark": 7,
    }
    json.dumps(found, allow_nan=False)
