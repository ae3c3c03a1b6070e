"""Keys and sessions as the service looks them up for each request: the record's, remembered for a second.

A key that is revoked opens nothing a second later; a thousand requests a second ask the record once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from time import monotonic

from errata.database.access_keys import AccessKey, SessionLimits
from errata.database.record import Record
from errata.operations.service_keys import new_secret, secret_digest
from errata.service.record_writer import RecordWriter

REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 10_000
_NOTED_SECONDS = 60.0
"""How often the record learns that a key or session is in use; nobody who only reads waits for that."""


class KnownKeys:
    """Its methods that ask the record are for threads."""

    def __init__(self, record: Record, writer: RecordWriter, pepper: bytes, limits: SessionLimits) -> None:
        self._record, self._writer = record, writer
        self._pepper = pepper
        self._limits = limits
        self._remembered: dict[str, tuple[float, AccessKey | None]] = {}
        self._noted: dict[str, float] = {}
        self._lock = Lock()

    def key_digest(self, key: str) -> str:
        return secret_digest(self._pepper, key)

    def session_digest(self, secret: str) -> str:
        """Another than a key's of the same letters: neither opens the other's door."""
        return secret_digest(self._pepper, f"session {secret}")

    def csrf_token(self, secret: str) -> str:
        """A session's, which tells nothing of its secret."""
        return secret_digest(self._pepper, f"csrf {secret}")

    def remembered(self, digest: str) -> tuple[AccessKey | None] | None:
        """What was found for it within the last second; None where the record must be asked."""
        at, key = self._remembered.get(digest, (0.0, None))
        return (key,) if at and monotonic() - at < REMEMBERED_SECONDS else None

    def find(self, digest: str) -> AccessKey | None:
        """The key with that digest, if it holds."""
        with self._record.read() as store:
            key = store.keys.by_digest(digest)
        return self._remember(digest, key, self._note_key)

    def find_session(self, digest: str) -> AccessKey | None:
        """The key by which a browser signed in, while both hold."""
        with self._record.read() as store:
            key = store.keys.session_key(digest, self._limits)
        return self._remember(digest, key, lambda number: self._note_session(number, digest))

    def open_session(self, key: AccessKey) -> str:
        """The new session's secret."""
        secret = new_secret()
        with self._record.write() as store:
            store.keys.close_ended_sessions(self._limits)
            store.keys.open_session(key, self.session_digest(secret))
        return secret

    def close_session(self, digest: str) -> None:
        with self._record.write() as store:
            store.keys.close_session(digest)
        self._remembered.pop(digest, None)

    def _remember(self, digest: str, key: AccessKey | None, note: Callable[[int], None]) -> AccessKey | None:
        with self._lock:
            if len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.clear()
                self._noted.clear()
            self._remembered[digest] = (monotonic(), key)
            due = key is not None and monotonic() - self._noted.get(digest, -_NOTED_SECONDS) >= _NOTED_SECONDS
            if due:
                self._noted[digest] = monotonic()
        if due and key is not None:
            note(key.number)
        return key

    def _note_key(self, number: int) -> None:
        used = datetime.now(UTC)
        self._writer.write_later(lambda store: store.keys.note_use(number, used))

    def _note_session(self, number: int, digest: str) -> None:
        self._note_key(number)
        self._writer.write_later(lambda store: store.keys.note_session(digest))
