"""The engine behind the record: connections, transactions and migrations. The caller owns the transaction.

    with record.write() as store: store.transcripts.add(...)
    with record.read() as store: store.watermark()

One writer at a time holds for both databases. A database hands out the numbers of `seq` before it commits: with two
writers, 7 can be committed while 6 is still in flight, a night's watermark of 7 would pass it by, and the next night,
which begins after 7, would never see it. SQLite's BEGIN IMMEDIATE and, on PostgreSQL, an advisory lock let the next
writer take its first number only once the one before has committed (PostgreSQL frees such a lock after the rows are
visible). So no lower number is ever in flight, and the watermark is simply the highest. Numbers that a rolled-back
transaction took on PostgreSQL stay unused, which does no harm.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from random import uniform
from shutil import disk_usage
from time import monotonic, sleep
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.blobs import Blobs
from errata.database.store import Store
from errata.database.tables import EventRow
from errata.database.writers_line import ENDING, WritersLine
from errata.errors import BadInput, NotFound, RecordUnavailable, Unavailable, missing_extra
from errata.project_files import project_file

BUSY_SECONDS = 60.0
"""How long a writer waits for its turn while nobody else gets anything written."""
POLL_SECONDS = 0.01
"""SQLite's own busy handler looks every 100 ms whether the lock is free. We look more often, at the line's head ten
times as often again: who is next has the lock within a millisecond."""
WRITER_LOCK = 0x45525241  # "ERRA"
LITTLE_SPACE = 1_000_000
"""Bytes, with which SQLite can't open a record even to read it."""
LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock that was waited for in vain."""

T = TypeVar("T")

Durability = Literal["full", "process"]
"""What a commit outlives: `full`, the machine's power cut too; `process`, the end of any process of ours alone, for a
service that would rather answer sooner."""


class Record:
    def __init__(self, url: str, blobs: Path, durability: Durability = "full", moves_log: bool = True) -> None:
        """`moves_log`: SQLite moves its log by itself; else `WriteAheadLog` is there to do it."""
        self.url = url
        self._blobs, self._durability = blobs, durability
        self._fences: dict[str, int] = {}
        self._named_folders: set[Path] = set()
        self._engine = make_engine(url, durability)
        if not moves_log and self.file is not None:
            sa.event.listen(self._engine, "connect", _leave_log_alone)
        postgresql = self._engine.dialect.name == "postgresql"
        # each statement of PostgreSQL's default isolation sees rows that the one before it did not
        one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if postgresql else {}
        self._reader = self._engine.execution_options(errata_writes=False, **one_state)

    @contextmanager
    def write(self) -> Iterator[Store]:
        """A transaction that commits when the block ends well and rolls back otherwise. Raises Unavailable where it is
        `fenced` and the lease was lost."""
        with self._transaction(self._engine) as session:
            if self._engine.dialect.name != "sqlite":
                _wait_in_line(session)
            blobs = Blobs(self._blobs, self._durability == "full", self._named_folders)
            with blobs.sync_at_end():
                store = Store(session, blobs)
                for name, token in tuple(self._fences.items()):
                    store.lease.check(name, token)
                yield store

    @contextmanager
    def fenced(self, name: str, token: int) -> Iterator[None]:
        """Within the block, every transaction that writes checks first that the lease `name` still has that token."""
        self._fences[name] = token
        try:
            yield
        finally:
            self._fences.pop(name, None)

    @contextmanager
    def read(self) -> Iterator[Store]:
        """The record as it is now, and stays for the whole block, whoever writes meanwhile."""
        with self.look() as (_, store):
            yield store

    @contextmanager
    def look(self) -> Iterator[tuple[Session, Store]]:
        """The store and, to read past it, the session under it: for checks."""
        with self._transaction(self._reader) as session:
            yield session, Store(session, Blobs(self._blobs))

    def ask(self, work: Callable[[Store], T]) -> T:
        """What `work` makes of the record; raises as `read` does."""
        with self.read() as store:
            return work(store)

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[Session]:
        if self._is_missing():
            raise NotFound(
                f"there is no record at {self.file}; restore it from a backup, put database_url in errata.toml right, "
                "or begin anew: errata init"
            )
        try:
            with engine.begin() as connection, Session(connection, join_transaction_mode="rollback_only") as session:
                yield session
                session.flush()
        except sa.exc.TimeoutError as error:
            raise RecordUnavailable(f"too many at once use the record at {self._address()}; try again") from error
        except sa.exc.DatabaseError as error:
            raise self._unusable(error) from error

    def check_writable(self) -> None:
        """Raises RecordUnavailable where a file may not be written, or the disk of texts has no room: as far as can be
        told without writing."""
        if self.file is not None and not os.access(self.file, os.W_OK):
            raise RecordUnavailable(
                f"the record at {self.file} may not be written; give its owner's rights to who runs this"
            )
        if disk_usage(next(path for path in (self._blobs, *self._blobs.parents) if path.exists())).free < LITTLE_SPACE:
            raise RecordUnavailable(f"no space is left at {self._blobs}; make room")

    def migrate(self, revision: str = "head") -> None:
        """Brings the schema to `revision`, up or down. Raises Unavailable where a newer Errata has been over it."""
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(project_file("migrations")).replace("%", "%%"))
        config.attributes["engine"] = self._engine
        try:
            if revision == "base" or revision.startswith("-"):
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
        except CommandError as error:
            raise Unavailable(
                f"the record at {self._address()} can't be migrated: {error}; if a newer Errata made it, install that"
            ) from error
        except sa.exc.DatabaseError as error:
            raise self._unusable(error) from error

    def is_new(self) -> bool:
        """Whether nobody has made a record there yet."""
        if self._is_missing():
            return True
        try:
            return not sa.inspect(self._engine).has_table("alembic_version")
        except sa.exc.DatabaseError as error:
            raise self._unusable(error) from error

    def remove(self) -> None:
        """Takes back what `migrate` made of nothing."""
        if self.file is not None:
            self.close()
            for end in ("", "-wal", "-shm", ENDING):
                self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        elif not self.is_new():
            self.migrate("base")
            with self._engine.begin() as connection:
                connection.execute(sa.text("DROP TABLE alembic_version"))

    def _is_missing(self) -> bool:
        """Of a file; SQLite would make an empty one, and takes one without a byte for a record without tables."""
        return self.file is not None and not (self.file.exists() and self.file.stat().st_size)

    @cached_property
    def file(self) -> Path | None:
        """SQLite's; None for a server, and for a record in memory."""
        url = self._engine.url
        is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
        return Path(str(url.database)) if is_file else None

    def _unusable(self, error: sa.exc.DatabaseError) -> Exception:
        """What to raise in its place; itself where the fault is ours."""
        if self.file is not None and _is_full(self.file.parent, error):
            return RecordUnavailable(f"no space is left at {self._address()}; make room, and try again")
        reason = _reason(error)
        return (
            error if reason is None else RecordUnavailable(f"the record at {self._address()} can't be used: {reason}")
        )

    def close(self) -> None:
        self._engine.dispose()

    def _address(self) -> str:
        """For sentences: a file's path as people write it, and no password."""
        return str(self.file or self._engine.url.render_as_string(hide_password=True))


