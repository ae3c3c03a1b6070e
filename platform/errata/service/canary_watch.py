"""Follows the canary's trial: what the record says of it, and its end, by the test or since the champion moved."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from errata.database.record import Record
from errata.database.store import Store
from errata.errors import ErrataError
from errata.operations.canary_trial import CanaryState, canary_state, is_due, settle_canary
from errata.service.live_models import LiveModels
from errata.service.record_writer import RecordWriter

LOOK = 1.0
"""Seconds between two looks at the record."""
_LOG = logging.getLogger("errata.service")


class CanaryWatch:
    """Belongs to the event loop that `start` is called in."""

    def __init__(self, record: Record, writer: RecordWriter, models: LiveModels) -> None:
        self._record, self._writer, self._models = record, writer, models
        self.state: CanaryState | None = None
        """Of the canary that runs, or of the one that ended last."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except ErrataError as error:  # the record can't be read now: who answers goes on
                _LOG.warning("the canary can't be looked up: %s", error)
            await asyncio.sleep(LOOK)

    async def _look(self) -> None:
        self.state, due = await asyncio.to_thread(self._record.ask, self._seen)
        if due:
            ended = await self._writer.write(settle_canary)
            _LOG.warning("the canary %s is at its end: %s", ended and ended.model[:16], ended and ended.end)
            self.state, _ = await asyncio.to_thread(self._record.ask, self._seen)
        canary = None if self.state is None else self.state.canary
        self._models.trial = canary if canary is not None and canary.is_running else None

    def _seen(self, store: Store) -> tuple[CanaryState | None, bool]:
        state = canary_state(store, self.state)
        return state, state is not None and is_due(store, state)
