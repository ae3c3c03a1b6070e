"""Keys, sessions and the audit log in the record, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from errata.database.access_keys import SessionLimits
from errata.database.audit_log import AuditEntry
from errata.database.record import Record
from errata.database.service_tables import WebSessionRow
from errata.errors import NotFound

LIMITS = SessionLimits(timedelta(minutes=10), timedelta(hours=1))
DIGEST = "d" * 64


def test_a_key_holds_until_it_is_revoked(either: Record) -> None:
    with either.write() as store:
        assert not store.keys.has_admin()
        made = store.keys.add("ann", "admin", DIGEST)
    with either.read() as store:
        assert store.keys.by_digest(DIGEST) == made and store.keys.by_digest("e" * 64) is None
        assert store.keys.has_admin() and store.keys.all() == [made] and made.last_use is None
    used = datetime.now(UTC)
    with either.write() as store:
        store.keys.note_use(made.number, used)
        assert [key.last_use for key in store.keys.of("ann")] == [used]
        assert store.keys.revoke("ann") == 1
    with either.read() as store:
        assert store.keys.by_digest(DIGEST) is None and not store.keys.has_admin()
        assert store.keys.all()[0].revoked is not None
    with pytest.raises(NotFound), either.write() as store:
        store.keys.revoke("ann")


def test_two_keys_are_never_the_same(either: Record) -> None:
    with either.write() as store:
        store.keys.add("ann", "admin", DIGEST)
    with pytest.raises(sa.exc.IntegrityError), either.write() as store:
        store.keys.add("bob", "admin", DIGEST)


@pytest.mark.parametrize(("column", "age", "holds"), [("seen", 9, True), ("seen", 11, False), ("made", 61, False)])
def test_a_session_holds_for_its_time(either: Record, column: str, age: int, holds: bool) -> None:
    with either.write() as store:
        key = store.keys.add("ann", "reviewer", DIGEST)
        store.keys.open_session(key, "s" * 64)
    engine = sa.create_engine(either.url)
    with engine.begin() as connection:
        then = datetime.now(UTC) - timedelta(minutes=age)
        connection.execute(sa.update(WebSessionRow).values({column: then}))
    engine.dispose()
    with either.read() as store:
        assert store.keys.session_key("s" * 64, LIMITS) == (key if holds else None)
        assert store.keys.session_key("t" * 64, LIMITS) is None
    with either.write() as store:
        store.keys.close_ended_sessions(LIMITS)
        store.keys.note_session("s" * 64)
    with either.read() as store:
        assert (store.keys.session_key("s" * 64, LIMITS) is not None) is holds


def test_a_session_ends_with_its_key_and_no_other(either: Record) -> None:
    with either.write() as store:
        for name, letter in (("ann", "a"), ("bob", "b")):
            store.keys.open_session(store.keys.add(name, "reviewer", letter * 64), letter * 64)
        store.keys.revoke("ann")
    with either.read() as store:
        assert store.keys.session_key("a" * 64, LIMITS) is None
        assert store.keys.session_key("b" * 64, LIMITS) is not None


def test_the_log_has_the_newest_first(either: Record) -> None:
    with either.write() as store:
        for number in range(5):
            store.audit.add(AuditEntry("ann" if number % 2 else "bob", "admin", f"act {number}", status=200))
    with either.read() as store:
        assert [entry.act for entry in store.audit.newest(2)] == ["act 4", "act 3"]
        assert [entry.act for entry in store.audit.newest(9, "ann")] == ["act 3", "act 1"]
        assert store.audit.newest(1)[0].at is not None