def _is_full(folder: Path, error: sa.exc.DatabaseError) -> bool:
    """To be read, too, SQLite's file needs some room; where there is none, it says no more than "disk I/O error"."""
    reason = str(error.orig)
    return "disk is full" in reason or ("disk I/O error" in reason and disk_usage(folder).free < LITTLE_SPACE)


def _reason(error: sa.exc.DatabaseError) -> str | None:
    """Why the database could not be used, and what helps; None where the fault is ours."""
    reason = " ".join(str(error.orig).split())
    lacks_table = "no such" in reason or (isinstance(error, sa.exc.ProgrammingError) and "does not exist" in reason)
    if "readonly database" in reason:
        return f"{reason}; it may be read by you, and written by its owner alone"
    if type(error) is sa.exc.DatabaseError:  # SQLite's word for a file that is none of its own, or is damaged
        return f"{reason}; restore it from a backup"
    if lacks_table:
        return f"{reason}; `errata init` on the workspace brings an older record up to date"
    if "connection" in reason:
        return f"{reason}; see that the server runs, and that database_url in errata.toml is right"
    if isinstance(error, sa.exc.OperationalError):
        return reason
    return None


def make_engine(url: str, durability: Durability = "full") -> sa.Engine:
    """Raises BadInput where `url` is none of ours, and Unavailable where its driver is not installed."""
    try:
        backend = sa.make_url(url).get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise BadInput(f"the record can't lie in {backend}; say sqlite:///… or postgresql+psycopg://…")
        if backend == "sqlite":
            engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        else:
            # a night's stages take hours: a server that was restarted meanwhile is no reason to fail
            options = [f"lock_timeout={int(BUSY_SECONDS * 1000)}"]
            if durability == "process":
                options.append("synchronous_commit=off")
            said = " ".join(f"-c {option}" for option in options)
            engine = sa.create_engine(url, connect_args={"options": said}, pool_pre_ping=True)
    except sa.exc.ArgumentError as error:
        raise BadInput("the record's address is no database URL; say sqlite:///… or postgresql+psycopg://…") from error
    except ModuleNotFoundError as error:
        raise missing_extra(f"{error.name}, which PostgreSQL needs, is not installed", "postgresql") from error
    if backend == "sqlite":
        sa.event.listen(engine, "do_connect", _open_sqlite)
        sa.event.listen(engine, "connect", partial(_prepare_sqlite, durability))
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _wait_in_line(session: Session) -> None:
    """PostgreSQL's one writer at a time. A line in which others have their turns is waited out, however long it is."""
    newest = sa.select(sa.func.max(EventRow.seq))
    written = session.scalar(newest)
    while True:
        try:
            with session.begin_nested():  # a lock that times out takes this savepoint along, not the transaction
                session.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITER_LOCK)))
                return
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            before, written = written, session.scalar(newest)
            if written == before:
                raise


