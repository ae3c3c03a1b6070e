"""Recordings on their way between machines that share no disk: by the store that chunks are kept in, for as long as a
video is worked at."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from errata.domain.video import StageResult, Video
from errata.errors import BadInput, Unavailable
from errata.files import check_space, file_sha256
from errata.operations.video_folder import VideoFolder
from errata.streams.chunk_store import ChunkStore
from errata.workspace import Workspace

STORED = "stored"
"""In what `download` found, where the recording is, until it has come to the workspace."""


@dataclass(frozen=True, slots=True)
class StoredRecording:
    url: str
    sha256: str
    size: int
    """Bytes."""
    changed: int
    """When the file was changed last, in nanoseconds, by which it is known again."""


def shared_store(workspace: Workspace) -> ChunkStore:
    """Raises BadInput where the store lies in the workspace, which other machines don't see."""
    place = workspace.settings.media_store
    if "://" not in place and Path(place).is_relative_to(workspace.root):
        raise BadInput(
            "recordings travel to other machines by media_store, and that is {}, in this workspace; say in errata.toml "
            "where all of them reach it, as s3://bucket/place",
            place,
        )
    return ChunkStore(place)


def send_recording(store: ChunkStore, path: Path, number: int) -> StoredRecording:
    """Raises BadInput for a file that can't be read."""
    try:
        state, digest = path.stat(), file_sha256(path)
    except OSError as error:
        raise BadInput(
            "{} can't be read ({}); put it back, or remove it from the list", path, error.strerror
        ) from error
    url = store.put(path, f"{_folder(number)}{digest[:12]}{path.suffix}")
    return StoredRecording(url, digest, state.st_size, state.st_mtime_ns)


def remove_sent(store: ChunkStore, number: int) -> None:
    """Whatever was sent of a video, by a run that was killed too."""
    store.remove_folder(_folder(number))


def _folder(number: int) -> str:
    return f"travelling/{number:06d}/"


def fetch_recording(store: ChunkStore, stored: StoredRecording, path: Path) -> Path:
    """Raises Unavailable where it isn't there, or not whole."""
    if store.size(stored.url) is None:
        raise Unavailable(
            f"{stored.url} is not there as this machine sees it; media_store in errata.toml must be a place that all "
            "machines of the cluster reach"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    check_space(path.parent, stored.size, "a recording")
    partial = path.with_name(f"{path.name}.partial")
    store.fetch(stored.url, partial)
    if file_sha256(partial) != stored.sha256:
        raise Unavailable(f"{stored.url} did not arrive whole; see to the network, and run it again")
    os.utime(partial, ns=(stored.changed, stored.changed))
    partial.replace(path)
    return path


def with_stored(result: StageResult, stored: StoredRecording) -> StageResult:
    return replace(result, found={**result.found, STORED: asdict(stored)})


def stored_recording(video: Video) -> StoredRecording | None:
    """Of a video that another machine has downloaded, and that has not come to the workspace yet."""
    found: dict[str, Any] = (video.found("download") or {}).get(STORED, {})
    return StoredRecording(**found) if found else None


def bring_home(workspace: Workspace, video: Video) -> None:
    """A recording that another machine has downloaded comes to the workspace, as if it had been downloaded here."""
    stored = stored_recording(video)
    if stored is None:
        return
    store, result = ChunkStore(workspace.settings.media_store), video.stages["download"]
    folder = VideoFolder(workspace.root, video.number)
    path = fetch_recording(store, stored, folder.path / str(result.found["file"]))
    found = {name: value for name, value in result.found.items() if name != STORED}
    with workspace.record.write() as record:
        record.videos.note(video.number, replace(result, found=found))
        if (probed := video.stages.get("probe")) is not None and probed.state == "done":
            record.videos.note(video.number, replace(probed, found={**probed.found, "path": str(path)}))
    remove_sent(store, video.number)
