"""Whether recordings and their chunks still are what they were, and which lie on one disk alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from errata.documents.file_names import FEATURES
from errata.domain.chunk import Chunk, integrity_problems
from errata.domain.video import Video
from errata.errors import NotFound
from errata.features.feature_store import FeatureStore
from errata.files import file_sha256
from errata.operations.chunking import chunk_store
from errata.operations.video_folder import full_url, recording_of
from errata.streams.chunk_store import ChunkStore
from errata.streams.media_probe import MediaFacts
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class MediaCheck:
    problems: tuple[str, ...]
    recordings: int
    """How many were looked at."""
    alone: int
    """How many of them lie on this machine's disks alone, with no address to download them from again."""


def check_media(workspace: Workspace) -> MediaCheck:
    """Compares every file and every chunk with what the record says of it: its size, and where it lies on this machine
    its sha256. A recording that is gone is no problem while all its chunks are well."""
    with workspace.record.read() as store:
        videos = [video for video in store.videos.all() if video.found("probe") is not None]
        chunks = {video.number: store.chunks.of(video.number) for video in videos}
    if not videos:
        return MediaCheck((), 0, 0)
    place = chunk_store(workspace)
    problems: list[str] = []
    alone = 0
    for video in videos:
        own = chunks[video.number]
        facts = recording_of(workspace.root, video)
        now = [replace(chunk, url=full_url(workspace.root, chunk.url)) for chunk in own]
        chunk_problems = list(_chunk_problems(video, facts, now, place)) if own else []
        problems += chunk_problems
        problems += _file_problems(video, facts, has_chunks=bool(own) and not chunk_problems)
        problems += _vector_problems(video, FeatureStore(workspace.root / FEATURES))
        alone += not video.known.is_remote and (not own or place.is_local)
    return MediaCheck(tuple(problems), len(videos), alone)


def _file_problems(video: Video, facts: MediaFacts, has_chunks: bool) -> Iterator[str]:
    path, name = Path(facts.path), f"the recording of {video.known.external_id!r}"
    if not path.is_file():
        if not has_chunks:
            yield f"{name} is gone from {path}, and no chunks of it are stored; restore it from a backup"
    elif path.stat().st_size != facts.size or file_sha256(path) != facts.sha256:
        yield f"{name} at {path} is not what was acquired; restore it from a backup"


def _vector_problems(video: Video, store: FeatureStore) -> Iterator[str]:
    for shard in video.vectors:
        try:
            store.read(shard.key)
        except NotFound as problem:
            yield f"the vectors of {video.known.external_id!r} by {shard.extractor}: {problem}"


def _chunk_problems(video: Video, facts: MediaFacts, chunks: list[Chunk], store: ChunkStore) -> Iterator[str]:
    for problem in integrity_problems(chunks, facts.duration):
        yield f"the chunks of {video.known.external_id!r}: {problem}; restore the record from a backup"
    for chunk in chunks:
        size = store.size(chunk.url)
        whole = size == chunk.size and (not store.is_local or store.sha256(chunk.url) == chunk.sha256)
        if not whole:
            what = "is gone from" if size is None else "is not what was stored at"
            yield f"chunk {chunk.index} of {video.known.external_id!r} {what} {chunk.url}; restore it from a backup"
