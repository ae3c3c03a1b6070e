"""Many transcripts for a small model, shared out among forks of this process.

On a CPU a small model's time goes to Python, which runs on one processor at a time; forks run on all of them, and have
libraries and weights in memory already. But a fork keeps, for ever, the locks that other threads held when it was made.
So this is for a process of one thread that has many transcripts to answer, as a stage has and `errata predict`, and
asks for it by name: no engine forks, and a server asks its models itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import weakref
from collections.abc import Sequence
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path

from tqdm import tqdm

from errata.domain.transcript import Transcript
from errata.errors import ErrataError, Unavailable
from errata.inference.model import FolderModel
from errata.inference.predictor import Predictor
from errata.tasks.template import Reading

Readings = Sequence[Reading | None]


class ForkedModel(Predictor):
    """A model of ours as `FolderModel` is, which does the work alone wherever forks would be unsafe or no faster."""

    def __init__(self, identity: str, folder: Path, models: Path) -> None:
        self._model = FolderModel(identity, folder, models)
        self.key = self._model.key

    def answer(self, transcripts: Sequence[Transcript]) -> Readings:
        forks = self._forks[: len(transcripts)]
        return share_out(transcripts, forks) if len(forks) > 1 else self._model.answer(transcripts)

    @cached_property
    def _forks(self) -> list[Fork]:
        tqdm.monitor_interval = 0  # else peft's first progress bar, which it doesn't even show, starts a thread
        alone = sys.platform != "linux" or threading.active_count() > 1 or not self._model.forkable
        return [] if alone else [Fork(self._model) for _ in range(os.cpu_count() or 1)]


class Fork:
    """A fork of this process that answers what it is sent, until nobody holds it here."""

    def __init__(self, predictor: Predictor) -> None:
        fork = multiprocessing.get_context("fork")
        self._pipe, end = fork.Pipe()
        self._process = fork.Process(target=_serve, args=(predictor, end), daemon=True)
        self._process.start()
        end.close()  # so that the fork's death shows
        weakref.finalize(self, self._process.terminate)

    def send(self, transcripts: Sequence[Transcript]) -> None:
        self._pipe.send(transcripts)

    def receive(self) -> Readings | ErrataError:
        """What it answers to what it was sent, or what went wrong there."""
        try:
            readings: Readings | ErrataError = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return Unavailable("a process that answered was killed (out of memory?); run the command again")
        return readings


def share_out(transcripts: Sequence[Transcript], forks: Sequence[Fork]) -> Readings:
    """The forks' answers, in the transcripts' order. Raises what went wrong in the first fork where anything did, and
    Unavailable where one was killed."""
    for place, fork in enumerate(forks):
        fork.send(transcripts[place :: len(forks)])
    shares: list[Readings] = []
    for share in [fork.receive() for fork in forks]:
        if isinstance(share, ErrataError):
            raise share
        shares.append(share)
    return [shares[place % len(forks)][place // len(forks)] for place in range(len(transcripts))]


def _serve(predictor: Predictor, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that it is a fork of ends it, by SIGTERM
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            transcripts = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(predictor.answer(transcripts))
        except ErrataError as error:
            pipe.send(error)
