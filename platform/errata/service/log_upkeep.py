"""Keeps SQLite's write-ahead log short beside the writer; PostgreSQL sees to its own."""

from __future__ import annotations

import asyncio

from errata.database.record import Record
from errata.database.write_ahead_log import WriteAheadLog
from errata.service.service_metrics import ServiceMetrics

LOOK = 0.5
"""Seconds between two looks at it."""


async def keep_log_short(record: Record, metrics: ServiceMetrics) -> None:
    """For as long as the service runs."""
    if record.file is None:
        return
    log = WriteAheadLog(record.file)
    while True:
        metrics.log_bytes.set(log.size)
        if await asyncio.to_thread(log.move):
            metrics.log_moves.inc()
        await asyncio.sleep(LOOK)
