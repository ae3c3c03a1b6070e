"""The chat task: what viewers will write next, from what is said and what they wrote before.

A stream is read with its chat beside it, in one line of time: what is said is known when it has been said to its end,
what is written when it is written, so that no prompt shows anything that comes after the message that it asks for. An
answer is a reading like any other, with a message in place of each title.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.tasks.asked_lines import PLACES
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.prompt import Control, Filling, Prompt, Text
from errata.tasks.template import Reading
from errata.tasks.track import places_of, since
from errata.tasks.view import View

MOST_ASKED = 24
"""Messages of one stream that a model is asked for, spread over it: each is generated word by word. All of them are
learnt from, and all are read for how likely a model holds what was written."""
WINDOW = 0.9
"""Of the context; the rest is for the message that is asked for."""
READ_AGAIN = 4
"""Of a window, one part in so many is the end of the one before, which is not asked for again."""


class TimelineEntry(NamedTuple):
    known: float
    """Seconds: when it can be read."""
    written: bool
    """In the chat; else said."""
    text: str


@dataclass(frozen=True)
class ChatTask(ChapterTask):
    def right(self, chapters: Chapters, transcript: Transcript) -> Reading:
        return Reading(chapters)

    def views(self, transcript: Transcript, goes_on: bool = False) -> Generator[View, Reading, Reading]:
        """Windows of the stream in which `MOST_ASKED` of its messages are asked for.

        Raises BadInput for a transcript without a chat."""
        lines = self._timeline(transcript)
        written = [place for place, line in enumerate(lines) if line.written]
        asked = frozenset(written[place] for place in spread(len(written), MOST_ASKED))
        said: list[Chapter] = []
        problems: list[str] = []
        for first, view in self._chat_windows(transcript, lines, asked):
            if not view.asked:
                continue
            reading = yield view
            places = zip(view.asked, reading.chapters, strict=False)
            said += [replace(message, start=lines[first + place].known) for place, message in places]
            problems += reading.problems
        return Reading(tuple(said), tuple(problems))

    def lessons(self, transcript: Transcript, right: Reading) -> Generator[View, Reading, Reading]:
        """Windows in which every message is asked for."""
        lines = self._timeline(with_chat(transcript, right.chapters))
        every = frozenset(place for place, line in enumerate(lines) if line.written)
        for _, view in self._chat_windows(transcript, lines, every):
            if view.asked:
                yield view
        return right

    def next_view(self, transcript: Transcript, at: float) -> View:
        """What asks for the message that comes at `at`, in seconds, after what is known by then."""
        known = [line for line in timeline(transcript) if line.known <= at]
        lines = [line._replace(text=self._cut(line.text)) for line in known]
        *_, (_, view) = self._chat_windows(transcript, [*lines, TimelineEntry(at, True, "")], frozenset({len(lines)}))
        return view

    def render(self, view: View) -> Prompt:
        beginning = self.tokenizer.bos_token
        prompt = self.template.render(view)
        return (Control(str(beginning)), *prompt) if beginning else prompt

    def target(self, view: View, right: Reading) -> tuple[Filling, ...]:
        return self.template.target(view, right.chapters, "")

    def _timeline(self, transcript: Transcript) -> list[TimelineEntry]:
        if not transcript.chat:
            raise BadInput(
                "{!r} has no chat, and this model answers chats; bring one in with `errata import chat FILE`",
                transcript.external_id,
            )
        return [line._replace(text=self._cut(line.text)) for line in timeline(transcript)]

    def _chat_windows(
        self, transcript: Transcript, lines: Sequence[TimelineEntry], asked: frozenset[int]
    ) -> Iterator[tuple[int, View]]:
        """Each window's first line, and its view. Beside a line is what became known since the one before it."""
        tracks = self.source.tracks(transcript) if self.source is not None else ()
        borders = [-math.inf, *(line.known for line in lines)]
        frames = [since(tracks, after, upto, PLACES) for after, upto in pairwise(borders)]
        costs = [
            self._tokens_of(line.text) + self.template.line_overhead + places_of(seen)
            for line, seen in zip(lines, frames, strict=True)
        ]
        title = self._cut(tidy(transcript.title))
        budget = int(self.context * WINDOW) - len(ids(Text(title), self.tokenizer)) - self.template.line_overhead
        for first, fresh, last in _spans(costs, budget):
            inside = range(first, last)
            yield (
                first,
                View(
                    title=title,
                    description="",
                    lines=tuple(lines[place].text for place in inside),
                    starts=tuple(int(lines[place].known) for place in inside),
                    duration=transcript.duration,
                    written=tuple(place - first for place in inside if lines[place].written),
                    frames=tuple(frames[first:last]) if tracks else (),
                    asked=tuple(place - first for place in inside if place >= fresh and place in asked),
                ),
            )


def _spans(costs: Sequence[int], budget: int) -> Iterator[tuple[int, int, int]]:
    """Of each window the first line, the first that no earlier window has had, and one past its last."""
    first = fresh = 0
    while fresh < len(costs):
        last, spent = first, 0
        while last < len(costs) and (last <= fresh or spent + costs[last] <= budget):
            spent += costs[last]
            last += 1
        yield first, fresh, last
        first = fresh = last
        while first > 0 and sum(costs[first - 1 : last]) <= budget // READ_AGAIN:
            first -= 1


def spread(count: int, most: int) -> list[int]:
    """`most` of `count` places at most, equally far apart."""
    if count <= most:
        return list(range(count))
    return [(2 * place + 1) * count // (2 * most) for place in range(most)]


def with_chat(transcript: Transcript, messages: Chapters) -> Transcript:
    """The transcript with that chat beside it."""
    return replace(transcript, chat=tuple(Segment(message.start, message.start, message.title) for message in messages))


def timeline(transcript: Transcript) -> list[TimelineEntry]:
    """What is said and written, in the order in which it can be known; at the same time, what is said comes first."""
    said = [TimelineEntry(segment.end, False, tidy(segment.text)) for segment in transcript.segments]
    written = [TimelineEntry(message.start, True, tidy(message.text)) for message in transcript.chat]
    return sorted([*said, *written], key=lambda line: (line.known, line.written))
