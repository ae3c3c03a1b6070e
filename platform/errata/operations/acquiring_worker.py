"""What a machine of a cluster does with a video: the stages of one machine, in a folder of its own.

Models stay in the process, which Ray gives the next video too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from errata.domain.video import StageName, StageResult, Video
from errata.errors import Unavailable
from errata.operations.acquire_options import AcquireOptions
from errata.operations.recording_travel import (
    StoredRecording,
    fetch_recording,
    send_recording,
    stored_recording,
    with_stored,
)
from errata.operations.video_folder import VideoFolder
from errata.operations.video_stages import FailedVideo, StageFailed, VideoStages
from errata.streams.chunk_store import ChunkStore

if TYPE_CHECKING:
    from errata.operations.manifest_keeper import BegunVideo


@dataclass(frozen=True, slots=True)
class SentVideo:
    """All that a worker is given; what was found of it so far, it asks for."""

    number: int
    recording: StoredRecording | None
    """None where it is downloaded."""
    beside: dict[str, bytes]
    """The small files that lie beside a recording on a disk, by their names."""


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """Why a machine can work at no video."""

    machine: str
    problem: str


@cache
def _stages(options: AcquireOptions) -> VideoStages:
    return VideoStages(options, lambda _: None)


def work(sent: SentVideo, options: AcquireOptions, store_url: str, keeper: Any) -> FailedVideo | MachineProblem | None:
    """Takes a video to its lines, which the keeper has then. Nothing comes back where all went well."""
    with TemporaryDirectory() as place:
        try:
            return _work(sent, options, store_url, keeper, Path(place))
        except Unavailable as problem:
            return MachineProblem(gethostname(), str(problem))


def _work(sent: SentVideo, options: AcquireOptions, store_url: str, keeper: Any, root: Path) -> FailedVideo | None:
    store = ChunkStore(store_url)
    folder = VideoFolder(root, sent.number)
    notes = _SentNotes(keeper, sent.number, folder, store)
    video = notes.read()
    copy = None
    if sent.recording is not None:
        copy = fetch_recording(store, sent.recording, root / "origin" / Path(video.known.origin).name)
        for name, content in sent.beside.items():
            (copy.parent / name).write_bytes(content)
    elif (stored := stored_recording(video)) is not None:
        fetch_recording(store, stored, folder.path / str(video.stages["download"].found["file"]))
    try:
        _stages(options).run(notes, folder, notes.progress, copy)
    except StageFailed as failure:
        problem = str(failure.problem)
        if copy is not None:  # which nobody finds by the name that it has here, nor what lies beside it
            problem = problem.replace(str(copy.parent), str(Path(video.known.origin).parent))
        return FailedVideo(video.known.external_id, failure.stage, problem.replace(f"{root}/", ""))
    finally:
        notes.send_files()
    return None


class _SentNotes:
    """A video's row of the manifest, by way of the keeper; what stages wrote goes there before what they found."""

    def __init__(self, keeper: Any, number: int, folder: VideoFolder, store: ChunkStore) -> None:
        import ray

        self._keeper, self._number, self._folder, self._store = keeper, number, folder, store
        begun: BegunVideo = ray.get(keeper.begin.remote(number))
        self._attempt = begun.attempt
        for name, content in begun.files.items():
            (folder.path / name).parent.mkdir(parents=True, exist_ok=True)
            (folder.path / name).write_bytes(content)
        self._sent = self._changes()

    def read(self) -> Video:
        import ray

        video: Video = ray.get(self._keeper.read.remote(self._number))
        return video

    def note(self, result: StageResult) -> None:
        import ray

        if result.stage == "download":
            path = self._folder.path / str(result.found["file"])
            result = with_stored(result, send_recording(self._store, path, self._number))
        self.send_files()
        ray.get(self._keeper.note.remote(self._number, self._attempt, result))

    def drop(self, stages: Sequence[StageName]) -> None:
        import ray

        ray.get(self._keeper.drop.remote(self._number, self._attempt, list(stages)))

    @contextmanager
    def progress(self, _: str, __: int) -> Iterator[Callable[[], None]]:
        """Each piece that was heard is safe as soon as it is there."""
        yield self.send_files

    def send_files(self) -> None:
        import ray

        changes = self._changes()
        for name, changed in changes.items():
            if self._sent.get(name) != changed:
                content = (self._folder.path / name).read_bytes()
                ray.get(self._keeper.write.remote(self._number, self._attempt, name, content))
        self._sent = changes

    def _changes(self) -> dict[str, int]:
        """When each of the small files was changed last, in nanoseconds."""
        return {name: (self._folder.path / name).stat().st_mtime_ns for name in self._folder.small_files()}
