"""A process in which one model speaks, as the service sees it: `model_worker` says what passes between the two."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from errata.domain.chapter import chapters_from_json
from errata.domain.transcript import Transcript
from errata.errors import BadInput, ErrataError, NotFound, Unavailable
from errata.files import JsonObject
from errata.inference.predictor import AnswerKey
from errata.tasks.template import Reading

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes of an answer."""
GRACE = 20.0
"""Seconds in which a model leaves what nobody wants any more: an engine that is inside one long pass hears of nothing,
and one that hangs never does."""
FAREWELL = 5.0
"""Seconds in which a process ends by itself."""
_LOG = logging.getLogger("errata.service")


class ProcessEnded(Exception):
    """The process ended before it had answered."""


SPARE_COMMAND = [sys.executable, "-m", "errata.service.model_worker"]


def worker_command(folder: Path, identity: str, models: Path) -> list[str]:
    """How the process for a model of ours is started."""
    return [*SPARE_COMMAND, str(folder), identity, str(models)]


class SpareProcess:
    """A process that has imported what models need and has none yet. Belongs to the event loop that `start` is called
    in."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> SpareProcess:
        """Raises Unavailable where it can't be started."""
        return cls(await _spawn(SPARE_COMMAND))

    async def load(self, folder: Path, identity: str, models: Path) -> ModelProcess:
        """It is a model's from then on; raises as `ModelProcess.start`."""
        _write_line(self._process, json.dumps({"load": [str(folder), identity, str(models)]}))
        return await ModelProcess.ready(self._process)

    async def close(self) -> None:
        """At once: it holds nothing, and hears of nothing while it imports."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@dataclass(frozen=True, slots=True)
class OfStream:
    """Of which stream a transcript is: what was said of earlier parts of it is remembered."""

    name: str
    goes_on: bool


class ModelProcess:
    """Belongs to the event loop that `start` is called in."""

    def __init__(self, process: Process, key: AnswerKey) -> None:
        self.key = key
        self._process = process
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Reading]] = {}
        self._stopping: set[int] = set()
        """What was asked to be stopped, and may still be in the making."""
        self._idle = asyncio.Event()
        self._idle.set()
        self.ended = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, command: Sequence[str]) -> ModelProcess:
        """Once the model is in memory. Raises NotFound where its files are not what was sealed, and Unavailable where
        the process ends before that."""
        return await cls.ready(await _spawn(command))

    @classmethod
    async def ready(cls, process: Process) -> ModelProcess:
        """Of a process that loads a model. Raises as `start`."""
        try:
            line = await _stream(process.stdout).readline()
        except asyncio.CancelledError:
            process.kill()
            await _end(process)
            raise
        said = json.loads(line) if line.endswith(b"\n") else {}  # else it ended in the middle of it
        if "ready" in said:
            return cls(process, AnswerKey(said["ready"]["model"], said["ready"]["template"]))
        await _end(process)
        if "failed" in said:
            raise NotFound(said["failed"])
        raise Unavailable("the model's process ended while it loaded (out of memory?); what it said stands in the log")

    @property
    def pid(self) -> int:
        return self._process.pid

    async def answer(self, transcript: Transcript, stream: OfStream | None = None) -> Reading:
        """Who is cancelled meanwhile has the model stop. Raises ProcessEnded, and what went wrong with this one."""
        if self.ended.is_set():
            raise ProcessEnded
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._idle.clear()
        of_stream = "" if stream is None else f',"stream":{json.dumps(asdict(stream))}'
        vectors = json.dumps([asdict(shard) for shard in transcript.vectors])
        self._send(f'{{"ask":{number},"transcript":{transcript.canonical},"vectors":{vectors}{of_stream}}}')
        try:
            return await self._asked[number]
        except asyncio.CancelledError:
            self._stop(number)
            raise
        finally:
            self._asked.pop(number, None)
            if not self._asked:
                self._idle.set()

    async def retire(self) -> None:
        """Ends the process once it has answered what it was asked."""
        idle, ended = asyncio.ensure_future(self._idle.wait()), asyncio.ensure_future(self.ended.wait())
        await asyncio.wait({idle, ended}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        ended.cancel()
        await self.close()

    async def close(self) -> None:
        await _end(self._process)
        await self._listener

    def _send(self, line: str) -> None:
        _write_line(self._process, line)  # a process that is gone shows in `_listen`

    def _stop(self, number: int) -> None:
        if self.ended.is_set():
            return
        self._stopping.add(number)
        self._send(f'{{"stop":{number}}}')
        asyncio.get_running_loop().call_later(GRACE, self._kill_if_deaf, number)

    def _kill_if_deaf(self, number: int) -> None:
        if number in self._stopping and not self.ended.is_set():
            self._process.kill()

    async def _listen(self) -> None:
        lines = _stream(self._process.stdout)
        with suppress(ConnectionError):
            while line := await lines.readline():
                if line.endswith(b"\n"):  # else it ended in the middle of an answer
                    self._hear(json.loads(line))
        await self._process.wait()
        self.ended.set()
        for told in self._asked.values():
            if not told.done():
                told.set_exception(ProcessEnded())

    def _hear(self, said: JsonObject) -> None:
        number = said.get("answer") or said.get("error") or said["stopped"]
        self._stopping.discard(number)
        told = self._asked.get(number)
        if told is None or told.done():
            return
        if "answer" in said:
            chapters, confidences = chapters_from_json(said["chapters"]), tuple(said.get("confidences", ()))
            told.set_result(Reading(chapters, tuple(said["problems"]), confidences=confidences))
        elif "error" in said:
            told.set_exception(_error(said))


async def _spawn(command: Sequence[str]) -> Process:
    """Raises Unavailable where it can't be started."""
    try:
        return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE)
    except OSError as error:
        raise Unavailable(
            f"the model's process can't be started ({error.strerror}); give the service more memory, processes or "
            "open files"
        ) from error


def _write_line(process: Process, line: str) -> None:
    """A process that is gone hears nothing."""
    with suppress(ConnectionError, RuntimeError):
        if process.stdin is not None:
            process.stdin.write(line.encode() + b"\n")


def _error(said: JsonObject) -> ErrataError:
    """What the model said is wrong. A file that it lacks is missing or damaged here: whoever asks can wait for it to be
    restored, and where it lies is nothing to them."""
    if said["status"] == BadInput.http_status:
        return BadInput(said["sentence"])
    if said["status"] == NotFound.http_status:
        _LOG.error("the model has no answer: %s", said["sentence"])
        return Unavailable("what is known of this talk's recording can't be read now; the service's log says more")
    return Unavailable(said["sentence"])


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise ValueError("the process has no pipes")
    return stream


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), FAREWELL)
    except TimeoutError:
        process.kill()
        await process.wait()
