"""The one thread that writes for the service: what many requests record at once is committed together.

    added = await writer.write(lambda store: store.predictions.add(prediction))

A sync of the disk takes longer than all the rest, and costs the same for one row as for sixty: so the thread takes the
first that waits, and with it whatever else waits by then, and nobody waits for a timer. A request that can't be
recorded takes its own rows back alone (where there are several, each has a savepoint). Who waits is told once the
commit is durable, and not before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from errata.database.record import BUSY_SECONDS, Record
from errata.database.store import Store
from errata.errors import Unavailable

T = TypeVar("T")

MOST = 64
"""Requests in one transaction: others write too, and wait for it."""


class _Waiting(NamedTuple):
    work: Callable[[Store], Any]
    told: asyncio.Future[Any] | None
    """None where nobody waits."""


class _Failed(NamedTuple):
    fault: Exception


class RecordWriter:
    def __init__(self, record: Record, committed: Callable[[int], None] = lambda count: None) -> None:
        """`committed` is told how many requests each transaction held."""
        self._record, self._committed = record, committed
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="record-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        """What was asked for until now is written first."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def write(self, work: Callable[[Store], T], seconds: float | None = BUSY_SECONDS) -> T:
        """What `work` returns, once what it wrote is durable. Raises what it raises, and Unavailable where the record
        can't be written, or not within `seconds` (None: however long it takes). Who stops waiting takes nothing back:
        what then is written after all is there when the request comes again."""
        told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiting(work, told))
        try:
            return await asyncio.wait_for(told, seconds)
        except TimeoutError as error:
            raise Unavailable(
                "another process holds the record, and {:.0f} s were too few for a turn; send the same request again: "
                "what was written meanwhile isn't written twice",
                seconds,
            ) from error

    def write_later(self, work: Callable[[Store], object]) -> None:
        """What is good to know, and nobody waits for: where the record can't be written, it isn't. From any thread."""
        self._queue.put(_Waiting(work, None))

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch = self._next_batch()
            going_on = None not in batch
            waiting = [entry for entry in batch if entry is not None]
            if waiting:
                self._commit(waiting)

    def _next_batch(self) -> list[_Waiting | None]:
        batch = [self._queue.get()]
        with suppress(Empty):
            while batch[-1] is not None and len(batch) < MOST:
                batch.append(self._queue.get_nowait())
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            with self._record.write() as store:
                if len(batch) == 1:  # what fails takes back the transaction
                    outcomes = [batch[0].work(store)]
                else:
                    outcomes = [_attempt(store, entry.work) for entry in batch]
        except Exception as fault:  # noqa: BLE001 - whoever waits is told; the thread writes on for others
            outcomes = [_Failed(fault)] * len(batch)
        else:
            self._committed(sum(entry.told is not None for entry in batch))
        for entry, outcome in zip(batch, outcomes, strict=True):
            if entry.told is None:
                continue
            with suppress(RuntimeError):  # its event loop is closed: nobody waits any more
                entry.told.get_loop().call_soon_threadsafe(_tell, entry.told, outcome)


def _attempt(store: Store, work: Callable[[Store], Any]) -> Any:
    try:
        with store.savepoint():
            return work(store)
    except sa.exc.OperationalError:
        raise  # a full disk, say: the database takes all back, and nobody's rows are there
    except Exception as fault:  # noqa: BLE001 - one request's fault is no other's
        return _Failed(fault)


def _tell(told: asyncio.Future[Any], outcome: Any) -> None:
    if told.done():  # nobody waits any more
        return
    if isinstance(outcome, _Failed):
        told.set_exception(outcome.fault)
    else:
        told.set_result(outcome)
