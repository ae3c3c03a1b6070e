"""A stream on a reviewer's desk while it runs: what came so far, what was told, and what they make of it meanwhile.

It is handed in once it has ended, as the transcript that it is then; what was saved until then is that one's draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from errata.database.service_streams import ServiceStream
from errata.database.store import Store
from errata.domain.chapter import Chapter, Chapters
from errata.domain.lines import lines_of
from errata.domain.live_chapters import standing
from errata.domain.review_work import Claim, DraftContent, ReviewDraft
from errata.domain.transcript import Segment
from errata.errors import NotFound
from errata.operations.review_desk import check_size
from errata.operations.service_streaming import find_stream, stream_so_far
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RunningEntry:
    """A stream that runs, in the queue."""

    name: str
    external_id: str
    title: str
    channel: str
    heard: float
    """Seconds."""
    since: datetime
    watched_by: tuple[str, ...]
    """Reviewers who have it open."""


@dataclass(frozen=True, slots=True)
class RunningItem:
    """A stream so far, as one of its reviewers opens it."""

    stream: ServiceStream
    lines: tuple[Segment, ...]
    segments: int
    """Of which these are the lines."""
    told: Chapters
    """What was told of it and not taken back."""
    events: int
    """By which that was told."""
    drafts: tuple[ReviewDraft, ...]


def running_streams(store: Store) -> list[RunningEntry]:
    watched = store.service_streams.watchers.all_live()
    return [
        RunningEntry(
            name=stream.name,
            external_id=stream.known.external_id,
            title=stream.known.title,
            channel=stream.known.channel,
            heard=stream.heard,
            since=stream.at,
            watched_by=tuple(claim.reviewer for claim in watched.get(stream.number, ())),
        )
        for stream in store.service_streams.running()
    ]


def stream_called(workspace: Workspace, name: str) -> ServiceStream:
    """Raises NotFound where there is none, or where nothing was said in it until it ended."""
    with workspace.record.read() as store:
        stream = find_stream(store, name, None)
    if stream.state != "open" and stream.transcript is None:
        raise NotFound("the stream {!r} has ended, and nothing was said in it; go back to the queue", name[:64])
    return stream


def open_running(workspace: Workspace, name: str, reviewer: str, page: str) -> RunningItem:
    """All that the page of a stream that runs needs. From then on it is known that the reviewer has seen what was told
    of it. Raises NotFound where none of that name runs."""
    with workspace.record.write() as store:
        stream = _running(store, name)
        store.service_streams.watchers.keep(stream.number, reviewer, page)
        so_far = stream_so_far(store, stream)
        drafts = store.service_streams.drafts.of(stream.number, reviewer)
    told = standing([told.event for told in so_far.told])
    return RunningItem(
        stream=stream,
        lines=lines_of_stream(so_far.segments),
        segments=len(so_far.segments),
        told=tuple(Chapter(start, title) for start, title in sorted(told.items())),
        events=len(so_far.told),
        drafts=tuple(drafts),
    )


def watch_running(workspace: Workspace, name: str, reviewer: str, page: str) -> tuple[Claim, ...]:
    """A page's heartbeat; returns who else watches. Once the stream has ended it says nothing."""
    with workspace.record.write() as store:
        stream = find_stream(store, name, None)
        if stream.state == "open":
            store.service_streams.watchers.keep(stream.number, reviewer, page)
        claims = store.service_streams.watchers.live(stream.number)
        return tuple(claim for claim in claims if claim.reviewer != reviewer)


def save_running(
    workspace: Workspace, name: str, reviewer: str, page: str, goes_on_from: int, content: DraftContent
) -> ReviewDraft:
    """Keeps what a page makes of a stream; of one that has ended meanwhile, as a draft of its transcript."""
    check_size(content.chapters)
    check_size(content.told or ())
    with workspace.record.write() as store:
        stream = find_stream(store, name, None)
        if stream.transcript is not None:
            return store.review_drafts.save(stream.transcript, reviewer, page, goes_on_from, content)
        return store.service_streams.drafts.save(_running(store, name).number, reviewer, page, goes_on_from, content)


def lines_of_stream(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """As a page shows them, each segment's by itself: those that are shown stay as they are, whatever comes."""
    return tuple(line for segment in segments for line in lines_of((segment,), segment.end, "seconds"))


def _running(store: Store, name: str) -> ServiceStream:
    stream = find_stream(store, name, None)
    if stream.state != "open":
        raise NotFound("the stream {!r} has ended; go back to the queue", name[:64])
    return stream
