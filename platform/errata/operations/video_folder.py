"""Where a video's own files lie in the workspace, and who may work at them."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from errata.domain.video import Video
from errata.formats.ytdlp import CAPTION_ENDINGS
from errata.streams.downloads import NAME
from errata.streams.media_probe import MediaFacts

_IMPORTED = "known"
"""What the files are called that are imported: `known.info.json` and `known.json`."""


@dataclass(frozen=True, slots=True)
class VideoFolder:
    """`media/<number>`: the download and what was imported stay; the scratch goes when the row is finished."""

    root: Path
    number: int

    @property
    def path(self) -> Path:
        return self.root / "media" / f"{self.number:06d}"

    @property
    def lock(self) -> Path:
        return self.root / "work" / "videos" / f"{self.number:06d}.lock"

    @property
    def scratch(self) -> Path:
        return self.path / "scratch"

    @property
    def audio(self) -> Path:
        return self.scratch / "audio.wav"

    @property
    def pieces(self) -> Path:
        """What was heard of each piece."""
        return self.scratch / "pieces"

    @property
    def lines(self) -> Path:
        """What was said, before speakers are told apart."""
        return self.scratch / "lines.json"

    @property
    def info(self) -> Path:
        return self.path / f"{_IMPORTED}.info.json"

    @property
    def speech(self) -> Path:
        return self.path / f"{_IMPORTED}.json"

    @property
    def downloaded_info(self) -> Path | None:
        info = self.path / f"{NAME}.info.json"
        return info if info.is_file() else None

    @property
    def chunk_lock(self) -> Path:
        return self.lock.with_suffix(".chunks")

    @property
    def cuts(self) -> Path:
        """Chunks before they are stored."""
        return self.path / "cuts"

    def small_files(self) -> list[str]:
        """All but recording and sound, by their paths in the folder."""
        files = (path for path in self.path.rglob("*") if is_small(path))
        return sorted(path.relative_to(self.path).as_posix() for path in files)

    def clear_scratch(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)


def is_small(path: Path) -> bool:
    """Whether a file is what is said of a recording, or in it, and not the recording."""
    return path.suffix.lower() in (".json", *CAPTION_ENDINGS) and path.is_file()


def recording_of(root: Path, video: Video) -> MediaFacts:
    """What was found of a recording that was looked into, and where it is now: a workspace may have been moved, with
    what was downloaded."""
    facts = MediaFacts.from_found(video.stages["probe"].found)
    download = video.found("download")
    if download is None:
        return facts
    return replace(facts, path=str(VideoFolder(root, video.number).path / str(download["file"])))


def stored_url(root: Path, url: str) -> str:
    """A chunk's URL as the record keeps it: from the workspace's own folder on, if it lies there."""
    own = f"{root.as_uri()}/"
    return url.removeprefix(own) if url.startswith(own) else url.removeprefix(f"file://{root}/")


def full_url(root: Path, url: str) -> str:
    """Where a chunk is now, of a URL as the record keeps it."""
    return url if "://" in url else f"file://{root}/{url}"


def chat_file(root: Path, video: Video) -> Path | None:
    """Where the chat of a recording lies; None where there is none."""
    found = video.found("chat")
    if found is None:
        return None
    known = video.known
    folder = VideoFolder(root, video.number).path if known.is_remote else Path(known.origin).parent
    return folder / str(found["file"])


@contextmanager
def at_work_alone(lock: Path) -> Iterator[bool]:
    """Whether nobody else is at it; nobody else will be until the block ends, however it does."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
