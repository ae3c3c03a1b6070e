"""One loop at a time: a lease that is renewed while its holder lives, and taken over at once when it has died.

A holder that stood still for longer than the lease lasts (a laptop that slept, a paused machine) may have been replaced
without knowing it. So each of its writes checks, in its own transaction, that the lease is still its own.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from errata.database.record import Record
from errata.errors import Unavailable

NAME = "loop"
SECONDS = 120.0


@contextmanager
def loop_lease(record: Record, name: str = NAME) -> Iterator[None]:
    """Holds the loop's lease for the block, or that on what else `name` says.

    Raises Unavailable where another process holds it; and within the block, whatever is written to `record` does, once
    another has taken the lease over."""
    owner = f"{socket.gethostname()}:{os.getpid()}@{_start(psutil.Process())}"
    with record.write() as store:
        holder = store.lease.owner(name)
        if holder is not None and _is_dead(holder):
            store.lease.drop(name, holder)
        token = store.lease.take(name, owner, SECONDS)
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(record, name, token, done), daemon=True)
    renewal.start()
    try:
        with record.fenced(name, token):
            yield
    finally:
        done.set()
        renewal.join()
        with record.write() as store:
            store.lease.drop(name, owner)


def _renew(record: Record, name: str, token: int, done: threading.Event) -> None:
    while not done.wait(SECONDS / 4):
        # one that can't be reached for once is no reason to stop renewing: the lease lasts for four tries
        with suppress(Unavailable), record.write() as store:
            store.lease.renew(name, token, SECONDS)


def _is_dead(owner: str) -> bool:
    """Whether the holder was a process of this machine that is gone, be it that nobody has reaped it yet, or that its
    number is another's by now, as a container's are at each start."""
    host, _, number = owner.rpartition(":")
    process, _, start = number.partition("@")
    if host != socket.gethostname():
        return False
    try:
        holder = psutil.Process(int(process))
        if holder.status() == psutil.STATUS_ZOMBIE or start not in ("", _start(holder)):
            return True
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    return int(process) == os.getpid()  # this one holds no lease yet, so it was an earlier one's number


def _start(process: psutil.Process) -> str:
    return f"{process.create_time():.0f}"
