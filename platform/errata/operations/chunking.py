"""Recordings in chunks: cut without loss, checked, stored, and listed in the record, one row a chunk.

Each process is a worker with part manifests of its own, one for each video that it has cut and stored, written last.
A merge puts the parts of all workers into the record, at the end of each run: what a killed one left is merged by the
next, and several may work at once.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.database.store import Store
from errata.domain.chunk import Chunk, integrity_problems
from errata.domain.video import Video
from errata.errors import BadInput, NotFound
from errata.features.media_tools import require_media_tools
from errata.files import file_sha256
from errata.operations.video_folder import VideoFolder, at_work_alone, full_url, recording_of, stored_url
from errata.streams.chunk_store import ChunkStore
from errata.streams.cutting import cut
from errata.streams.media_probe import MediaFacts
from errata.workspace import Workspace

DEFAULT_SECONDS = 1200.0
"""Twenty minutes, as a chunk of a long stream has them."""
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ChunkProblem:
    external_id: str
    problem: str


@dataclass(frozen=True, slots=True)
class ChunkReport:
    cut: int
    """Videos that were cut now."""
    busy: int
    """Those that another process is at."""
    failed: tuple[ChunkProblem, ...]
    """Those that could not be cut."""
    videos: int
    """With chunks, in all."""
    chunks: int
    seconds: float
    """What they cover."""
    not_cut: int
    """Recordings that have no chunks."""
    integrity: tuple[ChunkProblem, ...]
    """What keeps the chunks of a video from being all of it, once."""
    store: str
    join_table: str
    """Where the table of all chunks is; empty where there are none."""


def chunk_videos(workspace: Workspace, names: Sequence[str], seconds: float, say: Callable[[str], None]) -> ChunkReport:
    """Cuts those of the named videos that have no chunks yet, or of all that were looked into.

    Raises NotFound for a name that is no video's, BadInput for a length that is none.
    """
    if not seconds >= LEAST_SECONDS:
        raise BadInput(f"chunks of {seconds:g} s are too short; ask for {LEAST_SECONDS:g} s or more")
    require_media_tools()
    workspace.ignore("media/")
    store = chunk_store(workspace)
    _merge(workspace, store)
    failed: list[ChunkProblem] = []
    cut_now = busy = 0
    for video in _without_chunks(workspace, names):
        folder = VideoFolder(workspace.root, video.number)
        with at_work_alone(folder.chunk_lock) as alone:
            if not alone:
                busy += 1
                continue
            say(f"cutting {video.known.external_id}")
            try:
                _cut_one(workspace.root, video, store, seconds)
                cut_now += 1
            except BadInput as problem:
                failed.append(ChunkProblem(video.known.external_id, str(problem)))
            finally:
                shutil.rmtree(folder.cuts, ignore_errors=True)
    _merge(workspace, store)
    return chunk_report(workspace, cut_now, busy, failed)


def chunk_store(workspace: Workspace) -> ChunkStore:
    return ChunkStore(workspace.settings.media_store)


def chunk_report(
    workspace: Workspace, cut_now: int = 0, busy: int = 0, failed: Sequence[ChunkProblem] = ()
) -> ChunkReport:
    """What chunks there are, and whether they are all of their videos."""
    with workspace.record.read() as store:
        videos = {video.number: video for video in store.videos.all() if video.found("probe") is not None}
        chunks = store.chunks.all()
    by_video = _by_video(chunks)
    url = chunk_store(workspace).url
    return ChunkReport(
        cut=cut_now,
        busy=busy,
        failed=tuple(failed),
        videos=len(by_video),
        chunks=len(chunks),
        seconds=round(sum(chunk.end - chunk.start for chunk in chunks), 3),
        not_cut=len(videos.keys() - by_video.keys()),
        integrity=tuple(
            ChunkProblem(videos[number].known.external_id, problem)
            for number, own in by_video.items()
            if number in videos
            for problem in integrity_problems(own, MediaFacts.from_found(videos[number].stages["probe"].found).duration)
        ),
        store=url,
        join_table=f"{url}/chunks.parquet" if chunks else "",
    )


def _by_video(chunks: Sequence[Chunk]) -> dict[int, list[Chunk]]:
    by_video: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        by_video.setdefault(chunk.video, []).append(chunk)
    return by_video


def _without_chunks(workspace: Workspace, names: Sequence[str]) -> list[Video]:
    with workspace.record.read() as store:
        wanted = [_named(store, name) for name in names] or store.videos.all()
        chunked = store.chunks.chunked()
    for video in wanted:
        if names and video.found("probe") is None:
            raise BadInput(f"{video.known.external_id!r} was not looked into yet; acquire it first")
    return [video for video in wanted if video.found("probe") is not None and video.number not in chunked]


def _named(store: Store, name: str) -> Video:
    video = store.videos.find(name)
    if video is None:
        raise NotFound(f"there is no video {name!r} in the manifest; errata acquire --status lists them")
    return video


def _cut_one(root: Path, video: Video, store: ChunkStore, seconds: float) -> None:
    facts, folder = recording_of(root, video), VideoFolder(root, video.number)
    path = Path(facts.path)
    if not facts.is_of(path):
        raise BadInput("{} is not there as it was when it was looked into; put it back, or acquire it again", path)
    shutil.rmtree(folder.cuts, ignore_errors=True)
    chunks = []
    for index, piece in enumerate(cut(facts, seconds, folder.cuts)):
        digest = file_sha256(piece.path)
        name = f"{video.number:06d}/{index:05d}-{digest[:12]}{piece.path.suffix}"
        url = stored_url(root, store.put(piece.path, name))
        size = piece.path.stat().st_size
        chunks.append(Chunk(video.number, index, piece.start, piece.end, url, size, digest))
    store.write_part(f"{socket.gethostname()}-{os.getpid()}", video.number, chunks)


def _merge(workspace: Workspace, store: ChunkStore) -> None:
    """Every worker's part manifests into the record, and from there into the join table."""
    parts = list(store.parts())
    if not parts:
        return
    with workspace.record.write() as record:
        numbers = {video.number for video in record.videos.all()}
        chunked = record.chunks.chunked()
        for _, chunks in parts:
            if chunks and chunks[0].video in numbers - chunked:  # two workers' are the same, or one was forgotten
                record.chunks.put(chunks)
                chunked.add(chunks[0].video)
    write_join_table(workspace, store)
    for place, _ in parts:
        store.remove_part(place)


def write_join_table(workspace: Workspace, store: ChunkStore) -> None:
    with workspace.record.read() as record:
        videos = {video.number: video for video in record.videos.all()}
        rows = [_join_row(workspace.root, chunk, videos[chunk.video]) for chunk in record.chunks.all()]
    store.write_join_table(rows)


def _join_row(root: Path, chunk: Chunk, video: Video) -> dict[str, Any]:
    return {
        "chunk": f"{video.known.external_id}/{chunk.index:05d}",
        "video": video.known.external_id,
        "transcript": video.transcript,
        "index": chunk.index,
        "start": chunk.start,
        "end": chunk.end,
        "url": full_url(root, chunk.url),
        "size": chunk.size,
        "sha256": chunk.sha256,
    }
