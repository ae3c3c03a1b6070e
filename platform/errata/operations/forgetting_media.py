"""A deletion request in the recordings: what we hold of a video goes, and somebody's own file is named to them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from errata.documents.file_names import FEATURES
from errata.domain.video import Video
from errata.errors import Unavailable
from errata.features.feature_store import FeatureStore
from errata.operations.chunking import chunk_store, write_join_table
from errata.operations.recording_travel import remove_sent
from errata.operations.video_folder import VideoFolder, at_work_alone, full_url
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ForgottenMedia:
    files: int
    """Of the video's own folder, the download and what was recognised, and its vectors."""
    chunks: int
    kept: Path | None
    """Somebody's own recording, which stays."""


def forget_media(workspace: Workspace, external_id: str) -> ForgottenMedia:
    """Removes a video from the manifest, with its files and its chunks; again, it completes what was cut short.

    Raises Unavailable while somebody acquires it, who would write anew what was removed.
    """
    with workspace.record.read() as store:
        video = store.videos.find(external_id)
    if video is None:
        return ForgottenMedia(0, 0, None)
    with at_work_alone(VideoFolder(workspace.root, video.number).lock) as alone:
        if not alone:
            raise Unavailable(
                f"errata acquire is at the recording {external_id!r}; once it has ended, the same command removes it"
            )
        return _remove(workspace, video)


def _remove(workspace: Workspace, video: Video) -> ForgottenMedia:
    with workspace.record.read() as store:
        chunks = store.chunks.of(video.number)
    folder = VideoFolder(workspace.root, video.number).path
    files = sum(path.is_file() for path in folder.rglob("*"))
    shutil.rmtree(folder, ignore_errors=True)
    files += _forget_vectors(workspace, video)
    place = chunk_store(workspace)
    remove_sent(place, video.number)
    for chunk in chunks:
        place.remove(full_url(workspace.root, chunk.url))
    with workspace.record.write() as store:
        store.videos.remove(video.number)
    if chunks:
        write_join_table(workspace, place)
    own = None if video.known.is_remote else Path(video.known.origin)
    return ForgottenMedia(files, len(chunks), own if own is not None and own.exists() else None)


def _forget_vectors(workspace: Workspace, video: Video) -> int:
    """How many shards are gone; those of a recording that another video has too stay."""
    with workspace.record.read() as store:
        vectors = store.videos.all_vectors()
    others = {shard.key for name, shards in vectors.items() if name != video.known.external_id for shard in shards}
    features = FeatureStore(workspace.root / FEATURES)
    return sum(features.remove(shard.key) for shard in video.vectors if shard.key not in others)
