"""The chat task of a model that is shown a snippet and nothing else: what a viewer writes, by the ten seconds before.

A snippet ends when its message is written, and not with the next full ten seconds: it never shows what came after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from errata.domain.transcript import Transcript
from errata.tasks.chat_task import ChatTask, TimelineEntry
from errata.tasks.encode import Turn, dress
from errata.tasks.prompt import Frames, Prompt
from errata.tasks.track import Track
from errata.tasks.view import View

SNIPPET = 10.0
"""Seconds."""


@dataclass(frozen=True)
class SnippetTask(ChatTask):
    def render(self, view: View) -> Prompt:
        """A message begins with the beginning of a sequence, or where a tokenizer has none, with an end."""
        beginning = str(self.tokenizer.bos_token or self.tokenizer.eos_token)
        return dress(self.template.render(view), Turn(after=beginning))

    @property
    def _longest(self) -> int:
        """Of a message: there is nothing else to read, and what is seen and heard takes next to no room."""
        return self.context // 2

    def _chat_windows(
        self, transcript: Transcript, lines: Sequence[TimelineEntry], asked: frozenset[int]
    ) -> Iterator[tuple[int, View]]:
        """One for each message that is asked for."""
        tracks = self.source.tracks(transcript) if self.source is not None else ()
        for place in sorted(asked):
            line = lines[place]
            yield (
                place,
                View(
                    title="",
                    description="",
                    lines=(line.text,),
                    starts=(int(line.known),),
                    duration=transcript.duration,
                    written=(0,),
                    asked=(0,),
                    frames=(snippet(tracks, line.known),) if tracks else (),
                ),
            )


def snippet(tracks: Sequence[Track], end: float) -> tuple[Frames, ...]:
    """The mean of each track over the snippet that ends then; nothing of one that has no vector there."""
    shown: list[Frames] = []
    for track in tracks:
        shown += [replace(span, averaged=True) for span in track.frames(track.between(end - SNIPPET, end))]
    return tuple(shown)
