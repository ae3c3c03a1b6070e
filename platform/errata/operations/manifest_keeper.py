"""The manifest and the small files of its videos, for machines that see neither the record nor the workspace.

An actor on the machine where the workspace lies: workers elsewhere tell it what each stage found, and hand over what
they wrote, so that whoever takes a video again after them goes on where they stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.database.record import Record
from errata.domain.video import StageName, StageResult, Video
from errata.errors import Refused
from errata.files import write_atomically
from errata.operations.video_folder import VideoFolder


@dataclass(frozen=True, slots=True)
class BegunVideo:
    """What a worker is given of a video."""

    attempt: int
    """How many have begun with it; what one tells counts until the next begins."""
    files: dict[str, bytes]
    """By their paths in the video's folder."""


class ManifestKeeper:
    def __init__(self, root: Path, database_url: str) -> None:
        self._root, self._record = root, Record(database_url, root / "blobs")
        self._attempts = Counter[int]()

    def begin(self, number: int) -> BegunVideo:
        self._attempts[number] += 1
        folder = VideoFolder(self._root, number)
        files = {name: (folder.path / name).read_bytes() for name in folder.small_files()}
        return BegunVideo(self._attempts[number], files)

    def end(self, number: int) -> None:
        """Whoever still works at it is heard no more."""
        self._attempts[number] += 1

    def read(self, number: int) -> Video:
        return self._record.ask(lambda store: store.videos.get(number))

    def note(self, number: int, attempt: int, result: StageResult) -> None:
        self._check(number, attempt)
        with self._record.write() as store:
            store.videos.note(number, result)

    def drop(self, number: int, attempt: int, stages: Sequence[StageName]) -> None:
        """What these found holds no more, nor what was made of it."""
        self._check(number, attempt)
        VideoFolder(self._root, number).clear_scratch()
        with self._record.write() as store:
            store.videos.drop(number, stages)

    def write(self, number: int, attempt: int, name: str, content: bytes) -> None:
        self._check(number, attempt)
        write_atomically(VideoFolder(self._root, number).path / name, content)

    def _check(self, number: int, attempt: int) -> None:
        """A machine that was given up may live on: another has its video by now."""
        if attempt != self._attempts[number]:
            raise Refused(f"another machine has taken video {number} since; nothing is to be done here")
