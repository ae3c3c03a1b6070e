"""Where a stream's lines come from while it runs: a talk that is played, or lines that a program writes."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Protocol, TextIO

from errata.domain.transcript import LONGEST_SECONDS, Segment, Transcript
from errata.errors import BadInput
from errata.formats.live_lines import read_live_line
from errata.progress import note


def played(transcript: Transcript, speed: float) -> Iterator[list[Segment]]:
    """A talk's segments, each once it has been said, `speed` times as fast as it was; at speed 0 without waiting.

    What was said while whoever asks was busy comes at once.
    """
    if not speed:
        yield from ([segment] for segment in transcript.segments)
        return
    began = time.monotonic()
    waiting = list(reversed(transcript.segments))
    while waiting:
        time.sleep(max(0.0, began + waiting[-1].end / speed - time.monotonic()))
        now = (time.monotonic() - began) * speed
        said = [waiting.pop()]
        while waiting and waiting[-1].end <= now:
            said.append(waiting.pop())
        yield said


class LineSource(Protocol):
    """Where a stream's lines come from."""

    @property
    def failed(self) -> bool:
        """Whether something of it could not be had, which a sentence on stderr has named."""
        ...

    def batches(self) -> Iterator[list[Segment]]:
        """What came since the last were taken, at least one line each."""
        ...


@dataclass
class PlayedTalk:
    """As `played`."""

    transcript: Transcript
    speed: float
    failed: bool = False

    def batches(self) -> Iterator[list[Segment]]:
        return played(self.transcript, self.speed)


@dataclass
class LineStream:
    """Lines of a text that is still being written, such as standard input."""

    text: TextIO
    refused: int = 0
    """Lines that could not be read, each of which a sentence on stderr has named."""

    @property
    def failed(self) -> bool:
        return self.refused > 0

    def batches(self) -> Iterator[list[Segment]]:
        """What came since the last were taken, at least one each: a thread of its own reads, so that no line waits for
        a model. It ends with the text, or once a day is full."""
        lines: queue.SimpleQueue[tuple[str, float] | None] = queue.SimpleQueue()
        Thread(target=_read_lines, args=(self.text, lines.put), daemon=True).start()
        last, number = 0.0, 0
        for batch in _drained(lines):
            segments: list[Segment] = []
            for line, came in batch:
                number += 1
                segment = self._segment(line, came, last, number)
                if segment is not None:
                    segments.append(segment)
                    last = segment.start
                if segment is not None and segment.end >= LONGEST_SECONDS:
                    note("the stream has lasted a day: it ends here, since a transcript can't be longer")
                    yield segments[:-1]
                    return
            yield segments

    def _segment(self, line: str, came: float, last: float, number: int) -> Segment | None:
        try:
            return read_live_line(line, came, last)
        except BadInput as problem:
            self.refused += 1
            note(f"line {number} is left out: {problem}")
            return None


def _read_lines(text: Iterable[str], put: Callable[[tuple[str, float] | None], None]) -> None:
    began = time.monotonic()
    try:
        for line in text:
            put((line, time.monotonic() - began))
    except UnicodeDecodeError:
        note("the stream is not UTF-8 from here on: it ends")
    finally:
        put(None)


def _drained(lines: queue.SimpleQueue[tuple[str, float] | None]) -> Iterator[list[tuple[str, float]]]:
    """All that is there, once something is."""
    ended = False
    while not ended:
        batch: list[tuple[str, float]] = []
        item = lines.get()
        while item is not None:
            batch.append(item)
            if lines.empty():
                break
            item = lines.get()
        ended = item is None
        if batch:
            yield batch