def _open_sqlite(_: Any, __: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    """A file that we may only read is opened so: beside a log of its own (WAL) SQLite would want to write first."""
    file = Path(arguments[0])
    if not file.is_file() or (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        return
    log = file.with_name(f"{file.name}-wal")
    mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    arguments[0] = f"{file.resolve().as_uri()}?{mode}"
    options["uri"] = True


def _prepare_sqlite(durability: Durability, connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    synchronous = {"full": "FULL", "process": "NORMAL"}[durability]
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"synchronous={synchronous}"):
        connection.execute(f"PRAGMA {pragma}")


def _leave_log_alone(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA wal_autocheckpoint=0")


def _begin_sqlite(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("errata_writes", True):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    with WritersLine(Path(str(connection.engine.url.database))) as line:
        _wait_for_lock(driver, line)
    driver.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")


def _wait_for_lock(driver: sqlite3.Connection, line: WritersLine) -> None:
    version, deadline, is_head = None, 0.0, False
    while True:
        is_head = is_head or line.is_head()
        last_try = version is not None and monotonic() > deadline
        if (is_head or last_try) and _begins(driver, last_try):
            return
        newest = driver.execute("PRAGMA data_version").fetchone()
        if newest != version:  # somebody had a turn: it is a long line, not a lock that nobody gives back
            version, deadline = newest, monotonic() + BUSY_SECONDS
        sleep(POLL_SECONDS / 10 if is_head else uniform(POLL_SECONDS / 10, POLL_SECONDS))


def _begins(driver: sqlite3.Connection, last_try: bool) -> bool:
    """Takes the write lock unless somebody has it; then it raises on the last try alone, and at once for any other
    reason."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last_try or error.sqlite_errorname != "SQLITE_BUSY":
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, error) from error
        return False
    return True
