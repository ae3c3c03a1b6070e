"""The challenger reads along: a share of the talks that were answered it answers too, for the record alone.

A shadow never touches an answer, nor what one takes: it asks a process of the lowest priority, begins when nobody waits
and stops where somebody comes; what it doesn't get done is dropped. Its answers are the challenger's on record, as if a
night had asked it. So what reviewers then say of these talks is scored without asking it again, and its drafts are
there for those that are drawn to be reviewed from them.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from errata.database.record import Record
from errata.domain.hashing import uniform
from errata.domain.prediction import template_for
from errata.domain.transcript import Transcript
from errata.errors import ErrataError
from errata.operations.answering import record_prediction
from errata.service import idle_priority
from errata.service.followed_model import Command, FollowedModel
from errata.service.live_models import LiveModels
from errata.service.record_writer import RecordWriter

MOST = 8
"""Talks that may wait for it."""
TRIES = 3
"""How often a talk is begun, where somebody comes each time."""
SECONDS = 3600.0
"""That one may take."""
_LOG = logging.getLogger("errata.service")


def idly(command: Command) -> Command:
    """The same process, at the lowest priority."""

    def started(folder: Path, identity: str, models: Path) -> list[str]:
        return [sys.executable, str(Path(idle_priority.__file__)), *command(folder, identity, models)]

    return started


class _OfferedTalk(NamedTuple):
    seq: int
    transcript: Transcript


@dataclass
class ShadowCounts:
    recorded: int = 0
    dropped: int = 0
    """Too many waited, or somebody came each time that it was begun."""
    failed: int = 0
    """The challenger has no answer to it."""


class Shadow:
    """Belongs to the event loop that `start` is called in."""

    def __init__(
        self, record: Record, writer: RecordWriter, models: LiveModels, challenger: FollowedModel, share: float
    ) -> None:
        self._record, self._writer, self._models, self._share = record, writer, models, share
        self.challenger = challenger
        self.counts = ShadowCounts()
        self._talks: asyncio.Queue[_OfferedTalk] = asyncio.Queue(MOST)

    def start(self) -> None:
        if self._share:
            self.challenger.start()
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        if self._share:
            await self.challenger.stop()

    def offer(self, seq: int, transcript: Transcript) -> None:
        """A talk that was just answered, by its number in the record. Waits for nothing."""
        if not self.challenger.state.speaks or uniform("shadow:" + transcript.hash) >= self._share:
            return
        try:
            self._talks.put_nowait(_OfferedTalk(seq, transcript))
        except asyncio.QueueFull:
            self.counts.dropped += 1

    async def _work(self) -> None:
        while True:
            talk = await self._talks.get()
            try:
                await self._shadow(talk)
            except ErrataError as error:  # a model that can't read it, a record that can't be written
                self.counts.failed += 1
                _LOG.warning("the challenger has no answer to the talk %s: %s", talk.seq, error)

    async def _shadow(self, talk: _OfferedTalk) -> None:
        for _ in range(TRIES):
            await self._models.idle.wait()
            if await self._is_known(talk) or await self._answered(talk):
                return
        self.counts.dropped += 1

    async def _is_known(self, talk: _OfferedTalk) -> bool:
        key = self.challenger.key
        if key is None:
            return False
        template = template_for(key.template, talk.transcript)
        seq = await asyncio.to_thread(
            self._record.ask, lambda store: store.predictions.seq_of(talk.seq, key.model, template)
        )
        return seq is not None

    async def _answered(self, talk: _OfferedTalk) -> bool:
        """False where somebody came in between."""
        asked = asyncio.create_task(self.challenger.answer(talk.transcript, SECONDS))
        came = asyncio.create_task(self._models.busy.wait())
        try:
            await asyncio.wait((asked, came), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                return False
            key, reading = asked.result()
        finally:
            await _end(asked, came)
        await self._writer.write(lambda store: record_prediction(store, talk.seq, talk.transcript, key, reading))
        self.counts.recorded += 1
        return True


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
