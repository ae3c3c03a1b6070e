"""Streams that applications send: opened, heard line by line, and ended as a transcript whose chapters are a job's.

What is told of a stream in the meantime is `live_chapters`'; here it is only written down and taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from errata.database.chapter_requests import ChapterRequest, Failure
from errata.database.service_streams import NewStream, ServiceStream, ToldEvent
from errata.database.store import Store
from errata.domain.chapter import Chapters, tidy
from errata.domain.live_chapters import LiveChapters
from errata.domain.media_address import checked_media
from errata.domain.names import check_name
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, Forgotten, NotFound, Refused


@dataclass(frozen=True, slots=True)
class StreamLimits:
    lines: int
    """That one stream may have."""
    seconds: float
    """That one may last."""


@dataclass(frozen=True, slots=True)
class StreamSoFar:
    """What a page, or a look, needs of a stream that is under way."""

    stream: ServiceStream
    segments: tuple[Segment, ...]
    told: tuple[ToldEvent, ...]


def open_stream(store: Store, new: NewStream) -> ServiceStream:
    """The stream, which under the same idempotency key is opened once. Raises BadInput, Refused where the key came with
    another body or a stream of that id runs, and Forgotten where that id was."""
    known = None if new.idempotency_key is None else store.service_streams.under_key(new.by, new.idempotency_key)
    if known is not None:
        if known.known.body != new.body:
            raise Refused("this Idempotency-Key came with another body before; give each stream a key of its own")
        return known
    check_name(new.external_id, "a stream's id")
    if new.media:
        checked_media(new.media)
    store.tombstones.refuse_id(new.external_id)
    if store.service_streams.running(new.external_id):
        raise Refused(
            "id: a stream {!r} runs already; go on with that one, end it, or give this one another id", new.external_id
        )
    return store.service_streams.open(new)


def find_stream(store: Store, name: str, by: str | None) -> ServiceStream:
    """The stream of that name. Raises NotFound where there is none, or none of `by`'s; with None, whosever it is."""
    found = store.service_streams.called(name)
    if found is None or (by is not None and found.known.by != by):
        raise NotFound("there is no stream {!r} of yours", name[:64])
    return found


def add_lines(
    store: Store, name: str, by: str | None, position: int, segments: Sequence[Segment], limits: StreamLimits
) -> ServiceStream:
    """Takes lines of which the first is number `position`, counted from 0. Those that came before change nothing.

    Raises BadInput for lines that can't follow those that came, or leave some out, and Refused where the stream has
    ended, or other words came at their position before; nothing is taken then.
    """
    stream = find_stream(store, name, by)
    if position > stream.lines:
        raise BadInput(
            "position: the line {} has not come yet, and these begin with {}; send those between first",
            stream.lines,
            position,
        )
    repeated = min(len(segments), stream.lines - position)
    came = lines_so_far(store, stream, position)[:repeated]
    for place, (segment, there) in enumerate(zip(segments, came, strict=False)):
        if segment != there:
            raise Refused(
                "lines.{}: the line {} came with other words or times before; a line that came stays as it is",
                place,
                position + place,
            )
    if repeated == len(segments):
        return stream
    if stream.state != "open":
        raise Refused("the stream has ended, and takes no more lines; open another")
    if position + len(segments) > limits.lines:
        raise BadInput("the stream would have more than {} lines; end it, and open another", limits.lines)
    before = lines_so_far(store, stream, stream.lines - 1)[-1] if stream.lines else None
    _check_order(segments, repeated, before, limits.seconds)
    return store.service_streams.add_lines(stream, segments[repeated:])


def _check_order(segments: Sequence[Segment], first: int, before: Segment | None, longest: float) -> None:
    """Raises BadInput, naming the field. Two may speak at once, and nobody twice at once."""
    for place, segment in enumerate(segments[first:], first):
        if not segment.text:
            raise BadInput("lines.{}.text: it has no words; leave that line out", place)
        if segment.end >= longest:
            raise BadInput("lines.{}.end: the stream would last {:g} s; end it, and open another", place, longest)
        if before is not None and segment.start < before.start:
            raise BadInput(
                "lines.{}.start: it is {:g}, before that of the line before it ({:g}); send lines in order",
                place,
                segment.start,
                before.start,
            )
        if before is not None and segment.start < before.end and segment.speaker == before.speaker:
            raise BadInput(
                "lines.{}.start: it is {:g}, before the line before it ends ({:g}); say who speaks, or let it begin "
                "then",
                place,
                segment.start,
                before.end,
            )
        before = segment


def line_of(start: float, end: float, text: str, speaker: str | None) -> Segment:
    """As it is kept: its words on one line."""
    return Segment(start, end, tidy(text), tidy(speaker or "") or None)


def lines_so_far(store: Store, stream: ServiceStream, after: int = 0) -> list[Segment]:
    """From position `after` on; of one that has ended, those of its transcript."""
    if stream.transcript is None:
        return store.service_streams.lines(stream.number, max(0, after))
    return list(store.transcripts.read(stream.transcript).segments[max(0, after) :])


def stream_so_far(store: Store, stream: ServiceStream, after_line: int = 0, after_event: int = 0) -> StreamSoFar:
    lines = lines_so_far(store, stream, after_line)
    return StreamSoFar(stream, tuple(lines), tuple(store.service_streams.events(stream.number, after_event)))


def transcript_of(stream: ServiceStream, segments: Sequence[Segment]) -> Transcript:
    """Of what came so far. Raises BadInput where nothing has."""
    known = stream.known
    heard = max((segment.end for segment in segments), default=0.0)
    return Transcript(
        known.external_id,
        tuple(segments),
        heard or 1.0,  # of lines that all begin and end at 0
        title=known.title,
        description=known.description,
        channel=known.channel,
    )


def close_stream(store: Store, stream: ServiceStream, whole: Transcript | None) -> ChapterRequest | None:
    """Makes a stream's lines, which are `whole`, a transcript, and a job of its chapters: under the stream's own name.
    None where nothing was said, or these words were forgotten on request: then it has ended without."""
    try:
        transcript = None if whole is None else store.transcripts.add(whole).seq
    except Forgotten:
        store.service_streams.empty(stream.number)
        store.service_streams.close(stream.number, None)
        store.service_streams.finish(stream, None, "forgotten", [], "")
        return None
    if transcript is None:
        store.service_streams.close(stream.number, None)
        return None
    if stream.known.media:
        store.transcripts.give_media(transcript, stream.known.media)
    store.service_streams.close(stream.number, transcript)
    request = ChapterRequest(stream.name, stream.known.by, stream.known.body, transcript)
    store.chapter_requests.add(request)
    return request


def finish_stream(
    store: Store, name: str, chapters: Chapters, model: str, prediction: int | None, failure: Failure | None
) -> None:
    """Once the job of that name is done: tells in what the chapters differ from what was told, and that this was all.
    Nothing is done where the job is no stream's."""
    stream = store.service_streams.called(name)
    if stream is None or stream.state != "ending":
        return
    before = [told.event for told in store.service_streams.events(stream.number)]
    last = LiveChapters.resumed(before).end(chapters, stream.heard) if failure is None else []
    store.service_streams.finish(stream, prediction, failure, last, model)
