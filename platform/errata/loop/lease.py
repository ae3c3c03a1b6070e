"""One loop at a time: a lease that is renewed while its holder lives, and taken over at once when it has died."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from errata.database.record import Record
from errata.errors import Unavailable

NAME = "loop"
SECONDS = 120.0


@contextmanager
def loop_lease(record: Record) -> Iterator[None]:
    """Holds the loop's lease for the block. Raises Unavailable where another process holds it."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with record.write() as store:
        holder = store.lease.owner(NAME)
        if holder is not None and _is_dead(holder):
            store.lease.drop(NAME, holder)
        store.lease.take(NAME, owner, SECONDS)
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(record, owner, done), daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()
        with record.write() as store:
            store.lease.drop(NAME, owner)


def _renew(record: Record, owner: str, done: threading.Event) -> None:
    while not done.wait(SECONDS / 4):
        # one that can't be reached for once is no reason to stop renewing: the lease lasts for four tries
        with suppress(Unavailable), record.write() as store:
            store.lease.take(NAME, owner, SECONDS)


def _is_dead(owner: str) -> bool:
    """Whether the holder was a process of this machine that is gone."""
    host, _, process = owner.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # a container's processes get the same number at each start: this one holds no lease yet, so it was an earlier one's
    return int(process) == os.getpid()
