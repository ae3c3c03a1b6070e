"""Chapters of a stream while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from errata.domain.chapter import Chapters
from errata.domain.live_chapters import LiveChapters, LiveDelays, LiveEvent, live_delays
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.recorded import RecordedModel
from errata.inference.stream_model import StreamModel
from errata.operations.chaptering import UnreadTalk, read_talks
from errata.workspace import Workspace

EVERY = 10.0
"""Seconds of a stream between two looks at it."""


@dataclass
class LiveStream:
    """A stream as it has been heard so far."""

    name: str
    title: str = ""
    channel: str = ""
    description: str = ""
    segments: list[Segment] = field(default_factory=list)
    chapters: Chapters = ()
    """By the last look."""
    told: LiveChapters = field(default_factory=LiveChapters)

    @property
    def heard(self) -> float:
        """Seconds."""
        return max((segment.end for segment in self.segments), default=0.0)

    @property
    def transcript(self) -> Transcript:
        """Raises BadInput where nothing has been said."""
        return Transcript(
            self.name,
            tuple(self.segments),
            self.heard,
            title=self.title,
            description=self.description,
            channel=self.channel,
        )

    @property
    def delays(self) -> LiveDelays:
        return live_delays(self.told.events, self.chapters, self.heard)


def follow(
    stream: LiveStream, batches: Iterable[Sequence[Segment]], model: StreamModel, every: float = EVERY
) -> Iterator[LiveEvent]:
    """What is to be told of a stream, as it comes in.

    A look is had whenever `every` seconds more were said; what comes in while a model thinks waits for the next one.
    However `batches` end, by KeyboardInterrupt too, what was heard is answered whole then.
    """
    looked = 0.0
    try:
        for segments in batches:
            stream.segments += segments
            if stream.heard - looked >= every:
                looked = stream.heard
                stream.chapters = model.answer_so_far(stream.transcript).chapters
                yield from stream.told.look(stream.chapters, looked)
    except KeyboardInterrupt:
        pass
    if stream.segments:
        (reading,) = model.answer([stream.transcript])
        stream.chapters = reading.chapters
        yield from stream.told.end(stream.chapters, stream.heard)


def stream_of_talk(file: Path) -> tuple[LiveStream, Transcript]:
    """What a file with one talk is called, and the talk. Raises BadInput where there is none, or no times are in it."""
    talks = list(read_talks([file]))
    unread = [talk for talk in talks if isinstance(talk, UnreadTalk)]
    if unread:
        raise BadInput(unread[0].reason)
    if len(talks) != 1 or isinstance(talks[0], UnreadTalk):
        raise BadInput(f"{file} has {len(talks)} talks; name a file with one")
    talk = talks[0].transcript
    if talk.unit != "seconds":
        raise BadInput(f"{file} has no times, so that it can't be played; pipe it in line by line, or give it times")
    return LiveStream(talk.external_id, talk.title, talk.channel, talk.description), talk


def keep_stream(workspace: Workspace, stream: LiveStream, model: StreamModel) -> None:
    """Puts what was heard into the record, and what the model answered to it. Raises BadInput and Refused as an import
    does."""
    with workspace.record.write() as store:
        seq = store.transcripts.add(stream.transcript).seq
    RecordedModel(workspace.record, model).predict_all([seq])
