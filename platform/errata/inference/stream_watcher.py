"""A model that watches: silent until it has something to say.

Encoding and answering are apart. A thread of its own makes vectors of what comes and puts them into a queue; the model
takes all that has come since it last looked, and reads it in one pass. So a frame never waits for words: while a reply
is said, more frames are encoded, and the next pass catches up with them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray

from errata.domain.modality import Modality
from errata.inference.stream_reader import Piece, StreamReader
from errata.tasks.prompt import Text

WAITING = 3600
"""Moments that may wait to be read: an hour at one a second."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What becomes known at one time of a stream."""

    time: float
    """Seconds from its beginning."""
    vectors: Mapping[Modality, NDArray[np.floating]] = field(default_factory=dict)
    """(tokens, size) of each medium; what the model says is asked after the last."""
    heard: str = ""
    """Words that were recognised since the moment before."""


@dataclass(frozen=True, slots=True)
class Utterance:
    time: float
    """Of the moment after which it was said."""
    text: str
    behind: float
    """Seconds of the stream that were encoded by then and not read yet."""


class MomentQueue:
    """From the thread that encodes to the one that answers.

    `live`: what comes can't be stopped, so that where `WAITING` moments wait the oldest is lost, and counted. Else,
    where a recording is read, the encoder waits.
    """

    def __init__(self, live: bool, most: int = WAITING) -> None:
        self._live, self._most = live, most
        self._waiting: deque[Moment] = deque()
        self._changed = threading.Condition()
        self._ended = self._left = False
        self._error: BaseException | None = None
        self.lost = 0
        self.newest = 0.0
        """Time of the newest that came."""

    def fill(self, moments: Iterable[Moment]) -> None:
        """The encoder's side: until there are no more, or nobody takes them."""
        try:
            for moment in moments:
                if not self._put(moment):
                    break
        except BaseException as error:  # noqa: BLE001 - it is raised where they are taken
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, most: int) -> list[Moment]:
        """All that wait, `most` at the most, oldest first; waits for one, and is empty once there are no more. Raises
        what the encoder raised, after what it had made by then."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if not self._waiting and self._error is not None:
                raise self._error
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._changed.notify_all()
            return taken

    def give_back(self, moments: Sequence[Moment]) -> None:
        """Those that were taken and not read, in their order."""
        with self._changed:
            self._waiting.extendleft(reversed(moments))

    def leave(self) -> None:
        """Nobody will take any more."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def _put(self, moment: Moment) -> bool:
        with self._changed:
            if not self._live:
                self._changed.wait_for(lambda: self._left or len(self._waiting) < self._most)
            elif len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(moment)
            self.newest = moment.time
            self._changed.notify_all()
            return not self._left


class StreamWatcher:
    def __init__(self, reader: StreamReader, threshold: float = 0.0) -> None:
        """`threshold`: how likely silence must be, besides being likeliest."""
        self.reader, self._threshold = reader, threshold
        self.lost = 0
        """Moments that were never read, since too many waited."""

    def watch(self, moments: Iterable[Moment], live: bool = False) -> Generator[Utterance, None, None]:
        """What the model says of `moments`, which are made in a thread of their own, as they come."""
        queue = MomentQueue(live)
        encoder = threading.Thread(target=queue.fill, args=(moments,), name="encoder", daemon=True)
        encoder.start()
        try:
            while waiting := queue.take(self.reader.room):
                yield from self._read(waiting, queue)
                self.lost = queue.lost
        finally:
            queue.leave()
            encoder.join()

    def _read(self, waiting: list[Moment], queue: MomentQueue) -> Generator[Utterance, None, None]:
        """As many of them as are read before the model must begin anew, and up to the first after which something is
        said; the others wait on. So what is said follows from the stream alone, however many were waiting."""
        pieces = [self._pieces(moment) for moment in waiting]
        fitting = max(_fitting(pieces, self.reader.free), 1)
        queue.give_back(waiting[fitting:])
        flat = [piece for parts in pieces[:fitting] for piece in parts]
        if not flat:
            return
        logits = self.reader.read(flat)
        last = -1
        for place, moment in enumerate(waiting[:fitting]):
            last += len(pieces[place])
            first = self.reader.speaks(logits[last], self._threshold) if moment.vectors else None
            if first is not None:
                self.reader.forget(len(flat) - last - 1)
                queue.give_back(waiting[place + 1 : fitting])
                text = self.reader.say(first)
                if text:
                    yield Utterance(moment.time, text, max(0.0, queue.newest - moment.time))
                return

    def _pieces(self, moment: Moment) -> list[Piece]:
        words = [self.reader.words(Text(moment.heard))] if moment.heard else []
        frames = [
            self.reader.frame(modality, torch.from_numpy(np.asarray(vectors, dtype=np.float32)))
            for modality, vectors in moment.vectors.items()
        ]
        return [piece for piece in (*words, *frames) if len(piece)]


def _fitting(pieces: Sequence[Sequence[Piece]], room: int) -> int:
    """How many moments, from the first on, take no more than `room` together."""
    ends = accumulate(sum(len(piece) for piece in parts) for parts in pieces)
    return sum(end <= room for end in ends)
